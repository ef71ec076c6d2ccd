//! `backsight lookup`: queries the passive-DNS database of this machine.

mod rows;

pub(crate) use self::rows::lines;

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use ::database::Database;
use cof::time::Clock;
use cof::{Record, RrType};
use context::Placing;
use operation::Moment;
use pdns::inquiry::{Inquiry, Scan};
use store::{Fences, MAX_LIMIT, Order, Page, Question, Store as _, StoreError, Summary};

use crate::args::database::{LookupArgs, Narrowed, Sort};
use crate::args::{Arguments, Format};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::placing::placing;
use crate::query::setup::rrtypes;
use crate::terminal::{self, plural, quoted, thousands};

/// How many tuples are read at a time where rows have to be compared one by one.
const SLICE: usize = 20_000;

pub(crate) fn run(command: &LookupArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut inquiry = inquiry(&command.question, &command.narrowed)?;
    inquiry.by_source |= command.by_source;
    let placing = placing(&command.placing, config)?;
    if command.limit > MAX_LIMIT {
        terminal::complain(&format!(
            "--limit {}: the maximum is {}\n  hint: {}",
            thousands(command.limit as u64),
            plural(MAX_LIMIT as u64, "row"),
            rest(command, &inquiry, &placing)
        ));
    }
    let failed = |error: StoreError| Failure::work(&terminal::label(&command.question), &error);
    let database = database::open(arguments, config, Access::Read)?;
    if command.summary {
        let summary = summary(&database, inquiry, &placing).map_err(failed)?;
        output::print(&rows::summary(command, &summary)?)?;
        return Ok(Exit::Done);
    }
    let page = page(command, &database, &inquiry, &placing).map_err(failed)?;
    output::print(&rows::page(command, &inquiry, &page, &placing)?)?;
    if page.more && command.format != Format::Json {
        let shown = plural(page.records.len() as u64, "row");
        terminal::say(&format!("only the first {shown} shown; {}", rest(command, &inquiry, &placing)));
    }
    Ok(Exit::Done)
}

fn summary(database: &Database, inquiry: Inquiry, placing: &Placing) -> Result<Summary, StoreError> {
    if let Some(question) = plain(&inquiry, placing) {
        return database.summarise(&question);
    }
    Scan::new(Arc::new(inquiry)).summarise(database, SLICE, &|record| placing.keeps(record))
}

/// The query that the store answers by itself: it does not know where addresses are.
fn plain(inquiry: &Inquiry, placing: &Placing) -> Option<Question> {
    inquiry.plain().filter(|_| placing.only.is_empty())
}

/// How to get the rows that are not shown.
fn rest(command: &LookupArgs, inquiry: &Inquiry, placing: &Placing) -> String {
    match plain(inquiry, placing) {
        Some(_) => format!("to print all of them, use `{}`", export(command)),
        None if command.limit < MAX_LIMIT => {
            format!("use a higher --limit, up to {}, or narrow the question", thousands(MAX_LIMIT as u64))
        }
        None => "narrow the question".to_owned(),
    }
}

fn page(
    command: &LookupArgs,
    database: &Database,
    inquiry: &Inquiry,
    placing: &Placing,
) -> Result<Page, StoreError> {
    let limit = command.limit.min(MAX_LIMIT);
    let order = match command.sort {
        Sort::Key => Order::Key,
        Sort::Newest => Order::NewestFirst,
    };
    match plain(inquiry, placing) {
        Some(question) => database.lookup(&Question { limit, order, ..question }),
        None => searched(database, (inquiry, placing), limit, order),
    }
}

/// The rows that a store does not find by itself.
fn searched(
    database: &Database,
    (inquiry, placing): (&Inquiry, &Placing),
    limit: usize,
    order: Order,
) -> Result<Page, StoreError> {
    let mut scan = Scan::new(Arc::new(inquiry.clone()));
    let mut records: Vec<Record> = Vec::new();
    let mut more = false;
    let enough = |more: bool| more && order == Order::Key;
    while !scan.is_over() && !enough(more) {
        let rows = scan.step(database, SLICE)?.into_iter().map(|row| row.record);
        records.extend(rows.filter(|record| placing.keeps(record)));
        if order == Order::NewestFirst {
            records.sort_by_key(|record| Reverse(record.span().map(|(_, last)| last)));
        }
        more |= records.len() > limit;
        records.truncate(limit);
    }
    Ok(Page { records, next: None, more, limit })
}

/// The command that prints everything that matches this query.
fn export(command: &LookupArgs) -> String {
    let Narrowed { rrtype, first_after, first_before, last_after, last_before } = &command.narrowed;
    let mut text = format!("backsight export {}", quoted(&command.question));
    for (flag, value) in [
        ("--rrtype", rrtype),
        ("--first-after", first_after),
        ("--first-before", first_before),
        ("--last-after", last_after),
        ("--last-before", last_before),
    ] {
        if let Some(value) = value {
            let _ = write!(text, " {flag} {}", quoted(value));
        }
    }
    text
}

/// Reads a question, with the filters of options added to its own.
///
/// # Errors
/// Wrong usage, with the valid forms.
pub(crate) fn inquiry(text: &str, narrowed: &Narrowed) -> Result<Inquiry, Failure> {
    let clock = Clock::system();
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", terminal::label(text)));
    let mut inquiry = Inquiry::parse(text, &clock).map_err(|error| wrong(&error))?;
    narrow(&mut inquiry, narrowed)?;
    Ok(inquiry)
}

/// Adds the filters of options.
///
/// # Errors
/// Wrong usage, with the valid forms.
pub(crate) fn narrow(inquiry: &mut Inquiry, narrowed: &Narrowed) -> Result<(), Failure> {
    let given: Vec<RrType> = rrtypes(narrowed.rrtype.as_deref())?;
    if !given.is_empty() && !inquiry.rrtypes.is_empty() {
        return Err(Failure::Usage("--rrtype: the question already has type:".to_owned()));
    }
    inquiry.rrtypes.extend(given);
    let (own, given) = (inquiry.fences, fences(narrowed, &Clock::system())?);
    inquiry.fences = Fences {
        first_after: own.first_after.max(given.first_after),
        first_before: own.first_before.into_iter().chain(given.first_before).min(),
        last_after: own.last_after.max(given.last_after),
        last_before: own.last_before.into_iter().chain(given.last_before).min(),
    };
    Ok(())
}

fn fences(command: &Narrowed, clock: &Clock) -> Result<Fences, Failure> {
    let moment = |flag: &str, text: &Option<String>| {
        let moment = text.as_deref().map(|text| Moment::parse(text, clock)).transpose();
        moment.map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    // A day means the whole day: after its start, before its end.
    Ok(Fences {
        first_after: moment("--first-after", &command.first_after)?.map(|moment| moment.start),
        first_before: moment("--first-before", &command.first_before)?.map(|moment| moment.end),
        last_after: moment("--last-after", &command.last_after)?.map(|moment| moment.start),
        last_before: moment("--last-before", &command.last_before)?.map(|moment| moment.end),
    })
}
