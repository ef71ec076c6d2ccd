//! The registered domain of a name, [`Name::registered_domain`], and what it is registered below, [`Name::public_suffix`].
//!
//! What can be registered below what is a matter of the Public Suffix List, which the `psl` crate has built in: its newest release
//! when this program was built. Its private section counts, too: `a.github.io` and `b.github.io` belong to different people.

use psl::{List, Psl as _};
use smallvec::SmallVec;

use crate::{Name, NameRef};

/// What names are registered below: `co.uk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicSuffix<'a> {
    /// Its name.
    pub name: NameRef<'a>,
    /// Whether the list has it. A top-level domain that it does not have is not delegated, or was delegated recently.
    pub is_listed: bool,
}

impl Name {
    /// The public suffix: `co.uk` for `a.b.example.co.uk`, and for `co.uk` itself. `None` for the root.
    ///
    /// A top-level domain that is not on the list counts as a public suffix.
    pub fn public_suffix(&self) -> Option<PublicSuffix<'_>> {
        let (labels, is_listed) = self.as_ref().suffix_labels();
        let name = (labels > 0).then(|| self.as_ref().last_labels(labels))??;
        Some(PublicSuffix { name, is_listed })
    }

    /// The public suffix and one label: `example.co.uk` for `a.b.example.co.uk`. `None` for a public suffix itself, and for the root.
    ///
    /// A top-level domain that is not on the list counts as a public suffix.
    pub fn registered_domain(&self) -> Option<NameRef<'_>> {
        self.as_ref().registered_domain()
    }
}

impl<'a> NameRef<'a> {
    /// See [`Name::registered_domain`].
    pub fn registered_domain(self) -> Option<NameRef<'a>> {
        let (labels, _) = self.suffix_labels();
        self.last_labels(labels + 1)
    }

    /// How many labels the public suffix has, and whether it is on the list.
    fn suffix_labels(self) -> (usize, bool) {
        let labels: SmallVec<[&[u8]; 16]> = self.labels().collect();
        let mut from_right = labels.iter().rev().copied();
        // The list is one large function for each type of iterator; this makes it one in all.
        let suffix = List.find(&mut from_right as &mut dyn Iterator<Item = &[u8]>);
        let mut length = 0;
        let of_suffix = labels.iter().rev().take_while(|label| {
            length += label.len() + usize::from(length > 0);
            length <= suffix.len
        });
        (of_suffix.count(), suffix.typ.is_some())
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

    #[test]
    fn a_public_suffix_is_listed_or_is_not() {
        for (name, suffix) in [
            (".", None),
            ("com", Some(("com", true))),
            ("a.b.example.co.uk", Some(("co.uk", true))),
            ("team.github.io", Some(("github.io", true))),
            ("shop.ck", Some(("shop.ck", true))),
            ("x.xn--p1ai", Some(("xn--p1ai", true))),
            ("x.y.internal-name", Some(("internal-name", false))),
            ("readme.txt", Some(("txt", false))),
        ] {
            let name = Name::parse(name).unwrap();
            let found = name.public_suffix().map(|found| (found.name.to_name().to_string(), found.is_listed));
            assert_eq!(found, suffix.map(|(suffix, is_listed)| (suffix.to_owned(), is_listed)), "{name}");
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
