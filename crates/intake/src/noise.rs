//! What is not worth keeping: [`Noise`], the rules by which records are suppressed on their way into a database.
//!
//! Rules suppress names below suffixes, types, and special-purpose addresses. A budget limits how many names a registered domain may
//! show in an hour, because some zones make up a new name for each query. What a rule suppresses is counted by its reason
//! ([`Dropped`]). Without rules, everything is kept.
//!
//! A budget belongs to whoever reads several inputs: all senders of a collector, and all bodies that a server receives, share one.
//! It only concerns observations: reports and zone files are about other times.

mod budget;

use std::num::NonZeroU32;
use std::sync::Mutex;

use cof::rdata::Target;
use cof::{Name, Rdata, RrType, SourceKind, special};

use self::budget::Budget;
use crate::tally::Dropped;

/// Rules for what is not kept, and what a budget has seen.
#[derive(Debug, Default)]
pub struct Noise {
    rules: Rules,
    budget: Option<Mutex<Budget>>,
}

/// What is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Owners at or below these names.
    pub suffixes: Vec<Name>,
    /// Records of these types.
    pub types: Vec<RrType>,
    /// A and AAAA records with a special-purpose address, unless its block is globally reachable ([`cof::special`]).
    pub special_addresses: bool,
    /// How many names a registered domain may show in an hour.
    pub names_per_domain: Option<NonZeroU32>,
}

impl Noise {
    /// These rules, with a budget that nobody has used yet.
    pub fn new(rules: Rules) -> Self {
        let budget = rules.names_per_domain.map(Budget::new).map(Mutex::new);
        Self { rules, budget }
    }

    /// Whether a record that was seen at `at` (seconds since the epoch) is suppressed, and by which rule.
    pub(crate) fn suppresses(
        &self,
        kind: SourceKind,
        rrname: &Name,
        rrtype: RrType,
        rdata: &Rdata,
        at: u64,
    ) -> Option<Dropped> {
        if self.rules.suffixes.iter().any(|suffix| rrname.is_within(suffix)) {
            return Some(Dropped::Suffix);
        }
        if self.rules.types.contains(&rrtype) {
            return Some(Dropped::Type);
        }
        if self.rules.special_addresses && is_special(rrtype, rdata) {
            return Some(Dropped::SpecialAddress);
        }
        let is_over = kind == SourceKind::Observation && !self.spends(rrname, at);
        is_over.then_some(Dropped::Budget)
    }

    /// Whether what an earlier pass has imported has to be read again, because it has used up a part of the budget.
    pub(crate) fn remembers(&self) -> bool {
        self.budget.is_some()
    }

    /// Whether the domain of a name may show it.
    fn spends(&self, rrname: &Name, at: u64) -> bool {
        let Some(budget) = &self.budget else { return true };
        let Some(domain) = rrname.registered_domain() else { return true };
        // A budget is as good as before after a panic elsewhere.
        let mut budget = budget.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        budget.spend(domain, rrname.as_ref(), at)
    }
}

