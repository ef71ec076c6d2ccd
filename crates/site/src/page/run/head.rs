//! The head of every view of a run.

use std::collections::BTreeSet;

use askama::Template;
use edge::problem::Problem;
use operation::{Caution, Finding, Indicator, IndicatorType, Side};
use workbench::library::Status;
use workbench::run::{Reason, Run, State as Standing, Wanted};

use super::super::operate::{run_address, trail_of, trail_text};
use super::super::stamp::Stamp;
use super::Looked;
use super::download::Filters;
use crate::content::Content;
use crate::job::Answer;
use crate::page::records::narrowing::unreadable;
use crate::page::{FormToken, begun, encoded};
use picture::timeline::words::{day, figure, thousands};

/// The most cautions that are shown above the answer; the table has all of them.
const CAUTIONS: usize = 10;

/// The head of a run's page; a template inserts it unescaped.
#[derive(Template)]
#[template(path = "run-head.html")]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) value: String,
    kind: &'static str,
    /// Where the address is.
    place: Option<String>,
    status: Option<Status>,
    run: Run,
    began: Stamp,
    fetched: Stamp,
    took: String,
    /// What was queried.
    pub(super) asked: Asked,
    /// Whether the provider supports queries by data; `None` before it has answered anything.
    pub(super) by_data: Option<bool>,
    pub(super) trail: String,
    steps: Vec<(String, String)>,
    tabs: Vec<Tab>,
    figures: Vec<(&'static str, String)>,
    /// The number of direct records.
    direct: usize,
    /// The earliest first seen, and the latest last seen.
    seen: Vec<(&'static str, Stamp)>,
    cautions: Vec<String>,
    may_run: bool,
    may_edit: bool,
    frame: FormToken,
    before: Option<i64>,
    /// The filters of the address as a query string, and how many records match, if they leave any out.
    filtered: Option<(String, String)>,
    /// The number of runs of the same command.
    together: u64,
    /// The newest run on the same indicator, if there is a newer one.
    newest: Option<i64>,
}

/// The kind of query of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Records with an address in their data, and what the service adds to them.
    Address,
    /// Records with a name in their data.
    Data,
    /// Records that a name owns.
    Owner,
}

impl Asked {
    fn of(run: &Run) -> Self {
        match (run.indicator.kind(), run.filter().side) {
            (IndicatorType::Fqdn, Side::Data) => Self::Data,
            (IndicatorType::Fqdn, Side::Owner) => Self::Owner,
            (IndicatorType::IpAddress | IndicatorType::Ipv6Address, _) => Self::Address,
        }
    }
}

struct Tab {
    label: &'static str,
    count: String,
    address: String,
    here: bool,
}

impl Head {
    pub(super) async fn of(looked: &Looked, view: &'static str) -> Result<Self, Problem> {
        let Looked { site, frame, answer, .. } = looked;
        let run = answer.kept.run.clone();
        let steps = trail_of(looked.parameter("trail"));
        let (id, indicator, ways) = (run.id, run.indicator.clone(), steps.clone());
        let batch = run.batch;
        let (status, before, newest, named, together) = site
            .desk
            .read(move |workbench| {
                let entry = workbench.lookup(&indicator)?;
                let any = Wanted { indicator: Some(indicator), limit: 1, ..Wanted::default() };
                let newest =
                    workbench.runs(&any)?.runs.first().map(|run| run.id).filter(|newest| *newest > id);
                let before =
                    workbench.runs(&Wanted { before: Some(id), ..any })?.runs.first().map(|run| run.id);
                let named = ways.iter().filter_map(|step| workbench.run(*step).ok());
                let named: Vec<Run> = named.collect();
                Ok((
                    entry.filter(|entry| entry.removed_at.is_none()).map(|entry| entry.status),
                    before,
                    newest,
                    named,
                    workbench.batch_size(batch)?,
                ))
            })
            .await?;
        let value = run.indicator.to_string();
        let trail = trail_text(&steps);
        Ok(Self {
            id,
            kind: run.indicator.kind().name(),
            place: site.place_of(&run.indicator),
            status,
            began: Stamp::of(run.started_at),
            fetched: Stamp::of(run.fetched.at),
            took: took(&run),
            asked: Asked::of(&run),
            by_data: looked.by_data,
            steps: way(&named),
            tabs: tabs(answer, view, &trail),
            figures: figures(answer),
            direct: answer.figures().direct,
            seen: seen(answer),
            cautions: cautions(&run.indicator, answer),
            may_run: frame.may_run(),
            may_edit: frame.may_edit(),
            frame: frame.token(),
            value,
            trail,
            run,
            before,
            together,
            filtered: filtered(looked),
            newest,
        })
    }

    fn reason(&self) -> Option<&Reason> {
        self.run.ending.reason.as_ref()
    }

    fn is_complete(&self) -> bool {
        self.run.ending.state == Standing::Complete
    }

    pub(super) fn has_failed(&self) -> bool {
        self.run.ending.state == Standing::Failed
    }

    fn is_running(&self) -> bool {
        self.run.ending.state == Standing::Running
    }

    fn was_interrupted(&self) -> bool {
        self.run.ending.state == Standing::Interrupted
    }

    fn count(&self) -> String {
        picture::timeline::words::counted(usize::try_from(self.run.records).unwrap_or(usize::MAX), "record")
    }

    fn damages(&self) -> String {
        picture::timeline::words::counted(
            usize::try_from(self.run.damages).unwrap_or(usize::MAX),
            "unreadable section",
        )
    }

