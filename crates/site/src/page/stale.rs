//! The page for a form that was opened before somebody else's change: what was sent, what is stored now, and a choice of both.
//!
//! The form that was sent is sent again from here, with the mark of what is stored now; each field that differs is a choice.
//! Secrets are never sent back to the browser, so they are typed again.

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
    /// What the field is called in the form.
    pub(super) name: String,
    pub(super) mine: Side,
    pub(super) stored: Side,
}

/// A value of a field.
pub(super) struct Side {
    /// As the form sends it.
    pub(super) value: String,
    /// As people read it.
    pub(super) shown: String,
}

/// A secret that was typed, or that could be: its label and field.
pub(super) struct Typed {
    pub(super) label: String,
    pub(super) name: String,
}

#[derive(Template)]
#[template(path = "stale.html")]
pub(super) struct Stale {
    frame: Frame,
    /// What the form is about: a name, a value.
    what: String,
    /// Where it is sent to, and where it stands.
    action: String,
    back: String,
    /// What is sent again as it came.
    carried: Vec<(String, String)>,
    differing: Vec<Differing>,
    typed: Vec<Typed>,
    /// What is stored now, for a form that has no fields to choose from.
    state: Vec<(String, String)>,
    /// What the button says: "Remove it anyway".
    button: &'static str,
    mark: String,
}

impl Side {
    pub(super) fn plain(value: &str) -> Self {
        Self { value: value.to_owned(), shown: value.to_owned() }
    }
}

impl Stale {
    /// A form about `what`, which is sent to `action` and stands at `back`.
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

    /// The fields to choose from: these are not carried as they came.
    #[must_use]
    pub(super) fn differing(mut self, differing: Vec<Differing>) -> Self {
        self.carried.retain(|(name, _)| !differing.iter().any(|one| one.name == *name));
        self.differing = differing;
        self.button = "Save selected values";
        self
    }

    /// The secrets that can be typed again: never carried.
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
