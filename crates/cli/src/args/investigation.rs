//! The arguments of `backsight investigation`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use operation::{Marking, Tlp};
use server::report::Section;
use workbench::investigation::shared::{Kind, Resource, ResourceError};
use workbench::investigation::{Status, Verdict};

use super::View;
use super::records::RecordArgs;

pub(super) const ABOUT: &str = "\
An investigation is a named set of indicators, its members, with verdicts, notes, and the reports that they were read from. \
`create` reads a report, and `run` queries operations about all members as one job, which can be paused, and continues after an \
interruption without asking anything twice.

The members are in the threat library, too, and stay there when an investigation is deleted. NAME is the name of an investigation \
or its number.";

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight investigation create 'Campaign 7' -f report.txt --dry-run
  backsight investigation create 'Campaign 7' -f report.txt --tlp green
  backsight investigation run 'Campaign 7' --all-operations --dry-run
  backsight investigation run 'Campaign 7' --all-operations
  backsight investigation show 'Campaign 7'
  backsight investigation verdict 'Campaign 7' malicious c2.example
  backsight investigation report 'Campaign 7' -o campaign-7.html";

#[derive(Debug, Args)]
pub(crate) struct InvestigationArgs {
    #[command(subcommand)]
    pub(crate) command: InvestigationCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvestigationCommand {
    /// Add members, typed or from a report
    #[command(long_about = ADD_ABOUT)]
    Add(AddArgs),
    /// Cancel the open job; its runs so far are kept
    Cancel(NameArgs),
    /// Create an investigation, with the indicators of a report
    #[command(long_about = CREATE_ABOUT, after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// Delete an investigation; `restore` brings it back
    #[command(
        long_about = "Deletes an investigation. Nothing of it is lost: `restore` brings it back with its members, verdicts, \
        notes, reports and jobs. Its members stay in the threat library."
    )]
    Delete(NameArgs),
    /// Change name, status, marking or summary
    #[command(
        after_help = "Example: backsight investigation edit 'Campaign 7' --status closed --summary 'Taken down on 3 May.'"
    )]
    Edit(EditArgs),
    /// Show what the answers about all members propose, and add it to the library
    #[command(long_about = FINDINGS_ABOUT, after_help = FINDINGS_EXAMPLES)]
    Findings(FindingsArgs),
    /// List investigations, the most recently changed first
    List(ListArgs),
    /// Add a note to an investigation, or to one of its members
    #[command(
        after_help = "Example: backsight investigation note 'Campaign 7' --member c2.example 'seen in ticket 4711'"
    )]
    Note(NoteArgs),
    /// Pause the job that a server or another command works on
    #[command(
        long_about = "Pauses the job that a server or another command works on. What is under way is finished. `resume`, or \
        `run NAME --resume`, continues it."
    )]
    Pause(NameArgs),
    /// Remove members; they stay in the threat library
    Remove(MembersArgs),
    /// Write the report: one HTML file that prints well and needs nothing else
    #[command(long_about = REPORT_ABOUT, after_help = REPORT_EXAMPLES)]
    Report(ReportFileArgs),
    /// Restore a deleted investigation, given by its name or number
    Restore(NameArgs),
    /// Let a paused job continue on a server
    #[command(
        long_about = "Lets a paused job continue. A running server of this data folder takes it over within seconds; without a \
        server, use `run NAME --resume`. What failed is asked again."
    )]
    Resume(NameArgs),
    /// Query operations about all members, as one job
    #[command(long_about = RUN_ABOUT, after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Show what the members share, and who else is behind it
    #[command(long_about = SHARED_ABOUT, after_help = SHARED_EXAMPLES)]
    Shared(SharedArgs),
    /// Show an investigation with its members, jobs and notes
    Show(ShowArgs),
    /// Set what you think about members: open, benign, suspicious or malicious
    #[command(
        after_help = "Example: backsight investigation verdict 'Campaign 7' malicious c2.example 192.0.2.1"
    )]
    Verdict(VerdictArgs),
}

const CREATE_ABOUT: &str = "\
Creates an investigation. With --file it reads a report in free text (an e-mail, a table, a log) of up to 10 MiB: defanged forms, URLs \
and several values on a line. The text is stored as the source of the members.

Doubtful values are left out unless they are included: names that may be files (setup.zip), networks, special-purpose addresses, \
public suffixes. Texts of other kinds are left out, too: hashes, e-mail addresses, CVE numbers. --dry-run shows each value with its \
place, and what is left out, without changing anything.

Members are added to the threat library. With --tlp they get this marking, unless they have a stricter one.";

