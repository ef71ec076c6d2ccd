//! The filters of the list of runs: [`Narrowed`], from the page's form and the API's parameters.
//!
//! Empty fields are ignored, because a form sends all of its fields. Errors name the field.

use cof::time::Clock;
use operation::{Indicator, Moment};
use serde::Deserialize;
use utoipa::IntoParams;
use workbench::run::{State, Wanted};

/// The filters of a list of runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Narrowed {
    /// Only runs on this domain name or IP address.
    pub(crate) indicator: String,
    /// Only runs of this operation, by name, in any version.
    pub(crate) operation: String,
    /// Only runs in this state: `complete`, `truncated`, `partial`, `failed`, `interrupted` or `running`.
    pub(crate) state: String,
    /// Only runs of this user.
    pub(crate) actor: String,
    /// Only the runs of one batch, by the number of its first run.
    pub(crate) batch: String,
    /// Only runs started at this time or later: a date, a time, or an age such as `7d` or `12h`.
    pub(crate) since: String,
    /// Only runs started at this time or earlier; a date includes the whole day.
    pub(crate) until: String,
    /// `no` leaves out runs that used the stored answer of another run.
    pub(crate) cached: String,
    /// Only runs before the run with this number, for the next page.
    pub(crate) before: Option<i64>,
    /// The maximum number of results.
    pub(crate) limit: Option<usize>,
}

impl Narrowed {
    /// The corresponding filter of the workbench.
    ///
    /// # Errors
    /// The name of the invalid field, and what is wrong with it.
    pub(crate) fn wanted(&self, clock: &Clock, limit: usize) -> Result<Wanted, String> {
        let given = |text: &'_ str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let indicator = given(&self.indicator).map(|text| Indicator::existing(&text)).transpose();
        let state = given(&self.state).map(|word| {
            State::from_word(&word).ok_or_else(|| format!("state: {word:?} is not a state of a run"))
        });
        let batch = given(&self.batch).map(|text| {
            text.parse().map_err(|_| "batch: takes the number of the first run of a batch".to_owned())
        });
        let moment = |field: &str, text: &str| {
            let moment = given(text).map(|text| Moment::parse(&text, clock)).transpose();
            moment.map_err(|error| format!("{field}: {error}"))
        };
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        Ok(Wanted {
            indicator: indicator.map_err(|error| format!("indicator: {error}"))?,
            package: given(&self.operation),
            batch: batch.transpose()?,
            state: state.transpose()?,
            actor: given(&self.actor),
            since: moment("since", &self.since)?.map(|moment| seconds(moment.start)),
            until: moment("until", &self.until)?.map(|moment| seconds(moment.end)),
            without_cached: match self.cached.trim() {
                "" | "yes" => false,
                "no" => true,
                _ => return Err("cached: takes yes or no".to_owned()),
            },
            before: self.before,
            limit,
        })
    }

    /// Whether any filter is set.
    pub(crate) fn narrows(&self) -> bool {
        !self.query().is_empty()
    }

    /// The filters as a query string, without the page.
    pub(crate) fn query(&self) -> String {
        let fields = [
            ("indicator", &self.indicator),
            ("operation", &self.operation),
            ("state", &self.state),
            ("actor", &self.actor),
            ("batch", &self.batch),
            ("since", &self.since),
            ("until", &self.until),
            ("cached", &self.cached),
        ];
        let given: Vec<_> = fields.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        serde_urlencoded::to_string(given).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_narrows_nothing_and_what_is_wrong_names_its_field() {
        let clock = Clock::system();
        let form = Narrowed { cached: " ".to_owned(), ..Narrowed::default() };
        assert!(!form.narrows());
        assert_eq!(form.wanted(&clock, 7), Ok(Wanted { limit: 7, ..Wanted::default() }));
        let full = Narrowed {
            indicator: "hxxp://a[.]example/".to_owned(),
            state: "failed".to_owned(),
            batch: "17".to_owned(),
            since: "2024-01-31".to_owned(),
            until: "2024-01-31".to_owned(),
            cached: "no".to_owned(),
            ..Narrowed::default()
        };
        let wanted = full.wanted(&clock, 1).unwrap();
        assert_eq!(wanted.until.unwrap() - wanted.since.unwrap(), 86_399, "a whole day");
        assert_eq!(
            (wanted.batch, wanted.state, wanted.without_cached),
            (Some(17), Some(State::Failed), true)
        );
        let text = str::to_owned;
        for (field, form) in [
            ("state", Narrowed { state: text("done"), ..Narrowed::default() }),
            ("batch", Narrowed { batch: text("x"), ..Narrowed::default() }),
            ("since", Narrowed { since: text("yesterdayish"), ..Narrowed::default() }),
            ("cached", Narrowed { cached: text("maybe"), ..Narrowed::default() }),
            ("indicator", Narrowed { indicator: text("//"), ..Narrowed::default() }),
        ] {
            assert!(form.wanted(&clock, 1).unwrap_err().starts_with(field), "{field}");
        }
    }
}
