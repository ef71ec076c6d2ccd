//! `backsight handover`: prints what was found as a document for another platform, and says on standard error what is held back.

use cof::time::Clock;
use export::gather::{self, Choice};
use export::{Format, Handover, Manner, Matter, Refusal, Written};
use operation::{Filter, Indicator, Tlp};
use workbench::Workbench;
use workbench::library;

use crate::args::Arguments;
use crate::args::handover::{ChosenArgs, Document, HandoverArgs, LibraryArgs};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::query::setup;
use crate::{kept, output, terminal};

/// How many values that are held back are named.
const NAMED: usize = 20;

pub(crate) fn run(command: &HandoverArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let choice = choice(&command.chosen)?;
    check_format(command)?;
    check(&command.chosen)?;
    let Some(mut workbench) = kept::open_existing(arguments)? else {
        let failure = Failure::Usage("there is nothing to hand over yet".to_owned());
        return Err(failure.hint("query a value first: `backsight query VALUE`"));
    };
    workbench.settle_runs()?;
    let matter = matter(&command.chosen, &choice, &workbench)?;
    let terms = config.handover.terms();
    let handover = Handover::new(matter, &terms).map_err(|refusal| refused(&refusal))?;
    output::print(&document(command.format.into(), config.handover.manner(), &handover)?)?;
    complain(&handover, terms.max_tlp);
    Ok(Exit::Done)
}

fn choice(chosen: &ChosenArgs) -> Result<Choice, Failure> {
    let (rrtypes, window) = setup::wanted(&chosen.records, &Clock::system())?;
    Ok(Choice { filter: Filter { rrtypes, window, ..Filter::default() }, only_added: chosen.only_added })
}

/// An option of another kind of documents is refused.
fn check_format(command: &HandoverArgs) -> Result<(), Failure> {
    let format = command.format;
    for (option, is_given, of) in [
        ("--distribution", command.chosen.distribution.is_some(), Document::Misp),
        ("--related", command.related, Document::Stix),
        ("--defang", command.defang, Document::Csv),
    ] {
        if is_given && format != of {
            let name = format!("{of:?}").to_lowercase();
            return Err(Failure::Usage(format!("{option} is only for {name}")));
        }
    }
    Ok(())
}

/// An option that would be ignored is refused.
pub(crate) fn check(chosen: &ChosenArgs) -> Result<(), Failure> {
    if !chosen.what.library && !chosen.library.is_empty() {
        let text =
            "--type, --status, --source, --tag, --marked and --search narrow down --library: leave them out";
        return Err(Failure::Usage(text.to_owned()));
    }
    if chosen.what.library && !chosen.records.is_empty() {
        let text = "types and times choose records, and --library has none: leave them out";
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(())
}

fn matter(chosen: &ChosenArgs, choice: &Choice, workbench: &Workbench) -> Result<Matter, Failure> {
    let what = &chosen.what;
    if let Some(id) = what.run {
        return Ok(gather::run(workbench, id, choice)?);
    }
    if let Some(text) = &what.history {
        return Ok(gather::history(workbench, &value(text)?, choice)?);
    }
    if let Some(name) = &what.investigation {
        let id = workbench.investigation_named(name)?.id;
        return Ok(gather::investigation(workbench, id, choice)?);
    }
    let (filter, words) = filter(&chosen.library)?;
    Ok(gather::library(workbench, &filter, &words)?)
}

/// The value whose history is handed over.
pub(crate) fn value(text: &str) -> Result<Indicator, Failure> {
    Indicator::existing(text).map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))
}

/// The filter of the library, and the same in words.
fn filter(options: &LibraryArgs) -> Result<(library::Filter, String), Failure> {
    let LibraryArgs { kind, status, source, tag, marked, search } = options;
    let filter = library::Filter {
        kind: *kind,
        status: *status,
        tlp: *marked,
        source: source.clone(),
        tag: tag.clone(),
        search: search.as_deref().map(str::parse).transpose()?,
        ..library::Filter::default()
    };
    let kind = kind.map(|kind| format!("type {kind}"));
    let status = status.map(|status| format!("status {}", status.name()));
    let source = source.as_ref().map(|source| format!("source {source}"));
    let tag = tag.as_ref().map(|tag| format!("tag {tag}"));
    let marked = marked.map(|marked| format!("marked {}", marked.word()));
    let search = search.as_ref().map(|search| format!("search {search}"));
    let words: Vec<String> = [kind, status, marked, source, tag, search].into_iter().flatten().collect();
    Ok((filter, words.join(", ")))
}

fn document(format: Format, manner: Manner, handover: &Handover) -> Result<String, Failure> {
    let written = export::write(handover, format, manner);
    let Written { text, left_out } = written.map_err(|refusal| refused(&refusal))?;
    if left_out > 0 {
        let records = terminal::plural(left_out as u64, "record");
        terminal::complain(&format!("{records} left out: nothing in them can be an observable of STIX"));
    }
    Ok(text)
}

fn refused(refusal: &Refusal) -> Failure {
    Failure::usage(refusal)
}

/// Says what is held back or left out, and that nothing was chosen.
fn complain(handover: &Handover, max: Option<Tlp>) {
    let max = max.map(|max| max.to_string()).unwrap_or_default();
    for (indicator, tlp) in handover.held.iter().take(NAMED) {
        terminal::complain(&format!(
            "held back {indicator}: it is marked {tlp}, which is stricter than {max}"
        ));
    }
    let more = handover.held.len().saturating_sub(NAMED);
    if more > 0 {
        terminal::complain(&format!(
            "held back {} for the same reason",
            terminal::plural(more as u64, "more value")
        ));
    }
    for (count, what) in [(handover.held_rows, "record"), (handover.held_texts, "text")] {
        if count > 0 {
            let what = terminal::plural(count as u64, what);
            terminal::complain(&format!("held back {what} with values that are marked stricter than {max}"));
        }
    }
    if handover.left_out > 0 {
        let text = "attributes and relationships left out, because an indicator has more than 1,000 of them";
        terminal::complain(&format!("{text}: {}", terminal::thousands(handover.left_out)));
    }
    if handover.values.is_empty() && handover.rows.is_empty() && handover.links.is_empty() {
        terminal::complain("the document is empty: nothing matches, or all of it is held back");
    }
}
