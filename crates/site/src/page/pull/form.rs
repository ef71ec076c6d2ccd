//! The options of a pull in a form or an address: [`Form`].
//!
//! Errors: a wrong option is a [`Problem`] that names it.

use edge::problem::Problem;

use crate::pulls::{Destination, PullWish};

/// The value of the choice for an investigation that does not exist yet.
const NEW: &str = "new";
/// The field that asks for the preview.
pub(super) const PREVIEW: &str = "preview";

/// The options of a form or an address.
#[derive(Clone, Default)]
pub(super) struct Form {
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    fn all(&self, name: &str) -> Vec<String> {
        let mine = self.fields.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        mine.map(|(_, value)| value.trim().to_owned()).collect()
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(known, chosen)| known == name && chosen == value)
    }

    pub(super) fn is_asked(&self) -> bool {
        !self.text(PREVIEW).is_empty()
    }

    /// Whether a type is ticked: all are at first.
    pub(super) fn ticks(&self, kind: &str) -> bool {
        !self.is_asked() || self.has("type", kind)
    }

    /// The fields that are sent on.
    pub(super) fn kept(&self) -> impl Iterator<Item = &(String, String)> {
        let known = ["type", "status", "into", "name", "offset", "limit"];
        self.fields.iter().filter(move |(name, value)| known.contains(&name.as_str()) && !value.is_empty())
    }

    pub(super) fn wish(&self) -> Result<PullWish, Problem> {
        let types = self.all("type");
        if types.is_empty() {
            return Err(Problem::bad_request("choose at least one type"));
        }
        let number = |name: &str| match self.text(name) {
            "" => Ok(None),
            text => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| Problem::bad_request(format!("{name}: {text:?} is not a whole number"))),
        };
        let into = match self.text("into") {
            "" => Destination::Library,
            NEW => Destination::New(self.text("name").to_owned()),
            number => Destination::Existing(
                number.parse().map_err(|_| Problem::bad_request("there is no such investigation"))?,
            ),
        };
        let (offset, limit) = (number("offset")?.unwrap_or(0), number("limit")?);
        Ok(PullWish { types, statuses: self.all("status"), into, offset, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Form { fields: fields.iter().map(owned).collect() }
    }

    #[test]
    fn a_form_says_what_is_pulled_into_what() {
        let fields =
            [("type", "FQDN"), ("type", " IP Address "), ("status", ""), ("into", "7"), ("limit", "50")];
        let wish = form(&fields).wish().unwrap();
        assert_eq!(
            (wish.types.as_slice(), wish.statuses.len()),
            (&["FQDN", "IP Address"].map(str::to_owned)[..], 0)
        );
        assert!(matches!(wish.into, Destination::Existing(7)));
        assert_eq!((wish.offset, wish.limit), (0, Some(50)));
        let new = form(&[("type", "FQDN"), ("into", NEW), ("name", " Campaign ")]).wish().unwrap();
        assert!(matches!(new.into, Destination::New(name) if name == "Campaign"));
    }

    #[test]
    fn a_wrong_option_is_named() {
        for (fields, why) in [
            (&[("status", "Active")][..], "at least one type"),
            (&[("type", "FQDN"), ("offset", "-1")], "offset: \"-1\" is not a whole number"),
            (&[("type", "FQDN"), ("into", "x")], "no such investigation"),
        ] {
            let problem = form(fields).wish().unwrap_err();
            assert!(problem.detail.contains(why), "{}", problem.detail);
        }
    }

    #[test]
    fn all_types_are_ticked_until_something_is_asked() {
        assert!(form(&[]).ticks("FQDN"));
        let asked = form(&[("type", "FQDN"), (PREVIEW, "yes"), ("said", "pulling")]);
        assert!(asked.ticks("FQDN") && !asked.ticks("IP Address"));
        assert_eq!(asked.kept().collect::<Vec<_>>(), [&("type".to_owned(), "FQDN".to_owned())]);
    }
}
