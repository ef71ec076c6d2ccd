//! The state that a form or an API call is based on: [`Basis`] is the stored state that the user saw, with a mark that
//! identifies it.
//!
//! Every form that changes something contains the mark of what it shows ([`FIELD`]); the API returns it as `ETag` and accepts
//! it in `If-Match`. [`change_from`] compares it with the stored state within the change itself, so that a page that was opened
//! before another user's change never overwrites that change unnoticed. A request without a mark is carried out on any state,
//! so that scripts do not have to read first.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use edge::problem::Problem;
use operation::{Indicator, Marking};
use workbench::investigation::Investigation;
use workbench::library;
use workbench::user::User;
use workbench::{Error, Workbench, integration};

use crate::access::Fields;
use crate::site::Site;

/// The field of a form that contains the mark.
pub(crate) const FIELD: &str = "made_from";

/// The state of something that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    /// The state as labels and values.
    pub(crate) state: Vec<(String, String)>,
    mark: String,
}

/// The mark that a request is based on.
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

    /// A basis without content, for forms that contain the marks of several rows.
    pub(crate) fn nothing() -> Self {
        Self::new(Vec::new(), &[])
    }

    /// The state of an installed and configured integration. Whether it is enabled is not part of it, because that is a
    /// separate form.
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
        let max_tlp = ("Maximum TLP".to_owned(), details.summary.max_tlp.word().to_owned());
        Self::new([version, max_tlp].into_iter().chain(state).collect(), &[&details.fingerprint])
    }

    /// The state of an indicator that users change: its status, marking and tags, its notes, and whether it is present.
    pub(crate) fn of_indicator(workbench: &Workbench, indicator: &Indicator) -> Result<Option<Self>, Error> {
        Ok(workbench.details(indicator)?.map(|details| Self::of_details(&details)))
    }

    /// The same, from details that were already read.
    pub(crate) fn of_details(details: &library::Details) -> Self {
        let removed = details.entry.removed_at.map_or("no", |_| "yes");
        let mut state = vec![
            ("Status".to_owned(), details.entry.status.name().to_owned()),
            ("TLP".to_owned(), Marking(details.entry.tlp).word().to_owned()),
            ("Tags".to_owned(), details.entry.tags.join(", ")),
            ("Removed".to_owned(), removed.to_owned()),
        ];
        if let Some(newest) = details.notes.first() {
            let text: String = newest.text.chars().take(200).collect();
            state.push((format!("Newest note, by {}", newest.actor), text));
        }
        Self::new(state, &[&details.notes.len().to_string()])
    }

    /// The state of an investigation that users change; its members and notes are not part of it, because each change of them is
    /// about itself alone.
    pub(crate) fn of_investigation(investigation: &Investigation) -> Self {
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        let removed = investigation.removed_at.map_or("no", |_| "yes");
        let state = vec![
            pair("Name", &investigation.name),
            pair("Status", investigation.status.word()),
            pair("TLP", Marking(investigation.tlp).word()),
            pair("Summary", &investigation.summary),
            pair("Removed", removed),
        ];
        Self::new(state, &[])
    }

    /// The state of a user.
    pub(crate) fn of_user(user: &User) -> Self {
        let state = if user.disabled_at.is_none() { "Enabled" } else { "Disabled" };
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        Self::new(vec![pair("Role", user.role.name()), pair("State", state)], &[&user.id.to_string()])
    }

    /// The state of the user with this name.
    pub(crate) fn of_user_named(workbench: &Workbench, name: &str) -> Result<Option<Self>, Error> {
        Ok(workbench.users()?.iter().find(|user| user.name == name).map(Self::of_user))
    }

    /// The mark of this state, for a form.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// The mark of this state, for a program.
    pub(crate) fn etag(&self) -> [(HeaderName, HeaderValue); 1] {
        let text = HeaderValue::try_from(format!("\"{}\"", self.mark));
        [(ETAG, text.unwrap_or(HeaderValue::from_static("\"\"")))]
    }
}

impl Claim {
    /// The mark in a form.
    pub(crate) fn of_form(sent: &Fields) -> Self {
        Self(sent.has(FIELD).then(|| vec![sent.text(FIELD).to_owned()]))
    }

    /// The mark in `If-Match`; `*` counts as no mark, because a missing object is refused anyway.
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

    /// Whether it is based on another state than this one.
    pub(crate) fn is_stale(&self, basis: &Basis) -> bool {
        self.0.as_ref().is_some_and(|marks| !marks.iter().any(|mark| mark == basis.mark()))
    }
}

/// Carries out a change, unless the stored state is not the one it is based on: then it returns the stored state, as
/// `Ok(Err(…))`.
///
/// # Errors
/// Those of the change, which also refuses an object that no longer exists.
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
