//! The state of the workbench in the browser, for pages and API.
//!
//! [`Site`] is a served data folder: [`routes`](crate::routes) are its pages, `/api/v1` and `/assets`. Every request to them
//! passes `access::guard` first.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use context::weak::Rules;
use context::{Lists, Networks};
use export::{Manner, Terms};
use intake::collector::Collector;
use operation::provider::OwnDatabase;
use operation::{Host, Indicator, Secret};
use pdns::passive::Bringing;
use pdns::retention::Retention;
use pdns::rows::Rows;
use store::{StoreError, StoreErrorKind};
use workbench::Desk;
use workbench::run::{DataFolder, Runs};

use crate::begun::Begun;
use crate::comparisons::Comparisons;
use crate::executing::Executing;
use crate::explorer::Explorer;
use crate::histories::Histories;
use crate::job::Jobs;
use crate::live_jobs::LiveJobs;
use crate::live_pushes::LivePushes;
use crate::pulling::Pulling;
use crate::run_file::Downloads;

/// A data folder, with the names under which browsers may use it.
#[derive(Clone, Debug)]
pub struct Site {
    pub(crate) desk: Desk,
    pub(crate) jobs: Jobs,
    pub(crate) histories: Histories,
    pub(crate) live_jobs: LiveJobs,
    pub(crate) live_pushes: LivePushes,
    /// Pulls from a ThreatQ.
    pub(crate) pulls: Begun<Pulling>,
    /// Executions of the operations of a ThreatQ.
    pub(crate) executions: Begun<Executing>,
    pub(crate) comparisons: Comparisons,
    pub(crate) explorer: Explorer,
    /// The folder whose packages can be installed by name, besides the bundled ones.
    pub(crate) packages: Option<PathBuf>,
    /// Accepted host names, besides those of this machine and addresses.
    pub hosts: Vec<String>,
    /// Whether browsers use TLS, with this server or with a proxy in front.
    pub(crate) over_tls: bool,
    /// Whether a proxy is in front, which names the client.
    pub behind_proxy: bool,
    /// The passive-DNS database of the same server, once it serves.
    pub(crate) rows: Option<Rows>,
    /// How files of records are imported into that database.
    pub(crate) bringing: Option<Bringing>,
    /// How long that database keeps records, if not for ever.
    pub(crate) retention: Option<Arc<Retention>>,
    /// The collectors of the same server.
    pub(crate) collectors: Arc<[Collector]>,
    /// Where addresses are, if there are files that say it.
    pub(crate) networks: Networks,
    /// The warning lists of the data folder.
    pub(crate) lists: Lists,
    /// Held while a list is imported.
    pub(crate) importing: Arc<tokio::sync::Mutex<()>>,
    /// From how many names on a resource says little.
    pub(crate) weak_names: u64,
    /// How documents for other platforms are made at first.
    pub(crate) handover: (Terms, Manner),
    /// Files of runs that are being read.
    pub(crate) downloads: Downloads,
    /// What the next load of a page shows once: by the session's number and the page's path, so that it is bounded by the
    /// number of sessions.
    pub(crate) once: Arc<Mutex<HashMap<(i64, &'static str), Once>>>,
}

/// A link or token that was created for somebody, and is stored nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    pub(crate) text: Secret,
    /// Whom or what it is for, and until when.
    pub(crate) lead: String,
}

/// From how many names on a resource says little, unless it is configured.
const WEAK_NAMES: u64 = 1_000;

/// The state of handlers.
pub type Shared = Arc<Site>;

