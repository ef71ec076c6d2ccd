//! The package to install: uploaded, of the catalogue, or contained in a confirmation.

use std::path::Path;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge::problem::Problem;
use operation::package::{self, Catalogue};
use operation::{ManifestError, Package};
use workbench::integration::Plan;

use crate::access::{Fields, Upload};
use crate::site::Shared;

/// A parsed package, with the name of its file.
pub(super) struct Offer {
    pub(super) file: String,
    pub(super) package: Package,
}

/// The status for a file that is not a package.
const NO_PACKAGE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A file that is not a package, and why; nothing was changed.
pub(super) struct Refusal {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) reason: String,
    pub(super) hint: Option<String>,
    pub(super) status: StatusCode,
}

impl Offer {
    /// The package in an upload.
    pub(super) fn of(upload: &Upload, catalogue: &Catalogue) -> Result<Self, Refusal> {
        let bundled = upload.fields.text("bundled");
        match &upload.file {
            _ if !bundled.is_empty() => Self::listed(catalogue, bundled),
            None => Err(Refusal::new("", "choose a file or a package of the catalogue")),
            Some((file, _)) if upload.is_too_large() => {
                let why =
                    format!("it is larger than {} KiB, the limit for a package", package::MAX_BYTES >> 10);
                Err(Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, ..Refusal::new(file, &why) })
            }
            Some((file, content)) => Self::read(file, content),
        }
    }

    /// A package of the catalogue, by NAME or NAME@VERSION.
    pub(super) fn listed(catalogue: &Catalogue, wanted: &str) -> Result<Self, Refusal> {
        let found = catalogue.find(wanted).map_err(|error| Refusal::new("", &error.to_string()));
        let package = found?.clone();
        Ok(Self { file: format!("{}-{}.toml", package.name, package.version), package })
    }

    /// The package in a confirmation.
    pub(super) fn carried(fields: &Fields) -> Result<Self, Problem> {
        let content = URL_SAFE_NO_PAD.decode(fields.text("package"));
        let content =
            content.map_err(|_| Problem::bad_request("the form has no package: choose the file again"))?;
        Self::read(fields.text("file"), &content).map_err(|refusal| Problem::bad_request(refusal.reason))
    }

    /// The package in the form of a confirmation.
    pub(super) fn carry(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.package.source)
    }

    /// What installing it would change.
    pub(super) async fn plan(&self, site: &Shared, overwrite: bool) -> Result<Plan, Problem> {
        let package = self.package.clone();
        Ok(site.desk.read(move |workbench| workbench.plan_install(package, overwrite)).await?)
    }

    fn read(file: &str, content: &[u8]) -> Result<Self, Refusal> {
        let ending =
            Path::new(file).extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("toml") => {}
            Some("whl" | "zip" | "yaml" | "yml" | "gz") => {
                let why = "it is not a Backsight package; packages for ThreatQ cannot be installed here";
                return Err(Refusal::new(file, why));
            }
            _ => return Err(Refusal::new(file, "a package is a single file whose name ends in .toml")),
        }
        let text = std::str::from_utf8(content)
            .map_err(|_| Refusal::new(file, "it is not text; a package is a TOML file"))?;
        let package = Package::parse(file, text).map_err(|error| Refusal::of(file, &error))?;
        Ok(Self { file: file.to_owned(), package })
    }
}

impl Refusal {
    fn new(file: &str, reason: &str) -> Self {
        Self { file: file.to_owned(), line: None, reason: reason.to_owned(), hint: None, status: NO_PACKAGE }
    }

    fn of(file: &str, error: &ManifestError) -> Self {
        Self {
            file: file.to_owned(),
            line: error.line(),
            reason: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            status: NO_PACKAGE,
        }
    }
}
