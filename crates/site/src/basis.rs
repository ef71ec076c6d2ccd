//! What a form or a call was made from: [`Basis`] is the stored state that somebody saw, with a mark that tells one state from
//! another.
//!
//! Every form that changes something carries the mark of what it shows ([`FIELD`]); the API gives it as `ETag` and takes it back in
//! `If-Match`. [`change_from`] compares it with what is stored within the change itself, so that a page that was opened before
//! somebody else's change never overwrites that change unseen. A request without a mark claims to have seen nothing, and is carried
//! out: scripts that mean "whatever it is now" need not ask first.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use edge::problem::Problem;
use operation::Indicator;
use workbench::library;
use workbench::user::User;
use workbench::{Error, Workbench, integration};

use crate::access::Fields;
use crate::site::Site;

/// The field of a form that carries the mark.
pub(crate) const FIELD: &str = "made_from";

/// The state of something that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    /// What it is, in words: label and value.
    pub(crate) state: Vec<(String, String)>,
    mark: String,
}

/// What a request says that it was made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim(Option<Vec<String>>);

impl Basis {
    fn new(state: Vec<(String, String)>, rest: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let texts = state.iter().flat_map(|(label, value)| [label.as_str(), value.as_str()]);
        for text in texts.chain(rest.iter().copied()) {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        Self { state, mark: hasher.finalize().to_hex().chars().take(32).collect() }
    }

    /// Of nothing in particular: for forms that carry what they were made from row by row.
    pub(crate) fn nothing() -> Self {
        Self::new(Vec::new(), &[])
    }

    /// Of an integration as it is installed and configured. Whether it is on is not part of it: that is a form of its own.
    pub(crate) fn of_integration(details: &integration::Details) -> Self {
        let state = details.parameters.iter().map(|setting| {
            let value = match &setting.state {
                integration::State::Unset => setting.default.clone().unwrap_or_default(),
                integration::State::Elsewhere(_) | integration::State::Secret => "set".to_owned(),
                integration::State::Value(value) | integration::State::Wrong(value, _) => value.clone(),
            };
            (setting.label.clone(), value)
        });
        let version = ("Version".to_owned(), details.summary.version.clone());
        Self::new(std::iter::once(version).chain(state).collect(), &[&details.fingerprint])
    }

    /// Of what people say about an indicator: its status, its notes, and whether it is there.
    pub(crate) fn of_indicator(workbench: &Workbench, indicator: &Indicator) -> Result<Option<Self>, Error> {
        Ok(workbench.details(indicator)?.map(|details| Self::of_details(&details)))
    }

    /// The same of what was read already.
    pub(crate) fn of_details(details: &library::Details) -> Self {
        let removed = details.entry.removed_at.map_or("no", |_| "yes");
        let mut state = vec![
            ("Status".to_owned(), details.entry.status.name().to_owned()),
            ("Removed".to_owned(), removed.to_owned()),
        ];
        if let Some(newest) = details.notes.first() {
            let text: String = newest.text.chars().take(200).collect();
            state.push((format!("Newest note, by {}", newest.actor), text));
        }
        Self::new(state, &[&details.notes.len().to_string()])
    }

    /// Of a user.
    pub(crate) fn of_user(user: &User) -> Self {
        let state = if user.disabled_at.is_none() { "Enabled" } else { "Disabled" };
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        Self::new(vec![pair("Role", user.role.name()), pair("State", state)], &[&user.id.to_string()])
    }

    /// The same by name.
    pub(crate) fn of_user_named(workbench: &Workbench, name: &str) -> Result<Option<Self>, Error> {
        Ok(workbench.users()?.iter().find(|user| user.name == name).map(Self::of_user))
    }

    /// What tells this state from others, in a form.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// The same as a program gets it.
    pub(crate) fn etag(&self) -> [(HeaderName, HeaderValue); 1] {
        let text = HeaderValue::try_from(format!("\"{}\"", self.mark));
        [(ETAG, text.unwrap_or(HeaderValue::from_static("\"\"")))]
    }
}

impl Claim {
    /// What a form says.
    pub(crate) fn of_form(sent: &Fields) -> Self {
        Self(sent.has(FIELD).then(|| vec![sent.text(FIELD).to_owned()]))
    }

