//! The identity of a query: two equal queries get the same answer.

use client::authority;
use cof::RrType;

use super::config::Config;
use super::protocol::speech;
use crate::{Indicator, IndicatorType};

/// Which side of a record a question about a name is for. An address is always asked for as data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Records that the name owns: what every service answers.
    #[default]
    Owner,
    /// Records whose data names it, such as the zones of a name server. Only some services answer this; one that does says so
    /// in [`ABILITIES`](super::ABILITIES).
    Data,
}

impl Config {
    /// The address that a question about `indicator` goes to.
    pub(super) fn url(&self, indicator: &Indicator) -> String {
        let scheme = if self.http { "http" } else { "https" };
        let path = speech(self.protocol).path(self, indicator);
        format!("{scheme}://{}{path}", authority(&self.host, self.port))
    }

    /// Whether the question is one that a service must be able to answer by data.
    pub(super) fn asks_for_data(&self, indicator: &Indicator) -> bool {
        self.side == Side::Data && indicator.kind() == IndicatorType::Fqdn
    }

    /// The one type that the provider is asked for, if it is one.
    pub(super) fn wanted_rrtype(&self) -> Option<RrType> {
        let (rrtype, rest) = self.rrtypes.split_first()?;
        rest.iter().all(|other| other == rrtype).then_some(*rrtype)
    }

    /// The question in a line of text, the same whenever the answer must be: address, type that the provider is asked for, and
    /// whether it may ask the DNS. How it is paged changes nothing about the answer, and who asks is [`Self::login`].
    pub fn question(&self, indicator: &Indicator) -> String {
        let rrtype = self.wanted_rrtype().map_or_else(|| "all".to_owned(), |rrtype| rrtype.to_string());
        let active = if self.active_query { "active" } else { "passive" };
        format!("{} {rrtype} {active}", self.url(indicator))
    }

    /// The login in clear text, to tell queries apart; it must never be stored.
    pub fn login(&self) -> Option<&[u8]> {
        self.authorization.as_ref().map(hyper::header::HeaderValue::as_bytes)
    }
}

impl Side {
    /// Its word in forms, in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Data => "data",
        }
    }

    /// The side of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Owner, Self::Data].into_iter().find(|side| side.word() == word)
    }
}
