//! A new investigation from a report: pasted text or a file, a preview of what was recognised in it, and the cost of asking.
//!
//! Nothing is stored before the user confirms: the form carries the text, and it is read again each time. Values that are listed are
//! members if they are ticked, and those beyond the list if they have no doubt.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use edge::problem::Problem;
use operation::report::{Found, Report, Subject, decode, sentence};
use operation::{Indicator, IndicatorType, Marking, Package, Tlp};
use workbench::Workbench;
use workbench::investigation::{NewInvestigation, NewReport};
use workbench::job::{Joining, Request};
use workbench::run::Cost;

use super::address;
use super::overview::marking;
use crate::access::{Fields, May, Upload, needs::EditLibrary};
use crate::enrichment::{costs, operations, start};
use crate::page::{Frame, go, show_as};
use crate::site::{Shared, Site};
use picture::timeline::words::{counted, thousands};

/// The most values that are listed with a tick.
const LISTED: usize = 1_000;

#[derive(Template)]
#[template(path = "investigation-paste.html")]
struct Page {
    frame: Frame,
    form: Form,
    preview: Option<Preview>,
    /// Why the text cannot be read, or the investigation cannot be created.
    refused: Option<String>,
}

/// What was entered.
#[derive(Default)]
struct Form {
    name: String,
    date: String,
    title: String,
    marking: Marking,
    text: String,
}

/// What was recognised.
struct Preview {
    rows: Vec<Row>,
    /// How many values the text has, listed or not.
    total: usize,
    /// How many there are that are too many for an investigation.
    dropped: u64,
    left_out: Option<String>,
    left: Vec<operation::report::LeftOut>,
    /// The members that would be created.
    members: Arc<Vec<Indicator>>,
    offers: Vec<Offer>,
}

/// A recognised value.
struct Row {
    found: Found,
    context: operation::report::Context,
    line: u64,
    /// Whether the library has it; for a network, whether it has an address of it.
    is_known: bool,
    is_ticked: bool,
}

/// An operation that can be asked, with what it would cost.
struct Offer {
    package: Arc<Package>,
    cost: Cost,
    /// Whether the marking that was chosen keeps everything from it.
    is_held: bool,
    is_chosen: bool,
}

pub(super) async fn look(frame: Frame, _: May<EditLibrary>) -> Result<Response, Problem> {
    show_as(StatusCode::OK, &Page { frame, form: Form::default(), preview: None, refused: None })
}

