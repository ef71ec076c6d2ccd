//! What all pages of an investigation begin with: its name, its state, its job and the tabs.

use askama::Template;
use edge::problem::Problem;
use workbench::investigation::Investigation;

use super::progress::JobLine;
use crate::page::stamp::Stamp;
use crate::page::{FormToken, Frame};
use crate::site::Site;
use picture::timeline::words::{counted, thousands};

/// The head, which pages include as `{{ head|safe }}`.
#[derive(Template)]
#[template(path = "investigation-head.html")]
pub(super) struct Head {
    pub(super) investigation: Investigation,
    /// The job, until it has ended.
    job: Option<JobLine>,
    tab: Tab,
    may_edit: bool,
    may_run: bool,
    frame: FormToken,
}

/// The pages of an investigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Findings,
    Graph,
    Members,
    Notes,
    Overview,
    /// A page without a tab of its own.
    Other,
    Shared,
    Timeline,
}

impl Head {
    pub(super) async fn of(site: &Site, id: i64, tab: Tab, frame: &Frame) -> Result<Self, Problem> {
        let investigation = super::found(site, id).await?;
        let job = JobLine::of(site, id).await?;
        let (may_edit, may_run) = (frame.may_edit(), frame.may_run());
        Ok(Self { investigation, job, tab, may_edit, may_run, frame: frame.token() })
    }

    pub(super) fn is_removed(&self) -> bool {
        self.investigation.removed_at.is_some()
    }

    /// Whether its job is still under way, so that no other can begin.
    pub(super) fn has_job(&self) -> bool {
        self.job.is_some()
    }

    /// The tabs: name, path, count.
    fn tabs(&self) -> [(&'static str, String, Option<String>, bool); 7] {
        let Investigation { id, members, notes, .. } = &self.investigation;
        let path = |rest: &str| format!("/investigations/{id}{rest}");
        [
            ("Overview", path(""), None, self.tab == Tab::Overview),
            ("Members", path("/members"), Some(thousands(*members)), self.tab == Tab::Members),
            ("Shared", path("/shared"), None, self.tab == Tab::Shared),
            ("Timeline", path("/timeline"), None, self.tab == Tab::Timeline),
            ("Graph", path("/graph"), None, self.tab == Tab::Graph),
            ("Findings", path("/findings"), None, self.tab == Tab::Findings),
            ("Notes", path("/notes"), Some(thousands(*notes)), self.tab == Tab::Notes),
        ]
    }

    fn members(&self) -> String {
        counted(usize::try_from(self.investigation.members).unwrap_or(usize::MAX), "member")
    }
}
