//! What a job asks: [`Request`], and how it is stored.
//!
//! ```text
//! {"operations": [{"package": "NAME@VERSION", "types": ["FQDN", …]}, …],
//!  "rrtypes": ["A", …], "seen_after": SECONDS or null, "seen_before": SECONDS or null, "fresh": false}
//! ```

use cof::RrType;
use operation::{Indicator, IndicatorType, Package, Window};
use serde_json::{Value, json};

use crate::Error;

/// What a job asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The operations; at least one.
    pub operations: Vec<Operation>,
    /// Only these types; the configured ones if empty.
    pub rrtypes: Vec<RrType>,
    /// Only this time window.
    pub window: Window,
    /// Whether providers are queried even if a stored answer is recent enough.
    pub fresh: bool,
}

/// An operation of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The package, as NAME@VERSION when the job was created. A newer version is used if it is installed meanwhile.
    pub package: String,
    /// The types of indicators that it accepts.
    pub types: Vec<IndicatorType>,
}

impl Operation {
    /// An operation of an installed package.
    pub fn of(package: &Package) -> Self {
        let accepts =
            |kind: &IndicatorType| package.actions().iter().any(|action| action.types.contains(kind));
        let types = IndicatorType::ALL.into_iter().filter(accepts).collect();
        Self { package: package.to_string(), types }
    }

    /// The name of the package, without its version.
    pub fn name(&self) -> &str {
        self.package.split('@').next().unwrap_or_default()
    }
}

impl Request {
    /// Refuses a request that asks nothing about these indicators.
    ///
    /// # Errors
    /// [`Error::Refused`] if it has no operation, or none that accepts one of them.
    pub fn check(&self, subjects: &[Indicator]) -> Result<(), Error> {
        if self.operations.is_empty() {
            return Err(Error::invalid("no operation was chosen: choose at least one"));
        }
        if !subjects.iter().any(|subject| self.accepts(subject)) {
            return Err(Error::invalid(
                "there is nothing to ask: no member is of a type that the operations accept",
            ));
        }
        Ok(())
    }

    /// Whether one of its operations accepts an indicator.
    pub(super) fn accepts(&self, subject: &Indicator) -> bool {
        self.operations.iter().any(|operation| operation.types.contains(&subject.kind()))
    }

    /// The stored form.
    pub(super) fn written(&self) -> String {
        let operation = |operation: &Operation| {
            let types: Vec<&str> = operation.types.iter().map(|kind| kind.name()).collect();
            json!({"package": operation.package, "types": types})
        };
        json!({
            "operations": self.operations.iter().map(operation).collect::<Vec<_>>(),
            "rrtypes": self.rrtypes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "seen_after": self.window.seen_after,
            "seen_before": self.window.seen_before,
            "fresh": self.fresh,
        })
        .to_string()
    }

    /// Reads the stored form; `None` if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let list = |key: &str| value.get(key)?.as_array();
        let operations = list("operations")?.iter().map(read_operation).collect::<Option<_>>()?;
        let rrtypes = list("rrtypes")?.iter().map(|rrtype| RrType::parse(rrtype.as_str()?).ok());
        Some(Self {
            operations,
            rrtypes: rrtypes.collect::<Option<_>>()?,
            window: Window {
                seen_after: value.get("seen_after")?.as_u64(),
                seen_before: value.get("seen_before")?.as_u64(),
            },
            fresh: value.get("fresh")?.as_bool()?,
        })
    }
}

fn read_operation(value: &Value) -> Option<Operation> {
    let types = value.get("types")?.as_array()?.iter();
    let types = types.map(|kind| IndicatorType::from_name(kind.as_str()?)).collect::<Option<_>>()?;
    Some(Operation { package: value.get("package")?.as_str()?.to_owned(), types })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let operation = Operation {
            package: "circl-passive-dns@1.1.0".to_owned(),
            types: vec![IndicatorType::Fqdn, IndicatorType::IpAddress],
        };
        for request in [
            Request::default(),
            Request {
                operations: vec![operation],
                rrtypes: vec![RrType::A],
                window: Window { seen_after: Some(5), seen_before: None },
                fresh: true,
            },
        ] {
            assert_eq!(Request::read(&request.written()), Some(request));
        }
        assert_eq!(Request::read("{}"), None);
    }
}
