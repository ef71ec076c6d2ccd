//! The ThreatQ instances that are enabled: [`Instance`] is one of them, ready to be asked.

use edge::problem::Problem;
use operation::{Package, Platform, Tlp};
use platform::Recipient;
use platform::threatq::{Threatq, ThreatqError};
use workbench::integration::Filter;
use workbench::{Error, Workbench};

use crate::connection;
use crate::site::Site;

/// A ThreatQ that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// The name of its integration.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The strictest level of indicators that it is asked about.
    pub(crate) max_tlp: Tlp,
}

/// A ThreatQ with its package.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) package: Package,
    pub(crate) threatq: Threatq,
}

/// The enabled instances.
pub(crate) fn offered(workbench: &Workbench) -> Result<Vec<Offered>, Error> {
    let mut offered = Vec::new();
    for one in workbench.list(&Filter::platforms())?.integrations {
        let package = workbench.show(&one.name)?.package;
        if package.as_ref().and_then(Package::platform) == Some(Platform::Threatq) {
            offered.push(Offered { name: one.name, title: one.title, max_tlp: one.max_tlp });
        }
    }
    Ok(offered)
}

impl Instance {
    /// The instance of an enabled integration; nothing is asked yet.
    ///
    /// # Errors
    /// 404 if there is no such integration; 409 if it is disabled, not a ThreatQ, or its settings are not sufficient.
    pub(crate) async fn of(site: &Site, name: &str) -> Result<Self, Problem> {
        let wanted = name.to_owned();
        let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
        let package = configured.package.clone();
        if package.platform() != Some(Platform::Threatq) {
            return Err(Problem::refused(format!("{name} is not a ThreatQ")));
        }
        if !configured.enabled {
            return Err(Problem::refused(format!("{name} is disabled: enable it first")));
        }
        match connection::recipient(site, configured).await? {
            Recipient::Threatq(threatq) => Ok(Self { name: name.to_owned(), package, threatq: *threatq }),
            Recipient::Misp(_) => Err(Problem::refused(format!("{name} is not a ThreatQ"))),
        }
    }
}

/// The problem of a request that a ThreatQ did not carry out.
pub(crate) fn refused(error: &ThreatqError) -> Problem {
    match error {
        ThreatqError::NoStatus(_) | ThreatqError::NoType(_) => Problem::bad_request(error.to_string()),
        _ => Problem::refused(format!("{error}; {}", error.hint())),
    }
}
