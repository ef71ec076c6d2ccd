//! The arguments of `backsight list`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::View;

pub(super) const ABOUT: &str = "\
Manages warning lists: names and addresses that many unrelated hosts have in common, such as public resolvers, large networks, \
parking pages and popular sites. If indicators share one of them, it says little, and is shown with the name of the list.

Lists are files in MISP's format (JSON with name, type and list), for example those of the MISP project. They are imported from \
files, and never downloaded.";

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    pub(crate) command: ListCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Tell which lists have a name or an address, and whether it says little
    Check(CheckArgs),
    /// Keep a list, but do not use it
    Disable(NameArgs),
    /// Use a disabled list again
    Enable(NameArgs),
    /// Import lists; a list with the name of an existing one replaces it
    #[command(
        after_help = "Examples:\n  backsight list import misp-warninglists/lists\n  backsight list import parking.json cdn.json\n\n\
        In a folder, files named list.json are imported, or all *.json files if there are none; folders in it are searched \
        four deep. A file that is no list is reported, and the others are imported (exit code 1).\n\n\
        A list has at most 64 MiB and 5,000,000 entries, and there are at most 500 lists."
    )]
    Import(ImportArgs),
    /// Remove a list
    Remove(NameArgs),
    /// Restore the list that was removed last
    Restore(NameArgs),
    /// Show the lists
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required = true)]
    pub(crate) values: Vec<String>,
    /// They are the name servers of others: also tell whether they are known for parking, or as sinkholes
    #[arg(long)]
    pub(crate) name_server: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files, or folders with such files
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name of the list
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
