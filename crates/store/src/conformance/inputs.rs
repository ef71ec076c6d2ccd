//! Inputs are recognised by name, position and content, until they expire, in the same way by every engine.

use std::sync::Arc;

use cof::{Batch, Digest, Position};

use super::Engine;
use super::model::source;
use crate::{Reached, Selection, Store, StoreError};

fn at(input: &str, offset: u64, digest: u8) -> Position {
    Position { digest: Some([digest; 32]), ..Position::new(input, offset) }
}

fn whole(input: &str, offset: u64, digest: u8) -> Position {
    Position { whole: true, ..at(input, offset, digest) }
}

fn absorb(store: &impl Store, position: Position) -> Result<bool, StoreError> {
    let sources = vec![source(cof::SourceKind::Observation, Some("https://a.example"))];
    let batch = Batch { sources, position: Some(position), ..Batch::default() };
    store.absorb(batch).map(|receipt| receipt.repeated)
}

/// Runs all upkeep operations, one after the other.
fn shake(store: &impl Engine) {
    (0..7).for_each(|how| store.shake(how));
}

fn names(store: &impl Store, digest: Digest) -> Vec<Arc<str>> {
    store.wholes(&digest).unwrap()
}

fn other(input: &str) -> Result<bool, StoreError> {
    Err(StoreError::OtherContent { input: input.into() })
}

/// The position of an input, its digest and its name are stored.
pub fn all_of_it_is_remembered(store: &impl Engine) {
    let first = at("file", 10, 1);
    assert_eq!(absorb(store, first.clone()), Ok(false));
    shake(store);
    let reached = Reached { offset: 10, digest: Some([1; 32]), whole: false, expires: None };
    assert_eq!(store.position("file"), Ok(Some(reached)));
    assert_eq!(names(store, [1; 32]).len(), 0, "a part is not known by its content");
    assert_eq!(absorb(store, first), Ok(true));
    assert_eq!(absorb(store, whole("file", 10, 1)), Ok(false), "that nothing follows is new");
    shake(store);
    assert_eq!(names(store, [1; 32]), ["file".into()]);
    assert_eq!(absorb(store, whole("file", 10, 1)), Ok(true));
    assert_eq!(absorb(store, whole("file#2", 10, 1)), Ok(false));
    assert_eq!(names(store, [1; 32]), ["file".into(), "file#2".into()]);
}

/// A name that was used for other content is refused.
pub fn other_content_under_a_known_name_is_refused(store: &impl Engine) {
    assert_eq!(absorb(store, at("key", 10, 1)), Ok(false));
    shake(store);
    assert_eq!(absorb(store, at("key", 10, 2)), other("key"));
    assert_eq!(absorb(store, whole("key", 5, 2)), other("key"));
    assert_eq!(absorb(store, at("key", 5, 2)), Ok(true), "nobody can tell");
    assert_eq!(absorb(store, whole("key", 20, 3)), Ok(false));
    shake(store);
    for longer in [at("key", 30, 3), whole("key", 30, 4)] {
        assert_eq!(absorb(store, longer), other("key"));
    }
    assert_eq!(
        absorb(store, Position::new("key", 30)),
        Ok(true),
        "without a digest a whole input has no more"
    );
}

/// Keys expire; files never do.
pub fn what_expires_is_forgotten_when_its_time_has_come(store: &impl Engine) {
    let key = |offset, expires| Position { expires: Some(expires), ..whole("key", offset, 1) };
    assert_eq!(absorb(store, key(10, 100)), Ok(false));
    assert_eq!(absorb(store, whole("file", 10, 1)), Ok(false));
    assert_eq!(names(store, [1; 32]), ["file".into()], "what expires is not known by its content");
    assert_eq!(store.forget_expired(99), Ok(0));
    assert_eq!(absorb(store, key(10, 200)), Ok(true));
    shake(store);
    assert_eq!(store.forget_expired(100), Ok(1));
    assert_eq!((store.position("key"), store.stats().unwrap().inputs), (Ok(None), 1));
    assert_eq!(absorb(store, key(5, 300)), Ok(false), "a key that was forgotten may name other content");
    shake(store);
    assert_eq!(store.position("key").unwrap().map(|key| (key.offset, key.expires)), Some((5, Some(300))));
    assert_eq!(store.forget_expired(u64::MAX), Ok(1));
    assert_eq!(absorb(store, whole("file", 10, 1)), Ok(true), "a file never expires");
    store.drop_where(&Selection::Origin(Some("https://a.example".into()))).unwrap();
    shake(store);
    assert_eq!((names(store, [1; 32]).len(), store.stats().unwrap().inputs), (0, 0));
}

/// Numbered batches: only a number above the last one is new, gaps are allowed, and no number is forgotten.
pub fn numbers_only_rise_and_are_never_forgotten(store: &impl Engine) {
    let number = |number| absorb(store, Position::new("sensor/1/a", number));
    for (sent, is_repeated) in [(1, false), (1, true), (5, false), (3, true), (5, true), (6, false)] {
        assert_eq!(number(sent), Ok(is_repeated), "{sent}");
        shake(store);
    }
    assert_eq!(absorb(store, Position::new("sensor/1/b", 2)), Ok(false), "each sequence has its own numbers");
    assert_eq!(store.forget_expired(u64::MAX), Ok(0));
    assert_eq!((number(6), number(7)), (Ok(true), Ok(false)));
    assert_eq!(store.position("sensor/1/a").unwrap().map(|reached| reached.offset), Some(7));
    assert_eq!(store.stats().unwrap().inputs, 2, "one entry for each sequence");
}