impl Site {
    /// Pages and API of a data folder, for browsers on this machine.
    pub fn new(runs: Runs) -> Self {
        let lists = Lists::of(runs.desk().folder(), runs.desk().clock().clone());
        Self {
            desk: runs.desk().clone(),
            downloads: Downloads::new(runs.desk().clone()),
            histories: Histories::new(runs.desk().clone()),
            live_jobs: LiveJobs::new(runs.clone()),
            live_pushes: LivePushes::default(),
            pulls: Begun::default(),
            executions: Begun::default(),
            comparisons: Comparisons::new(runs.desk().clone()),
            explorer: Explorer::default(),
            jobs: Jobs::new(runs),
            packages: None,
            networks: Networks::default(),
            lists,
            importing: Arc::default(),
            weak_names: WEAK_NAMES,
            handover: <(Terms, Manner)>::default(),
            hosts: Vec::new(),
            over_tls: false,
            behind_proxy: false,
            rows: None,
            bringing: None,
            retention: None,
            collectors: Arc::default(),
            once: Arc::default(),
        }
    }

    /// Also offers the packages in this folder.
    #[must_use]
    pub fn with_packages(mut self, folder: PathBuf) -> Self {
        self.packages = Some(folder);
        self
    }

    /// Says where addresses are.
    #[must_use]
    pub fn with_networks(mut self, networks: Networks) -> Self {
        self.downloads = self.downloads.with_networks(networks.clone());
        self.networks = networks;
        self
    }

    /// From how many names on a shared resource says little.
    #[must_use]
    pub fn with_weak_names(mut self, names: u64) -> Self {
        self.weak_names = names;
        self
    }

    /// How documents for other platforms are made unless somebody chooses otherwise.
    #[must_use]
    pub fn with_handover(mut self, terms: Terms, manner: Manner) -> Self {
        self.handover = (terms, manner);
        self
    }

    /// Also accepts this host name, with any port.
    #[must_use]
    pub fn with_host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// A proxy in front serves TLS to browsers: cookies are only for TLS, and the proxy's statement about the client's address
    /// is trusted.
    #[must_use]
    pub fn behind_tls(mut self) -> Self {
        (self.over_tls, self.behind_proxy) = (true, true);
        self
    }

    /// This server itself serves TLS to browsers: cookies are only for TLS.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.over_tls = true;
        self
    }

    /// Sets the passive-DNS database that is served by the same server.
    #[must_use]
    pub fn over(mut self, rows: Rows, bringing: Bringing, retention: Option<Arc<Retention>>) -> Self {
        (self.rows, self.bringing, self.retention) = (Some(rows), Some(bringing), retention);
        self
    }

    /// Sets the collectors that run in the same server.
    #[must_use]
    pub fn beside_collectors(mut self, collectors: Vec<Collector>) -> Self {
        self.collectors = collectors.into();
        self
    }

    /// The served data folder.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The rules for what says little. Lists that cannot be read are used as if there were none; the page of the lists tells why.
    pub(crate) fn weak_rules(&self) -> Rules {
        Rules { most_names: self.weak_names, lists: self.lists.now().unwrap_or_default() }
    }

    /// Where an address is, in words; `None` for a name, or if nothing is known.
    pub(crate) fn place_of(&self, indicator: &Indicator) -> Option<String> {
        match indicator.host() {
            Host::Address(address) => {
                Some(self.networks.now().of(*address).to_string()).filter(|place| !place.is_empty())
            }
            Host::Name(_) => None,
        }
    }

    /// The data folder for runs, with the served passive-DNS database.
    pub(crate) fn data_folder(&self) -> DataFolder {
        let database = match &self.rows {
            Some(rows) => OwnDatabase::new(Arc::clone(&rows.store)),
            None => OwnDatabase::opened_by(|| {
                Err(StoreError::engine(StoreErrorKind::Absent, "this server has none"))
            }),
        };
        DataFolder { path: self.desk.folder().to_owned(), clock: self.desk.clock().clone(), database }
    }

    /// Stores what the next load of the page with this path shows in this session.
    pub(crate) fn show_once(&self, session: i64, path: &'static str, once: Once) {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).insert((session, path), once);
    }

    /// Returns what is to be shown there, and removes it.
    pub(crate) fn shown_once(&self, session: i64, path: &'static str) -> Option<Once> {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).remove(&(session, path))
    }
}
