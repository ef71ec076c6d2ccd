//! The arguments of `backsight indicator`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use operation::{IndicatorType, Marking, Tlp};
use workbench::library::{Order, Status, Tag};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct IndicatorArgs {
    #[command(subcommand)]
    pub(crate) command: IndicatorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndicatorCommand {
    /// Add domain names and addresses
    #[command(
        long_about = "Adds indicators to the threat library under your name. Values are normalised first: defanged text, upper case, \
            final dots, Unicode names and URLs are reduced to one spelling. Anything that is not a host (a hash, a CVE number, a \
            network) is refused, and the message names what it is. Words and dates beside a value are skipped and counted. Write \
            a top-level domain with its final dot. Indicators that are in the library already keep their status; \
            removed ones are restored.",
        after_help = ADD_EXAMPLES
    )]
    Add(AddArgs),
    /// List indicators
    #[command(
        long_about = "Lists indicators, the most recently changed first. If there are more, the last line shows the command for \
            the next page.",
        after_help = LIST_EXAMPLES
    )]
    List(ListArgs),
    /// Add a note to an indicator
    #[command(after_help = "Example: backsight indicator note www.example.com 'seen in ticket 4711'")]
    Note(NoteArgs),
    /// Remove an indicator; `restore` brings it back with all its data
    #[command(
        long_about = "Removes an indicator from the library. Nothing of it is deleted: `restore`, or adding it again, brings \
            it back with its attributes, relationships and notes. No run brings it back by itself."
    )]
    Remove(ValueArgs),
    /// Bring back an indicator that was removed
    Restore(ValueArgs),
    /// Change the status or the tags of an indicator, or who may see it
    #[command(
        after_help = "Examples:\n  backsight indicator set cdn.example.com --status Whitelisted\n  backsight indicator set evil.example --tlp amber\n  \
        backsight indicator set evil.example --tag 'parcel lures' --tag apt-x --untag new\n\n\
        Runs do not change Whitelisted indicators: they get no attributes, no relationships and no other status.\n\
        An operation is not asked about indicators that are marked stricter than its maximum TLP (see `backsight integration configure`)."
    )]
    Set(SetArgs),
    /// Show an indicator with its attributes, sources, relationships, notes and history
    Show(ValueArgs),
}

const ADD_EXAMPLES: &str = "\
Examples:
  backsight indicator add 'hxxp://www[.]example[.]com/x' 192.0.2.1
  backsight indicator add -f indicators.txt --status Review
  backsight indicator add 2001:db8::1 --type 'IPv6 Address'

Exit codes: 0 all values are in the library now, 1 some values were not indicators (the others were added).";

const LIST_EXAMPLES: &str = "\
Examples:
  backsight indicator list --status Review
  backsight indicator list --search '*.example.com'        a name and everything below it
  backsight indicator list --search 192.0.2.0/24 --sort updated
  backsight indicator list --search login --type FQDN      values that contain a text
  backsight indicator list --tag 'parcel lures' --sort last-seen
  backsight indicator list --source 'CIRCL Passive DNS' --limit 1000 --format json";

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required_unless_present = "file")]
    pub(crate) values: Vec<String>,
    /// Also read values from a file, one or several per line, with # comments; - is standard input
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) file: Vec<PathBuf>,
    /// The status of new indicators
    #[arg(long, value_name = "S", default_value = "Active", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Status,
    /// Mark them with this level of the Traffic Light Protocol: clear, green, amber, amber+strict or red; those with a
    /// stricter one keep it
    #[arg(long, value_name = "TLP")]
    pub(crate) tlp: Option<Tlp>,
    /// Accept only values of this type
    #[arg(long = "type", value_name = "T", value_parser = types(), ignore_case = true)]
    pub(crate) kind: Option<IndicatorType>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this type
    #[arg(long = "type", value_name = "T", value_parser = types(), ignore_case = true)]
    pub(crate) kind: Option<IndicatorType>,
    /// Only this status
    #[arg(long, value_name = "S", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// Only indicators marked with this level of the Traffic Light Protocol; none: those without a marking
    #[arg(long, value_name = "TLP|none")]
    pub(crate) tlp: Option<Marking>,
    /// Only indicators with this source (a user or an integration)
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Only indicators with this tag, ignoring case
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Part of a value, *.example.com for the names below one, or a network; defanged or not
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// List removed indicators instead
    #[arg(long)]
    pub(crate) removed: bool,
    /// The order [default: updated; value if --search is a name pattern or a network]
    #[arg(long, value_enum)]
    pub(crate) sort: Option<OrderBy>,
    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Continue after the cursor that the previous listing printed
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ValueArgs {
    /// A domain name, an IP address or a URL, defanged or not
    #[arg(value_name = "VALUE")]
    pub(crate) value: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// A domain name, an IP address or a URL, defanged or not
    #[arg(value_name = "VALUE")]
    pub(crate) value: String,
    /// The new status
    #[arg(long, value_name = "S", value_parser = statuses(), ignore_case = true,
          required_unless_present_any = ["tlp", "tag", "untag"])]
    pub(crate) status: Option<Status>,
    /// The new level of the Traffic Light Protocol: clear, green, amber, amber+strict or red; none removes the marking
    #[arg(long, value_name = "TLP|none")]
    pub(crate) tlp: Option<Marking>,
    /// Put this tag on it: up to 50 characters without a comma; can be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<Tag>,
    /// Take this tag off it; can be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) untag: Vec<Tag>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// A domain name, an IP address or a URL, defanged or not
    #[arg(value_name = "VALUE")]
    pub(crate) value: String,
    /// The text, up to 10,000 characters
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// The order in which indicators are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderBy {
    /// Most recently added first
    Added,
    /// Seen last first, as the relationships state it
    LastSeen,
    /// Most relationships first
    Relationships,
    /// Most recently changed first
    Updated,
    /// By value: names by their labels from the right, then addresses
    Value,
}

impl OrderBy {
    pub(crate) const fn order(self) -> Order {
        match self {
            Self::Added => Order::Added,
            Self::LastSeen => Order::LastSeen,
            Self::Relationships => Order::Relationships,
            Self::Updated => Order::Updated,
            Self::Value => Order::Value,
        }
    }
}

/// Statuses by name, ignoring case.
pub(crate) fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::name))
        .try_map(|name| Status::from_name(&name).ok_or("no such status"))
}

/// Types by name, ignoring case; a blank may be written as a hyphen.
pub(crate) fn types() -> impl TypedValueParser<Value = IndicatorType> {
    let named = IndicatorType::ALL.map(|kind| {
        PossibleValue::new(kind.name()).alias(match kind {
            IndicatorType::Fqdn => "domain",
            IndicatorType::IpAddress => "ip-address",
            IndicatorType::Ipv6Address => "ipv6-address",
        })
    });
    PossibleValuesParser::new(named).try_map(|name| {
        let name =
            if name.eq_ignore_ascii_case("domain") { "FQDN".to_owned() } else { name.replace('-', " ") };
        IndicatorType::from_name(&name).ok_or("no such type")
    })
}
