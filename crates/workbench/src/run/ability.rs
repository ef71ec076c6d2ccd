//! The abilities of providers, as they declared them with their last answer: one small file each in the folder `abilities`.
//!
//! They only determine which queries the pages offer. Whether a query was understood is determined from its own answer, so a
//! file that is lost or cannot be written is not an error: the query is not offered until the provider answers again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use operation::Side;

use crate::Workbench;
use crate::files::{create, for_owner};

/// The folder in the data folder.
const FOLDER: &str = "abilities";

/// Records whether a provider supports queries for data.
pub(super) fn note(folder: &Path, provider: &str, by_data: bool) {
    let file = file_of(folder, provider);
    if read(&file) == Some(by_data) {
        return;
    }
    let word = if by_data { Side::Data } else { Side::Owner }.word();
    let _ = create(&folder.join(FOLDER)).and_then(|()| {
        let mut options = for_owner();
        options.create(true).truncate(true).open(file)?.write_all(word.as_bytes())
    });
}

impl Workbench {
    /// Whether the provider (host:port) supports queries for records that have a host in their data; `None` before its first
    /// answer.
    pub fn answers_by_data(&self, provider: &str) -> Option<bool> {
        read(&file_of(self.folder(), provider))
    }
}

fn file_of(folder: &Path, provider: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    folder.join(FOLDER).join(provider.chars().map(plain).collect::<String>())
}

fn read(file: &Path) -> Option<bool> {
    Side::from_word(&fs::read_to_string(file).ok()?).map(|side| side == Side::Data)
}
