//! Values to query from the threat library.

use std::collections::HashSet;

use operation::{Indicator, IndicatorError};
use workbench::Desk;
use workbench::library::{Filter, Order};

use crate::args::QueryArgs;
use crate::exit::Failure;
use crate::values::Given;

/// Indicators read at a time.
const PAGE: usize = 1_000;

/// Adds the matching indicators to the values, each once. They are read in the order of their values, so that indicators which
/// change in the meantime are not returned twice.
pub(super) async fn add_values(
    given: &mut Vec<Given>,
    command: &QueryArgs,
    desk: &Desk,
) -> Result<(), Failure> {
    let known = given.iter().filter_map(|given| given.indicator.clone().ok());
    let mut known: HashSet<Indicator> = known.collect();
    let mut filter = Filter {
        kind: command.kind,
        status: command.status,
        order: Some(Order::Value),
        limit: PAGE,
        ..Filter::default()
    };
    loop {
        let wanted = filter.clone();
        let page = desk.read(move |workbench| workbench.indicators(&wanted)).await?;
        for entry in page.entries {
            if known.insert(entry.indicator.clone()) {
                given.push(checked(entry.indicator));
            }
        }
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// An indicator of the library as a value to query. One that was added as a name before its kind was recognised (a hash, a
/// scheme) is refused.
fn checked(indicator: Indicator) -> Given {
    let text = indicator.to_string();
    let indicator = match Indicator::parse(&text) {
        Err(error @ (IndicatorError::Other(_) | IndicatorError::Scheme)) => Err(error),
        _ => Ok(indicator),
    };
    Given { text, indicator }
}