    fn size(&self) -> String {
        size(self.run.bytes)
    }

    /// The filters of the query as text; empty if there were none.
    fn narrowed(&self) -> String {
        let filter = self.run.filter();
        let types: Vec<String> = filter.rrtypes.iter().map(ToString::to_string).collect();
        let types = (!types.is_empty()).then(|| format!("only {}", types.join(", ")));
        let after = filter.window.seen_after.map(|after| format!("seen after {}", day(after)));
        let before = filter.window.seen_before.map(|before| format!("seen before {}", day(before)));
        [types, after, before].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    pub(super) fn provider(&self) -> &str {
        &self.run.provider
    }

    /// The link to the query on the other side: by data, or by owner.
    pub(super) fn other_side(&self) -> String {
        let side = if self.asked == Asked::Data { Side::Owner } else { Side::Data }.word();
        let (operation, value, trail) = (self.run.operation(), encoded(&self.value), &self.trail);
        format!("/run?side={side}&operation={operation}&trail={trail}&value={value}")
    }

    fn indicator_address(&self) -> String {
        crate::page::indicator_address(&self.run.indicator)
    }

    /// Whether there are records, but no direct ones.
    fn lacks_direct(&self) -> bool {
        self.direct == 0 && self.run.records > 0
    }
}

/// How long a run took, in whole seconds.
fn took(run: &Run) -> String {
    match run.ended_at.map(|ended| ended.saturating_sub(run.started_at)) {
        None => "in progress".to_owned(),
        Some(0) => "less than 1 s".to_owned(),
        Some(seconds) => format!("{seconds} s"),
    }
}

/// The indicators of a trail, with the addresses of their runs.
fn way(named: &[Run]) -> Vec<(String, String)> {
    let mut behind: Vec<i64> = Vec::new();
    named
        .iter()
        .map(|run| {
            let address = run_address(run.id, "", &trail_text(&behind));
            behind.push(run.id);
            (run.indicator.to_string(), address)
        })
        .collect()
}

fn tabs(answer: &Answer, view: &str, trail: &str) -> Vec<Tab> {
    let (run, records) = (&answer.kept.run, &answer.kept.records);
    let query = if trail.is_empty() { String::new() } else { format!("?trail={trail}") };
    [
        ("History", "", figure(records.len())),
        // Counting its boxes would require laying them out.
        ("Graph", "/graph", String::new()),
        ("Changes", "/changes", String::new()),
        ("Raw", "/raw", size(run.bytes)),
    ]
    .into_iter()
    .map(|(label, path, count)| Tab {
        label,
        count,
        address: format!("/runs/{}{path}{query}", run.id),
        here: path == view,
    })
    .collect()
}

fn figures(answer: &Answer) -> Vec<(&'static str, String)> {
    let (count, known) = (answer.kept.records.len(), answer.figures());
    vec![
        ("Records", figure(count)),
        ("Direct", figure(known.direct)),
        ("Related", figure(count - known.direct)),
        ("Names", figure(known.names)),
        ("Addresses", figure(known.addresses)),
        ("Sightings", known.sightings.map_or_else(|| "unknown".to_owned(), thousands)),
    ]
}

fn seen(answer: &Answer) -> Vec<(&'static str, Stamp)> {
    let stamp = |seconds: u64| Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX));
    let span = answer.figures().span.into_iter();
    span.flat_map(|(first, last)| [("First seen", stamp(first)), ("Last seen", stamp(last))]).collect()
}

/// A number of bytes in readable form.
pub(super) fn size(octets: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let in_units = |unit: u64| octets as f64 / unit as f64;
    match octets {
        0..1_024 => format!("{octets} B"),
        1_024..1_048_576 => format!("{:.1} KiB", in_units(1 << 10)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", in_units(1 << 20)),
        _ => format!("{:.1} GiB", in_units(1 << 30)),
    }
}

/// The cautions to show before the answer: about the indicator, the answer as a whole, and its findings.
fn cautions(asked: &Indicator, answer: &Answer) -> Vec<String> {
    let own = asked.caution();
    let found: BTreeSet<String> = answer
        .findings
        .list
        .iter()
        .filter_map(Finding::caution)
        .filter(|caution| {
            matches!(caution, Caution::Lookalike(_) | Caution::SingleLabel { .. } | Caution::Special { .. })
        })
        .filter(|caution| own.as_ref() != Some(*caution))
        .map(|caution| begun(&caution.to_string()))
        .collect();
    let more = found.len().saturating_sub(CAUTIONS);
    let rest = (more > 0)
        .then(|| format!("{more} more names and addresses need a second look; they are marked in the table"));
    let own = own.map(|caution| begun(&caution.to_string()));
    let warnings = answer.findings.warnings.iter().cloned();
    own.into_iter().chain(warnings).chain(found.into_iter().take(CAUTIONS)).chain(rest).collect()
}

/// The filters as a query string, and how many records match; `None` if all match.
fn filtered(looked: &Looked) -> Option<(String, String)> {
    let filters = Filters::of(looked);
    if filters.keep_all() {
        return None;
    }
    let count = filters.records(&looked.answer).count();
    // An invalid filter has no effect here, but a file with it would be refused.
    let unread = unreadable(&looked.parameters).into_iter().map(|(name, _)| name);
    let dropped: Vec<_> =
        ["page", "pick", "sort", "trail"].into_iter().chain(unread).map(|name| (name, None)).collect();
    let address = looked.links("").with(&dropped);
    let (_, query) = address.split_once('?')?;
    Some((query.to_owned(), thousands(count as u64)))
}
