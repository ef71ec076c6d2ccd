//! The arguments of `backsight collect`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use store::Limits;

use super::View;
use super::database::text;
use super::noise::NoiseArgs;
use super::sensing::SensingArgs;

pub(crate) const COLLECT_ABOUT: &str = "Collects records from running resolvers into the passive-DNS database, until Ctrl-C or SIGTERM. What arrives is committed once a \
    second, so a kill loses at most the last second. Other commands keep working meanwhile if `backsight serve` has the \
    database open; without it, they wait.";

pub(crate) const DNSTAP_ABOUT: &str = "Listens for dnstap (Frame Streams, with and without handshake), as unbound, BIND, Knot Resolver, PowerDNS, CoreDNS and dnsdist \
    send it. Up to 64 senders may connect at the same time.\n\n\
    Only responses that a resolver got from servers are taken, unless you use --client-side. Addresses of clients are never \
    stored.";

pub(crate) const DNSTAP_EXAMPLES: &str = "\
Examples:
  backsight collect dnstap --unix /run/backsight/dnstap.sock --sensor vienna-1
  backsight collect dnstap --tcp 127.0.0.1:6000

unbound.conf:
  dnstap:
    dnstap-enable: yes
    dnstap-socket-path: \"/run/backsight/dnstap.sock\"
    dnstap-log-resolver-response-messages: yes

With --format json, one object at the end, with the members of `backsight import --format json`.

Exit codes: 0 stopped by a signal, 1 failure, 2 wrong usage, 3 something that was received could not be read.";

#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    #[command(subcommand)]
    pub(crate) command: CollectCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CollectCommand {
    /// Listen for dnstap from resolvers
    #[command(long_about = DNSTAP_ABOUT, after_help = DNSTAP_EXAMPLES)]
    Dnstap(DnstapArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DnstapArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// The permissions of the socket, in octal digits
    #[arg(long, value_name = "MODE", default_value = "660", value_parser = mode, conflicts_with = "tcp")]
    pub(crate) socket_mode: u32,
    /// The origin of all records
    #[arg(long, value_name = "URI", value_parser = text(Limits::USUAL.origin))]
    pub(crate) origin: Option<String>,
    /// The sensor that makes these observations; its data is kept apart
    #[arg(long, value_name = "ID", value_parser = text(Limits::USUAL.sensor))]
    pub(crate) sensor: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
    #[command(flatten)]
    pub(crate) sensing: SensingArgs,
    #[command(flatten)]
    pub(crate) noise: NoiseArgs,
}

/// Where to listen.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PlaceArgs {
    /// Listen on this Unix socket; one that a dead process left is replaced
    #[arg(long, value_name = "PATH")]
    pub(crate) unix: Option<PathBuf>,
    /// Listen on this address and port; whoever reaches it can send records
    #[arg(long, value_name = "ADDR")]
    pub(crate) tcp: Option<SocketAddr>,
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "use three octal digits, such as 660".to_owned())
}
