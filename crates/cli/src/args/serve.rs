//! What can be said to `backsight serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct ServeArgs {
    /// The address and port to listen on [default: 127.0.0.1:8053; port 0 takes a free one]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Serve these records, in the Common Output Format, instead of the database
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) cof: Vec<PathBuf>,
    /// Which side of the records of --cof is the owner, as for `import`
    #[arg(long, value_parser = super::database::orientation(), default_value = "auto", value_name = "HOW")]
    pub(crate) orientation: cof::Orientation,
    /// Serve the records that `demo` shows instead of the database
    #[arg(long)]
    pub(crate) sample: bool,
    /// Let everybody on this machine read without a token
    #[arg(long, conflicts_with = "behind_proxy")]
    pub(crate) anonymous: bool,
    /// Let this login read; the password may come from `BACKSIGHT_SECRET_PASSWORD` instead
    #[arg(long, value_name = "NAME[:PASSWORD]")]
    pub(crate) user: Vec<String>,
    /// A proxy in front does the TLS: allows an address that other machines can reach
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// Speak TLS with this certificate chain (PEM); read anew when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Let pages of this origin, such as `https://example.org`, ask for passive DNS with a token of their own [default: none]
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors: Vec<String>,
    /// Write a line a request on standard error; never a token, and what was asked only with --log-addresses
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) access_log: Option<AccessLog>,
    /// Tell the access log the address that was asked, and so the value
    #[arg(long)]
    pub(crate) log_addresses: bool,
    /// A name by which browsers and clients reach this server, besides this machine's own; the proxy's, for example
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Vec<String>,
    /// What `origin` says in answers for records that name none, such as `https://pdns.example.org` [default: nothing]
    #[arg(long, value_name = "URI")]
    pub(crate) origin: Option<String>,
}

/// How requests are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessLog {
    /// Not at all
    Off,
    /// A line to read
    Text,
    /// A JSON object a line
    Json,
}
