//! The arguments of `backsight collect`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use intake::Format as InputFormat;
use store::Limits;

use super::View;
use super::database::{StoreArgs, input_format, text};
use super::forwarding::ForwardingArgs;
use super::noise::NoiseArgs;
use super::sensing::SensingArgs;

pub(crate) const COLLECT_ABOUT: &str = "Collects records from running resolvers and growing logs into the passive-DNS database, until Ctrl-C or SIGTERM. What arrives is \
    committed once a second, so a kill loses at most the last second of a stream, and nothing of a file. Other commands keep \
    working meanwhile if `backsight serve` has the database open; without it, they wait. A server can also run collectors by \
    itself: see [[collect]] in docs/configuration.md.\n\n\
    With --to, this machine is a sensor: records are sent to another server instead, and wait in the data folder while it is away.";

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

A sensor far away, with a token that was created on the server:
  backsight token create --name vienna-1 --write --sensor vienna-1     # on the server
  backsight collect dnstap --unix /run/backsight/dnstap.sock --to https://pdns.example.org --token-file token

With --format json, one object at the end, with the members of `backsight import --format json`, and with --to also
\"forwarded\": {\"to\", \"sent\", \"repeated\", \"rejected\", \"suppressed\", \"waiting\", \"dropped\", \"refused\", \"damaged\", \"lost\",
\"trouble\"}, where all but \"to\" and \"trouble\" are numbers of records.

Exit codes: 0 stopped by a signal, 1 failure, 2 wrong usage, 3 something that was received could not be read, or will not reach
the server.";

pub(crate) const FILE_ABOUT: &str = "Reads log files to their end, and goes on when they grow: Zeek, Suricata EVE, DNS-collector, AdGuard Home, and every other \
    format of `backsight import`. It notices when a file is rotated by renaming, by copying and truncating it, and when rotated \
    files are compressed (gzip, zstd, xz).\n\n\
    The database stores how far each file was read, so that nothing is lost or counted twice, also after a kill: the next \
    start first reads what was rotated away meanwhile. Do not also import a file that is followed. A file that does not exist \
    yet is waited for.";

pub(crate) const FILE_EXAMPLES: &str = "\
Examples:
  backsight collect file /opt/zeek/logs/current/dns.log --follow --sensor office
  backsight collect file /var/log/suricata/eve.json /srv/adguard/querylog.json --follow

With --format json, one object per file at the end, with the members of `backsight import --format json`. With --to, they are sent
to another server, and the last object has \"forwarded\", as that of `backsight collect dnstap`; how far each file was read is then
stored in the spool.

Exit codes: 0 stopped by a signal, 1 failure, 2 wrong usage, 3 something in the files could not be read, or will not reach the
server.";

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
    /// Follow log files that grow and rotate
    #[command(long_about = FILE_ABOUT, after_help = FILE_EXAMPLES)]
    File(FileArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DnstapArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// The permissions of the socket, in octal digits
    #[arg(long, value_name = "MODE", default_value = "660", value_parser = mode, conflicts_with = "tcp")]
    pub(crate) socket_mode: u32,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The files
    #[arg(required = true, value_name = "PATH", num_args = 1..=64)]
    pub(crate) paths: Vec<PathBuf>,
    /// Go on when the file grows. This is always done; `backsight import` reads a file once
    #[arg(long)]
    pub(crate) follow: bool,
    /// The format of the files [default: detected by their content]
    #[arg(long, value_parser = input_format(), value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// How what is collected is stored and reported.
#[derive(Debug, Args)]
pub(crate) struct HowArgs {
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
    pub(crate) database: StoreArgs,
    #[command(flatten)]
    pub(crate) forwarding: ForwardingArgs,
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

/// The permissions of a socket.
pub(crate) fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "use three octal digits, such as 660".to_owned())
}
