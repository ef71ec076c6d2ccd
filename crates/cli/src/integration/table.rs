//! Integrations as text. The content of a manifest is untrusted and is made printable.

use std::fmt::Write as _;

use operation::package::Release;
use operation::{Package, ParameterKind};
use workbench::integration::{Details, Listing, Setting, State, Summary};

use crate::kept;
use crate::output::table::new_table;
use crate::terminal::{self, printable};

pub(super) fn listing(listing: &Listing) -> String {
    let mut text = String::new();
    if listing.integrations.is_empty() {
        text.push_str(if listing.hidden == 0 {
            "No integration is installed. Start with: backsight integration install circl-passive-dns\n"
        } else {
            "No matching integrations.\n"
        });
    } else {
        let mut table = new_table(terminal::width());
        table.set_header(["Name", "Title", "Version", "Type", "State", "To do"]);
        for summary in &listing.integrations {
            table.add_row(row(summary));
        }
        let _ = writeln!(text, "{table}");
    }
    if listing.hidden > 0 {
        let _ = writeln!(text, "{} hidden by the filter", listing.hidden);
    }
    text
}

fn row(summary: &Summary) -> [String; 6] {
    let to_do = match (&summary.broken, summary.missing.is_empty()) {
        (Some(_), _) => "BROKEN: see show".to_owned(),
        (None, false) => format!("set {}", printable(&summary.missing.join(", "))),
        (None, true) if !summary.enabled => "configure, enable".to_owned(),
        (None, true) => String::new(),
    };
    [
        printable(&summary.name),
        printable(&summary.title),
        printable(&summary.version),
        summary.kind.to_owned(),
        state(summary).to_owned(),
        to_do,
    ]
}

fn state(summary: &Summary) -> &'static str {
    if summary.enabled { "enabled" } else { "disabled" }
}

pub(super) fn details(details: &Details) -> String {
    let summary = &details.summary;
    let (title, name) = (printable(&summary.title), printable(&summary.name));
    let mut text = format!("{title} ({name}) {}: {}\n", printable(&summary.version), state(summary));
    if let Some(broken) = &summary.broken {
        let _ = writeln!(
            text,
            "\nBROKEN: this version of Backsight cannot read its manifest. Install another version, or remove it.\n{broken}"
        );
    }
    if let Some(package) = &details.package {
        text.push_str(&information(package, summary));
    }
    let default = if details.max_tlp_set.is_some() { "" } else { " (default)" };
    let verb = if summary.kind == operation::Kind::PLATFORM { "Gets" } else { "Asked about" };
    let _ = writeln!(text, "{verb} values up to {}{default}", summary.max_tlp);
    if let Some(proxy) = &details.proxy {
        let _ = writeln!(text, "Proxy: {}", printable(&proxy.to_string()));
    }
    if !details.parameters.is_empty() {
        let mut table = new_table(terminal::width());
        table.set_header(["Key", "Parameter", "Type", "Value"]);
        for setting in &details.parameters {
            table.add_row([
                printable(&setting.key),
                printable(&setting.label),
                kind(&setting.kind),
                value(setting),
            ]);
        }
        let _ = writeln!(text, "\n{table}");
    }
    if let Some(package) = details.package.as_ref().filter(|package| !package.changes.is_empty()) {
        let _ = write!(text, "\nChanges:\n{}", releases(&package.changes));
    }
    for warning in &details.warnings {
        let _ = writeln!(text, "Warning: {}", printable(warning));
    }
    text
}

/// What changed in versions, a line for each change.
pub(super) fn releases<'a>(releases: impl IntoIterator<Item = &'a Release>) -> String {
    let mut text = String::new();
    for Release { version, date, changes } in releases {
        let date = date.as_ref().map(|date| format!(" ({date})")).unwrap_or_default();
        let _ = writeln!(text, "  {version}{date}");
        for change in changes {
            let _ = writeln!(text, "    - {}", printable(change));
        }
    }
    text
}

fn information(package: &Package, summary: &Summary) -> String {
    let mut text = format!("{}\n", printable(package.description.trim()));
    for action in package.actions() {
        let types: Vec<&str> = action.types.iter().map(|kind| kind.name()).collect();
        let _ = writeln!(text, "Action: {} on {}", printable(&action.name), types.join(", "));
    }
    let _ = writeln!(text, "By {}, for Backsight {}", printable(&package.author), package.backsight);
    let _ = writeln!(
        text,
        "Installed {}, changed {} (UTC)",
        kept::readable(summary.installed_at),
        kept::readable(summary.updated_at)
    );
    text
}

fn kind(kind: &ParameterKind) -> String {
    match kind {
        ParameterKind::Choice(choices) => printable(&choices.join(" | ")),
        other => other.name().to_owned(),
    }
}

fn value(setting: &Setting) -> String {
    match (&setting.state, &setting.default) {
        (State::Secret, _) => "(set)".to_owned(),
        (State::Elsewhere(_), _) => "(set for another destination, enter it again)".to_owned(),
        (State::Value(value), _) if value.is_empty() => "(empty)".to_owned(),
        (State::Value(value), _) => printable(value),
        (State::Wrong(value, why), _) => printable(&format!("{value}  WRONG: {why}")),
        (State::Unset, Some(default)) => format!("{}  (default)", printable(default)),
        (State::Unset, None) if setting.required => "(not set, REQUIRED)".to_owned(),
        (State::Unset, None) => "(not set)".to_owned(),
    }
}
