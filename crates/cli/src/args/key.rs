//! What can be said to `backsight key`.

use clap::{Args, Subcommand};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Encrypt all secrets with a new key
    #[command(
        after_help = "The key is in secret.key in the data folder. Being cut off at any moment leaves it and the \
        secrets working. A copy of the old key file opens nothing any more but old copies of the database."
    )]
    Rotate {
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: View,
    },
}
