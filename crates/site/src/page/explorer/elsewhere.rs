//! What else is known about the value of a question: its entry in the library, its runs, and who can be asked about it.

use cof::Name;
use edge::problem::Problem;
use operation::{Indicator, IndicatorType};
use pdns::inquiry::What;
use picture::timeline::words::counted;
use store::Subject;
use workbench::library::Status;

use super::{Looked, address};
use crate::explorer::Found;
use crate::page::operate::{Line, Panel};
use crate::page::{encoded, history_address, indicator_address, indicator_path};

/// What else is known, and what the providers can be asked.
pub(super) struct Elsewhere {
    /// The value, if the question is about one.
    pub(super) value: Option<String>,
    /// The address of its page in the library.
    pub(super) indicator: String,
    pub(super) history: String,
    pub(super) status: Option<Status>,
    /// Its most recent runs.
    pub(super) runs: Vec<Line>,
    /// The question about the other side of records, and what the link says.
    pub(super) other: Option<(String, &'static str)>,
    /// Where the providers are asked, and what the link says.
    pub(super) ask: Option<(String, String)>,
    /// What can be asked, or why nothing can.
    pub(super) note: String,
}

/// The most runs that are named.
const RUNS: usize = 3;

impl Elsewhere {
    pub(super) async fn of(looked: &Looked, found: &Found) -> Result<Self, Problem> {
        let Some((indicator, in_data)) = found.inquiry.indicator() else {
            return Ok(Self::of_many(&found.inquiry.what));
        };
        let about = indicator.clone();
        let read = move |workbench: &workbench::Workbench| {
            Ok((workbench.lookup(&about)?, Panel::of(workbench, &about)?))
        };
        let (entry, mut panel) = looked.site.desk.read(read).await?;
        let offers = panel.offers.len();
        panel.runs.truncate(RUNS);
        let (address, note) = asked(&indicator, in_data, offers);
        Ok(Self {
            value: Some(indicator.to_string()),
            indicator: indicator_address(&indicator),
            history: history_address(&indicator.to_string()),
            status: entry.filter(|entry| entry.removed_at.is_none()).map(|entry| entry.status),
            runs: panel.runs,
            other: other(&indicator, in_data),
            ask: (offers > 0 && looked.frame.may_run())
                .then(|| (address, "Ask the providers too".to_owned())),
            note,
        })
    }

    /// A question about many values, about which no provider can be asked.
    fn of_many(what: &What) -> Self {
        let name = match what {
            What::Subject(Subject::Suffix(name) | Subject::RdataSuffix(name)) if *name != Name::root() => {
                Some(name.to_string())
            }
            _ => None,
        };
        let note = match &name {
            Some(_) => "Providers are asked about one name or address at a time.",
            None => {
                "Providers are asked about one name or address at a time, not about this question. Click one below."
            }
        };
        Self {
            value: None,
            indicator: String::new(),
            history: String::new(),
            status: None,
            runs: Vec::new(),
            other: None,
            ask: name.map(|name| {
                (format!("{}&cost=yes#op", indicator_path(&name)), format!("Ask the providers about {name}"))
            }),
            note: note.to_owned(),
        }
    }
}

/// The records with a name in their data, or those that it owns.
fn other(indicator: &Indicator, in_data: bool) -> Option<(String, &'static str)> {
    let name = indicator.as_typed();
    match (indicator.kind(), in_data) {
        (IndicatorType::Fqdn, true) => Some((address(&name), "Look up the records that it owns")),
        (IndicatorType::Fqdn, false) => {
            Some((address(&format!("rdata:{name}")), "Look up the records with it in their data"))
        }
        (IndicatorType::IpAddress | IndicatorType::Ipv6Address, _) => None,
    }
}

/// Where a value is asked about, and by whom.
fn asked(indicator: &Indicator, in_data: bool, offers: usize) -> (String, String) {
    let note = match offers {
        0 => "No enabled operation can be asked about this.".to_owned(),
        number => {
            format!("{} can be asked about this; the page shows what it costs.", counted(number, "operation"))
        }
    };
    let address = if in_data {
        format!("/run?side=data&value={}", encoded(&indicator.as_typed()))
    } else {
        format!("{}&cost=yes#op", indicator_address(indicator))
    };
    (address, note)
}
