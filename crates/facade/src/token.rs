//! Logging in: `POST /api/token`, in the forms in which clients of ThreatQ do it.
//!
//! A user logs in with name and password, checked and slowed down as on the sign-in page; this begins a session, which the user's page
//! lists. A client logs in with a token of the data folder that the configuration names: its public part is the client id, and its
//! whole text the secret. A wrong login is 400, as there.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edge::gate::peer;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::token::public;
use workbench::user::{Client, Session, SignIn};

use crate::grants::{Holder, VALID};
use crate::read::{Asked, body, json as read_json};
use crate::reply::Fault;
use crate::state::{Facade, Shared};

/// The public client id for users, which is no secret.
const PUBLIC_CLIENT: &str = "backsight";
/// The longest credentials that are decoded, in bytes.
const LONGEST: usize = 1_024;
/// What the session of a client is called in the list of a user's sessions, before what the client says it is.
const AGENT: &str = "ThreatQ client";

/// The file in which people look for the client id.
pub(crate) async fn config() -> Response {
    let script = format!(
        "window.config = {{ \"clientId\": \"{PUBLIC_CLIENT}\", \"client_id\": \"{PUBLIC_CLIENT}\" }};\n"
    );
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// Issues an access token.
pub(crate) async fn grant(
    State(facade): State<Shared>,
    asked: Asked,
    request: Request,
) -> Result<Json<Value>, Fault> {
    let headers = request.headers().clone();
    let client = Client { address: peer(request.extensions()).address(), agent: agent(&headers) };
    let wish = Wish { sent: fields(&headers, &body(request, &()).await?)?, asked };
    let holder = match wish.text("grant_type") {
        Some("password") => facade.sign_in(&wish, client).await?,
        Some("client_credentials") => facade.log_in(&headers)?,
        Some("refresh_token") => facade.refresh(&wish).await?,
        _ => {
            let why = "grant_type must be password, client_credentials or refresh_token";
            return Err(Fault::field("grant_type", why));
        }
    };
    facade.issue(holder).await
}

/// What a client sent, in the body or in the address.
struct Wish {
    sent: Vec<(String, String)>,
    asked: Asked,
}

impl Wish {
    fn text(&self, name: &str) -> Option<&str> {
        self.secret(name).or_else(|| self.asked.text(name))
    }

    /// A text that is only accepted in the body, because logs and histories keep addresses.
    fn secret(&self, name: &str) -> Option<&str> {
        self.sent.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

impl Facade {
    async fn sign_in(&self, wish: &Wish, client: Client) -> Result<Holder, Fault> {
        let needed = |name: &'static str, found: Option<&str>| {
            found.map(str::to_owned).ok_or_else(|| Fault::field(name, format!("{name} is required")))
        };
        let id = needed("client_id", wish.text("client_id"))?;
        let is_known = id == PUBLIC_CLIENT || self.client(&id).is_some();
        if !is_known {
            let why = "unknown client_id: /assets/js/config.js has the one for users";
            return Err(Fault::field("client_id", why));
        }
        let name = needed("email", wish.secret("email"))?.trim().to_owned();
        let password = needed("password", wish.secret("password"))?;
        let signing = move |workbench: &mut Workbench| begin(workbench, &name, &password, &client);
        match self.desk().change_with_password("", signing).await? {
            Ok(session) => Ok(Holder::User { name: session.user.name, session: session.id }),
            Err(SignIn::Wait(wait)) => Err(Fault::throttled(wait.as_secs().max(1))),
            Err(_) => Err(Fault::bad("wrong email or password")),
        }
    }

    fn log_in(&self, headers: &HeaderMap) -> Result<Holder, Fault> {
        let refused = || {
            Fault::bad(
                "wrong client id or secret, or a token that the configuration does not name as a client",
            )
        };
        let (id, secret) = basic(headers).ok_or_else(|| {
            Fault::bad("client_credentials need the client id and secret as user and password (Basic)")
        })?;
        let found = self.tokens.as_ref().and_then(|tokens| tokens.find(&secret));
        // The secret contains the public part, so a right secret with another id is a mistake.
        let is_its = public(&secret) == Some(id.as_str());
        if found.is_none() || !is_its || self.client(&id).is_none() {
            return Err(refused());
        }
        Ok(Holder::Token(id))
    }

    async fn refresh(&self, wish: &Wish) -> Result<Holder, Fault> {
        let refused = || Fault::bad("the refresh token is unknown, used or expired: log in again");
        let token = wish.text("refresh_token").ok_or_else(refused)?;
        let holder = self.grants.take(token, self.now()).ok_or_else(refused)?;
        // The session may have ended since.
        self.caller(&holder).await?.ok_or_else(refused)?;
        Ok(holder)
    }

    async fn issue(&self, holder: Holder) -> Result<Json<Value>, Fault> {
        let (issued, ended) = self.grants.issue(holder, self.now())?;
        for holder in ended {
            self.end_session(holder).await?;
        }
        let mut answer =
            json!({ "access_token": issued.access, "token_type": "bearer", "expires_in": VALID });
        if let (Some(refresh), Some(members)) = (issued.refresh, answer.as_object_mut()) {
            members.insert("refresh_token".to_owned(), refresh.into());
        }
        Ok(Json(answer))
    }

    /// Ends the session of a grant that nobody can use any more.
    async fn end_session(&self, holder: Holder) -> Result<(), Fault> {
        let Holder::User { name, session } = holder else { return Ok(()) };
        let actor = name.clone();
        self.desk().change(&actor, move |workbench| workbench.end_session(&name, session)).await?;
        Ok(())
    }
}

/// Signs in; returns the session that began.
fn begin(
    workbench: &mut Workbench,
    name: &str,
    password: &str,
    client: &Client,
) -> Result<Result<Session, SignIn>, workbench::Error> {
    let signed_in = workbench.sign_in(name, password, client)?;
    let SignIn::Welcome { token, .. } = &signed_in else { return Ok(Err(signed_in)) };
    // A session that ended at once is as good as none.
    Ok(workbench.session(token.reveal())?.ok_or(SignIn::Refused))
}

/// The fields of a body: JSON, or a form.
fn fields(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, Fault> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") && !body.trim_ascii().starts_with(b"{") {
        return serde_urlencoded::from_bytes(body).map_err(|_| Fault::bad("the form cannot be read"));
    }
    let Value::Object(members) = read_json(body)? else { return Ok(Vec::new()) };
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    };
    Ok(members.into_iter().filter_map(text).collect())
}

/// User and password of the Basic scheme, which may be in any case.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > LONGEST {
        return None;
    }
    let login = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = login.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    agent.map_or_else(|| AGENT.to_owned(), |agent| format!("{AGENT}: {agent}"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_body_is_json_or_a_form() {
        let form = headers(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            fields(&form, b"email=a%40b&password=x+y").unwrap(),
            [pair("email", "a@b"), pair("password", "x y")]
        );
        let json = headers(CONTENT_TYPE, "application/json");
        assert_eq!(fields(&json, br#"{"email":"a","n":1}"#).unwrap(), [pair("email", "a")]);
        // Some clients send JSON under the type of a form.
        assert_eq!(fields(&form, br#"{"email":"a"}"#).unwrap(), [pair("email", "a")]);
        assert!(fields(&json, b"{").is_err());
        assert_eq!(fields(&HeaderMap::new(), b"").unwrap(), []);
    }

    #[test]
    fn basic_credentials_are_read_and_bounded() {
        let of = |value: &str| basic(&headers(AUTHORIZATION, value));
        assert_eq!(
            of(&format!("basic {}", STANDARD.encode("id:s:t"))),
            Some(("id".to_owned(), "s:t".to_owned()))
        );
        assert_eq!(of(&format!("Bearer {}", STANDARD.encode("id:s"))), None);
        assert_eq!(of(&format!("Basic {}", STANDARD.encode("x".repeat(2_000)))), None);
        assert_eq!(of("Basic !"), None);
    }
}
