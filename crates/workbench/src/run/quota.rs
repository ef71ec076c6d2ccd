//! What providers last said about the quota of a login: one small file each in the folder `quotas`.
//!
//! ```text
//! DIR/quotas/HOST_PORT-LOGIN   JSON: what was said, and when; LOGIN is the beginning of the login's keyed hash
//! ```
//!
//! A quota that is used up keeps runs from sending a request that would be refused. A file that is lost or cannot be written is
//! not an error: the provider is asked again, and says it again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use operation::Provider;
use operation::provider::Quota;
use serde::{Deserialize, Serialize};

use crate::files::{create, for_owner};
use crate::{Error, Workbench, secret};

/// The folder in the data folder.
const FOLDER: &str = "quotas";
/// How many bytes of a login's hash tell logins apart.
const PART: usize = 8;
/// The most files that are looked through: more than there are providers and logins.
const MOST_FILES: usize = 10_000;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 4_096;

/// What a provider said, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it said.
    pub quota: Quota,
    /// When, in seconds since the epoch.
    pub at: u64,
}

/// The content of a file.
#[derive(Deserialize, Serialize)]
#[serde(default)]
#[derive(Default)]
struct Stored {
    at: u64,
    limit: Option<u64>,
    remaining: Option<u64>,
    resets_at: Option<u64>,
    expires_at: Option<u64>,
    results_max: Option<u64>,
    offset_max: Option<u64>,
}

impl Workbench {
    /// What the provider last said about the quota of the configured login.
    ///
    /// # Errors
    /// [`Error`] if the key file cannot be read.
    pub fn quota(&self, provider: &Provider) -> Result<Option<Said>, Error> {
        let login = secret::known_fingerprint(self.folder(), provider.login())?;
        Ok(read(&file_of(self.folder(), &provider.name(), login.as_ref())))
    }

    /// Keeps what the provider said about the quota of the configured login; returns it with its time. `None` if it said nothing.
    ///
    /// # Errors
    /// [`Error`] if the key file cannot be read.
    pub fn note_quota(&self, provider: &Provider) -> Result<Option<Said>, Error> {
        let Some(quota) = provider.quota() else { return Ok(None) };
        let login = secret::known_fingerprint(self.folder(), provider.login())?;
        let said = Said { quota, at: self.clock().seconds() };
        note(&file_of(self.folder(), &provider.name(), login.as_ref()), said);
        Ok(Some(said))
    }
}

impl Workbench {
    /// What a provider (host:port) last said about the quota of any login, the newest one of the first 10,000 files.
    pub fn last_quota(&self, provider: &str) -> Option<Said> {
        let beginning = format!("{}-", plain(provider));
        let files = fs::read_dir(self.folder().join(FOLDER)).ok()?.take(MOST_FILES).filter_map(Result::ok);
        let is_ours = |file: &fs::DirEntry| {
            let name = file.file_name().into_string().unwrap_or_default();
            // The name of a login has no hyphen, so that no longer name of a provider begins like this.
            name.strip_prefix(&beginning).is_some_and(|login| !login.contains('-'))
        };
        files.filter(is_ours).filter_map(|file| read(&file.path())).max_by_key(|said| said.at)
    }
}

/// The file about a provider (host:port) and a login.
pub(super) fn file_of(folder: &Path, provider: &str, login: Option<&[u8; 32]>) -> PathBuf {
    let login =
        login.map_or_else(|| "none".to_owned(), |login| secret::hex(login.get(..PART).unwrap_or_default()));
    folder.join(FOLDER).join(format!("{}-{login}", plain(provider)))
}

/// The name of a provider as a part of the name of a file.
fn plain(provider: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    provider.chars().map(plain).collect()
}

/// Writes what was said, unless the file has it: at most once a second while nothing changes.
pub(super) fn note(file: &Path, said: Said) {
    if read(file) == Some(said) {
        return;
    }
    let Said { quota, at } = said;
    let Quota { limit, remaining, resets_at, expires_at, results_max, offset_max } = quota;
    let stored = Stored { at, limit, remaining, resets_at, expires_at, results_max, offset_max };
    let Ok(text) = serde_json::to_vec(&stored) else { return };
    let _ = file
        .parent()
        .map_or(Ok(()), create)
        .and_then(|()| for_owner().create(true).truncate(true).open(file)?.write_all(&text));
}

pub(super) fn read(file: &Path) -> Option<Said> {
    if fs::metadata(file).ok()?.len() > LARGEST {
        return None;
    }
    let stored: Stored = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let Stored { at, limit, remaining, resets_at, expires_at, results_max, offset_max } = stored;
    Some(Said { quota: Quota { limit, remaining, resets_at, expires_at, results_max, offset_max }, at })
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;

    use super::*;

    #[test]
    fn the_newest_quota_of_a_provider_is_found_whichever_login_it_is_about() {
        let folder = tempfile::tempdir().unwrap();
        let workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        assert_eq!(workbench.last_quota("pdns.example:443"), None);
        let said =
            |remaining, at| Said { quota: Quota { remaining: Some(remaining), ..Quota::default() }, at };
        let login = [7; 32];
        for (provider, login, said) in [
            ("pdns.example:443", None, said(1, 10)),
            ("pdns.example:443", Some(&login), said(2, 20)),
            ("pdns.example:443-x", None, said(3, 30)),
            ("other.example:443", None, said(4, 40)),
        ] {
            note(&file_of(folder.path(), provider, login), said);
        }
        assert_eq!(workbench.last_quota("pdns.example:443"), Some(said(2, 20)));
    }
}
