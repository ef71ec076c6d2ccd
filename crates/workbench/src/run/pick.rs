//! A selection of a run's findings.

use std::str::FromStr;

use operation::{Finding, Indicator};

use crate::Error;

/// The most ranges of one selection.
const MOST_RANGES: usize = 10_000;

/// A selection of findings: `all`, by number starting with 1 (`1,3-5`), or by the values in their records
/// (`www.example.com,192.0.2.1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// All findings except flagged ones, which must be picked by their numbers.
    All,
    /// These ranges of numbers, including their ends.
    Numbers(Vec<(usize, usize)>),
    /// All findings of the records that contain one of these values, however many records there are.
    Values(Vec<Indicator>),
}

impl Pick {
    /// The selected findings, in their order.
    ///
    /// # Errors
    /// [`Error::Refused`] names a number without a finding.
    pub fn of(&self, findings: Vec<Finding>) -> Result<Vec<Finding>, Error> {
        self.of_any(findings, |finding| finding)
    }

    /// The selected ones of anything that is a finding.
    pub(crate) fn of_any<T>(&self, list: Vec<T>, finding: impl Fn(&T) -> &Finding) -> Result<Vec<T>, Error> {
        let count = list.len();
        if let Self::Numbers(ranges) = self
            && let Some((_, beyond)) = ranges.iter().find(|(_, last)| *last > count)
        {
            let known = if count == 0 {
                "there are none".to_owned()
            } else {
                format!("valid numbers are 1 to {count}")
            };
            return Err(Error::invalid(format!("there is no finding {beyond}: {known}")));
        }
        let numbered = list.into_iter().enumerate();
        let picked = numbered.filter(|(at, one)| match self {
            Self::All => finding(one).is_selected(),
            Self::Numbers(ranges) => ranges.iter().any(|(first, last)| (*first..=*last).contains(&(at + 1))),
            // These findings were already selected by their records.
            Self::Values(_) => true,
        });
        Ok(picked.map(|(_, one)| one).collect())
    }
}

impl FromStr for Pick {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (0 < first && first <= last).then_some((first, last))
        };
        let ranges: Option<Vec<_>> = text.split(',').take(MOST_RANGES + 1).map(range).collect();
        if let Some(ranges) = ranges.filter(|ranges| ranges.len() <= MOST_RANGES) {
            return Ok(Self::Numbers(ranges));
        }
        let is_value = |part: &str| part.contains(['.', ':']);
        let values: Option<Vec<Indicator>> = text
            .split(',')
            .take(MOST_RANGES + 1)
            .map(|part| Indicator::existing(part).ok().filter(|_| is_value(part)))
            .collect();
        values.filter(|values| values.len() <= MOST_RANGES).map(Self::Values).ok_or_else(|| {
            Error::invalid(format!("{text:?} selects no findings: write all, numbers such as 1,3-5, or values such as www.example.com"))
        })
    }
}

#[cfg(test)]
mod tests {
    use operation::Caution;

    use super::*;

    fn found(caution: &[bool]) -> Vec<Finding> {
        let finding = |(at, flagged): (usize, &bool)| Finding::Indicator {
            indicator: Indicator::parse(&format!("192.0.2.{}", at + 1)).unwrap(),
            records: vec![],
            caution: flagged.then(|| Caution::SharedHosting {
                address: Indicator::parse("198.51.100.1").unwrap(),
                names: 101,
            }),
        };
        caution.iter().enumerate().map(finding).collect()
    }

    fn picked(text: &str) -> Result<String, String> {
        let pick: Pick = text.parse().map_err(|error: Error| error.to_string())?;
        let picked =
            pick.of(found(&[false, false, true, false, false])).map_err(|error| error.to_string())?;
        let last = |finding: &Finding| match finding {
            Finding::Indicator { indicator, .. } => indicator.to_string().pop().unwrap(),
            _ => unreachable!(),
        };
        Ok(picked.iter().map(last).collect())
    }

    #[test]
    fn findings_are_picked_by_number_and_doubtful_ones_only_so() {
        assert_eq!(picked("all").unwrap(), "1245");
        assert_eq!(picked("1,3-5").unwrap(), "1345");
        assert_eq!(picked(" 5 , 1 - 2,1").unwrap(), "125");
        for wrong in ["", "0", "2-1", "1,,2", "one", "-1", "1-", "18446744073709551616"] {
            assert!(picked(wrong).unwrap_err().contains("selects no findings"), "{wrong}");
        }
        assert_eq!(picked("2-6").unwrap_err(), "there is no finding 6: valid numbers are 1 to 5");
        assert!(picked(&"1,".repeat(20_000)).is_err());
        assert!(Pick::Numbers(vec![(1, 1)]).of(vec![]).unwrap_err().to_string().contains("there are none"));
    }
}
