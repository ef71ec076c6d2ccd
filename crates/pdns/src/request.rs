//! Parses a request: pure code, from address and headers to an `Ask`, before the store is accessed.
//!
//! An invalid request is a 400 or 414 [`Problem`] that states what is valid.

use axum::http::{HeaderMap, Uri};
use edge::limits::MAX_URI;
use edge::problem::Problem;
use store::{MAX_LIMIT, Order, Question, Subject};

use crate::parameters::Parameters;
use crate::value;

/// The maximum number of rows held in memory for an answer in key order.
pub const PAGE: usize = 1_000;

/// A parsed request.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The text of the value.
    pub(crate) value: String,
    /// With the limit of one page.
    pub(crate) question: Question,
    /// Whether one page and the cursor of the next are requested, rather than everything.
    pub(crate) paged: bool,
    /// Whether the row limit is the server's and not the client's: then cutting off is reported.
    pub(crate) capped: bool,
    /// Whether only unknown types are requested: then there is nothing to look up.
    pub(crate) nothing: bool,
}

impl Ask {
    /// Parses a request to [`value::PREFIX`].
    ///
    /// # Errors
    /// 400 or 414.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        check_length(uri)?;
        Self::about(value::of(uri)?, uri, headers)
    }

    /// Parses a request whose value is a parameter.
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
