//! `backsight integration catalogue`: lists the packages that can be installed by name, and saves one to a file.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use operation::package::{Catalogue, Listed, Refused};
use operation::{IndicatorType, Package, Parameter};
use workbench::integration::{Filter, Summary};
use workbench::json::catalogue as json;

use super::source;
use super::table::releases;
use crate::args::integration::CatalogueArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::table::new_table;
use crate::terminal::printable;
use crate::{kept, output, terminal};

pub(super) fn run(command: &CatalogueArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut catalogue = source::catalogue(config)?;
    if let Some(name) = &command.name {
        let package = source::named(&catalogue, name)?.clone();
        if let Some(file) = &command.output {
            save(&package, file)?;
            return Ok(Exit::Done);
        }
        catalogue.packages.retain(|listed| listed.package == package);
        catalogue.refused.clear();
    }
    let workbench = kept::open_existing(arguments)?;
    let installed = match workbench {
        Some(workbench) => workbench.list(&Filter::default())?.integrations,
        None => Vec::new(),
    };
    match (command.format, &command.name, &catalogue.packages[..]) {
        (View::Json, ..) => output::print_json(&json::catalogue(&catalogue, &installed))?,
        (View::Table, Some(_), [one]) => output::print(&details(one, &installed))?,
        (View::Table, ..) => output::print(&listing(&catalogue, &installed))?,
    }
    Ok(Exit::Done)
}

/// Writes the manifest of a package to a new file, or to standard output.
fn save(package: &Package, file: &Path) -> Result<(), Failure> {
    if file.as_os_str() == "-" {
        return output::print(&package.source);
    }
    let shown = printable(&file.display().to_string());
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut file| file.write_all(package.source.as_bytes()));
    match written {
        Ok(()) => {
            terminal::say(&format!(
                "{package} is in {shown}; after changing it, give it another name or version and run `backsight integration install {}`",
                terminal::quoted(&shown)
            ));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::Usage(format!("{shown} exists")).hint("choose another name"))
        }
        Err(error) => Err(Failure::work(&format!("writing {shown}"), &error)),
    }
}

fn listing(catalogue: &Catalogue, installed: &[Summary]) -> String {
    let mut table = new_table(terminal::width());
    table.set_header(["Name", "Version", "Title", "Protocol", "Needs", "Installed"]);
    for Listed { package, .. } in &catalogue.packages {
        table.add_row([
            package.name.clone(),
            package.version.to_string(),
            printable(&package.title),
            package.kind.protocol().to_owned(),
            needs(package),
            version(package, installed).unwrap_or_default().to_owned(),
        ]);
    }
    let mut text = format!("{table}\n");
    for Refused { file, fault } in &catalogue.refused {
        let _ = writeln!(text, "REFUSED {}: {fault}", printable(file));
    }
    text
}

fn details(Listed { package, file }: &Listed, installed: &[Summary]) -> String {
    let types: Vec<&str> = package.types().into_iter().map(IndicatorType::name).collect();
    let takes = match package.platform() {
        Some(_) => "takes what is handed over".to_owned(),
        None => format!("accepts {}", types.join(", ")),
    };
    let source = file.as_ref().map_or_else(|| "bundled".to_owned(), |file| format!("in {}", printable(file)));
    let mut text = format!("{} ({package}), {source}\n", printable(&package.title));
    let _ = writeln!(text, "{}", printable(package.description.trim()));
    let _ = writeln!(text, "Protocol: {}; {takes}", package.kind.protocol());
    let _ = writeln!(text, "Needs: {}", needs(package));
    let _ = writeln!(text, "Installed: {}", version(package, installed).unwrap_or("no"));
    if !package.changes.is_empty() {
        let _ = write!(text, "Changes:\n{}", releases(&package.changes));
    }
    text
}

/// The parameters that must be set, and the secrets that can be.
fn needs(package: &Package) -> String {
    let label = |parameter: &Parameter| printable(&parameter.label);
    let optional = package.secrets().filter(|secret| !secret.required);
    let optional = optional.map(|secret| format!("{} (optional)", label(secret)));
    let all: Vec<String> = package.must_be_set().map(label).chain(optional).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

fn version<'a>(package: &Package, installed: &'a [Summary]) -> Option<&'a str> {
    installed.iter().find(|summary| summary.name == package.name).map(|summary| summary.version.as_str())
}