const CREATE_EXAMPLES: &str = "\
Examples:
  backsight investigation create 'Campaign 7' -f report.txt --dry-run
  backsight investigation create 'Campaign 7' -f report.txt --tlp green --date 2024-05-03
  backsight investigation create 'Campaign 7' -f report.txt --include setup.zip
  pdftotext report.pdf - | backsight investigation create 'Campaign 7' -f - --title 'ACME report 12'
  backsight investigation create 'Ticket 4711' c2.example 192.0.2.1

Exit codes: 0 all values are members now, 1 some typed values were no indicators.";

const ADD_ABOUT: &str = "\
Adds members to an investigation. With --file it reads a report, as `create` does, and stores it as another source.

Exit codes: 0 all values are members now, 1 some typed values were no indicators (the others were added).";

const RUN_ABOUT: &str = "\
Queries operations about all members that they accept, or about those with --member, as one job. First it says what that costs, and \
which values are held back from an operation because of their marking. Each query is a stored run; stored answers are used as in \
`backsight query`, and a question that several operations would ask is asked once.

Ctrl-C pauses the job after what is under way, and a second Ctrl-C ends at once. A job that was interrupted, even by a crash, continues \
with `run NAME`, and a paused one with `run NAME --resume`: nothing is asked twice, but what failed is asked again. A running server takes \
over an interrupted job by itself. The job pauses itself if a provider refuses it or fails ten times in a row.";

const RUN_EXAMPLES: &str = "\
Examples:
  backsight investigation run 'Campaign 7' --dry-run               what it would cost
  backsight investigation run 'Campaign 7' --all-operations
  backsight investigation run 'Campaign 7' --operation dnsdb,own-database --seen-after 1y
  backsight investigation run 'Campaign 7' --member c2.example --fresh
  backsight investigation run 'Campaign 7' --resume

Exit codes: 0 all answers are complete, 1 a query failed, 3 an answer is incomplete, or a query is
held back or left, 4 a provider refused (credentials or quota).";

const REPORT_ABOUT: &str = "\
Writes the report of an investigation as one HTML file, without scripts and without requests to anything: who wrote it and when, summary, \
what was asked and how complete the answers are, members with verdicts, what they share, a timeline, what was added to the library, what \
was left out and why, notes and sources. A browser prints it, or saves it as PDF, on A4 with the TLP marking on every page.

The marking is the strictest of the investigation, its members, its sources and everything else that the report could name, whichever \
sections it has.";

const REPORT_EXAMPLES: &str = "\
Examples:
  backsight investigation report 'Campaign 7' -o campaign-7.html
  backsight investigation report 'Campaign 7' --section members,shared --no-defang > members.html";

/// The report that values are read from.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Read a report in free text; - is standard input
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) file: Option<PathBuf>,
    /// What the report is called [default: the name of the file]
    #[arg(long, value_name = "TEXT", requires = "file")]
    pub(crate) title: Option<String>,
    /// The date of the report
    #[arg(long, value_name = "D", requires = "file")]
    pub(crate) date: Option<String>,
    /// Also take this doubtful value of the report
    #[arg(long, value_name = "VALUE", requires = "file")]
    pub(crate) include: Vec<String>,
    /// Take all doubtful values of the report
    #[arg(long, requires = "file")]
    pub(crate) all: bool,
    /// Leave out this value of the report
    #[arg(long, value_name = "VALUE", requires = "file")]
    pub(crate) exclude: Vec<String>,
    /// Show what would be taken and left out, each with its place, and change nothing
    #[arg(long, requires = "file")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The name of the new investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE")]
    pub(crate) values: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Mark the investigation and its members with this level of the Traffic Light Protocol: clear, green, amber, amber+strict
    /// or red
    #[arg(long, value_name = "TLP")]
    pub(crate) tlp: Option<Tlp>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required_unless_present = "file")]
    pub(crate) values: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print the text of the source report with this number instead
    #[arg(long, value_name = "ID", conflicts_with = "format")]
    pub(crate) report: Option<i64>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ReportFileArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Write to this new file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write names, addresses and URLs so that they can be clicked
    #[arg(long)]
    pub(crate) no_defang: bool,
    /// Only these sections: asked, members, shared, timeline, findings, left-out, notes, sources
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) section: Vec<Section>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those with this status: open, on-hold or closed
    #[arg(long, value_name = "S", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// Only those with this text in their name, ignoring case
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// List deleted investigations instead
    #[arg(long)]
    pub(crate) removed: bool,
    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Skip this many, as the previous listing printed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) skip: usize,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The members
    #[arg(value_name = "VALUE", required = true)]
    pub(crate) values: Vec<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

const SHARED_ABOUT: &str = "\
Ranks what two or more members share by their newest answers: addresses, networks, name servers, mail servers, CNAME targets, SOA \
mailboxes, registered domains, and tokens in TXT records. Each row says how many members share it, on how many days several had it at \
once, how many other names use it (by the answers and by the passive-DNS database of the data folder), and why it ranks there.

