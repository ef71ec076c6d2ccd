//! How many names a domain may show in an hour: [`Budget`].
//!
//! Names and domains are remembered by their hashes, with a key of this process, so that nobody can choose names that collide.
//! The two latest hours are remembered, because inputs that are read at the same time are not equally late. An hour has at most
//! [`MOST_NAMES`] names; the next one clears it, so that memory is bounded and a new domain still gets its budget.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;

use cof::NameRef;

/// Names that are remembered of one hour: at most about 30 MiB.
const MOST_NAMES: usize = 1 << 20;
/// Seconds of an hour.
const HOUR: u64 = 3_600;

/// What domains have spent.
#[derive(Debug)]
pub(super) struct Budget {
    names_per_domain: NonZeroU32,
    keys: RandomState,
    hours: [Hour; 2],
}

#[derive(Debug, Default)]
struct Hour {
    /// Since the epoch.
    number: u64,
    names: HashSet<u64>,
    /// How many names each domain has shown.
    domains: HashMap<u64, u32>,
}

impl Budget {
    /// So many names per registered domain and hour.
    pub(super) fn new(names_per_domain: NonZeroU32) -> Self {
        Self { names_per_domain, keys: RandomState::new(), hours: Default::default() }
    }

    /// Whether a domain may show this name at this time: it showed it before in this hour, or has budget left.
    pub(super) fn spend(&mut self, domain: NameRef<'_>, name: NameRef<'_>, at: u64) -> bool {
        let (name, domain) = (self.keys.hash_one(name.as_wire()), self.keys.hash_one(domain.as_wire()));
        let most = self.names_per_domain.get();
        let hour = self.hour(at / HOUR);
        if hour.names.contains(&name) {
            return true;
        }
        if hour.names.len() >= MOST_NAMES {
            *hour = Hour { number: hour.number, ..Hour::default() };
        }
        let shown = hour.domains.entry(domain).or_default();
        if *shown >= most {
            return false;
        }
        *shown += 1;
        hour.names.insert(name);
        true
    }

    /// The state of an hour; an unknown one replaces the earlier of the two.
    fn hour(&mut self, number: u64) -> &mut Hour {
        let [a, b] = &mut self.hours;
        let (known, earlier) = if a.number >= b.number { (a, b) } else { (b, a) };
        if known.number == number {
            return known;
        }
        if earlier.number != number {
            *earlier = Hour { number, ..Hour::default() };
        }
        earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::Name;

    const AT: u64 = 1_600_000_000 / HOUR * HOUR;

    fn spend(budget: &mut Budget, name: &str, at: u64) -> bool {
        let name = Name::parse(name).unwrap();
        let domain = name.registered_domain().unwrap();
        budget.spend(domain, name.as_ref(), at)
    }

    #[test]
    fn an_hour_has_its_own_budget_and_late_names_have_the_one_of_theirs() {
        let mut budget = Budget::new(NonZeroU32::MIN);
        assert!(spend(&mut budget, "a.x.example", AT));
        assert!(!spend(&mut budget, "b.x.example", AT + HOUR - 1));
        assert!(spend(&mut budget, "b.x.example", AT + HOUR));
        assert!(!spend(&mut budget, "c.x.example", AT + HOUR));
        // Late, and known in its hour.
        assert!(spend(&mut budget, "a.x.example", AT + 7));
        assert!(!spend(&mut budget, "c.x.example", AT + 8));
        assert!(spend(&mut budget, "c.x.example", AT + 2 * HOUR));
        assert!(!spend(&mut budget, "d.x.example", AT + HOUR), "the later two are remembered");
    }

    #[test]
    fn memory_is_bounded_whatever_names_come() {
        let mut budget = Budget::new(NonZeroU32::MAX);
        let domain = Name::parse("x.example").unwrap();
        for number in 0..MOST_NAMES as u64 + 10 {
            let mut wire = vec![8];
            wire.extend_from_slice(&number.to_be_bytes());
            wire.extend_from_slice(domain.as_wire());
            let name = Name::from_wire(&wire).unwrap();
            assert!(budget.spend(domain.as_ref(), name.as_ref(), AT));
        }
        let names = budget.hours.iter().map(|hour| hour.names.len()).sum::<usize>();
        assert!(names <= MOST_NAMES, "{names}");
    }
}
