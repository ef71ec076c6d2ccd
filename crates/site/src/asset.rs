//! The stylesheet and scripts of the pages, embedded by `build.rs` under names with a hash of their content.
//!
//! [`path`] returns the address of an asset, [`serve`] sends it. The content of a name never changes, so browsers may cache it
//! forever.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;

/// A year, the longest time that caches accept; `immutable` avoids a request on reload.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// An embedded file.
struct Asset {
    /// The name in templates.
    name: &'static str,
    /// The address.
    path: &'static str,
    body: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of the asset with that name. An unknown name gives an address that is not found; a test looks for these.
pub(crate) fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/assets/missing", |asset| asset.path)
}

/// The text of the asset with that name, for files that contain it; empty if there is none.
pub(crate) fn text(name: &str) -> &'static str {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    asset.and_then(|asset| std::str::from_utf8(asset.body).ok()).unwrap_or_default()
}

/// `GET /assets/{file}`.
pub(crate) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&file));
    let asset = asset.ok_or_else(|| Problem::missing("unknown file; load the page again"))?;
    let kind = match asset.path.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, FOR_EVER)], asset.body).into_response())
}
