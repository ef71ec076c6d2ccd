//! The arguments of `backsight integration`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use operation::{Marking, Tlp};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct IntegrationArgs {
    #[command(subcommand)]
    pub(crate) command: IntegrationCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IntegrationCommand {
    /// List the packages that can be installed, or save one to edit it
    #[command(
        long_about = "Lists the packages that can be installed by name: the bundled ones, and those in the folder that the \
            configuration names ([integrations] catalogue). With a name, shows one of them; with --output, writes its file, which can \
            be changed and installed.",
        after_help = CATALOGUE_EXAMPLES
    )]
    Catalogue(CatalogueArgs),
    /// Set parameters
    #[command(
        long_about = "Sets parameters of an installed integration. All values are checked first; if one is invalid, nothing is \
            stored. `show` lists the parameters with their keys.",
        after_help = CONFIGURE_EXAMPLES
    )]
    Configure(ConfigureArgs),
    /// Disable an integration; its settings are kept
    Disable(NameArgs),
    /// Enable an integration; all required parameters must be set
    Enable(NameArgs),
    /// Install, upgrade or downgrade an integration
    #[command(
        long_about = "Installs a package of the catalogue or a package file. A new integration is disabled: configure it, then enable it. \
            Before an installed version is replaced, you are asked for confirmation, and once more if parameters change. \
            Values whose key and type stay the same are kept, secrets included, unless you use --overwrite. Nothing is written \
            before you confirm.",
        after_help = INSTALL_EXAMPLES
    )]
    Install(InstallArgs),
    /// List installed integrations
    List(ListArgs),
    /// Uninstall an integration and delete its settings and secrets
    Remove(RemoveArgs),
    /// Show an integration and its parameters; secrets are shown only as set or not set
    Show(NameArgs),
    /// Test the connection to the service, step by step
    #[command(
        after_help = "Queries example.com and reads one record, whether the integration is enabled or not. Reports name resolution, \
        connection, TLS, login and answer separately, each with advice.\n\n\
        Exit codes: 0 success, 1 failure, 4 refused by the service (login or quota)."
    )]
    Test(NameArgs),
}

const CATALOGUE_EXAMPLES: &str = "\
Examples:
  backsight integration catalogue
  backsight integration catalogue dnsdb
  backsight integration catalogue cof@1.0.0 --output partner-1.0.0.toml";

const CONFIGURE_EXAMPLES: &str = "\
Examples:
  backsight integration configure circl-passive-dns host=www.circl.lu port=443
  backsight integration configure circl-passive-dns --secret user_token
  backsight integration configure circl-passive-dns verify_ssl=on --reset proxy
  backsight integration configure circl-passive-dns --max-tlp amber

Secrets are never given on the command line: --secret KEY uses BACKSIGHT_SECRET_<KEY> from the
environment, prompts for the secret, or, without a terminal, reads a line of standard input.
Accounts come from the service; CIRCL gives them to vetted partners only.";

const INSTALL_EXAMPLES: &str = "\
Examples:
  backsight integration install circl-passive-dns
  backsight integration install circl-passive-dns@1.0.0
  backsight integration install ./my-service-2.1.0.toml --yes

Without a terminal, an installed version is replaced only with --yes; the changes are printed.";

#[derive(Debug, Args)]
pub(crate) struct CatalogueArgs {
    /// Only this package; the newest version if none is given
    #[arg(value_name = "NAME[@VERSION]")]
    pub(crate) name: Option<String>,
    /// Write the package's file here; - for standard output
    #[arg(long, short, value_name = "FILE", requires = "name", conflicts_with = "format")]
    pub(crate) output: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The integration's name, as `list` shows it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t)]
    pub(crate) kind: Kind,
    /// Only enabled integrations
    #[arg(long, conflicts_with = "disabled")]
    pub(crate) enabled: bool,
    /// Only disabled integrations, such as new ones
    #[arg(long)]
    pub(crate) disabled: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// Kinds of integrations. There are no feeds yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// All types
    #[default]
    All,
    /// Operations that run on indicators
    Operation,
    /// Platforms that take what is handed over
    Platform,
    /// Feeds that deliver indicators
    Feed,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// The name of a package in the catalogue, or a package file ending in .toml
    #[arg(value_name = "NAME[@VERSION]|FILE")]
    pub(crate) source: PathBuf,
    /// Answer yes to all questions
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Replace existing values, secrets included, by the new version's defaults
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigureArgs {
    /// The integration's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Set a parameter; KEY= makes it empty, even if it has a default
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// Set a secret from the environment, a prompt, or a line of standard input
    #[arg(long, value_name = "KEY")]
    pub(crate) secret: Vec<String>,
    /// Reset a parameter to its default; deletes a secret
    #[arg(long, value_name = "KEY")]
    pub(crate) reset: Vec<String>,
    /// The strictest level of the Traffic Light Protocol that is sent to it: clear, green, amber, amber+strict or red;
    /// default: that of its protocol
    #[arg(long, value_name = "TLP|default", value_parser = max_tlp)]
    pub(crate) max_tlp: Option<Marking>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The integration's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Answer yes to all questions
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// A level, or `default` for that of the protocol.
fn max_tlp(text: &str) -> Result<Marking, String> {
    match text.trim() {
        "default" => Ok(Marking(None)),
        level => level.parse::<Tlp>().map(Marking::from).map_err(|error| format!("{error}, or default")),
    }
}
