//! The arguments of `backsight key`.

use clap::{Args, Subcommand};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a new key and encrypt all secrets with it
    #[command(
        after_help = "The key is stored in secret.key in the data folder. If the command is interrupted, key and secrets keep \
        working. Afterwards the old key decrypts only old copies of the database."
    )]
    Rotate {
        /// The output format
        #[arg(long, value_enum, default_value_t)]
        format: View,
    },
}
