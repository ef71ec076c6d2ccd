//! What can be said to `backsight backup` and `backsight restore`.

use std::path::PathBuf;

use clap::Args;

use super::View;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to make; it may exist if it is empty
    #[arg(value_name = "DEST")]
    pub(crate) to: PathBuf,
    /// Leave the key out: the secrets in the backup cannot be read without it
    #[arg(long)]
    pub(crate) without_key: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `backsight backup` made
    #[arg(value_name = "SRC")]
    pub(crate) from: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
