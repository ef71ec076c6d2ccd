//! `backsight query`: values in, histories and findings out.
//!
//! [`setup`] makes a [`Plan`] of the arguments; each value is then asked about on its own task, answers are printed in
//! the order of the values. With `--format cof` records go out as they arrive instead ([`streaming`]), and nothing is held.

pub(crate) mod setup;
mod streaming;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use operation::{Answer, Collector, Completeness, Findings, Indicator, IndicatorError, Package, Provider};

use crate::args::{Arguments, Format, MAX_CONCURRENCY, QueryArgs, Sort};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::{self, plural};
use crate::values::{self, Given};

/// Everything that one run of the command needs to ask about any value.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) package: Arc<Package>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) filter: operation::Filter,
    pub(crate) sort: Sort,
    pub(crate) limit: Option<usize>,
    pub(crate) max_records: usize,
}

/// A value, what was found, and what it proposes.
pub(crate) struct Asked {
    pub(crate) value: String,
    pub(crate) indicator: Option<Indicator>,
    pub(crate) action: String,
    pub(crate) package: Arc<Package>,
    pub(crate) provider: String,
    pub(crate) fetched_at: u64,
    pub(crate) outcome: Result<Answer, Refused>,
    /// Records that arrived and are not among those to print, for --limit.
    pub(crate) left_out: usize,
    pub(crate) findings: Findings,
}

/// Why a value was not asked about at all.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Value(#[from] IndicatorError),
    #[error("{0}")]
    Type(String),
}

impl Refused {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Value(_) => "domain names, IP addresses and URLs are taken, defanged or not",
            Self::Type(_) => "ask another --operation, or a newer version of this one",
        }
    }
}

pub(crate) async fn run(
    command: &QueryArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let format = command.format.unwrap_or(config.query.format);
    if format == Format::Cof && command.sort.is_some() {
        let why = "--sort needs the whole answer, and --format cof prints records as they arrive";
        return Err(Failure::Usage(why.into()).hint("leave --sort out, or take --format json"));
    }
    let plan = setup::plan(command, config, arguments, format)?;
    for warning in &plan.provider.config().warnings {
        terminal::complain(&format!("warning: {warning}"));
    }
    let given = values::read(&command.values, &command.file)?;
    let concurrency = command.concurrency.unwrap_or(config.query.concurrency).clamp(1, MAX_CONCURRENCY);
    if format == Format::Cof {
        streaming::run(&plan, given, concurrency).await
    } else {
        hold_all(&plan, given, concurrency, format).await
    }
}

/// Asks about every value and prints each answer when it is whole, in the order of the values.
async fn hold_all(
    plan: &Plan,
    given: Vec<Given>,
    concurrency: usize,
    format: Format,
) -> Result<Exit, Failure> {
    let progress = output::progress(given.len());
    let mut exit = Exit::Done;
    output::print(&output::head(format)?)?;
    let asking = given.into_iter().map(|given| {
        let plan = plan.clone();
        // A task of its own, so that several cores read, map and render.
        tokio::spawn(async move {
            let asked = plan.ask(given).await;
            (output::render(format, &asked), asked)
        })
    });
    let mut answers = stream::iter(asking).buffered(concurrency);
    while let Some(joined) = answers.next().await {
        let (text, asked) = joined.map_err(|error| Failure::work("asking", &error))?;
        exit = exit.max(asked.exit());
        progress.suspend(|| asked.complain());
        output::print(&text?)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(exit)
}

impl Plan {
    /// Asks about one value and maps the answer.
    pub(crate) async fn ask(&self, given: Given) -> Asked {
        let checked = self.check(&given);
        let mut asked = Asked {
            value: given.text,
            indicator: given.indicator.ok(),
            action: self.package.actions.first().map(|action| action.name.clone()).unwrap_or_default(),
            package: Arc::clone(&self.package),
            provider: self.provider.config().budget_name(),
            fetched_at: operation::Clock::system().seconds(),
            outcome: Err(Refused::Type(String::new())),
            left_out: 0,
            findings: Findings::default(),
        };
        asked.outcome = match checked {
            Ok(indicator) => {
                let (answer, left_out) = self.hold(&indicator).await;
                asked.findings = self.package.mapping.findings(&indicator, &answer.records);
                asked.left_out = left_out;
                Ok(answer)
            }
            Err(refused) => Err(refused),
        };
        asked
    }

    /// Whether the operation takes this value at all (G-05): nothing is sent before that is known.
    fn check(&self, given: &Given) -> Result<Indicator, Refused> {
        let indicator = given.indicator.clone()?;
        let Some(action) = self.package.actions.first() else {
            return Err(Refused::Type(format!("{} offers no action", self.package)));
        };
        if action.types.contains(&indicator.kind()) {
            return Ok(indicator);
        }
        let known: Vec<&str> = action.types.iter().map(|kind| kind.name()).collect();
        Err(Refused::Type(format!(
            "{:?} of {} takes {}, not {}",
            action.name,
            self.package,
            known.join(" and "),
            indicator.kind()
        )))
    }

    /// The answer, and how many of its records `--limit` leaves out.
    async fn hold(&self, indicator: &Indicator) -> (Answer, usize) {
        let mut collector = Collector::new(self.filter.clone(), self.max_records);
        let outcome = self.provider.ask(indicator, &mut collector).await;
        let mut answer = collector.into_answer(outcome.completeness);
        sort(&mut answer.records, self.sort);
        let limit = self.limit.unwrap_or(usize::MAX);
        let left_out = answer.records.len().saturating_sub(limit);
        answer.records.truncate(limit);
        (answer, left_out)
    }
}

impl Asked {
    pub(crate) fn exit(&self) -> Exit {
        match &self.outcome {
            Ok(answer) => Exit::from(&answer.completeness),
            Err(_) => Exit::Failed,
        }
    }

    /// Says on standard error what is wrong with the answer, and what to do.
    pub(crate) fn complain(&self) {
        let value = terminal::label(&self.value);
        match &self.outcome {
            Ok(answer) => complain(&value, &answer.completeness),
            Err(refused) => complain_refused(&value, refused),
        }
        if self.left_out > 0 {
            terminal::complain(&format!(
                "{value}: {}, not printed for --limit",
                plural(self.left_out as u64, "more record")
            ));
        }
        for warning in &self.findings.warnings {
            terminal::complain(&format!("{value}: {warning}"));
        }
    }
}

fn complain(value: &str, completeness: &Completeness) {
    if let Some(reason) = &completeness.reason {
        let state = completeness.state.word();
        terminal::complain(&format!("{value}: {state}: {reason}\n  hint: {}", reason.hint()));
    }
}

fn complain_refused(value: &str, refused: &Refused) {
    let why = terminal::printable(&refused.to_string());
    terminal::complain(&format!("{value}: not asked: {why}\n  hint: {}", refused.hint()));
}

/// Puts records into the order that was asked for; those that are equal in it stay as they came.
fn sort(records: &mut [cof::Record], order: Sort) {
    match order {
        Sort::Last => records.sort_by_key(|record| std::cmp::Reverse(record.span().map(|span| span.1))),
        Sort::First => records.sort_by_key(|record| record.span().map_or(u64::MAX, |span| span.0)),
        Sort::Count => records.sort_by_key(|record| std::cmp::Reverse(record.count)),
        Sort::Name => {
            records.sort_by(|a, b| (&a.rrname, a.rrtype, &a.rdata).cmp(&(&b.rrname, b.rrtype, &b.rdata)));
        }
    }
}
