//! The catalogue: the packages that can be installed by name.

use operation::Parameter;
use operation::package::{Catalogue, Listed, Refused};
use serde::Serialize;
use utoipa::ToSchema;

use super::integration::{PackageRelease, release};
use crate::integration::Summary;

/// The catalogue.
#[derive(Serialize, ToSchema)]
pub struct CatalogueList {
    /// The packages: of each name the newest version first.
    packages: Vec<CataloguePackage>,
    /// The files of the folder that cannot be used.
    refused: Vec<RefusedFile>,
}

/// A package of the catalogue.
#[derive(Serialize, ToSchema)]
pub struct CataloguePackage {
    /// Its author.
    author: String,
    /// What changed in its versions, newest first.
    changes: Vec<PackageRelease>,
    /// Its description.
    description: String,
    /// The name of its file in the configured folder; null for a bundled package.
    #[schema(required)]
    file: Option<String>,
    /// The installed version of this name; null if none is installed.
    #[schema(required)]
    installed: Option<String>,
    /// Its name.
    name: String,
    /// The number of its parameters.
    parameters: usize,
    /// How records are asked for: `cof`, `dnsdb` or `own-database`.
    protocol: &'static str,
    /// The parameters that must be set, as "Label (key)".
    required: Vec<String>,
    /// The secrets that can be set, as "Label (key)".
    secrets: Vec<String>,
    /// Its title.
    title: String,
    /// The types of indicators that it takes.
    types: Vec<&'static str>,
    /// Its version.
    version: String,
}

/// A file that cannot be used.
#[derive(Serialize, ToSchema)]
pub struct RefusedFile {
    /// Why not.
    error: String,
    /// Its name, or the path of the folder.
    file: String,
}

/// The catalogue, with the installed versions.
pub fn catalogue(catalogue: &Catalogue, installed: &[Summary]) -> CatalogueList {
    CatalogueList {
        packages: catalogue.packages.iter().map(|listed| package(listed, installed)).collect(),
        refused: catalogue.refused.iter().map(refused).collect(),
    }
}

fn package(Listed { package, file }: &Listed, installed: &[Summary]) -> CataloguePackage {
    let named = |parameter: &Parameter| format!("{} ({})", parameter.label, parameter.key);
    let there = installed.iter().find(|summary| summary.name == package.name);
    CataloguePackage {
        author: package.author.clone(),
        changes: package.changes.iter().map(release).collect(),
        description: package.description.trim().to_owned(),
        file: file.clone(),
        installed: there.map(|summary| summary.version.clone()),
        name: package.name.clone(),
        parameters: package.parameters.len(),
        protocol: package.kind.protocol(),
        required: package.must_be_set().map(named).collect(),
        secrets: package.secrets().map(named).collect(),
        title: package.title.clone(),
        types: package.types().into_iter().map(operation::IndicatorType::name).collect(),
        version: package.version.to_string(),
    }
}

fn refused(Refused { file, fault }: &Refused) -> RefusedFile {
    RefusedFile { error: fault.to_string(), file: file.clone() }
}
