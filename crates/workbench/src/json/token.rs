//! Tokens of the passive-DNS interfaces. The token itself is only in the response that creates it.

use operation::Secret;
use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::token::Token;

/// The tokens that exist.
#[derive(Serialize, ToSchema)]
pub struct TokenList {
    /// The tokens.
    tokens: Vec<TokenShown>,
}

/// A token of the passive-DNS interfaces, without its secret part.
#[derive(Serialize, ToSchema)]
pub struct TokenShown {
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Requests a day; null without a limit.
    #[schema(required)]
    daily: Option<u64>,
    /// When it expires; null if never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// Its name.
    name: String,
    /// The part of the token that is not secret.
    public: String,
    /// Requests a second; null without a limit.
    #[schema(required)]
    rate: Option<u32>,
    /// Whether it allows queries.
    reads: bool,
    /// When it was revoked; null if it was not.
    #[schema(required, format = DateTime)]
    revoked_at: Option<String>,
    /// The sensor that its records are stored under; null if the records name it.
    #[schema(required)]
    sensor: Option<String>,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    /// Whether it allows storing records.
    writes: bool,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Requests a day; null without a limit.
    #[schema(required)]
    daily: Option<u64>,
    /// When it expires; null if never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// Its name.
    name: String,
    /// The part of the token that is not secret.
    public: String,
    /// Requests a second; null without a limit.
    #[schema(required)]
    rate: Option<u32>,
    /// Whether it allows queries.
    reads: bool,
    /// When it was revoked; null if it was not.
    #[schema(required, format = DateTime)]
    revoked_at: Option<String>,
    /// The sensor that its records are stored under; null if the records name it.
    #[schema(required)]
    sensor: Option<String>,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    /// The token itself, which is shown this once.
    token: String,
    /// Whether it allows storing records.
    writes: bool,
}

/// The existing tokens; `now`, in seconds since the epoch, determines their state.
pub fn list(tokens: &[Token], now: i64) -> TokenList {
    TokenList { tokens: tokens.iter().map(|token| one(token, now)).collect() }
}

/// A token that was just created, with the token itself.
pub fn made(token: &Token, secret: &Secret, now: i64) -> TokenMade {
    let shown = one(token, now);
    TokenMade {
        created_at: shown.created_at,
        daily: shown.daily,
        expires_at: shown.expires_at,
        name: shown.name,
        public: shown.public,
        rate: shown.rate,
        reads: shown.reads,
        revoked_at: shown.revoked_at,
        sensor: shown.sensor,
        state: shown.state,
        token: secret.reveal().to_owned(),
        writes: shown.writes,
    }
}

/// One token.
pub fn one(token: &Token, now: i64) -> TokenShown {
    let wanted = &token.wanted;
    TokenShown {
        created_at: at(token.created_at),
        daily: wanted.daily,
        expires_at: wanted.expires_at.map(at),
        name: wanted.name.clone(),
        public: token.public.clone(),
        rate: wanted.rate,
        reads: wanted.reads,
        revoked_at: token.revoked_at.map(at),
        sensor: wanted.sensor.clone(),
        state: token.state(now).name(),
        writes: wanted.writes,
    }
}
