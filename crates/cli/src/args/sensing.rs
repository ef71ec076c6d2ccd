//! The arguments that say how captures, logs and streams of resolvers are read.

use clap::Args;
use intake::batches::Order;
use intake::{PassiveDnsColumns, Side, WINDOW};

/// How what sensors write is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Captures, logs and streams of resolvers")]
pub(crate) struct SensingArgs {
    /// Collect the responses that a resolver gave to its clients, instead of those it got from servers
    #[arg(long)]
    pub(crate) client_side: bool,
    /// Merge equal records within so many seconds of capture time
    #[arg(long, value_name = "SECONDS", default_value_t = WINDOW)]
    pub(crate) window: u64,
    /// Count messages that a mirrored capture has twice only once
    #[arg(long)]
    pub(crate) fold_doubles: bool,
    /// Ports from which DNS servers answer, in packet captures
    #[arg(long, value_name = "PORTS", value_delimiter = ',', default_values_t = [53])]
    pub(crate) dns_ports: Vec<u16>,
    /// The fields of passivedns lines, as given to its option -f; S, Q, T and A are needed
    #[arg(long, value_name = "FIELDS", default_value = "SMcsCQTAtn")]
    pub(crate) passivedns_fields: PassiveDnsColumns,
}

impl SensingArgs {
    /// Orders it.
    pub(crate) fn apply(&self, order: &mut Order) {
        order.side = if self.client_side { Side::Client } else { Side::Server };
        order.window = self.window;
        order.fold_doubles = self.fold_doubles;
        order.ports = self.dns_ports.as_slice().into();
        order.passivedns_columns = self.passivedns_fields.clone();
    }
}
