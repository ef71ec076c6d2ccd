//! The files of lists: found in folders, and read up to their largest size.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use context::lists::MAX_BYTES;

use crate::exit::Failure;

/// How many folders deep files are searched for: `lists/NAME/list.json` in the repository of the MISP project.
const DEPTH: usize = 4;
/// The most files of a folder; a folder with more is hardly one of lists.
const MOST: usize = 5_000;
/// The name of the file of a list in the repository of the MISP project, which has other JSON files, too.
const LIST: &str = "list.json";

/// The files to import: those that are given, and those in folders that are given, in the order of their names.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::Usage(format!("cannot be read: {error}"));
    let mut text = Vec::new();
    // One more byte, so that a larger file is refused for its size.
    let most = MAX_BYTES as u64 + 1;
    File::open(path).map_err(failed)?.take(most).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::work(&format!("reading {}", folder.display()), &error);
    let mut all = Vec::new();
    collect(folder, DEPTH, &mut all).map_err(failed)?;
    if all.len() > MOST {
        let text = format!("{} contains more than {MOST} JSON files", folder.display());
        return Err(Failure::Usage(text).hint("give the folder of the lists itself"));
    }
    let is_list = |path: &Path| path.file_name().is_some_and(|name| name == LIST);
    if all.iter().any(|path| is_list(path)) {
        all.retain(|path| is_list(path));
    }
    if all.is_empty() {
        let text = format!("{} contains no JSON files", folder.display());
        return Err(Failure::Usage(text).hint("give a folder with warning lists in MISP's format"));
    }
    all.sort();
    Ok(all)
}

fn collect(folder: &Path, depth: usize, all: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth > 1 && all.len() <= MOST {
            collect(&path, depth - 1, all)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "json") {
            all.push(path);
        }
    }
    Ok(())
}