/// Reads a text, or creates the investigation.
pub(super) async fn read(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    upload: Upload,
) -> Result<Response, Problem> {
    let (form, unreadable) = Form::of(&upload);
    if unreadable.is_some() {
        let page = Page { frame, form, preview: None, refused: unreadable };
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let sent = upload.fields;
    let preview = match Report::read(&form.text) {
        Ok(report) => Preview::of(&site, &form, report, &sent).await?,
        Err(error) => {
            let refused = Some(format!("the text is {error}"));
            return show_as(StatusCode::UNPROCESSABLE_ENTITY, &Page { frame, form, preview: None, refused });
        }
    };
    let asks = sent.text("do") == "ask" && frame.may_run();
    if asks || sent.text("do") == "create" {
        return match create(&site, &may, &form, &preview, &sent, asks).await {
            Ok(id) => Ok(go(&address(id), if asks { "asking" } else { "created" })),
            Err(problem) if problem.status.is_client_error() => {
                let (status, refused) = (problem.status, Some(problem.detail));
                show_as(status, &Page { frame, form, preview: Some(preview), refused })
            }
            Err(problem) => Err(problem),
        };
    }
    show_as(StatusCode::OK, &Page { frame, form, preview: Some(preview), refused: None })
}

/// Creates the investigation and, if wanted, the job, or nothing; returns its number.
async fn create(
    site: &Shared,
    may: &May<EditLibrary>,
    form: &Form,
    preview: &Preview,
    sent: &Fields,
    asks: bool,
) -> Result<i64, Problem> {
    let report = NewReport {
        title: form.title.clone(),
        dated_at: form.dated_at()?,
        tlp: form.marking.0,
        text: form.text.clone(),
    };
    let members = Arc::clone(&preview.members);
    let new = NewInvestigation {
        name: form.name.clone(),
        tlp: form.marking.0,
        report: Some(report),
        members: members.as_ref().clone(),
    };
    if !asks {
        let create = move |workbench: &mut Workbench| workbench.create_investigation(&new);
        return Ok(site.desk.change(may.name(), create).await?.id);
    }
    let chosen: Vec<String> = sent.all("operation").map(str::to_owned).collect();
    let offered: Vec<_> =
        preview.offers.iter().map(|offer| (Arc::clone(&offer.package), offer.cost.clone())).collect();
    let request = Request { operations: operations(&offered, &chosen), ..Request::default() };
    let joining = Joining::New(Box::new(new));
    let begin = move |workbench: &mut Workbench| workbench.join_and_create_job(&joining, &request, &members);
    let job = site.desk.change(may.name(), begin).await?;
    let id = job.investigation;
    start(site, job);
    Ok(id)
}

impl Form {
    /// The fields of a form, and why its file cannot be read, if so.
    fn of(upload: &Upload) -> (Self, Option<String>) {
        let sent = &upload.fields;
        let mut form = Self {
            name: sent.text("name").trim().to_owned(),
            date: sent.text("date").trim().to_owned(),
            title: sent.text("title").trim().to_owned(),
            marking: marking(sent).unwrap_or_default(),
            text: sent.text("text").to_owned(),
        };
        if let Some((name, content)) = upload.file.as_ref().filter(|(_, content)| !content.is_empty()) {
            form.title.clone_from(name);
            match decode(content) {
                Ok(text) => form.text = text.into_owned(),
                Err(error) => return (form, Some(format!("the file {name:?} is {error}"))),
            }
        }
        // A marking in the text counts as long as nobody has chosen one.
        if sent.text("tlp").is_empty() {
            form.marking = Marking(Tlp::strictest_in(&form.text));
        }
        (form, None)
    }

    fn dated_at(&self) -> Result<Option<i64>, Problem> {
        if self.date.is_empty() {
            return Ok(None);
        }
        let date = cof::time::parse_date(&self.date).ok_or_else(|| {
            Problem::bad_request(format!("the date {:?} is none: write it as 2026-11-24", self.date))
        })?;
        Ok(i64::try_from(date.seconds).ok())
    }

    /// The markings that can be chosen, each with whether it is chosen.
    fn markings(&self) -> Vec<(&'static str, bool)> {
        let marking = |tlp: Option<Tlp>| (Marking(tlp).word(), tlp == self.marking.0);
        std::iter::once(None).chain(Tlp::ALL.map(Some)).map(marking).collect()
    }

    fn size(&self) -> String {
        let lines = self.text.lines().count();
        format!("{}, {} bytes", counted(lines, "line"), thousands(self.text.len() as u64))
    }
}

impl Preview {
    async fn of(site: &Site, form: &Form, report: Report, sent: &Fields) -> Result<Self, Problem> {
        let (dropped, total, left) = (report.dropped(), report.found.len(), report.left_out);
        // After the text was changed, the ticks belong to another list.
        let is_same = sent.text("read") == mark_of(&form.text);
        let picked: HashSet<String> = sent.all("pick").map(str::to_owned).collect();
        let ticked = |at: usize, found: &Found| match at {
            at if is_same && at < LISTED => picked.contains(&found.subject.to_string()),
            _ => found.doubt.is_none(),
        };
        let members: Vec<Indicator> = report
            .found
            .iter()
            .enumerate()
            .filter(|(at, found)| ticked(*at, found))
            .flat_map(|(_, found)| found.indicators())
            .collect();
        let rows = report.found.into_iter().take(LISTED).enumerate().map(|(at, found)| Row {
            is_ticked: ticked(at, &found),
            context: found.places.first().map(|place| place.context(&form.text)).unwrap_or_default(),
            line: found.places.first().map_or(0, |place| place.line),
            is_known: false,
            found,
        });
        let (mut rows, members) = (rows.collect::<Vec<_>>(), Arc::new(members));
        mark_known(site, &mut rows).await?;
        let left_out = sentence(&left);
        let offers = offers(site, form.marking.0, &members, sent, is_same).await?;
        Ok(Self { rows, total, dropped, left_out, left, members, offers })
    }

    fn doubtful(&self) -> usize {
        self.rows.iter().filter(|row| row.found.doubt.is_some()).count()
    }

    fn known(&self) -> usize {
        self.rows.iter().filter(|row| row.is_known).count()
    }

    /// Whether an operation can be queried.
    fn can_query(&self) -> bool {
        self.offers.iter().any(|offer| !offer.is_held && offer.cost.values > offer.cost.held.len() as u64)
    }

    fn chosen(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| offer.is_chosen)
    }

    /// The requests of the chosen operations.
    fn requests(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.requests).sum()
    }

    fn stored(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.stored).sum()
    }

    fn minutes(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.seconds()).max().unwrap_or_default().div_ceil(60)
    }

    fn members(&self) -> String {
        counted(self.members.len(), "member")
    }
}

