//! `backsight query`: queries values and prints histories and findings; each query is stored as a run.
//!
//! [`setup`] makes a [`Plan`] from the arguments. Each value is queried in its own task, and answers are printed in the order
//! of the values. With `--format cof`, records are printed as they arrive instead ([`streaming`]), and nothing is kept in
//! memory.

mod library;
pub(crate) mod setup;
mod streaming;

use std::pin::pin;

use futures_util::{StreamExt, stream};
use operation::Indicator;
use workbench::run::{Arrangement, Asking, Begun, Compared, Pick, Runs, Shown};
use workbench::{Kind, Refusal};

use crate::args::{Add, Arguments, Format, MAX_CONCURRENCY, QueryArgs};
use crate::asked::{Asked, Refused};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal;
use crate::values::{self, Given};

/// With more values than this, the expected time is announced.
const MANY: usize = 100;
/// Everything that one run of the command needs to query any value.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) runs: Runs,
    pub(crate) asking: Asking,
    pub(crate) arrangement: Arrangement,
    /// Whether findings are added to the library at once.
    pub(crate) adds: bool,
    /// Whether the answer is compared with the previous one.
    pub(crate) compares: bool,
}

pub(crate) async fn run(
    command: &QueryArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let format = config.query.format;
    check(command, format)?;
    let plan = setup::plan(command, config, arguments, format).await?;
    for warning in plan.asking.provider.warnings() {
        terminal::complain(&format!("warning: {warning}"));
    }
    let values = values::read(&command.values, &command.file, command.side())?;
    values.complain();
    let mut given = values.given;
    if command.from_library {
        library::add_values(&mut given, command, plan.runs.desk()).await?;
    }
    if given.is_empty() {
        terminal::complain("no values given");
    }
    announce(&plan, given.len());
    let concurrency = config.query.concurrency.clamp(1, MAX_CONCURRENCY);
    if format == Format::Cof {
        streaming::run(&plan, given, concurrency).await
    } else {
        hold_all(&plan, given, concurrency, format).await
    }
}

/// Options that need the whole answer cannot be combined with a format that prints records as they arrive.
fn check(command: &QueryArgs, format: Format) -> Result<(), Failure> {
    let tagged = |value: &&String| value.get(..6).is_some_and(|tag| tag.eq_ignore_ascii_case("rdata:"));
    if let Some(value) = command.values.iter().find(tagged) {
        let why = format!("{}: services do not support this form of query", terminal::label(value));
        return Err(
            Failure::Usage(why).hint("give only the name and add --by-data, or use `backsight lookup`")
        );
    }
    let wants_whole = [
        ("--sort", command.sort.is_some()),
        ("--add", command.add == Some(Add::All)),
        ("--changes", command.changes),
    ];
    if format == Format::Cof
        && let Some((flag, _)) = wants_whole.iter().find(|(_, wanted)| *wanted)
    {
        let why = format!("{flag} needs the whole answer, and --format cof prints records as they arrive");
        return Err(Failure::Usage(why).hint(&format!("omit {flag}, or use --format json")));
    }
    if format == Format::Csv && command.changes {
        let why = "--changes cannot be used with --format csv".to_owned();
        return Err(Failure::Usage(why).hint("use --format table or json"));
    }
    Ok(())
}

/// Announces how long many values will take with a rate limit.
fn announce(plan: &Plan, values: usize) {
    let rate = plan.asking.provider.rate();
    if values > MANY && rate > 0.0 {
        #[expect(clippy::cast_precision_loss, reason = "minutes are enough")]
        let minutes = (values as f64 / rate / 60.0).ceil();
        terminal::say(&format!(
            "{values} values at {rate} requests per second take about {minutes} min; stored answers need no request"
        ));
    }
}

/// Queries every value, and prints each answer when it is complete, in the order of the values.
async fn hold_all(
    plan: &Plan,
    given: Vec<Given>,
    concurrency: usize,
    format: Format,
) -> Result<Exit, Failure> {
    let progress = output::progress(given.len());
    let mut exit = Exit::Done;
    output::print(&output::head(format)?)?;
    // Runs are recorded in the order of their values, many at a time.
    let begun = stream::iter(given).map(|given| plan.begin(given)).buffered(concurrency);
    let asking = begun.map(|begun| {
        let plan = plan.clone();
        // In a separate task, so that several cores read, map and format.
        tokio::spawn(async move {
            let (given, begun) = begun?;
            let asked = plan.ask(given, begun).await?;
            Ok::<_, Failure>((output::render(format, &asked), asked))
        })
    });
    let mut answers = pin!(asking.buffered(concurrency));
    while let Some(joined) = answers.next().await {
        let (text, asked) = joined.map_err(|error| Failure::work("asking", &error))??;
        exit = exit.max(asked.exit());
        progress.suspend(|| asked.complain());
        output::print(&text?)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(exit)
}

impl Plan {
    /// Records the run on a value, if the value can be queried.
    async fn begin(&self, given: Given) -> Result<(Given, Result<Begun, Refused>), Failure> {
        let begun = match self.check(&given) {
            Ok(indicator) => Ok(self.runs.begin(&self.asking, &indicator).await?),
            Err(refused) => Err(refused),
        };
        Ok((given, begun))
    }

    /// Queries one value, maps the answer and, if requested, adds its findings.
    async fn ask(&self, given: Given, begun: Result<Begun, Refused>) -> Result<Asked, Failure> {
        let outcome = match begun {
            Ok(begun) => self.carry_out(begun).await?.map(Box::new),
            Err(refused) => Err(refused),
        };
        Ok(Asked { value: given.text, indicator: given.indicator.ok(), outcome })
    }

    async fn carry_out(&self, begun: Begun) -> Result<Result<Shown, Refused>, Failure> {
        let kept = match begun.hold().await {
            Err(workbench::Error::Refused(Refusal { kind: Kind::Missing, text })) => {
                return Ok(Err(Refused::Kept(text)));
            }
            kept => kept?,
        };
        let (desk, sort) = (self.runs.desk(), self.arrangement.sort);
        let (kept, compared) = if self.compares {
            desk.read(move |workbench| {
                Compared::of(&kept, workbench, None, sort).map(|compared| (kept, compared))
            })
            .await?
        } else {
            (kept, Compared::No)
        };
        let mut shown = Shown { compared, ..Shown::new(kept, &self.asking.package, self.arrangement) };
        if self.adds {
            let (run, picked) = (shown.run.clone(), Pick::All.of(shown.findings.list.clone())?);
            let add = move |workbench: &mut workbench::Workbench| workbench.add_picked(&run, &picked, false);
            shown.added = Some(desk.change(&self.asking.actor, add).await?);
        }
        Ok(Ok(shown))
    }

    /// Checks whether the operation accepts this value, before anything is sent.
    fn check(&self, given: &Given) -> Result<Indicator, Refused> {
        let indicator = given.indicator.clone()?;
        let package = &self.asking.package;
        let Some(action) = package.actions.first() else {
            return Err(Refused::Type(format!("{package} offers no action")));
        };
        if action.types.contains(&indicator.kind()) {
            return Ok(indicator);
        }
        let known: Vec<&str> = action.types.iter().map(|kind| kind.name()).collect();
        Err(Refused::Type(format!(
            "{:?} of {package} accepts {}, not {}",
            action.name,
            known.join(" and "),
            indicator.kind()
        )))
    }
}
