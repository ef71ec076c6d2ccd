//! The types and statuses of one ThreatQ: [`Names`]. Their numbers differ between instances, so they are found by name.

use std::collections::BTreeMap;

use super::answer::Reference;
use super::error::ThreatqError;

/// The status of indicators that an operation found, as ThreatQ describes it: associated to an active indicator, such as by
/// passive DNS.
pub(crate) const INDIRECT: &str = "Indirect";
/// The status of harmless indicators, which are never touched.
pub(crate) const WHITELISTED: &str = "Whitelisted";

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The number.
    pub id: u64,
    /// The name.
    pub name: String,
}

/// The types and statuses of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    types: Table,
    statuses: Table,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Table {
    by_name: BTreeMap<String, u64>,
    by_id: BTreeMap<u64, String>,
}

impl Names {
    /// From what the instance lists.
    pub(crate) fn new(types: Vec<Named>, statuses: Vec<Named>) -> Self {
        Self { types: Table::new(types), statuses: Table::new(statuses) }
    }

    /// The number of a type.
    ///
    /// # Errors
    /// [`ThreatqError::NoType`].
    pub fn type_id(&self, name: &str) -> Result<u64, ThreatqError> {
        self.types.id(name).ok_or_else(|| ThreatqError::NoType(name.to_owned()))
    }

    /// The number of a status.
    ///
    /// # Errors
    /// [`ThreatqError::NoStatus`].
    pub fn status_id(&self, name: &str) -> Result<u64, ThreatqError> {
        self.statuses.id(name).ok_or_else(|| ThreatqError::NoStatus(name.to_owned()))
    }

    /// The names of all types.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.types.by_id.values().map(String::as_str)
    }

    /// The names of all statuses, in the order of their numbers.
    pub fn statuses(&self) -> impl Iterator<Item = &str> {
        self.statuses.by_id.values().map(String::as_str)
    }

    /// The name of the type that an indicator has.
    pub fn type_of<'a>(&'a self, reference: &'a Reference) -> Option<&'a str> {
        self.types.name(reference)
    }

    /// The name of the status that an indicator has.
    pub fn status_of<'a>(&'a self, reference: &'a Reference) -> Option<&'a str> {
        self.statuses.name(reference)
    }

    /// The name of a status as the instance writes it.
    ///
    /// # Errors
    /// [`ThreatqError::NoStatus`].
    pub fn status_named(&self, name: &str) -> Result<&str, ThreatqError> {
        let id = self.status_id(name)?;
        self.statuses
            .by_id
            .get(&id)
            .map(String::as_str)
            .ok_or_else(|| ThreatqError::NoStatus(name.to_owned()))
    }
}

impl Table {
    fn new(named: Vec<Named>) -> Self {
        let mut table = Self::default();
        for Named { id, name } in named {
            table.by_name.entry(folded(&name)).or_insert(id);
            table.by_id.entry(id).or_insert(name);
        }
        table
    }

    fn id(&self, name: &str) -> Option<u64> {
        self.by_name.get(&folded(name)).copied()
    }

    /// The number decides, because a name in an answer may be that of something else.
    fn name<'a>(&'a self, reference: &'a Reference) -> Option<&'a str> {
        let by_id = reference.id.and_then(|id| self.by_id.get(&id)).map(String::as_str);
        by_id.or(reference.name.as_deref())
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pairs: &[(u64, &str)]) -> Vec<Named> {
        pairs.iter().map(|(id, name)| Named { id: *id, name: (*name).to_owned() }).collect()
    }

    #[test]
    fn numbers_are_found_by_name_and_names_by_number() {
        let names = Names::new(named(&[(15, "IP Address"), (8, "FQDN")]), named(&[(3, "Indirect")]));
        assert_eq!(names.type_id("fqdn"), Ok(8));
        assert_eq!(names.type_id("URL"), Err(ThreatqError::NoType("URL".to_owned())));
        assert_eq!(names.status_named("INDIRECT"), Ok("Indirect"));
        let of = |id, name: Option<&str>| Reference { id, name: name.map(str::to_owned) };
        assert_eq!(names.type_of(&of(Some(15), Some("FQDN"))), Some("IP Address"));
        assert_eq!(names.type_of(&of(None, Some("FQDN"))), Some("FQDN"));
        assert_eq!(names.status_of(&of(Some(9), None)), None);
    }
}
