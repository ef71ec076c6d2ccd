//! The client of a request: a [`Visitor`] is signed in, a [`May`] has a permission, and a [`Caller`] is any client.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use edge::problem::Problem;
use edge::proxy::forwarded;
use operation::Secret;
use workbench::user::{Client, Permission, Session};

use crate::site::Shared;

/// The context for deriving the form's token from the session's; changing it invalidates open forms.
const CONTEXT: &str = "backsight 2026 form token";

/// A signed-in user.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The session, with the current state of its user.
    pub(crate) session: Session,
    /// The session's own token.
    pub(crate) token: Secret,
    /// The token in the forms of this session.
    pub(crate) form_token: String,
}

/// A visitor with a permission: the extractor of every handler that requires one.
pub(crate) struct May<N>(Visitor, PhantomData<N>);

/// Names a permission in the arguments of a handler.
pub(crate) trait Need {
    const PERMISSION: Permission;
}

/// The permissions, as types.
pub(crate) mod needs {
    use super::{Need, Permission};

    pub(crate) struct ConfigureIntegrations;
    pub(crate) struct EditLibrary;
    pub(crate) struct InstallIntegrations;
    pub(crate) struct LoadRecords;
    pub(crate) struct ManageTokens;
    pub(crate) struct ManageUsers;
    pub(crate) struct RunOperations;

    impl Need for ConfigureIntegrations {
        const PERMISSION: Permission = Permission::ConfigureIntegrations;
    }
    impl Need for EditLibrary {
        const PERMISSION: Permission = Permission::EditLibrary;
    }
    impl Need for InstallIntegrations {
        const PERMISSION: Permission = Permission::InstallIntegrations;
    }
    impl Need for LoadRecords {
        const PERMISSION: Permission = Permission::LoadRecords;
    }
    impl Need for ManageTokens {
        const PERMISSION: Permission = Permission::ManageTokens;
    }
    impl Need for ManageUsers {
        const PERMISSION: Permission = Permission::ManageUsers;
    }
    impl Need for RunOperations {
        const PERMISSION: Permission = Permission::RunOperations;
    }
}

/// The client of a request, signed in or not.
pub(crate) struct Caller(pub(crate) Client);

impl Visitor {
    /// The visitor with the session of a token, if there is one; records that the session is in use.
    pub(super) async fn of(site: &Shared, token: &str) -> Result<Option<Self>, Problem> {
        let asked = token.to_owned();
        let Some(session) = site.desk.read(move |workbench| workbench.session(&asked)).await? else {
            return Ok(None);
        };
        if session.is_stale(i64::try_from(site.desk.clock().seconds()).unwrap_or(i64::MAX)) {
            let used = session.clone();
            site.desk.change("", move |workbench| workbench.touch(&used)).await?;
        }
        Ok(Some(Self { session, token: Secret::new(token), form_token: form_token(token) }))
    }

    /// The visitor that the guard found.
    pub(crate) fn among(extensions: &Extensions) -> Result<Self, Problem> {
        extensions.get().cloned().ok_or_else(Problem::sign_in)
    }

    /// The user's name, for the audit trail.
    pub(crate) fn name(&self) -> &str {
        &self.session.user.name
    }

    /// Whether the visitor's role has a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.session.user.role.may(permission)
    }
}

/// The token of a session's forms, derived from the session's own token.
pub(crate) fn form_token(session: &str) -> String {
    blake3::Hasher::new_derive_key(CONTEXT).update(session.as_bytes()).finalize().to_hex().to_string()
}

impl<N> Deref for May<N> {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::among(&parts.extensions)
    }
}

impl<S: Sync, N: Need> FromRequestParts<S> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visitor = Visitor::among(&parts.extensions)?;
        if visitor.may(N::PERMISSION) {
            Ok(Self(visitor, PhantomData))
        } else {
            Err(Problem::lacks(N::PERMISSION))
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        // Only the configured proxy is trusted, and of its list only the entry that it added itself.
        let said = if site.behind_proxy { forwarded(&parts.headers) } else { None };
        let agent =
            parts.headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
        Ok(Self(Client { address: said.unwrap_or(peer), agent: agent.unwrap_or_default() }))
    }
}
