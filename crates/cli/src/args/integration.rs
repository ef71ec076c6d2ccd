//! What can be said about integrations.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct IntegrationArgs {
    #[command(subcommand)]
    pub(crate) command: IntegrationCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IntegrationCommand {
    /// Set parameters, all of them or none
    #[command(
        long_about = "Sets parameters of an installed integration. Everything is checked first; when one value is wrong, \
            nothing is stored. `show` lists the parameters with their keys.",
        after_help = CONFIGURE_EXAMPLES
    )]
    Configure(ConfigureArgs),
    /// Turn an integration off; what is set stays
    Disable(NameArgs),
    /// Turn an integration on, once everything that it needs is set
    Enable(NameArgs),
    /// Install, upgrade or downgrade an integration
    #[command(
        long_about = "Installs a bundled integration or a package file. What is installed for the first time is disabled: \
            configure it, then enable it. Over an installed version you are asked twice: whether to replace it, and, if its \
            parameters change, whether to take what that does to the values that are set. Values whose key and type stay \
            are kept, secrets included, unless you say --overwrite. Until you have said yes nothing is written.",
        after_help = INSTALL_EXAMPLES
    )]
    Install(InstallArgs),
    /// List what is installed
    List(ListArgs),
    /// Uninstall an integration, with its values and secrets
    Remove(RemoveArgs),
    /// Show an integration with its parameters; secrets only as set or not set
    Show(NameArgs),
    /// Ask one cheap question and say of each step on the way whether it works
    #[command(
        after_help = "Asks about example.com, enabled or not, and takes one record. Name resolution, connection, TLS, \
        login and answer are reported apart, each with what to do.\n\n\
        Exit codes: 0 all works, 1 it does not, 4 the service refuses (login or quota)."
    )]
    Test(NameArgs),
}

const CONFIGURE_EXAMPLES: &str = "\
Examples:
  backsight integration configure circl-passive-dns host=www.circl.lu port=443
  backsight integration configure circl-passive-dns --secret user_token
  backsight integration configure circl-passive-dns verify_ssl=on --reset proxy

Secrets never stand on the command line: --secret KEY takes the value of BACKSIGHT_SECRET_<KEY>
in the environment, or asks, or, without a terminal, reads a line of standard input.
Accounts come from the service: CIRCL gives them to vetted partners only.";

const INSTALL_EXAMPLES: &str = "\
Examples:
  backsight integration install circl-passive-dns
  backsight integration install circl-passive-dns@1.0.0
  backsight integration install ./my-service-2.1.0.toml --yes

Without a terminal to ask on, nothing is replaced unless you say --yes; what would change is printed.";

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The integration's name, as `list` shows it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this type
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t)]
    pub(crate) kind: Kind,
    /// Only what is on
    #[arg(long, conflicts_with = "disabled")]
    pub(crate) enabled: bool,
    /// Only what is off, such as what was just installed
    #[arg(long)]
    pub(crate) disabled: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// Kinds of integrations. There are only operations yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Whatever there is
    #[default]
    All,
    /// What is run on indicators
    Operation,
    /// What brings indicators by itself
    Feed,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    /// A bundled integration, or a package file ending in .toml
    #[arg(value_name = "NAME[@VERSION]|FILE")]
    pub(crate) source: PathBuf,
    /// Say yes to what would be asked
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Let the new version's defaults replace the values that are set, secrets included
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigureArgs {
    /// The integration's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Set a parameter; KEY= leaves it empty, even where there is a default
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// Set a secret, from the environment, by asking, or from a line of standard input
    #[arg(long, value_name = "KEY")]
    pub(crate) secret: Vec<String>,
    /// Go back to the default; forgets a secret
    #[arg(long, value_name = "KEY")]
    pub(crate) reset: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The integration's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Say yes to what would be asked
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