Resources that say little are counted, and shown with --weak: special-purpose addresses, those that many names use, and those on \
warning lists. --follow prints the names and addresses behind a resource that are no members.";

const SHARED_EXAMPLES: &str = "\
Examples:
  backsight investigation shared 'Campaign 7'
  backsight investigation shared 'Campaign 7' --kind ns --least 3
  backsight investigation shared 'Campaign 7' --follow ns:ns1.example
  backsight investigation add 'Campaign 7' c4.example";

const FINDINGS_ABOUT: &str = "\
Lists the indicators that the newest answers about the members propose, with the members whose answers do. --add adds those that are \
named, with the attributes and relationships that lead to them, and --add-all all that have no caution. `run undo` takes back what a \
run said.";

const FINDINGS_EXAMPLES: &str = "\
Examples:
  backsight investigation findings 'Campaign 7'
  backsight investigation findings 'Campaign 7' --add-all --dry-run
  backsight investigation findings 'Campaign 7' --add c4.example --add 192.0.2.1";

#[derive(Debug, Args)]
pub(crate) struct SharedArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only this kind: addr, cname, domain, mx, net, ns, soa or txt
    #[arg(long, value_name = "KIND", value_parser = kinds(), conflicts_with = "follow")]
    pub(crate) kind: Option<Kind>,
    /// Only what at least this many members share
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with = "follow")]
    pub(crate) least: usize,
    /// Only what several members had on the same day
    #[arg(long, conflicts_with = "follow")]
    pub(crate) at_once: bool,
    /// Also show what says little
    #[arg(long, conflicts_with = "follow")]
    pub(crate) weak: bool,
    /// Print the names and addresses behind this resource, given as in the first column
    #[arg(long, value_name = "KIND:VALUE", value_parser = resource)]
    pub(crate) follow: Vec<Resource>,
    /// Print at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct FindingsArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Add this proposed indicator
    #[arg(long, value_name = "VALUE")]
    pub(crate) add: Vec<String>,
    /// Add all that have no caution
    #[arg(long, conflicts_with = "add")]
    pub(crate) add_all: bool,
    /// Only say what would be added
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct VerdictArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What you think about them
    #[arg(value_name = "VERDICT", value_parser = verdicts(), ignore_case = true)]
    pub(crate) verdict: Verdict,
    /// The members
    #[arg(value_name = "VALUE", required = true)]
    pub(crate) values: Vec<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The text, up to 10,000 characters
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The member that the note is about
    #[arg(long, value_name = "VALUE")]
    pub(crate) member: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The new name
    #[arg(long = "name", value_name = "TEXT")]
    pub(crate) new_name: Option<String>,
    /// The new status: open, on-hold or closed
    #[arg(long, value_name = "S", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// The new level of the Traffic Light Protocol: clear, green, amber, amber+strict or red; none removes the marking
    #[arg(long, value_name = "TLP|none")]
    pub(crate) tlp: Option<Marking>,
    /// What its report says first, up to 10,000 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct RunArgs {
    /// The name or number of the investigation
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The installed operation to use; several, separated by commas, are queried at the same time
    #[arg(long, value_name = "NAME,…")]
    pub(crate) operation: Option<String>,
    /// Use every enabled operation that accepts a member
    #[arg(long, conflicts_with = "operation")]
    pub(crate) all_operations: bool,
    /// Query only about this member
    #[arg(long, value_name = "VALUE")]
    pub(crate) member: Vec<String>,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    /// Query the services even if stored answers are fresh enough
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Continue the open job, even if it was paused
    #[arg(long, conflicts_with_all = ["operation", "all_operations", "member", "rrtype", "seen_after", "seen_before", "at", "fresh", "dry_run"])]
    pub(crate) resume: bool,
    /// Print what it would cost, and query nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

impl RunArgs {
    /// Whether an option says what to ask, so that a job that is open is not meant.
    pub(crate) fn selects(&self) -> bool {
        self.operation.is_some()
            || self.all_operations
            || self.fresh
            || !self.member.is_empty()
            || !self.records.is_empty()
    }
}

/// Statuses, ignoring case; a blank is written as a hyphen.
fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(["open", "on-hold", "closed"]).try_map(|word| word.parse::<Status>())
}

/// Verdicts, ignoring case.
fn verdicts() -> impl TypedValueParser<Value = Verdict> {
    PossibleValuesParser::new(Verdict::ALL.map(Verdict::word)).try_map(|word| word.parse::<Verdict>())
}

/// Kinds of shared resources.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::word))
        .try_map(|word| Kind::of_word(&word).ok_or("no kind of resource"))
}

fn resource(id: &str) -> Result<Resource, ResourceError> {
    Resource::parse(id)
}
