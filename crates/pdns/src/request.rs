//! A request as it is understood: pure, from address and headers to an `Ask`, before the store is touched.
//!
//! What is not understood is a 400 or 414 [`Problem`] that says what would be.

use axum::http::{HeaderMap, Uri};
use edge::limits::MAX_URI;
use edge::problem::Problem;
use store::{MAX_LIMIT, Order, Question, Subject};

use crate::parameters::Parameters;
use crate::value;

/// The maximum number of rows held in memory for an answer in key order.
pub const PAGE: usize = 1_000;

/// What is asked and how it is to be sent.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The text of the value.
    pub(crate) value: String,
    /// With the limit of one page.
    pub(crate) question: Question,
    /// One page and the cursor to the next, rather than everything.
    pub(crate) paged: bool,
    /// The row limit is ours, not the asker's: it must be said when it cuts.
    pub(crate) capped: bool,
    /// Only types that do not exist are wanted: there is nothing to look up.
    pub(crate) nothing: bool,
}

impl Ask {
    /// Understands a request to [`value::PREFIX`].
    ///
    /// # Errors
    /// 400 or 414.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        check_length(uri)?;
        Self::about(value::of(uri)?, uri, headers)
    }

    /// Understands a request whose value is a parameter.
    ///
    /// # Errors
    /// 400 or 414.
    pub(crate) fn of_query(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        check_length(uri)?;
        Self::about(value::of_query(uri)?, uri, headers)
    }

    fn about(value: String, uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let subject = Subject::parse(&value).map_err(|error| Problem::bad_request(error.to_string()))?;
        let parameters = Parameters::of(uri, headers)?;
        Ok(Self::new(value, subject, parameters))
    }

    fn new(value: String, subject: Subject, parameters: Parameters) -> Self {
        let subject = match subject {
            Subject::Address(address) if parameters.expand => Subject::NamesOn(address),
            subject => subject,
        };
        let most = if parameters.order == Order::Key { PAGE } else { MAX_LIMIT };
        let nothing = parameters.rrtypes.as_ref().is_some_and(Vec::is_empty);
        let question = Question {
            rrtypes: parameters.rrtypes.unwrap_or_default(),
            fences: parameters.fences,
            limit: parameters.limit.map_or(most, |limit| limit.min(most)),
            cursor: parameters.cursor,
            order: parameters.order,
            ..Question::new(subject)
        };
        let capped = parameters.limit.is_none_or(|limit| limit > most);
        Self { value, question, paged: parameters.limit.is_some(), capped, nothing }
    }
}

fn check_length(uri: &Uri) -> Result<(), Problem> {
    if uri.path_and_query().is_some_and(|path| path.as_str().len() > MAX_URI) {
        return Err(Problem::uri_too_long(MAX_URI));
    }
    Ok(())
}
