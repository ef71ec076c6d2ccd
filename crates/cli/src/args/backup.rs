//! The arguments of `backsight backup` and `backsight restore`.

use std::path::PathBuf;

use clap::Args;

use super::View;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to create; it may exist if it is empty
    #[arg(value_name = "DEST")]
    pub(crate) to: PathBuf,
    /// Leave out the key: without it nobody can read the secrets in the backup
    #[arg(long)]
    pub(crate) without_key: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `backsight backup` wrote
    #[arg(value_name = "SRC")]
    pub(crate) from: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
