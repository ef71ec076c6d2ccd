//! The catalogue of a served data folder: the packages that can be installed by name, and their files.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::package::Catalogue;

use crate::site::Site;

impl Site {
    /// The catalogue as it is now. Its folder may be on a slow file system, so it is read on a thread that may block.
    ///
    /// # Errors
    /// 500 for a bug: the bundled packages are valid.
    pub(crate) async fn catalogue(&self) -> Result<Catalogue, Problem> {
        let folder = self.packages.clone();
        let reading = tokio::task::spawn_blocking(move || Catalogue::new(folder.as_deref()));
        reading.await.ok().and_then(Result::ok).ok_or_else(Problem::internal)
    }

    /// The manifest of a package as a file.
    ///
    /// # Errors
    /// 404 if there is no such package.
    pub(crate) async fn manifest(&self, name: &str, version: &str) -> Result<Response, Problem> {
        let catalogue = self.catalogue().await?;
        let found = catalogue.find(&format!("{name}@{version}"));
        let package = found.map_err(|error| Problem::missing(error.to_string()))?;
        // Neither part can contain a quotation mark.
        let attachment = format!("attachment; filename=\"{}-{}.toml\"", package.name, package.version);
        let headers = [(CONTENT_TYPE, "application/toml".to_owned()), (CONTENT_DISPOSITION, attachment)];
        Ok((headers, package.source.clone()).into_response())
    }
}
