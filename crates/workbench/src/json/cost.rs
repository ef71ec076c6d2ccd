//! What asking operations about values would cost.

use operation::Tlp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{at, named};
use crate::run::{Cost, Held, Said};

/// What asking some values would cost, for each operation.
#[derive(Serialize, ToSchema)]
pub struct Costs {
    /// The operations, in the order in which they are asked.
    operations: Vec<OperationCost>,
}

/// What asking one operation would cost.
#[derive(Serialize, ToSchema)]
pub struct OperationCost {
    /// The values that are held back, because they are marked stricter than the maximum.
    held: Vec<HeldValue>,
    /// The number of values whose type it does not accept.
    left_out: u64,
    /// The strictest level of the Traffic Light Protocol that it is asked about.
    max_tlp: &'static str,
    /// The operation, as NAME@VERSION.
    operation: String,
    /// What the provider last said about the quota; null if it said nothing.
    #[schema(required)]
    quota: Option<ProviderQuota>,
    /// Requests per second; 0 without a limit.
    rate: f64,
    /// The number of requests that are needed at least; an answer in several pages needs more.
    requests: u64,
    /// How many seconds these requests take at least at that rate.
    seconds: u64,
    /// The number of values that are answered from stored answers.
    stored: u64,
    /// The number of values whose type it accepts.
    values: u64,
}

/// A value that is held back.
#[derive(Serialize, ToSchema)]
pub struct HeldValue {
    /// Its level of the Traffic Light Protocol.
    tlp: &'static str,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// What a provider said about a quota. It may be wrong.
#[derive(Serialize, ToSchema)]
pub struct ProviderQuota {
    /// When a quota that is not renewed ends; null if it was not said.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// The number of requests in total; null if there is no limit, or it was not said.
    #[schema(required)]
    limit: Option<u64>,
    /// The largest offset into an answer; null if it was not said.
    #[schema(required)]
    offset_max: Option<u64>,
    /// The number of requests that are left; null if it was not said.
    #[schema(required)]
    remaining: Option<u64>,
    /// When it is renewed; null if it was not said.
    #[schema(required, format = DateTime)]
    resets_at: Option<String>,
    /// The most records of an answer; null if it was not said.
    #[schema(required)]
    results_max: Option<u64>,
    /// When the provider said so.
    #[schema(format = DateTime)]
    said_at: String,
}

/// The costs of operations.
pub fn costs(costs: &[Cost]) -> Costs {
    Costs { operations: costs.iter().map(cost).collect() }
}

/// What a provider said about its quota.
pub fn quota(said: &Said) -> ProviderQuota {
    let when = |seconds: u64| at(i64::try_from(seconds).unwrap_or(i64::MAX));
    ProviderQuota {
        expires_at: said.quota.expires_at.map(when),
        limit: said.quota.limit,
        offset_max: said.quota.offset_max,
        remaining: said.quota.remaining,
        resets_at: said.quota.resets_at.map(when),
        results_max: said.quota.results_max,
        said_at: when(said.at),
    }
}

fn cost(cost: &Cost) -> OperationCost {
    OperationCost {
        held: cost.held.iter().map(held).collect(),
        left_out: cost.left_out,
        max_tlp: cost.max_tlp.word(),
        operation: cost.package.clone(),
        quota: cost.quota.as_ref().map(quota),
        rate: cost.rate,
        requests: cost.requests,
        seconds: cost.seconds(),
        stored: cost.stored,
        values: cost.values,
    }
}

fn held(held: &Held) -> HeldValue {
    let (value, kind) = named(&held.indicator);
    HeldValue { tlp: Tlp::word(held.tlp), r#type: kind, value }
}
