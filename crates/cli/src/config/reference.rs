//! The configuration reference, `backsight config --reference`: made of the default file's comments and the flags of `serve`.
//!
//! `docs/configuration.md` is a copy that a test compares, so that what is read there is what the program does.

use std::fmt::Write as _;

use clap::CommandFactory;

use super::DEFAULT;
use crate::args::Arguments;

const BEFORE: &str = "\
# Configuration

<!-- Made by `backsight config --reference`; a test compares it. -->

Flags go before the environment, the environment before `backsight.toml`, and that before the defaults below. `backsight config` prints
what is in force and where each value comes from; an unknown key is an error that names file and line.

| what | where |
| --- | --- |
| the file | `--config FILE`, `BACKSIGHT_CONFIG`, or the platform's, such as `~/.config/backsight/backsight.toml` |
| the folder for what is kept | `--data-dir DIR`, `BACKSIGHT_DATA_DIR`, or the platform's, such as `~/.local/share/backsight` |
| a key of the file, in the environment | `BACKSIGHT_<SECTION>_<KEY>` |
| secrets of an operation | `BACKSIGHT_SECRET_<PARAMETER>` |
| the password of `serve --user NAME`, a token that `serve` takes | `BACKSIGHT_SECRET_PASSWORD`, `BACKSIGHT_SECRET_TOKEN` |
";

/// The reference as Markdown.
pub(super) fn text() -> String {
    let mut text = BEFORE.to_owned();
    keys(&mut text);
    text.push_str("\n## Flags of `backsight serve`\n\n| flag | meaning |\n| --- | --- |\n");
    flags(&mut text);
    text
}

/// Every key with what stands above it; keys without comment share that of the one before.
fn keys(text: &mut String) {
    let (mut section, mut comment) = ("", Vec::new());
    let mut commented = false;
    for line in DEFAULT.lines() {
        if let Some(words) = line.strip_prefix("# ") {
            if !std::mem::replace(&mut commented, true) {
                comment.clear();
            }
            comment.push(words);
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            comment.clear();
            let _ = write!(
                text,
                "\n## `[{section}]`\n\n| key | default | in the environment | meaning |\n| --- | --- | --- | --- |\n"
            );
        } else if let Some((key, value)) = line.split_once(" = ") {
            let variable = format!("BACKSIGHT_{}_{}", section.to_uppercase(), key.to_uppercase());
            let _ = writeln!(text, "| `{key}` | `{value}` | `{variable}` | {} |", cell(&comment.join(" ")));
            commented = false;
        } else {
            commented = false;
        }
    }
}

fn flags(text: &mut String) {
    let command = Arguments::command();
    let Some(serve) = command.find_subcommand("serve") else { return };
    for argument in serve.get_arguments() {
        let Some(long) = argument.get_long().filter(|long| *long != "help") else { continue };
        let names = argument.get_value_names().unwrap_or_default();
        let takes = argument.get_action().takes_values();
        let value = names.first().filter(|_| takes).map(|name| format!(" {name}")).unwrap_or_default();
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| `--{long}{}` | {} |", cell(&value), cell(&help));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