fn is_special(rrtype: RrType, rdata: &Rdata) -> bool {
    // Only A and AAAA records have an address as their target.
    let Some(Target::Address(address)) = rdata.target(rrtype) else { return false };
    special::block_of(address).is_some_and(|block| !block.is_global())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use store::Reached;

    use super::*;
    use crate::format::Format;
    use crate::fuzzing;
    use crate::order::Order;

    const AT: u64 = 1_600_000_000;

    fn verdict(noise: &Noise, owner: &str, rrtype: RrType, rdata: &str) -> Option<Dropped> {
        let (owner, rdata) = (Name::parse(owner).unwrap(), Rdata::parse(rrtype, rdata));
        noise.suppresses(SourceKind::Observation, &owner, rrtype, &rdata, AT)
    }

    #[test]
    fn each_rule_suppresses_what_it_names_and_nothing_else() {
        let noise = Noise::new(Rules {
            suffixes: vec![Name::parse("dnsbl.example").unwrap(), Name::parse("in-addr.arpa").unwrap()],
            types: vec![RrType::TXT],
            special_addresses: true,
            names_per_domain: None,
        });
        for (owner, rrtype, rdata, wanted) in [
            ("dnsbl.example", RrType::A, "185.194.93.1", Some(Dropped::Suffix)),
            ("2.0.0.127.dnsbl.example", RrType::A, "127.0.0.2", Some(Dropped::Suffix)),
            ("1.2.0.192.in-addr.arpa", RrType::PTR, "a.example", Some(Dropped::Suffix)),
            ("otherdnsbl.example", RrType::A, "185.194.93.1", None),
            ("a.example", RrType::TXT, "\"v=spf1\"", Some(Dropped::Type)),
            ("a.example", RrType::A, "10.0.0.1", Some(Dropped::SpecialAddress)),
            ("a.example", RrType::AAAA, "fe80::1", Some(Dropped::SpecialAddress)),
            // Special, but reachable from everywhere.
            ("a.example", RrType::AAAA, "64:ff9b::808:808", None),
            ("a.example", RrType::CNAME, "b.example", None),
        ] {
            assert_eq!(verdict(&noise, owner, rrtype, rdata), wanted, "{owner} {rdata}");
        }
        assert_eq!(verdict(&Noise::default(), "dnsbl.example", RrType::A, "10.0.0.1"), None);
    }

    /// Lines of passivedns, and records in JSON.
    fn inputs() -> [(Format, Vec<String>); 2] {
        let lines = |line: fn(u32) -> String| (0..40).map(line).collect();
        let json = |number| {
            format!(
                "{{\"rrname\":\"n{}.x.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\",\"count\":1,\"time_first\":{AT},\"time_last\":{AT}}}\n",
                number % 30
            )
        };
        let passivedns =
            |number| format!("{AT}.1||c||s||IN||n{}.x.example.||A||185.194.93.1||60||1\n", number % 30);
        [(Format::PassiveDns, lines(passivedns)), (Format::Cof, lines(json))]
    }

    #[test]
    fn an_import_that_resumes_keeps_the_names_that_it_would_have_kept_without_an_interruption() {
        let rules = Rules { names_per_domain: NonZeroU32::new(20), ..Rules::default() };
        for (format, lines) in inputs() {
            let text = lines.concat();
            let order = || Order { noise: Noise::new(rules.clone()).into(), ..fuzzing::order(format) };
            let names = |input: &str, order: &Order| {
                let (rows, tally) = fuzzing::read(input.as_bytes(), order, usize::MAX);
                let names: BTreeSet<String> = rows.iter().map(|row| row.rrname.to_string()).collect();
                (names, tally.dropped.get(&Dropped::Budget).map_or(0, |place| place.count))
            };
            let (whole, dropped) = names(&text, &order());
            assert_eq!((whole.len(), dropped), (20, 10), "{format:?}");
            for cut in [5, 20, 33] {
                let head = lines[..cut].concat();
                let offset = head.len() as u64;
                let reached = Reached { offset, digest: None, whole: false, expires: None };
                let rest = Order { reached: Some(reached), ..order() };
                let (mut both, before) = names(&head, &order());
                let (after, dropped_after) = names(&text, &rest);
                both.extend(after);
                assert_eq!(
                    (both, before + dropped_after),
                    (whole.clone(), dropped),
                    "{format:?}, cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn a_budget_concerns_the_names_of_a_registered_domain_and_observations_alone() {
        let rules = Rules { names_per_domain: NonZeroU32::new(2), ..Rules::default() };
        let noise = Noise::new(rules);
        let seen = |owner| verdict(&noise, owner, RrType::A, "185.194.93.1");
        assert_eq!((seen("a.tunnel.example"), seen("b.tunnel.example")), (None, None));
        assert_eq!(seen("c.tunnel.example"), Some(Dropped::Budget));
        // A known name of the domain, another domain, and a public suffix.
        assert_eq!((seen("a.tunnel.example"), seen("c.other.example"), seen("example")), (None, None, None));
        let report = |owner| {
            let (owner, rdata) = (Name::parse(owner).unwrap(), Rdata::parse(RrType::A, "185.194.93.1"));
            noise.suppresses(SourceKind::Report, &owner, RrType::A, &rdata, AT)
        };
        assert_eq!(report("d.tunnel.example"), None);
    }
}
