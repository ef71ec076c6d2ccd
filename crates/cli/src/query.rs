//! `backsight query`: queries values and prints histories and findings; each query is stored as a run.
//!
//! [`setup`] makes a [`Plan`] for each operation from the arguments. Each value is queried in its own task, and answers are
//! printed in the order of the values, then of the operations, which are queried at the same time. With `--format cof`, records
//! are printed as they arrive instead ([`streaming`]), and nothing is kept in memory. [`holding`] finds the values that may not
//! be sent, before anything is.

pub(crate) mod cost;
mod holding;
mod library;
pub(crate) mod setup;
mod streaming;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use context::Placing;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt, stream};
use operation::{Indicator, IndicatorType};
use workbench::run::{Arrangement, Asking, Begun, Compared, Held, Pick, Runs, Shown};
use workbench::{Kind, Refusal};

use crate::args::{Add, Arguments, Format, MAX_CONCURRENCY, QueryArgs};
use crate::asked::{Asked, Refused};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal;
use crate::values::{self, Given};

/// With more values than this, the cost is announced.
const MANY: usize = 100;

/// Everything that one run of the command needs to query any value with one operation.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) runs: Runs,
    pub(crate) asking: Asking,
    pub(crate) arrangement: Arrangement,
    /// Where addresses are, and which are wanted.
    pub(crate) placing: Placing,
    /// Whether findings are added to the library at once.
    pub(crate) adds: bool,
    /// Whether the answer is compared with the previous one.
    pub(crate) compares: bool,
    /// Its place among the operations of the command.
    pub(crate) place: Place,
    /// The values that the operation may not be asked about.
    pub(crate) held: Arc<HashMap<Indicator, Held>>,
}

/// The place of an operation among those of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Whether there are others.
    pub(crate) is_one_of_several: bool,
    /// Whether values that are none are reported with it: with the first one.
    pub(crate) is_first: bool,
    /// The types that are left out without a word, because another operation accepts them.
    pub(crate) left_out: Vec<IndicatorType>,
}

pub(crate) async fn run(
    command: &QueryArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let format = config.query.format;
    check(command, config)?;
    let mut plans = setup::plans(command, config, arguments, format).await?;
    for plan in &plans {
        for warning in plan.asking.provider.warnings() {
            terminal::complain(&format!("warning: {}{warning}", plan.label()));
        }
    }
    let values = values::read(&command.values, &command.file, command.side())?;
    values.complain();
    let mut given = values.given;
    if let (true, Some(plan)) = (command.from_library, plans.first()) {
        library::add_values(&mut given, command, plan.runs.desk()).await?;
    }
    if given.is_empty() {
        terminal::complain("no values given");
    }
    holding::hold_back(&mut plans, &given).await?;
    if command.dry_run {
        return cost::print(&plans, &given, format).await;
    }
    for plan in &plans {
        cost::announce(plan, &given).await?;
    }
    let concurrency = config.query.concurrency.clamp(1, MAX_CONCURRENCY);
    match (format, plans.as_slice()) {
        (Format::Cof, [plan]) => streaming::run(plan, given, concurrency).await,
        (_, plans) => {
            let exit = hold_all(plans, &given, concurrency, format).await?;
            if plans.len() > 1 {
                terminal::say("`backsight history VALUE` merges the answers of all operations");
            }
            Ok(exit)
        }
    }
}

