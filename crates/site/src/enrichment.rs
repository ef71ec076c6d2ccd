//! Works on the jobs of investigations, and says what they would cost.
//!
//! A job is stored before it begins, and its state decides: pausing and cancelling change it, and the work notices. [`take_over`] looks
//! for jobs that nobody works on, such as those of a server or command that was killed.

use std::sync::Arc;
use std::time::Duration;

use edge::problem::Problem;
use operation::{Indicator, Package};
use workbench::Workbench;
use workbench::job::{Job, Live, Operation, Request, State};
use workbench::run::{Asking, Cost};

use crate::run_request::RunRequest;
use crate::site::{Shared, Site};

/// How often jobs that nobody works on are looked for.
const LOOK: Duration = Duration::from_secs(5);

/// Works on a job in the background, unless this server does so already.
pub(crate) fn start(site: &Shared, job: Job) {
    let Some(live) = site.live_jobs.begin(job.id) else { return };
    let site = Arc::clone(site);
    tokio::spawn(async move { work_on(&site, job, live).await });
}

/// Works on a job until nobody wants it to go on: it may be resumed while what was under way is finished.
async fn work_on(site: &Site, mut job: Job, mut live: Arc<Live>) {
    loop {
        let (askings, number) = (askings(site, &job).await, job.id);
        // Why it did not end is stored with the job; if even that was not possible, it is tried again.
        let _ = site.live_jobs.runs.work_on(number, askings, &live).await;
        let read = move |workbench: &Workbench| {
            let job = workbench.job(number)?;
            let is_left = job.state == State::Running && !workbench.is_worked_on(&job);
            Ok(is_left.then_some(job))
        };
        let left = site.desk.read(read).await.ok().flatten();
        match (site.live_jobs.go_on(number, left.is_some()), left) {
            (Some(again), Some(left)) => (job, live) = (left, again),
            _ => return,
        }
    }
}

/// Works on jobs that nobody works on, for ever.
pub async fn take_over(site: Shared) {
    loop {
        for job in site.desk.read(Workbench::orphaned_jobs).await.unwrap_or_default() {
            start(&site, job);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How the operations of a job are asked now, each or why it cannot be.
async fn askings(site: &Site, job: &Job) -> Vec<Result<Asking, String>> {
    let mut askings = Vec::new();
    for operation in &job.request.operations {
        askings.push(asking(site, operation.name(), &job.request, &job.actor).await);
    }
    askings
}

async fn asking(site: &Site, name: &str, request: &Request, actor: &str) -> Result<Asking, String> {
    let moment = |seconds: Option<u64>| seconds.map(cof::time::rfc3339).unwrap_or_default();
    let types: Vec<String> = request.rrtypes.iter().map(ToString::to_string).collect();
    let request = RunRequest {
        rrtype: types.join(","),
        seen_after: moment(request.window.seen_after),
        seen_before: moment(request.window.seen_before),
        fresh: request.fresh,
        ..RunRequest::default()
    };
    request.enabled_asking(site, name, actor).await.map_err(|problem| format!("{name}: {}", problem.detail))
}

/// The enabled operations, in the order of their names, with what each would cost for these indicators.
///
/// # Errors
/// [`Problem`] if the data folder cannot be read.
pub(crate) async fn costs(
    site: &Site,
    request: &Request,
    indicators: &Arc<Vec<Indicator>>,
) -> Result<Vec<(Arc<Package>, Cost)>, Problem> {
    let enabled = workbench::integration::Filter::operations();
    let installed = site.desk.read(move |workbench| workbench.list(&enabled)).await?.integrations;
    let mut costs = Vec::new();
    for summary in installed {
        // One that cannot be asked is not offered; its own page says why.
        let Ok(asking) = asking(site, &summary.name, request, "").await else { continue };
        let (indicators, package) = (Arc::clone(indicators), Arc::clone(&asking.package));
        let cost = site.desk.read(move |workbench| workbench.cost(&asking, &indicators)).await?;
        costs.push((package, cost));
    }
    Ok(costs)
}

/// The chosen operations of a request.
pub(crate) fn operations(costs: &[(Arc<Package>, Cost)], chosen: &[String]) -> Vec<Operation> {
    let is_chosen = |package: &Package| chosen.contains(&package.name);
    costs
        .iter()
        .filter(|(package, _)| is_chosen(package))
        .map(|(package, _)| Operation::of(package))
        .collect()
}