/// Marks the values that the library has.
async fn mark_known(site: &Site, rows: &mut [Row]) -> Result<(), Problem> {
    let values: Vec<Vec<Indicator>> = rows.iter().map(|row| row.found.indicators()).collect();
    let look = move |workbench: &Workbench| {
        let has = |one: &Indicator| {
            workbench.lookup(one).map(|entry| entry.is_some_and(|entry| entry.removed_at.is_none()))
        };
        let any = |values: Vec<Indicator>| {
            values.iter().try_fold(false, |found, one| Ok::<_, workbench::Error>(found || has(one)?))
        };
        values.into_iter().map(any).collect::<Result<Vec<_>, _>>()
    };
    let known = site.desk.read(look).await?;
    for (row, is_known) in rows.iter_mut().zip(known) {
        row.is_known = is_known;
    }
    Ok(())
}

/// The operations with what they would cost; all that are useful are chosen until somebody chooses.
async fn offers(
    site: &Site,
    tlp: Option<Tlp>,
    members: &Arc<Vec<Indicator>>,
    sent: &Fields,
    is_same: bool,
) -> Result<Vec<Offer>, Problem> {
    let costs = costs(site, &Request::default(), members).await?;
    let offer = |(package, mut cost): (Arc<Package>, Cost)| {
        let is_held = tlp.is_some_and(|tlp| tlp > cost.max_tlp);
        if is_held {
            (cost.requests, cost.stored) = (0, 0);
        }
        let is_useful = !is_held && cost.values > cost.held.len() as u64;
        let is_ticked = sent.all("operation").any(|name| name == package.name);
        Offer { is_chosen: is_useful && (!is_same || is_ticked), is_held, package, cost }
    };
    Ok(costs.into_iter().map(offer).collect())
}

/// Identifies a text, so that ticks are only taken for the text that they were set for.
fn mark_of(text: &str) -> String {
    // Browsers send line ends of their own.
    let plain = text.replace("\r\n", "\n");
    blake3::hash(plain.trim().as_bytes()).to_hex().chars().take(32).collect()
}

impl Page {
    /// The mark of the text that the preview is of.
    fn mark(&self) -> String {
        if self.preview.is_some() { mark_of(&self.form.text) } else { String::new() }
    }
}

impl Row {
    fn kind(&self) -> &'static str {
        match &self.found.subject {
            Subject::Indicator(indicator) => indicator.kind().name(),
            Subject::Network(_) => "Network",
        }
    }

    /// The form in Unicode of a name that has one.
    fn unicode(&self) -> Option<String> {
        match &self.found.subject {
            Subject::Indicator(indicator) if indicator.kind() == IndicatorType::Fqdn => {
                picture::text::beside(&indicator.to_string())
            }
            _ => None,
        }
    }

    fn doubt(&self) -> Option<String> {
        self.found.doubt.as_ref().map(|doubt| crate::page::begun(&doubt.to_string()))
    }

    fn caution(&self) -> Option<String> {
        self.found.caution().map(|caution| caution.to_string())
    }

    /// How many further places it has.
    fn more(&self) -> u64 {
        self.found.count.saturating_sub(1)
    }
}

impl Offer {
    fn quota(&self) -> String {
        self.cost.quota.as_ref().map(|said| said.quota.to_string()).unwrap_or_default()
    }
}
