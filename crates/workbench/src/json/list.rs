//! Warning lists, and what is known against a value.

use context::lists::About;
use context::weak::Reason;
use operation::Indicator;
use serde::Serialize;
use utoipa::ToSchema;

use super::{at, named};

/// A warning list.
#[derive(Serialize, ToSchema)]
pub struct WarningList {
    /// Whether it is about names or addresses; others never hit.
    applies: bool,
    /// What it is, in its own words.
    description: String,
    /// Whether it is used.
    enabled: bool,
    /// The number of its entries.
    entries: u64,
    /// When it was imported.
    #[schema(format = DateTime)]
    imported_at: String,
    /// Its name, which identifies it.
    name: String,
    /// `cidr`, `hostname`, `regex`, `string` or `substring`.
    r#type: &'static str,
    /// The number of entries that are left out, because they cannot be used.
    unusable: u64,
    /// Its version.
    version: u64,
}

/// The warning lists.
#[derive(Serialize, ToSchema)]
pub struct WarningLists {
    /// What is wrong with stored lists that cannot be read.
    damaged: Vec<String>,
    /// The lists by name.
    lists: Vec<WarningList>,
}

/// A list that was imported.
#[derive(Serialize, ToSchema)]
pub struct ImportedList {
    /// The file; null for a list in the body of a request.
    #[schema(required)]
    file: Option<String>,
    /// The list.
    list: WarningList,
    /// The version that it replaced; null if there was no list of its name.
    #[schema(required)]
    replaced: Option<u64>,
}

/// A file that was not imported.
#[derive(Serialize, ToSchema)]
pub struct RefusedList {
    /// The file.
    file: String,
    /// What is wrong with it.
    reason: String,
}

/// What became of files of lists.
#[derive(Serialize, ToSchema)]
pub struct ImportedLists {
    /// The lists that were imported.
    imported: Vec<ImportedList>,
    /// The files that were not.
    refused: Vec<RefusedList>,
}

/// A list that was enabled or disabled.
#[derive(Serialize, ToSchema)]
pub struct SwitchedList {
    /// Whether that changed anything.
    changed: bool,
    /// Whether it is used now.
    enabled: bool,
    /// Its name.
    name: String,
}

/// A list that was removed or restored.
#[derive(Serialize, ToSchema)]
pub struct RemovedList {
    /// Its name.
    name: String,
    /// Whether it is removed now.
    removed: bool,
}

/// What is known against a value.
#[derive(Serialize, ToSchema)]
pub struct ListHits {
    /// The lists that have it; those with the fewest entries first.
    lists: Vec<WarningList>,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
    /// Why it says little if several indicators share it; empty if nothing is known against it.
    weak: Vec<WeakReason>,
}

/// Why a shared resource says little.
#[derive(Serialize, ToSchema)]
pub struct WeakReason {
    /// `special`, `names`, `parking`, `sinkhole`, `seized` or `list`.
    kind: &'static str,
    /// The reason in words.
    reason: String,
}

/// What became of a file: the list and the version that it replaced, or what is wrong.
pub type Outcome = Result<(About, Option<u64>), String>;

/// What became of files of lists.
pub fn imported(files: &[(String, Outcome)]) -> ImportedLists {
    let mut shown = ImportedLists { imported: Vec::new(), refused: Vec::new() };
    for (file, outcome) in files {
        let file = file.clone();
        match outcome {
            Ok((about, replaced)) => {
                shown.imported.push(ImportedList {
                    file: Some(file),
                    list: list(about),
                    replaced: *replaced,
                });
            }
            Err(reason) => shown.refused.push(RefusedList { file, reason: reason.clone() }),
        }
    }
    shown
}

/// A list that was imported from the body of a request.
pub fn received(about: &About, replaced: Option<u64>) -> ImportedList {
    ImportedList { file: None, list: list(about), replaced }
}

/// The lists, and what is wrong with those that cannot be read.
pub fn lists(abouts: &[About], damaged: Vec<String>) -> WarningLists {
    WarningLists { damaged, lists: abouts.iter().map(list).collect() }
}

/// A list that was enabled or disabled.
pub fn switched(name: &str, enabled: bool, changed: bool) -> SwitchedList {
    SwitchedList { changed, enabled, name: name.to_owned() }
}

/// A list that was removed or restored.
pub fn removed(name: &str, removed: bool) -> RemovedList {
    RemovedList { name: name.to_owned(), removed }
}

/// What is known against a value.
pub fn hits(indicator: &Indicator, reasons: &[Reason]) -> ListHits {
    let (value, r#type) = named(indicator);
    let of_list = |reason: &Reason| match reason {
        Reason::Listed(about) => Some(list(about)),
        _ => None,
    };
    let weak = |reason: &Reason| WeakReason { kind: reason.word(), reason: reason.to_string() };
    ListHits {
        lists: reasons.iter().filter_map(of_list).collect(),
        r#type,
        value,
        weak: reasons.iter().map(weak).collect(),
    }
}

fn list(about: &About) -> WarningList {
    WarningList {
        applies: about.applies,
        description: about.description.clone(),
        enabled: about.is_enabled,
        entries: about.entries,
        imported_at: at(i64::try_from(about.imported_at).unwrap_or(i64::MAX)),
        name: about.name.clone(),
        r#type: about.kind.word(),
        unusable: about.unusable,
        version: about.version,
    }
}
