//! What a server can do, by its version and by the settings that it has. Errors: `Incompatible` for servers that cannot be used.

use store::{StoreError, StoreErrorKind};

use super::forms::Storage;
use crate::binary::Reader;
use crate::link::Link;
use crate::literal;

/// The oldest version that works.
const OLDEST: Release = Release(18, 16);
/// Settings of a table that write a block to the disk before it is acknowledged; old versions do not have them.
const DURABLE: [&str; 2] = ["fsync_after_insert", "fsync_part_directory"];
/// Settings with which a block is stored by itself, and recognised if it is repeated, whatever is usual for the version or the user.
const BY_ITSELF: [(&str, &str); 2] = [("async_insert", "0"), ("deduplicate_insert", "enable")];
/// From this version on, a table that is not replicated can recognise repeated blocks.
pub(super) const WITH_WINDOWS: Release = Release(22, 2);
/// From this version on, a column can have its own compression.
const WITH_CODECS: Release = Release(19, 11);
/// From this version on, ordered reading stops when it has enough.
pub(super) const IN_ORDER: Release = Release(20, 1);

/// The version of a server: year and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release(u32, u32);

/// The version of the server; refused if it is too old.
pub(super) fn release(link: &Link) -> Result<Release, StoreError> {
    let answer = link.ask("SELECT version() FORMAT RowBinary".to_owned())?;
    let text = Reader::new(&answer).text().unwrap_or_default();
    let mut numbers = text.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(year)), Some(Ok(number))) if Release(year, number) >= OLDEST => Ok(Release(year, number)),
        (Some(Ok(year)), Some(Ok(number))) => Err(StoreError::engine(
            StoreErrorKind::Incompatible,
            format!("{}: ClickHouse {year}.{number} is too old; use 18.16 or newer", link.address()),
        )),
        _ => Err(link.strange("no version")),
    }
}

/// Whether the server has a `ZooKeeper`, or a Keeper of its own.
pub(super) fn has_keeper(link: &Link) -> Result<bool, StoreError> {
    let answer = link.ask_system(
        "SELECT count() FROM system.tables WHERE database = 'system' AND name = 'zookeeper' FORMAT RowBinary",
    )?;
    Ok(Reader::new(&answer).number() == Some(1))
}

/// How tables are stored on a server of this release.
pub(super) fn storage(link: &Link, release: Release) -> Result<Storage, StoreError> {
    Ok(Storage { durable: known(link, "merge_tree_settings", &DURABLE)?, has_codecs: release >= WITH_CODECS })
}

/// Those of [`BY_ITSELF`] that the server knows; it refuses others.
pub(super) fn settings(link: &Link) -> Result<Vec<(&'static str, String)>, StoreError> {
    let known = known(link, "settings", &BY_ITSELF.map(|(name, _)| name))?;
    let is_known = |(name, _): &(&str, &str)| known.contains(name);
    Ok(BY_ITSELF.into_iter().filter(is_known).map(|(name, value)| (name, value.to_owned())).collect())
}

/// Which of these settings are in a table of the server.
fn known(link: &Link, table: &str, names: &[&'static str]) -> Result<Vec<&'static str>, StoreError> {
    let literals: Vec<String> = names.iter().map(|name| literal::text(name.as_bytes())).collect();
    let answer = link.ask_system(&format!(
        "SELECT name FROM system.{table} WHERE name IN ({}) FORMAT RowBinary",
        literals.join(", ")
    ))?;
    let mut answer = Reader::new(&answer);
    let mut found = Vec::new();
    while !answer.is_at_end() {
        let name = answer.text().ok_or_else(|| link.strange("something else than its settings"))?;
        found.extend(names.iter().filter(|known| **known == name));
    }
    Ok(found)
}

pub(super) fn no_promise(link: &Link, Release(year, number): Release) -> StoreError {
    let detail = format!(
        "{}: ClickHouse {year}.{number} without ZooKeeper does not recognise a block that is sent again, so records could be counted twice; configure ZooKeeper, or use version 22.2 or newer",
        link.address()
    );
    StoreError::engine(StoreErrorKind::Incompatible, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        assert!(
            Release(18, 16) < Release(20, 1) && Release(22, 10) > WITH_WINDOWS && Release(9, 99) < OLDEST
        );
    }
}
