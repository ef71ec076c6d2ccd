//! The page for a form that was opened before another user's change: it shows the submitted and the stored values, and lets the
//! user choose.
//!
//! The form is submitted again from here, with the mark of the current state; each field that differs is a choice. Secrets are
//! never sent back to the browser, so they have to be entered again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use edge::problem::Problem;

use super::{Frame, show_as};
use crate::access::Fields;
use crate::basis::{Basis, FIELD};

/// A field whose sent and stored values differ.
pub(super) struct Differing {
    pub(super) label: String,
    /// The name of the field in the form.
    pub(super) name: String,
    pub(super) mine: Side,
    pub(super) stored: Side,
}

/// One value of a field.
pub(super) struct Side {
    /// The value that the form sends.
    pub(super) value: String,
    /// The readable form.
    pub(super) shown: String,
}

/// A secret that was entered, or can be: its label and field.
pub(super) struct Typed {
    pub(super) label: String,
    pub(super) name: String,
}

#[derive(Template)]
#[template(path = "stale.html")]
pub(super) struct Stale {
    frame: Frame,
    /// The subject of the form: a name or a value.
    what: String,
    /// The address it is sent to, and the address of its page.
    action: String,
    back: String,
    /// The fields that are sent again unchanged.
    carried: Vec<(String, String)>,
    differing: Vec<Differing>,
    typed: Vec<Typed>,
    /// The stored state, for a form without fields to choose from.
    state: Vec<(String, String)>,
    /// The label of the button: "Remove it anyway".
    button: &'static str,
    mark: String,
}

impl Side {
    pub(super) fn plain(value: &str) -> Self {
        Self { value: value.to_owned(), shown: value.to_owned() }
    }
}

impl Stale {
    /// A form about `what`, which is sent to `action` and belongs to the page `back`.
    pub(super) fn new(
        frame: Frame,
        what: &str,
        (action, back): (&str, &str),
        stored: &Basis,
        sent: &Fields,
    ) -> Self {
        let own = |name: &str| name == FIELD || name == "form_token";
        Self {
            frame,
            what: what.to_owned(),
            action: action.to_owned(),
            back: back.to_owned(),
            carried: sent.0.iter().filter(|(name, _)| !own(name)).cloned().collect(),
            differing: Vec::new(),
            typed: Vec::new(),
            state: stored.state.clone(),
            button: "Do it anyway",
            mark: stored.mark().to_owned(),
        }
    }

    /// Sets the fields to choose from, which are not sent unchanged.
    #[must_use]
    pub(super) fn differing(mut self, differing: Vec<Differing>) -> Self {
        self.carried.retain(|(name, _)| !differing.iter().any(|one| one.name == *name));
        self.differing = differing;
        self.button = "Save selected values";
        self
    }

    /// Sets the secrets that can be entered again; they are never sent unchanged.
    #[must_use]
    pub(super) fn typed(mut self, typed: Vec<Typed>) -> Self {
        self.carried.retain(|(name, _)| !typed.iter().any(|one| one.name == *name));
        self.typed = typed;
        self
    }

    #[must_use]
    pub(super) fn button(mut self, words: &'static str) -> Self {
        self.button = words;
        self
    }

    pub(super) fn show(&self) -> Result<Response, Problem> {
        show_as(StatusCode::CONFLICT, self)
    }
}
