//! A set of names, as a minimal automaton: [`Names`].
//!
//! A name is its sort key ([`cof::Name::push_sort_key`]) without the last byte: its labels from the right, each followed by 0.
//! So the key of a name begins with the keys of all names above it, and one walk finds all of them. The value of a key says
//! whether the name alone is in the set, or everything at and below it, or both. A million names take about 8 MB.

use bytes::Bytes;
use cof::{Name, NameRef};
use fst::raw::{Builder, Fst, Output};

/// The name itself is in the set.
const EXACT: u64 = 1;
/// The name and everything below it is in the set.
const BELOW: u64 = 2;

/// A set of names.
pub(super) struct Names(Fst<Bytes>);

/// The names of a set that is being made.
#[derive(Debug, Default)]
pub(super) struct Collected(Vec<(Box<[u8]>, u64)>);

impl Collected {
    /// Adds a name, with everything below it or without. The root would be everything and is not added.
    pub(super) fn add(&mut self, name: &Name, below: bool) -> bool {
        let key = key(name.as_ref());
        let is_name = !key.is_empty();
        if is_name {
            self.0.push((key.into(), if below { BELOW } else { EXACT }));
        }
        is_name
    }

    /// The automaton; `None` for no names, or if it cannot be built.
    pub(super) fn build(mut self) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_unstable();
        let mut builder = Builder::memory();
        let mut rest = self.0.into_iter().peekable();
        while let Some((key, mut value)) = rest.next() {
            while let Some((_, other)) = rest.next_if(|(next, _)| *next == key) {
                value |= other;
            }
            // The keys are sorted and distinct, and memory does not fail.
            builder.insert(key, value).ok()?;
        }
        builder.into_inner().ok()
    }
}

impl Names {
    /// The set that [`Collected::build`] made; `None` if it is none. Whoever stores it has to notice damage: this only looks at
    /// its frame.
    pub(super) fn open(octets: Bytes) -> Option<Self> {
        Fst::new(octets).ok().map(Self)
    }

    /// Whether a name, given by its [`key`], is in the set or below a name that is.
    pub(super) fn has(&self, key: &[u8]) -> bool {
        let fst = &self.0;
        let mut node = fst.root();
        let mut value = Output::zero();
        for (at, octet) in key.iter().enumerate() {
            let Some(next) = node.find_input(*octet) else { return false };
            let transition = node.transition(next);
            value = value.cat(transition.out);
            node = fst.node(transition.addr);
            // A 0 ends a label; within labels it is escaped.
            if *octet == 0 && node.is_final() {
                let found = value.cat(node.final_output()).value();
                let is_whole = at + 1 == key.len();
                if found & BELOW > 0 || (is_whole && found & EXACT > 0) {
                    return true;
                }
            }
        }
        false
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Names({})", self.0.len())
    }
}

/// The key of a name; empty for the root.
pub(super) fn key(name: NameRef<'_>) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.as_wire().len() + 1);
    name.push_sort_key(&mut key);
    key.pop();
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(entries: &[(&str, bool)]) -> Option<Names> {
        let mut collected = Collected::default();
        for (name, below) in entries {
            collected.add(&Name::parse(name).unwrap(), *below);
        }
        Names::open(collected.build()?.into())
    }

    fn has(names: &Names, name: &str) -> bool {
        names.has(&key(Name::parse(name).unwrap().as_ref()))
    }

    #[test]
    fn a_name_is_found_itself_and_below_where_that_is_meant() {
        let set = names(&[("a.example", false), ("b.example", true), ("c.b.example", false)]).unwrap();
        for name in ["a.example", "B.example.", "c.b.example", "x.c.b.example", "x.y.b.example"] {
            assert!(has(&set, name), "{name}");
        }
        for name in
            ["example", ".", "x.a.example", "ab.example", "aa.example", "b.example.com", r"x\.b.example"]
        {
            assert!(!has(&set, name), "{name}");
        }
        assert!(names(&[(".", true)]).is_none(), "the root is everything");
        let both = names(&[("a.example", false), ("a.example", true)]).unwrap();
        assert!(has(&both, "a.example") && has(&both, "x.a.example"));
    }

    proptest! {
        #[test]
        fn it_has_what_a_scan_finds(
            entries in prop::collection::vec(("([ab]\\.){0,3}[ab]", any::<bool>()), 1..12),
            asked in "([abc]\\.){0,4}[ab]",
        ) {
            let asked = Name::parse(&asked).unwrap();
            let scan = entries.iter().any(|(entry, below)| {
                let entry = Name::parse(entry).unwrap();
                asked == entry || (*below && asked.is_within(&entry))
            });
            let entries: Vec<(&str, bool)> = entries.iter().map(|(name, below)| (name.as_str(), *below)).collect();
            prop_assert_eq!(names(&entries).unwrap().has(&key(asked.as_ref())), scan);
        }
    }
}
