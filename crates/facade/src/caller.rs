//! Who sends a request: [`Caller`] is the holder of a valid access token, with the role that they have now.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use workbench::Workbench;
use workbench::user::{Permission, Role};

use crate::grants::Holder;
use crate::reply::Fault;
use crate::state::{Facade, Shared};

/// The holder of a valid access token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The number of the user or token.
    pub(crate) id: i64,
    /// The name for the audit trail and for claims: that of the user, or `token NAME`, which no user can have.
    pub(crate) name: String,
    /// The role, whose permissions are those of the pages.
    pub(crate) role: Role,
}

impl Caller {
    /// Refuses a role without the permission.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Fault> {
        Ok(self.role.require(permission)?)
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, facade: &Shared) -> Result<Self, Fault> {
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.and_then(bearer).ok_or_else(Fault::unauthorized)?;
        let holder = facade.grants.holder(token, facade.now()).ok_or_else(Fault::unauthorized)?;
        let caller = facade.caller(&holder).await?;
        if caller.is_none() {
            facade.grants.end(&holder);
        }
        caller.ok_or_else(Fault::unauthorized)
    }
}

impl Facade {
    /// The holder of a grant as they are now; `None` if their session or token has ended.
    pub(crate) async fn caller(&self, holder: &Holder) -> Result<Option<Caller>, Fault> {
        match holder {
            Holder::Token(public) => Ok(self.client(public)),
            Holder::User { name, session } => self.user(name, *session).await,
        }
    }

    /// The client with a token of the data folder.
    pub(crate) fn client(&self, public: &str) -> Option<Caller> {
        let entry = self.tokens.as_ref()?.active(public)?;
        let name = &entry.token.wanted.name;
        let role = self.clients.role_of(name)?;
        Some(Caller { id: entry.token.id, name: format!("token {name}"), role })
    }

    async fn user(&self, name: &str, id: i64) -> Result<Option<Caller>, Fault> {
        let read = move |workbench: &Workbench| workbench.session_numbered(id);
        let Some(session) = self.desk().read(read).await?.filter(|session| session.user.name == name) else {
            return Ok(None);
        };
        let caller = Caller { id: session.user.id, name: session.user.name.clone(), role: session.user.role };
        if session.is_stale(i64::try_from(self.now()).unwrap_or(i64::MAX)) {
            self.desk().change("", move |workbench| workbench.touch(&session)).await?;
        }
        Ok(Some(caller))
    }
}

/// The token after the scheme, which may be in any case.
pub(crate) fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_in_any_case() {
        for text in ["Bearer t", "bearer t", "BEARER  t "] {
            assert_eq!(bearer(text), Some("t"), "{text:?}");
        }
        for text in ["", "t", "Basic t", "Bearer"] {
            assert_eq!(bearer(text), None, "{text:?}");
        }
    }
}
