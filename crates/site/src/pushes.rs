//! Pushes to platforms, for pages and API: what one would do, starting it, and working on it.
//!
//! A push is stored before it begins, and its state decides: pausing and cancelling change it, and the work notices after its batch.
//! [`take_over`] looks for pushes that nobody works on, such as those of a server or command that was killed.

use std::sync::Arc;
use std::time::Duration;

use edge::problem::Problem;
use operation::{Platform, Tlp};
use platform::push::{Preview, PushError, work};
use platform::{PlatformError, Recipient};
use workbench::integration::Filter;
use workbench::push::{New, Push, Request};
use workbench::{Error, Workbench};

use crate::connection;
use crate::site::{Shared, Site};

/// How often pushes that nobody works on are looked for.
const LOOK: Duration = Duration::from_secs(5);

/// A platform that something can be sent to.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// The name of its integration.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The strictest level that it gets.
    pub(crate) max_tlp: Tlp,
}

/// The enabled platforms.
pub(crate) fn offered(workbench: &Workbench) -> Result<Vec<Offered>, Error> {
    let platforms = workbench.list(&Filter::platforms())?.integrations;
    let offered = |one: workbench::integration::Summary| Offered {
        name: one.name,
        title: one.title,
        max_tlp: one.max_tlp,
    };
    Ok(platforms.into_iter().map(offered).collect())
}

/// Whether a platform has events with a distribution, which the form for all platforms asks for.
///
/// # Errors
/// 404 if there is no such platform.
pub(crate) async fn has_events(site: &Site, platform: &str) -> Result<bool, Problem> {
    let name = platform.to_owned();
    let package = site.desk.read(move |workbench| Ok(workbench.show(&name)?.package)).await?;
    Ok(package.and_then(|package| package.platform()) == Some(Platform::Misp))
}

/// What a push would do. Nothing is changed on the platform.
///
/// # Errors
/// [`Problem`] if it cannot be handed over, or the platform cannot be asked.
pub(crate) async fn preview(site: &Shared, platform: &str, request: &Request) -> Result<Preview, Problem> {
    let _turn = site.downloads.turn().await?;
    let (recipient, max, _) = recipient(site, platform).await?;
    platform::push::preview(&site.desk, &recipient, request, max).await.map_err(refused)
}

/// Creates a push, and works on it in the background.
///
/// # Errors
/// As [`preview`]; the platform is not asked.
pub(crate) async fn begin(
    site: &Shared,
    actor: &str,
    platform: &str,
    request: Request,
) -> Result<Push, Problem> {
    let (recipient, max, package) = recipient(site, platform).await?;
    recipient.check_options(&request).map_err(|error| Problem::bad_request(error.to_string()))?;
    let title = platform::push::title(&site.desk, &request, max).await.map_err(refused)?;
    let (place, platform) = (recipient.place(), platform.to_owned());
    let new = New { platform, package, place, title, request };
    let push = site.desk.change(actor, move |workbench| workbench.create_push(&new)).await?;
    start(site, &push);
    Ok(push)
}

/// Works on a push in the background, unless this server does so already.
pub(crate) fn start(site: &Shared, push: &Push) {
    let id = push.id;
    let Some(live) = site.live_pushes.begin(id) else { return };
    let site = Arc::clone(site);
    let platform = push.platform.clone();
    tokio::spawn(async move {
        let recipient = recipient(&site, &platform).await;
        let recipient = match &recipient {
            Ok((recipient, max, _)) => Ok((recipient, *max)),
            Err(problem) => Err(problem.detail.clone()),
        };
        // Why it did not end is stored with the push; if even that was not possible, it is taken over again.
        let _ = work(site.live_jobs.runs(), id, recipient, &live).await;
        site.live_pushes.end(id);
    });
}

/// Works on pushes that nobody works on, for ever.
pub async fn take_over_pushes(site: Shared) {
    loop {
        for push in site.desk.read(Workbench::orphaned_pushes).await.unwrap_or_default() {
            start(&site, &push);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// An enabled platform, the strictest level that it gets, and its package.
async fn recipient(site: &Site, name: &str) -> Result<(Recipient, Tlp, String), Problem> {
    let wanted = name.to_owned();
    let read = move |workbench: &Workbench| {
        let configured = workbench.settings(&wanted)?;
        let max = workbench.max_tlp(&configured.package)?;
        Ok((configured, max))
    };
    let (configured, max) = site.desk.read(read).await?;
    if !configured.enabled {
        return Err(Problem::refused(format!("{name} is disabled: enable it first")));
    }
    let package = configured.package.to_string();
    Ok((connection::recipient(site, configured).await?, max, package))
}

/// The problem of a push that cannot be carried out.
fn refused(error: PushError) -> Problem {
    match error {
        PushError::Workbench(error) => error.into(),
        PushError::Platform(error @ PlatformError::Option(_)) => Problem::bad_request(error.to_string()),
        PushError::Platform(error) => Problem::refused(format!("{error}; {}", error.hint())),
    }
}