/// Options that need the whole answer cannot be combined with a format that prints records as they arrive.
fn check(command: &QueryArgs, config: &Config) -> Result<(), Failure> {
    let format = config.query.format;
    let tagged = |value: &&String| value.get(..6).is_some_and(|tag| tag.eq_ignore_ascii_case("rdata:"));
    if let Some(value) = command.values.iter().find(tagged) {
        let why = format!("{}: services do not support this form of query", terminal::label(value));
        return Err(
            Failure::Usage(why).hint("give only the name and add --by-data, or use `backsight lookup`")
        );
    }
    let several = command.all_operations || config.query.operation.contains(',');
    if format == Format::Cof && several {
        let why =
            "--format cof does not say which operation a record is from, so it needs a single operation"
                .to_owned();
        return Err(Failure::Usage(why).hint("query one operation at a time, or use --format json or csv"));
    }
    if command.dry_run && matches!(format, Format::Cof | Format::Csv) {
        let why = "--dry-run prints a table or JSON, and no records".to_owned();
        return Err(Failure::Usage(why).hint("use --format table or json"));
    }
    if let (true, Some(flag)) = (several, own(command)) {
        let why = format!("{flag} changes one operation, and several are queried");
        return Err(Failure::Usage(why).hint("query one operation, or use `backsight integration configure`"));
    }
    let wants_whole = [
        ("--sort", command.sort.is_some()),
        ("--as-number", command.placing.as_number.is_some()),
        ("--country", command.placing.country.is_some()),
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

/// The option that is about a single operation, if there is one.
fn own(command: &QueryArgs) -> Option<&'static str> {
    let given = [("--set", !command.set.is_empty()), ("--secret", !command.secret.is_empty())];
    given.into_iter().find_map(|(flag, given)| given.then_some(flag))
}

/// The answers of one operation, in the order of the values; `None` for a value that is left out.
type Lane<'a> = Pin<Box<dyn Stream<Item = Result<Option<(String, Asked)>, Failure>> + 'a>>;

/// Queries every value, and prints each answer when it is complete, in the order of the values and then of the operations.
async fn hold_all(
    plans: &[Plan],
    given: &[Given],
    concurrency: usize,
    format: Format,
) -> Result<Exit, Failure> {
    let progress = output::progress(given.len());
    let mut exit = Exit::Done;
    let none = Placing::default();
    let placing = plans.first().map_or(&none, |plan| &plan.placing);
    output::print(&output::head(format, placing)?)?;
    let mut lanes: Vec<Lane<'_>> = plans.iter().map(|plan| plan.lane(given, concurrency, format)).collect();
    for _ in given {
        for answer in join_all(lanes.iter_mut().map(StreamExt::next)).await.into_iter().flatten() {
            let Some((text, asked)) = answer? else { continue };
            exit = exit.max(asked.exit());
            progress.suspend(|| asked.complain());
            output::print(&text)?;
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(exit)
}

impl Plan {
    /// Queries values in their order, many at a time.
    fn lane<'a>(&'a self, given: &'a [Given], concurrency: usize, format: Format) -> Lane<'a> {
        let begun = stream::iter(given).map(|given| self.begin(given.clone())).buffered(concurrency);
        let asking = begun.map(move |begun| {
            let plan = self.clone();
            // In a separate task, so that several cores read, map and format.
            let asking = tokio::spawn(async move {
                let Some((given, begun)) = begun? else { return Ok(None) };
                let asked = plan.ask(given, begun).await?;
                Ok(Some((output::render(format, &asked)?, asked)))
            });
            async move { asking.await.map_err(|error| Failure::work("asking", &error))? }
        });
        Box::pin(asking.buffered(concurrency))
    }

    /// The operation in front of a message, if there are several.
    fn label(&self) -> String {
        if self.place.is_one_of_several { format!("{}: ", self.asking.package.name) } else { String::new() }
    }

    /// Records the run on a value, if the value can be queried; `None` if it is left out.
    async fn begin(&self, given: Given) -> Result<Option<(Given, Result<Begun, Refused>)>, Failure> {
        let begun = match self.check(&given) {
            _ if self.leaves_out(&given) => return Ok(None),
            Ok(indicator) => match self.runs.begin(&self.asking, &indicator).await {
                Err(workbench::Error::Held(held)) => {
                    // It was marked after the values were looked at.
                    holding::complain(&held);
                    Err(Refused::Held(held))
                }
                begun => Ok(begun?),
            },
            Err(refused) => Err(refused),
        };
        Ok(Some((given, begun)))
    }

    /// Whether the value is reported with another operation, or is only for another one.
    fn leaves_out(&self, given: &Given) -> bool {
        match &given.indicator {
            Ok(indicator) => self.place.left_out.contains(&indicator.kind()),
            Err(_) => !self.place.is_first,
        }
    }

    /// Queries one value, maps the answer and, if requested, adds its findings.
    async fn ask(&self, given: Given, begun: Result<Begun, Refused>) -> Result<Asked, Failure> {
        let outcome = match begun {
            Ok(begun) => self.carry_out(begun).await?.map(Box::new),
            Err(refused) => Err(refused),
        };
        let package = &self.asking.package;
        let operation = self.place.is_one_of_several.then(|| format!("{} ({package})", package.title));
        let indicator = given.indicator.ok();
        let package = indicator.as_ref().map(|_| package.to_string());
        Ok(Asked { value: given.text, indicator, operation, package, outcome })
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
        let mut shown = Shown {
            compared,
            ..Shown::new(kept, &self.asking.package, self.arrangement, self.placing.clone())
        };
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
        let Some(action) = package.actions().first() else {
            return Err(Refused::Type(format!("{package} offers no action")));
        };
        if let Some(held) = self.held.get(&indicator) {
            return Err(Refused::Held(held.clone()));
        }
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
