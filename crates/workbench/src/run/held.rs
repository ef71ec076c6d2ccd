//! Values that are held back: marked with a stricter level of the Traffic Light Protocol than their operation may be asked about.
//!
//! [`held`] decides, within the change that records a run, so nothing can be asked in another way. [`Workbench::held_back`] tells
//! beforehand. A stored answer can always be used if nothing may be sent.

use std::fmt;

use operation::{Indicator, Package, Tlp};
use rusqlite::{Connection, OptionalExtension};

use crate::database::Problem;
use crate::indicator_key::sort_key;
use crate::library::stored_tlp;
use crate::{Error, Workbench, integration};

/// A value that is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The value.
    pub indicator: Indicator,
    /// Its level.
    pub tlp: Tlp,
    /// The name of the operation.
    pub operation: String,
    /// The strictest level that the operation is asked about.
    pub max_tlp: Tlp,
}

/// The reason, without the value.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tlp, operation, max_tlp, .. } = self;
        write!(f, "it is marked {tlp}, and {operation} may only be asked about values up to {max_tlp}")
    }
}

impl Workbench {
    /// Those of the indicators that an operation may not be asked about, in their order.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn held_back(&self, package: &Package, indicators: &[Indicator]) -> Result<Vec<Held>, Error> {
        self.read(|database| {
            // Most libraries have no marking at all.
            let any = "SELECT EXISTS (SELECT 1 FROM indicators WHERE tlp IS NOT NULL)";
            if !database.query_row(any, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let held = indicators.iter().map(|indicator| held(database, package, indicator));
            held.filter_map(Result::transpose).collect()
        })
    }

    /// The strictest level that an operation is asked about, whether it is installed or not.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn max_tlp(&self, package: &Package) -> Result<Tlp, Error> {
        self.read(|database| max_tlp(database, package))
    }
}

/// Why an operation may not be asked about an indicator; `None` if it may. An indicator that was removed from the library keeps
/// its marking.
pub(super) fn held(
    database: &Connection,
    package: &Package,
    indicator: &Indicator,
) -> Result<Option<Held>, Problem> {
    let sql = "SELECT tlp FROM indicators WHERE sort_key = ?";
    let mut statement = database.prepare_cached(sql)?;
    let marked = statement.query_row([sort_key(indicator)], |row| row.get(0)).optional()?;
    let Some(tlp) = stored_tlp(marked.flatten())? else { return Ok(None) };
    let max_tlp = max_tlp(database, package)?;
    let operation = package.name.clone();
    Ok((tlp > max_tlp).then(|| Held { indicator: indicator.clone(), tlp, operation, max_tlp }))
}

/// The strictest level that an installed operation is asked about, given by its name.
pub(crate) fn max_tlp_of(database: &Connection, operation: &str) -> Result<Tlp, Problem> {
    let manifest: Option<String> = database
        .prepare_cached("SELECT manifest FROM integrations WHERE name = ?")?
        .query_row([operation], |row| row.get(0))
        .optional()?;
    match manifest.and_then(|manifest| Package::parse("manifest", &manifest).ok()) {
        Some(package) => max_tlp(database, &package),
        // It cannot be asked anyway.
        None => Ok(Tlp::Red),
    }
}

pub(super) fn max_tlp(database: &Connection, package: &Package) -> Result<Tlp, Problem> {
    let sql = "SELECT max_tlp FROM integrations WHERE name = ?";
    let mut statement = database.prepare_cached(sql)?;
    let set = statement.query_row([&package.name], |row| row.get(0)).optional()?;
    Ok(integration::max_tlp(stored_tlp(set.flatten())?, Some(&package.kind)))
}
