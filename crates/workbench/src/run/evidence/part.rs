//! The unfinished files of evidence: parts.
//!
//! A part has what a run has received so far, if that is large or takes long. It keeps its name until the row of the run states
//! the evidence ([`forget_part`]), so that a crash at any moment loses nothing; a run whose process is gone adopts its part
//! ([`adopt`]).

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{FOLDER, PIECE, Recorded, Recorder, path_of};
use crate::{Error, files};

/// The file into which the evidence of a run is written.
pub(super) fn part(folder: &Path, run: i64) -> PathBuf {
    folder.join(FOLDER).join(format!("run-{run}.part"))
}

/// Turns what a run had received when it was interrupted into evidence: as much of its file as can be read.
pub(in crate::run) fn adopt(folder: &Path, run: i64) -> Result<Recorded, Error> {
    let part = part(folder, run);
    let opened = match File::open(&part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recorded::NOTHING),
        opened => opened.map_err(|error| Error::io("opening", &part, error))?,
    };
    let mut decoder =
        zstd::stream::read::Decoder::new(opened).map_err(|error| Error::io("reading", &part, error))?;
    // In a second file, because the first one is being read.
    let adopted = part.with_extension("adopted");
    let mut recorder = Recorder::into_part(folder, adopted.clone());
    let mut piece = vec![0; PIECE];
    // The last block is incomplete; what can be decompressed before it is kept.
    while let Ok(len) = decoder.read(&mut piece) {
        if len == 0 {
            break;
        }
        recorder.write(piece.get(..len).unwrap_or_default())?;
    }
    let had = recorder.finish()?;
    let _ = std::fs::remove_file(adopted);
    Ok(had)
}

/// The unfinished files, each with its run.
pub(in crate::run) fn unfinished(folder: &Path) -> Vec<(i64, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let numbered = paths.filter_map(|path| {
        let run = path.file_stem()?.to_str()?.strip_prefix("run-")?.parse().ok()?;
        Some((run, path))
    });
    numbered.collect()
}

/// Ensures that a run has a part until [`forget_part`], because recording the end of the run takes long or failed. If that is not
/// possible, a crash loses the evidence.
pub(in crate::run) fn keep_part(folder: &Path, run: i64, recorded: &Recorded) {
    let (answers, part) = (folder.join(FOLDER), part(folder, run));
    // An existing part has the same content.
    let _ = match (&recorded.small, &recorded.stored.hash) {
        (Some(body), _) => files::create(&answers)
            .and_then(|()| files::for_owner().create_new(true).open(&part)?.write_all(body)),
        (None, Some(hash)) => std::fs::hard_link(path_of(&answers, hash), part),
        (None, None) => Ok(()),
    };
}

/// Removes a run's part after its row states the final name. If that fails, the part is removed the next time runs are settled
/// ([`unfinished`]).
pub(in crate::run) fn forget_part(folder: &Path, run: i64) {
    let part = part(folder, run);
    // Most runs have none, and looking is cheaper than removing: it does not wait for files that others create.
    if part.exists() {
        let _ = std::fs::remove_file(part);
    }
}
