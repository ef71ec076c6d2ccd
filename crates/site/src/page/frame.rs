//! The frame of every page: user, navigation, and the message about the last change.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use edge::problem::Problem;
use serde::Deserialize;
use workbench::user::Permission;

use super::said::{self, Said};
use crate::access::{Visitor, form_token};
use crate::asset;
use picture::text::begun;

/// The frame of a page for a signed-in user; `base.html` calls it `frame`.
pub(crate) struct Frame {
    pub(crate) visitor: Visitor,
    /// The first part of the path: `library`, `integrations`, …
    place: String,
    /// The message about the last change.
    pub(crate) said: Option<Said>,
}

/// The token that every form must contain, for parts of a page; templates use it in place of the frame.
pub(crate) struct FormToken(String);

impl FormToken {
    /// The token of a session that has just begun, from the session's own token.
    pub(crate) fn of_session(token: &str) -> Self {
        Self(form_token(token))
    }

    pub(crate) fn form_token(&self) -> &str {
        &self.0
    }
}

/// A page that reports a problem.
#[derive(Template)]
#[template(path = "trouble.html")]
pub(super) struct Trouble<'a> {
    pub(super) frame: Option<Frame>,
    pub(super) status: StatusCode,
    pub(super) detail: &'a str,
}

#[derive(Default, Deserialize)]
struct Word {
    #[serde(default)]
    said: String,
}

impl Frame {
    /// The frame of the page at an address.
    pub(crate) fn new(visitor: Visitor, uri: &Uri) -> Self {
        let place = uri.path().split('/').nth(1).unwrap_or_default().to_owned();
        let word = Query::<Word>::try_from_uri(uri).map(|Query(word)| word.said).unwrap_or_default();
        Self { visitor, place, said: said::of(&word) }
    }

    /// The visitor's name.
    pub(crate) fn name(&self) -> &str {
        self.visitor.name()
    }

    /// The name of the visitor's role.
    pub(crate) fn role(&self) -> &'static str {
        self.visitor.session.user.role.name()
    }

    /// The token that every form must contain.
    pub(crate) fn form_token(&self) -> &str {
        &self.visitor.form_token
    }

    /// The same, for a part of a page that is rendered separately.
    pub(crate) fn token(&self) -> FormToken {
        FormToken(self.form_token().to_owned())
    }

    /// Whether the page belongs to that part of the site.
    pub(crate) fn is_in(&self, place: &str) -> bool {
        self.place == place
    }

    pub(crate) fn may_install(&self) -> bool {
        self.visitor.may(Permission::InstallIntegrations)
    }

    pub(crate) fn may_configure(&self) -> bool {
        self.visitor.may(Permission::ConfigureIntegrations)
    }

    pub(crate) fn may_edit(&self) -> bool {
        self.visitor.may(Permission::EditLibrary)
    }

    pub(crate) fn may_run(&self) -> bool {
        self.visitor.may(Permission::RunOperations)
    }

    pub(crate) fn may_load(&self) -> bool {
        self.visitor.may(Permission::LoadRecords)
    }

    pub(crate) fn may_make_tokens(&self) -> bool {
        self.visitor.may(Permission::ManageTokens)
    }

    pub(crate) fn may_manage(&self) -> bool {
        self.visitor.may(Permission::ManageUsers)
    }
}

impl<S: Sync> FromRequestParts<S> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::new(Visitor::among(&parts.extensions)?, &parts.uri))
    }
}

impl Trouble<'_> {
    /// The problem as a sentence: problems are fragments, because programs read them too.
    fn sentence(&self) -> String {
        let end = if self.detail.ends_with(['.', '?']) { "" } else { "." };
        begun(self.detail) + end
    }

    fn title(&self) -> &'static str {
        match self.status {
            StatusCode::FORBIDDEN => "Not allowed",
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::CONFLICT => "Not possible",
            StatusCode::PAYLOAD_TOO_LARGE => "Too large",
            status if status.is_server_error() => "Server error",
            _ => "Invalid request",
        }
    }
}

/// The address of an asset, for templates.
pub(crate) fn asset(name: &str) -> &'static str {
    asset::path(name)
}
