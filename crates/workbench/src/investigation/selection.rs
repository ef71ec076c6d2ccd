//! Which values of a report become members: [`Selection`]. Certain values are taken, and doubtful ones if somebody wants them.

use std::collections::HashMap;

use operation::Indicator;
use operation::report::{Report, Subject};

use super::MOST_MEMBERS;
use crate::Error;

/// What somebody wants of a report, besides the values without a doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Whether doubtful values are taken, too.
    pub all: bool,
    /// Values that are taken in any case, as they are written in the report or as they are understood.
    pub include: Vec<String>,
    /// Values that are left out in any case.
    pub exclude: Vec<String>,
}

impl Selection {
    /// For each value of the report, in their order, whether it is taken.
    ///
    /// # Errors
    /// [`Error::Refused`] if a value that is included or excluded is not in the report.
    pub fn of(&self, report: &Report) -> Result<Vec<bool>, Error> {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (at, found) in report.found.iter().enumerate() {
            places.entry(found.written.clone()).or_insert(at);
            places.insert(found.subject.to_string(), at);
        }
        let mut taken: Vec<bool> =
            report.found.iter().map(|found| self.all || found.doubt.is_none()).collect();
        for (values, is_taken) in [(&self.include, true), (&self.exclude, false)] {
            for value in values {
                let place = place(value, &places).and_then(|at| taken.get_mut(at));
                let missing = || Error::invalid(format!("{value:?} is not among the values of the report"));
                *place.ok_or_else(missing)? = is_taken;
            }
        }
        Ok(taken)
    }

    /// The indicators that are taken; a network stands for its addresses.
    ///
    /// # Errors
    /// As [`Self::of`], and if there are more than an investigation can have members.
    pub fn indicators(&self, report: &Report) -> Result<Vec<Indicator>, Error> {
        let taken = self.of(report)?;
        let found = report.found.iter().zip(taken).filter(|(_, taken)| *taken);
        // Networks may stand for millions of addresses.
        let indicators: Vec<Indicator> =
            found.flat_map(|(found, _)| found.indicators()).take(MOST_MEMBERS + 1).collect();
        if indicators.len() > MOST_MEMBERS {
            let why = format!(
                "these are more than {MOST_MEMBERS} values with the addresses of networks: leave some out"
            );
            return Err(Error::invalid(why));
        }
        Ok(indicators)
    }
}

/// The place of a value, as it is written or in another spelling of the same indicator.
fn place(value: &str, places: &HashMap<String, usize>) -> Option<usize> {
    let parsed = || Indicator::parse(value).ok().map(|indicator| Subject::Indicator(indicator).to_string());
    places.get(value.trim()).or_else(|| places.get(&parsed()?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(selection: &Selection) -> Result<Vec<String>, String> {
        let report = Report::read("c2[.]example, setup.zip and 192.0.2.9 in 198.51.100.0/30").unwrap();
        let indicators = selection.indicators(&report).map_err(|error| error.to_string())?;
        Ok(indicators.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn doubtful_values_are_taken_if_somebody_wants_them() {
        let of = |all, include: &[&str], exclude: &[&str]| {
            let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
            taken(&Selection { all, include: texts(include), exclude: texts(exclude) })
        };
        assert_eq!(of(false, &[], &[]).unwrap(), ["c2.example"]);
        assert_eq!(of(false, &["SETUP.zip"], &["hxxp://c2[.]example/"]).unwrap(), ["setup.zip"]);
        let network = of(false, &["198.51.100.0/30"], &[]).unwrap();
        assert_eq!(network.len(), 5, "{network:?}");
        assert_eq!(of(true, &[], &[]).unwrap().len(), 7);
        let networks: Vec<String> = (0..40).map(|number| format!("10.0.{number}.0/24")).collect();
        let report = Report::read(&networks.join("\n")).unwrap();
        let refused = Selection { all: true, ..Selection::default() }.indicators(&report).unwrap_err();
        assert!(refused.to_string().contains("more than 10000 values"), "{refused}");
        let missing = of(false, &["d.example"], &[]).unwrap_err();
        assert_eq!(missing, "\"d.example\" is not among the values of the report");
    }
}
