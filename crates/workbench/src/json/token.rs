//! Tokens of the passive-DNS interfaces.
//!
//! One is `{"name","public","state","reads","writes","rate","daily","sensor","created_at","expires_at","revoked_at"}`; `rate`
//! is requests a second, `daily` requests a day, null is no limit. The token itself is only in the answer that made it.

use operation::Secret;
use serde_json::{Value, json};

use super::at;
use crate::token::Token;

/// The tokens there are, as they are at a time in seconds since the epoch.
pub fn list(tokens: &[Token], now: i64) -> Value {
    json!({ "tokens": tokens.iter().map(|token| one(token, now)).collect::<Vec<_>>() })
}

/// A token that was just made: `{"token": …}` besides.
pub fn made(token: &Token, secret: &Secret, now: i64) -> Value {
    let mut value = one(token, now);
    if let Value::Object(members) = &mut value {
        members.insert("token".to_owned(), secret.reveal().into());
    }
    value
}

/// One token.
pub fn one(token: &Token, now: i64) -> Value {
    let wanted = &token.wanted;
    json!({
        "name": wanted.name,
        "public": token.public,
        "state": token.state(now).name(),
        "reads": wanted.reads,
        "writes": wanted.writes,
        "rate": wanted.rate,
        "daily": wanted.daily,
        "sensor": wanted.sensor,
        "created_at": at(token.created_at),
        "expires_at": wanted.expires_at.map(at),
        "revoked_at": token.revoked_at.map(at),
    })
}
