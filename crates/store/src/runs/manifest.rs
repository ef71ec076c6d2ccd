//! What a store consists of: the one file that says which others count.
//!
//! ```text
//! MANIFEST = "backsight passive-dns store, format 1, checksum 0123456789abcdef\n" ‖ JSON
//! ```
//!
//! The checksum is XXH3-64 of the JSON. A manifest is written beside the old one, synced, and takes its place by its name, so
//! that there is always a whole one: before a change or after. [`Manifest`] is what it says. A newer format is told apart
//! before anything else is read. A journal is named before anything is in it, so that one that was lost is missed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cof::{Digest, Source, SourceKind};
use serde::{Deserialize, Serialize};

use super::file::{Folder, damage, failed, read_stretch};
use super::ledger::Ledger;
use super::run::checksum;
use super::sources::Sources;
use crate::StoreError;
use crate::position::Reached;

/// The format that is written; no other is read.
pub(super) const FORMAT: u32 = 1;
/// Its name.
pub(super) const NAME: &str = "MANIFEST";
const NEW: &str = "MANIFEST.new";
const TITLE: &str = "backsight passive-dns store, format ";
/// The longest manifest: what a damaged folder may make us read.
const MAX: u64 = 1 << 30;

/// What a store consists of.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    /// Every file so far has a number below this.
    pub(super) next: u64,
    /// The journals whose records are not in runs, in their order.
    pub(super) journals: Vec<u64>,
    pub(super) runs: Vec<RunEntry>,
    pub(super) sources: Arc<Sources>,
    pub(super) ledger: Ledger,
}

/// What the manifest knows of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunEntry {
    pub(super) number: u64,
    /// How long its file is.
    pub(super) octets: u64,
    /// Of its footer.
    pub(super) checksum: u64,
    pub(super) tuples: u64,
    pub(super) words: u64,
    /// How many owners, how many targets.
    pub(super) heads: [u64; 2],
}

#[derive(Serialize, Deserialize)]
struct Json {
    next: u64,
    journals: Vec<u64>,
    runs: Vec<RunEntry>,
    sources: Vec<JsonSource>,
    inputs: BTreeMap<String, JsonInput>,
}

#[derive(Serialize, Deserialize)]
struct JsonSource {
    kind: Kind,
    origin: Option<String>,
    sensor: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Observation,
    Report,
    Zone,
}

#[derive(Serialize, Deserialize)]
struct JsonInput {
    offset: u64,
    origins: Vec<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    whole: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

impl JsonInput {
    fn reached(&self) -> Reached {
        // Once the offset alone said that an input is whole.
        let whole = self.whole || self.offset == u64::MAX;
        Reached { offset: self.offset, digest: self.digest, whole, expires: self.expires }
    }
}

impl Manifest {
    /// Reads the manifest of a folder; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Damage`], [`StoreError::Io`].
    pub(super) fn read(folder: &dyn Folder) -> Result<Option<Self>, StoreError> {
        let file = match folder.open(NAME) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed("open", NAME))?,
        };
        let len = file.len().map_err(failed("look at", NAME))?;
        let len = usize::try_from(len.min(MAX)).unwrap_or(usize::MAX);
        Self::of_octets(&read_stretch(&*file, NAME, 0, len)?).map(Some)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Damage`].
    pub(super) fn of_octets(octets: &[u8]) -> Result<Self, StoreError> {
        let line = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
        let (title, json) = octets.split_at(line);
        let json = json.get(1..).unwrap_or_default();
        let not_ours = || damage(NAME, 0, "it does not begin like a manifest");
        let (format, sum) = title_of(title).ok_or_else(not_ours)?;
        if format > FORMAT {
            return Err(StoreError::Newer { found: format, known: FORMAT });
        }
        if format != FORMAT || sum != Some(checksum(json, 0)) {
            return Err(damage(NAME, 0, "a checksum that does not match"));
        }
        let json = serde_json::from_slice(json).map_err(|_| damage(NAME, 0, "JSON that is no manifest"))?;
        Self::of(json).ok_or_else(|| damage(NAME, 0, "a source that is there twice"))
    }

    /// Puts this manifest in the place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Io`]; then the one before is still there, or this one is.
    pub(super) fn write(&self, folder: &dyn Folder) -> Result<(), StoreError> {
        let json = serde_json::to_vec_pretty(&self.json()).unwrap_or_default();
        let title = format!("{TITLE}{FORMAT}, checksum {:016x}\n", checksum(&json, 0));
        let octets = [title.as_bytes(), &json].concat();
        let written = (|| {
            // One may be left of somebody who did not get further.
            match folder.remove(NEW) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = folder.create(NEW)?;
            file.append(&octets)?;
            file.sync()?;
            folder.rename(NEW, NAME)?;
            folder.sync()
        })();
        written.map_err(failed("write", NAME))
    }

    fn of(json: Json) -> Option<Self> {
        let mut sources = Sources::default();
        for (id, source) in json.sources.into_iter().enumerate() {
            let kind = match source.kind {
                Kind::Observation => SourceKind::Observation,
                Kind::Report => SourceKind::Report,
                Kind::Zone => SourceKind::Zone,
            };
            let (origin, sensor) = (source.origin.map(Arc::from), source.sensor.map(Arc::from));
            let interned = sources.intern(&Source { kind, origin, sensor })?;
            if usize::try_from(interned) != Ok(id) {
                return None;
            }
        }
        let mut by_origin = HashMap::new();
        for (id, source) in (0_u32..).zip(sources.iter()) {
            by_origin.entry(source.origin.as_deref()).or_insert(id);
        }
        let mut ledger = Ledger::default();
        for (name, input) in json.inputs {
            let named = input.origins.iter().filter_map(|origin| by_origin.get(&origin.as_deref()).copied());
            ledger.advance(&Arc::from(name), input.reached(), named);
        }
        Some(Self {
            next: json.next,
            journals: json.journals,
            runs: json.runs,
            sources: Arc::new(sources),
            ledger,
        })
    }

    fn json(&self) -> Json {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
        let sources = self.sources.iter().map(|source| JsonSource {
            kind: match source.kind {
                SourceKind::Observation => Kind::Observation,
                SourceKind::Report => Kind::Report,
                SourceKind::Zone => Kind::Zone,
            },
            origin: text(&source.origin),
            sensor: text(&source.sensor),
        });
        let inputs = self.ledger.iter().map(|(name, reached, named)| {
            let named = named.iter().filter_map(|id| self.sources.by_id(*id));
            let mut origins: Vec<_> = named.map(|source| text(&source.origin)).collect();
            origins.sort();
            origins.dedup();
            let Reached { offset, digest, whole, expires } = *reached;
            (name.to_string(), JsonInput { offset, origins, digest, whole, expires })
        });
        Json {
            next: self.next,
            journals: self.journals.clone(),
            runs: self.runs.clone(),
            sources: sources.collect(),
            inputs: inputs.collect(),
        }
    }
}

/// The format, and the checksum if it is written as we do.
fn title_of(title: &[u8]) -> Option<(u32, Option<u64>)> {
    let rest = std::str::from_utf8(title).ok()?.strip_prefix(TITLE)?;
    let (format, rest) = rest.split_once(',').unwrap_or((rest, ""));
    let sum = rest.strip_prefix(" checksum ").filter(|sum| sum.len() == 16);
    Some((format.parse().ok()?, sum.and_then(|sum| u64::from_str_radix(sum, 16).ok())))
}
