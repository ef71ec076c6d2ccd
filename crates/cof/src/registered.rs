//! The registered domain of a name: [`Name::registered_domain`].
//!
//! What can be registered below what is a matter of the Public Suffix List, which the `psl` crate has built in: its newest release
//! when this program was built. Its private section counts, too: `a.github.io` and `b.github.io` belong to different people.

use psl::{List, Psl as _};
use smallvec::SmallVec;

use crate::{Name, NameRef};

impl Name {
    /// The public suffix and one label: `example.co.uk` for `a.b.example.co.uk`. `None` for a public suffix itself, and for the root.
    ///
    /// A top-level domain that is not on the list counts as a public suffix.
    pub fn registered_domain(&self) -> Option<NameRef<'_>> {
        let labels: SmallVec<[&[u8]; 16]> = self.labels().collect();
        let mut from_right = labels.iter().rev().copied();
        // The list is one large function for each type of iterator; this makes it one in all.
        let suffix = List.find(&mut from_right as &mut dyn Iterator<Item = &[u8]>).len;
        let mut length = 0;
        let of_suffix = labels.iter().rev().take_while(|label| {
            length += label.len() + usize::from(length > 0);
            length <= suffix
        });
        self.as_ref().last_labels(of_suffix.count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn registered(name: &str) -> Option<String> {
        Name::parse(name).unwrap().registered_domain().map(|domain| domain.to_name().to_string())
    }

    #[test]
    fn the_registered_domain_is_the_public_suffix_and_a_label() {
        for (name, domain) in [
            (".", None),
            ("com", None),
            ("example.com", Some("example.com")),
            ("a.b.example.com", Some("example.com")),
            ("co.uk", None),
            ("x.example.co.uk", Some("example.co.uk")),
            ("www.team.github.io", Some("team.github.io")),
            // Rules with a wildcard, and an exception to one.
            ("ck", None),
            ("shop.ck", None),
            ("a.b.shop.ck", Some("b.shop.ck")),
            ("a.www.ck", Some("www.ck")),
            // Not on the list.
            ("internal-name", None),
            ("x.y.internal-name", Some("y.internal-name")),
            // In a label, a dot is no boundary.
            (r"a.b\.c.example", Some(r"b\.c.example")),
            ("xn--80ak6aa92e.xn--p1ai", Some("xn--80ak6aa92e.xn--p1ai")),
        ] {
            assert_eq!(registered(name).as_deref(), domain, "{name}");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_tail_of_the_name_and_its_own_registered_domain(name in crate::name::tests::any_name()) {
            if let Some(domain) = name.registered_domain() {
                prop_assert!(name.as_ref().is_within(domain));
                let itself = domain.to_name();
                prop_assert_eq!(itself.registered_domain(), Some(domain));
            }
        }
    }
}
