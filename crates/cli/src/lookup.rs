//! `backsight lookup`: a question to the passive-DNS database of this machine.

mod rows;

pub(crate) use self::rows::lines;

use cof::RrType;
use operation::{Clock, Moment};
use server::Database;
use store::{Apart, Fences, MAX_LIMIT, Order, Question, Store as _, StoreError, Subject};

use crate::args::{Arguments, Format};
use crate::config::Config;
use crate::database::args::{LookupArgs, Sort};
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::query::setup::rrtypes;
use crate::terminal::{self, plural};

pub(crate) fn run(command: &LookupArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let question = question(command)?;
    if command.limit > MAX_LIMIT {
        terminal::complain(&format!(
            "--limit {}: at most {MAX_LIMIT} rows at once\n  hint: `backsight export` prints all of them",
            command.limit
        ));
    }
    let failed = |error: StoreError| Failure::work(&terminal::label(&command.question), &error);
    let database = database::open(arguments, config, Access::Read)?;
    if command.summary {
        let summary = database.summarise(&question).map_err(failed)?;
        output::print(&rows::summary(command, &summary)?)?;
    } else {
        look(command, &database, &question).map_err(failed)??;
    }
    Ok(Exit::Done)
}

fn look(
    command: &LookupArgs,
    database: &Database,
    question: &Question,
) -> Result<Result<(), Failure>, StoreError> {
    let page = database.lookup(question)?;
    let printed = rows::page(command, &page).and_then(|text| output::print(&text));
    if page.more && command.format != Format::Json {
        let shown = plural(page.records.len() as u64, "row");
        terminal::say(&format!("only the first {shown}; `backsight export` prints all of them"));
    }
    Ok(printed)
}

/// What is asked.
///
/// # Errors
/// Wrong usage, with the forms that are right.
pub(crate) fn subject(text: &str) -> Result<Subject, Failure> {
    Subject::parse(text).map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))
}

fn question(command: &LookupArgs) -> Result<Question, Failure> {
    let rrtypes: Vec<RrType> = rrtypes(command.rrtype.as_deref())?;
    Ok(Question {
        rrtypes,
        fences: fences(command, &Clock::system())?,
        limit: command.limit.min(MAX_LIMIT),
        order: match command.sort {
            Sort::Key => Order::Key,
            Sort::Newest => Order::NewestFirst,
        },
        apart: if command.by_source { Apart::Source } else { Apart::Merged },
        ..Question::new(subject(&command.question)?)
    })
}

fn fences(command: &LookupArgs, clock: &Clock) -> Result<Fences, Failure> {
    let moment = |flag: &str, text: &Option<String>| {
        let moment = text.as_deref().map(|text| Moment::parse(text, clock)).transpose();
        moment.map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    // A day as a whole: after it begins, before it ends.
    Ok(Fences {
        first_after: moment("--first-after", &command.first_after)?.map(|moment| moment.start),
        first_before: moment("--first-before", &command.first_before)?.map(|moment| moment.end),
        last_after: moment("--last-after", &command.last_after)?.map(|moment| moment.start),
        last_before: moment("--last-before", &command.last_before)?.map(|moment| moment.end),
    })
}
