//! The arguments of `backsight serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::database::StoreArgs;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct ServeArgs {
    /// The address and port to listen on [default: 127.0.0.1:8053; port 0 takes a free one]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) place: StoreArgs,
    /// Serve the records of these files (Common Output Format) instead of the database
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) cof: Vec<PathBuf>,
    /// Which field of the --cof records holds the owner name; see `import`
    #[arg(long, value_parser = super::database::orientation(), default_value = "auto", value_name = "HOW")]
    pub(crate) orientation: cof::Orientation,
    /// Serve the sample records of `demo` instead of the database
    #[arg(long)]
    pub(crate) sample: bool,
    /// Let everyone on this machine read without a token
    #[arg(long, conflicts_with = "behind_proxy")]
    pub(crate) anonymous: bool,
    /// Let this user read; the password can also come from `BACKSIGHT_SECRET_PASSWORD`
    #[arg(long, value_name = "NAME[:PASSWORD]")]
    pub(crate) user: Vec<String>,
    /// A reverse proxy terminates TLS: allow listening on an address that other machines can reach
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Serve TLS with this certificate chain (PEM); reloaded when the file changes and on SIGHUP
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Let web pages of this origin, such as `https://example.org`, query passive DNS with a token [default: none]
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors: Vec<String>,
    /// Log one line per request to standard error; it never contains tokens, and queried values only with --log-addresses
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) access_log: Option<AccessLog>,
    /// Include the requested path, and so the queried value, in the access log
    #[arg(long)]
    pub(crate) log_addresses: bool,
    /// A host name by which clients reach this server, such as the reverse proxy's; others than this machine's own are refused
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Vec<String>,
    /// The `origin` of records that have none, such as `https://pdns.example.org` [default: none]
    #[arg(long, value_name = "URI")]
    pub(crate) origin: Option<String>,
    /// Also listen here, with answers like those of ThreatQ's API below /api, for programs written for that platform [default: none]
    #[arg(long, value_name = "ADDR")]
    pub(crate) threatq_listen: Option<String>,
}

/// How requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessLog {
    /// No access log
    Off,
    /// A line of text per request
    Text,
    /// A JSON object per line
    Json,
}
