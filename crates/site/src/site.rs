//! The workbench in the browser: what pages and the API stand on.
//!
//! [`Site`] is a data folder as it is served: [`routes`](crate::routes) are its pages, `/api/v1` and `/assets`.
//! Every request to them passes `access::guard` first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use operation::Secret;
use pdns::passive::Bringing;
use pdns::rows::Rows;
use workbench::Desk;
use workbench::run::Runs;

use crate::job::Jobs;
use crate::run_file::Downloads;

/// A data folder with the names by which browsers may call us.
#[derive(Clone, Debug)]
pub struct Site {
    pub(crate) desk: Desk,
    pub(crate) jobs: Jobs,
    /// Names by which we are asked, besides this machine's own and addresses.
    pub hosts: Vec<String>,
    /// Browsers speak TLS, with us or with a proxy in front.
    pub(crate) over_tls: bool,
    /// A proxy is in front, and says where a client is.
    pub behind_proxy: bool,
    /// The passive-DNS database of the same server, once it serves.
    pub(crate) rows: Option<Rows>,
    /// How files of records come into that database.
    pub(crate) bringing: Option<Bringing>,
    /// Files of runs that are being read.
    pub(crate) downloads: Downloads,
    /// What the next look at a page shows, once: by the session's number and the page's path, so that it is bounded by who is
    /// signed in.
    pub(crate) once: Arc<Mutex<HashMap<(i64, &'static str), Once>>>,
}

/// A link or a token that was made for somebody, and is not kept anywhere else.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    pub(crate) text: Secret,
    /// Who or what it is for, and until when.
    pub(crate) lead: String,
}

/// What handlers get as their state.
pub type Shared = Arc<Site>;

impl Site {
    /// Pages and API of a data folder, for browsers on this machine.
    pub fn new(runs: Runs) -> Self {
        Self {
            desk: runs.desk().clone(),
            downloads: Downloads::new(runs.desk().clone()),
            jobs: Jobs::new(runs),
            hosts: Vec::new(),
            over_tls: false,
            behind_proxy: false,
            rows: None,
            bringing: None,
            once: Arc::default(),
        }
    }

    /// Lets browsers call us by this name too, with any port.
    #[must_use]
    pub fn with_host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// A proxy in front speaks TLS to browsers: cookies are for TLS only, and the proxy's word on the client's address holds.
    #[must_use]
    pub fn behind_tls(mut self) -> Self {
        (self.over_tls, self.behind_proxy) = (true, true);
        self
    }

    /// We speak TLS to browsers ourselves: cookies are for TLS only.
    #[must_use]
    pub fn over_tls(mut self) -> Self {
        self.over_tls = true;
        self
    }

    /// The passive-DNS database that is served beside it.
    #[must_use]
    pub fn over(mut self, rows: Rows, bringing: Bringing) -> Self {
        (self.rows, self.bringing) = (Some(rows), Some(bringing));
        self
    }

    /// Keeps what the next look of a session at the page with this path shows.
    pub(crate) fn show_once(&self, session: i64, path: &'static str, once: Once) {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).insert((session, path), once);
    }

    /// What is to be shown there; it is gone then.
    pub(crate) fn shown_once(&self, session: i64, path: &'static str) -> Option<Once> {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).remove(&(session, path))
    }
}