    /// What a program says in `If-Match`; `*` is as good as nothing, because what is not there is refused anyway.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(IF_MATCH).iter().filter_map(|line| line.to_str().ok());
        let tags: Vec<String> =
            lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().to_owned()).collect();
        if tags.is_empty() || tags.iter().any(|tag| tag == "*") {
            return Self(None);
        }
        // A weak tag never matches (RFC 9110 section 13.1.1).
        let strong = |tag: &String| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
        Self(Some(tags.iter().filter_map(strong).collect()))
    }

    /// Whether it was made from another state than this.
    pub(crate) fn is_stale(&self, basis: &Basis) -> bool {
        self.0.as_ref().is_some_and(|marks| !marks.iter().any(|mark| mark == basis.mark()))
    }
}

/// Carries a change out, unless what it was made from is not what is stored: then it gives what is, as `Ok(Err(…))`.
///
/// # Errors
/// Those of the change. What is not there any more is the change's to refuse.
pub(crate) async fn change_from<T: Send + 'static>(
    site: &Site,
    actor: &str,
    claim: Claim,
    stored: impl Fn(&Workbench) -> Result<Option<Basis>, Error> + Send + 'static,
    change: impl FnOnce(&mut Workbench) -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Basis>, Error> {
    let compared = move |workbench: &mut Workbench| {
        let basis = if claim.0.is_some() { stored(workbench)? } else { None };
        match basis.filter(|basis| claim.is_stale(basis)) {
            Some(basis) => Ok(Err(basis)),
            None => change(workbench).map(Ok),
        }
    };
    site.desk.change(actor, compared).await
}

/// The same for a program, which gets a 412.
///
/// # Errors
/// As [`change_from`], and 412.
pub(crate) async fn change_if_match<T: Send + 'static>(
    site: &Site,
    actor: &str,
    headers: &HeaderMap,
    stored: impl Fn(&Workbench) -> Result<Option<Basis>, Error> + Send + 'static,
    change: impl FnOnce(&mut Workbench) -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Problem>, Error> {
    let changed = change_from(site, actor, Claim::of_headers(headers), stored, change).await?;
    Ok(changed.map_err(|basis| {
        let now: Vec<String> = basis.state.iter().map(|(label, value)| format!("{label} is {value:?}")).collect();
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            format!(
                "If-Match: the resource has changed since then ({}); read it again, then send the change with the new ETag",
                now.join(", ")
            ),
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(value: &str) -> Basis {
        Basis::new(vec![("Status".to_owned(), value.to_owned())], &[])
    }

    #[test]
    fn a_mark_tells_states_apart() {
        assert_eq!(basis("Active").mark(), basis("Active").mark());
        assert_ne!(basis("Active").mark(), basis("Review").mark());
        let split = |parts: &[&str]| Basis::new(Vec::new(), parts).mark().to_owned();
        assert_ne!(split(&["ab", "c"]), split(&["a", "bc"]));
    }

    #[test]
    fn if_match_is_read_as_http_has_it() {
        let now = basis("Active");
        let stale = |line: &str| {
            let headers = HeaderMap::from_iter([(IF_MATCH, line.parse().unwrap())]);
            Claim::of_headers(&headers).is_stale(&now)
        };
        let tag = format!("\"{}\"", now.mark());
        assert!(!stale(&tag) && !stale("*") && !stale(&format!("\"x\", {tag}")));
        assert!(stale("\"x\"") && stale(now.mark()) && stale(&format!("W/{tag}")) && stale(""));
        assert!(!Claim::of_headers(&HeaderMap::new()).is_stale(&now));
    }
}
