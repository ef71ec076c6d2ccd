//! Catalogue: the packages that can be installed by name, with what they need and their change logs, and their files.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use operation::package::{Fault, Listed, Refused};
use operation::{IndicatorType, Package};
use workbench::integration::Filter;

use super::{Frame, encoded, show};
use crate::access::Visitor;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/catalogue", get(list)).route("/catalogue/{name}/{version}", get(file))
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    refused: Vec<Refused>,
}

/// A package.
struct Line {
    package: Package,
    /// The name of its file in the configured folder.
    file: Option<String>,
    state: LineState,
}

/// How it relates to the installed integration of its name.
enum LineState {
    /// The installed version, and whether the package is newer.
    Installed(String, bool),
    New,
}

async fn list(State(site): State<Shared>, frame: Frame) -> Result<Response, Problem> {
    let catalogue = site.catalogue().await?;
    let installed = site.desk.read(|workbench| workbench.list(&Filter::default())).await?.integrations;
    let line = |Listed { package, file }: &Listed| {
        let there = installed.iter().find(|summary| summary.name == package.name);
        let state = there.map_or(LineState::New, |summary| {
            let upgrades = summary.version.parse().is_ok_and(|version| package.version > version);
            LineState::Installed(summary.version.clone(), upgrades)
        });
        Line { package: package.clone(), file: file.clone(), state }
    };
    let lines = catalogue.packages.iter().map(line).collect();
    show(&Page { frame, lines, refused: catalogue.refused })
}

/// The manifest of a package, to be edited and uploaded.
async fn file(
    State(site): State<Shared>,
    _: Visitor,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    site.manifest(&name, &version).await
}

impl Line {
    /// The address of its file.
    fn path(&self) -> String {
        format!("/catalogue/{}/{}", encoded(&self.package.name), encoded(&self.package.version.to_string()))
    }

    /// The address where it can be installed.
    fn install_path(&self) -> String {
        format!("/integrations/new?bundled={}", encoded(&self.package.to_string()))
    }

    fn types(&self) -> String {
        self.package.types().into_iter().map(IndicatorType::name).collect::<Vec<_>>().join(", ")
    }

    /// The labels of the parameters that must be set.
    fn required(&self) -> String {
        let labels: Vec<&str> = self.package.must_be_set().map(|one| one.label.as_str()).collect();
        if labels.is_empty() { "Nothing".to_owned() } else { labels.join(", ") }
    }

    /// The labels of the secrets that can be set.
    fn secrets(&self) -> String {
        let labels: Vec<&str> = self.package.secrets().map(|one| one.label.as_str()).collect();
        if labels.is_empty() { "None".to_owned() } else { labels.join(", ") }
    }

    /// Whether this very version is installed.
    fn is_installed(&self) -> bool {
        matches!(&self.state, LineState::Installed(version, _) if *version == self.package.version.to_string())
    }
}
