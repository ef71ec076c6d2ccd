//! Investigations as text. Text from outside is made printable; values are printable by their type.

use std::fmt::Write as _;

use operation::{Tlp, shown};
use workbench::Workbench;
use workbench::investigation::{Investigation, Joined, Member, Note, Page, SourceReport};
use workbench::job::{Job, Progress};
use workbench::library::Outcome;

use crate::exit::Failure;
use crate::kept;
use crate::output::table::{cautions, new_table, shorten};
use crate::terminal::{self, plural, printable};

/// The most rows of a list within the details; the JSON has all of them.
const MOST_ROWS: usize = 200;
/// The most jobs and notes within the details.
const MOST_JOBS: usize = 3;
const MOST_NOTES: usize = 20;

pub(super) fn page(page: &Page) -> String {
    if page.investigations.is_empty() {
        return "No matching investigations. Create one with: backsight investigation create NAME\n"
            .to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["No.", "Name", "Status", "Members", "Notes", "Changed (UTC)"]);
    for one in &page.investigations {
        table.add_row([
            one.id.to_string(),
            shorten(&printable(&one.name)),
            marked(one.status.word(), one.tlp),
            one.members.to_string(),
            one.notes.to_string(),
            kept::readable(one.updated_at),
        ]);
    }
    let mut text = format!("{table}\n");
    if let Some(next) = page.next {
        let _ = writeln!(text, "More: repeat the command with --skip {next}");
    }
    text
}

/// An investigation itself.
pub(super) fn head(one: &Investigation) -> String {
    let (name, status) = (printable(&one.name), marked(one.status.word(), one.tlp));
    let mut text = format!("{name} (investigation {}): {status}", one.id);
    if let Some(removed) = one.removed_at {
        let _ = write!(text, ", DELETED {}", kept::readable(removed));
    }
    let _ = writeln!(
        text,
        "\nCreated by {} {}, changed {} (UTC)",
        printable(&one.actor),
        kept::readable(one.created_at),
        kept::readable(one.updated_at)
    );
    for line in one.summary.lines() {
        let _ = writeln!(text, "  {}", printable(line));
    }
    text
}

pub(super) fn details(workbench: &Workbench, one: &Investigation) -> Result<String, Failure> {
    let mut text = head(one);
    text.push_str(&reports(&workbench.source_reports(one.id)?));
    text.push_str(&members(&workbench.members(one.id)?));
    for found in workbench.jobs(one.id)?.iter().take(MOST_JOBS) {
        let _ = write!(text, "\n{}", job(found, &workbench.progress(found)?));
    }
    text.push_str(&notes(&workbench.investigation_notes(one.id)?));
    Ok(text)
}

/// How far a job is.
pub(super) fn job(job: &Job, progress: &Progress) -> String {
    let Progress { total, answered, stored, incomplete, failed, left, records, .. } = progress;
    let count = shown::thousands;
    let mut text = format!("Job {}, {}: {}", job.id, job.state.word(), queries(*total));
    let _ = write!(
        text,
        ", {} answered ({} stored, {} incomplete)",
        count(*answered),
        count(*stored),
        count(*incomplete)
    );
    let held = progress.held.len() as u64;
    for (number, word) in [(*failed, "failed"), (held, "held back"), (*left, "left")] {
        if number > 0 {
            let _ = write!(text, ", {} {word}", count(number));
        }
    }
    let _ = writeln!(text, "; {}", plural(*records, "record"));
    if let Some(reason) = &job.reason {
        let _ = writeln!(text, "  Paused: {}", printable(reason));
    }
    for failure in &progress.failures {
        let (package, reason) = (printable(&failure.package), printable(&failure.reason));
        let _ = writeln!(text, "  {} failed: {package}: {reason}", queries(failure.count));
    }
    text
}

/// What became of the indicators that were made members.
pub(super) fn joined(joined: &[Joined]) -> String {
    let mut text = String::new();
    if joined.is_empty() {
        return text;
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Indicator", "Type", "Member", "Library"]);
    for one in joined.iter().take(MOST_ROWS) {
        let library = match one.library {
            Outcome::Known => format!("already known, {}", one.status),
            Outcome::New => "new".to_owned(),
            Outcome::Restored => "restored".to_owned(),
        };
        let member = if one.is_new { "new" } else { "already a member" };
        let value = shown::labelled(&one.indicator.to_string());
        table.add_row([&value, one.indicator.kind().name(), member, &library]);
    }
    let _ = writeln!(text, "{table}");
    rest(&mut text, joined.len(), "values");
    text.push_str(&cautions(joined.iter().map(|one| &one.indicator)));
    let new = joined.iter().filter(|one| one.is_new).count();
    let _ = writeln!(text, "{new} new, {} already in the investigation", joined.len() - new);
    text
}

fn members(members: &[Member]) -> String {
    if members.is_empty() {
        return "\nNo members. Add some with: backsight investigation add NAME VALUE\n".to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Member", "Type", "Verdict", "Library", "Notes"]);
    for member in members.iter().take(MOST_ROWS) {
        let library =
            if member.is_gone { "removed".to_owned() } else { marked(member.status.name(), member.tlp) };
        table.add_row([
            shown::labelled(&member.indicator.to_string()),
            member.indicator.kind().name().to_owned(),
            member.verdict.word().to_owned(),
            library,
            if member.notes == 0 { String::new() } else { member.notes.to_string() },
        ]);
    }
    let mut text = format!("\n{table}\n");
    rest(&mut text, members.len(), "members");
    text.push_str(&cautions(members.iter().map(|member| &member.indicator)));
    text
}

fn reports(reports: &[SourceReport]) -> String {
    let mut text = String::new();
    for report in reports {
        let (id, title, length) = (report.id, printable(&report.title), shown::thousands(report.length));
        let _ = write!(text, "Source {id}: {title}, {length} bytes");
        if let Some(dated) = report.dated_at {
            let _ = write!(text, ", of {}", kept::readable(dated).split(' ').next().unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

fn notes(notes: &[Note]) -> String {
    let mut text = String::new();
    for note in notes.iter().take(MOST_NOTES) {
        let about = note.member.as_ref().map_or_else(String::new, |member| format!(" on {member}"));
        let _ = writeln!(text, "\nNote{about} by {}, {}", printable(&note.actor), kept::readable(note.at));
        for line in note.text.lines() {
            let _ = writeln!(text, "  {}", printable(line));
        }
    }
    if notes.len() > MOST_NOTES {
        let _ = writeln!(text, "… and {} more notes", notes.len() - MOST_NOTES);
    }
    text
}

fn queries(count: u64) -> String {
    if count == 1 { "1 query".to_owned() } else { format!("{} queries", shown::thousands(count)) }
}

/// A status, with the level of the Traffic Light Protocol if there is one.
fn marked(status: &str, tlp: Option<Tlp>) -> String {
    tlp.map_or_else(|| status.to_owned(), |tlp| format!("{status}, {tlp}"))
}

fn rest(text: &mut String, all: usize, what: &str) {
    if all > MOST_ROWS {
        let _ = writeln!(text, "… and {} more {what}", all - MOST_ROWS);
    }
}
