//! The identity of a query: equal queries get the same answer.

use cof::RrType;

use super::config::HttpConfig;
use super::protocol::speech;
use crate::{Indicator, IndicatorType, Side};

impl HttpConfig {
    /// The address of the query for `indicator`.
    pub(super) fn url(&self, indicator: &Indicator) -> String {
        self.address(&speech(self.interface.protocol).path(self, indicator))
    }

    /// The address of a path.
    pub(super) fn address(&self, path: &str) -> String {
        self.connection.address(path)
    }

    /// Whether the query requires that the service supports queries by data.
    pub(super) fn asks_for_data(&self, indicator: &Indicator) -> bool {
        self.side == Side::Data && indicator.kind() == IndicatorType::Fqdn
    }

    /// The only type that is requested from the provider, if there is just one and the provider can filter by it.
    pub(super) fn wanted_rrtype(&self) -> Option<RrType> {
        if !speech(self.interface.protocol).filters_by_type(self) {
            return None;
        }
        let (rrtype, rest) = self.rrtypes.split_first()?;
        rest.iter().all(|other| other == rrtype).then_some(*rrtype)
    }

    /// The query as a line of text, equal for all queries that must have the same answer: the address, the type that is
    /// requested from the provider, and whether it may send DNS queries. Paging does not change the answer, and the login is
    /// separate ([`Self::login`]).
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
