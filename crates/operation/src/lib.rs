//! Integration packages, their parameters, queries to providers, and the mapping of answers to findings.
//!
//! In the order of the data flow: an [`Indicator`] (alone, or from a [`Report`]) is queried through a [`Package`] with its [`Settings`]. The [`Provider`]
//! sends the query and streams the answer, and always states its [`Completeness`]. An [`Answer`] holds one in memory, and
//! `mapping` proposes [`Finding`]s.
//!
//! A package is data and not code: installing one cannot run anything. This crate knows a database only as a
//! [`store::Store`], and prints nothing. Errors are types, grouped by their cause: the user ([`IndicatorError`], [`SettingsError`]), the package's author
//! ([`ManifestError`]), or the provider ([`ProviderError`]).

pub mod answer;
pub mod caution;
pub mod destination;
pub mod filter;
pub mod finding;
pub mod idn;
pub mod indicator;
pub mod interface;
pub mod mapping;
pub mod package;
pub mod parameter;
pub mod provider;
mod proxy_setting;
pub mod relation;
pub mod report;
pub mod settings;
pub mod shown;
pub mod tlp;
pub mod window;

pub use answer::{Answer, Collector, Dedup};
pub use caution::Caution;
pub use destination::{Binding, Destination};
pub use filter::{Filter, Side};
pub use finding::{Finding, Findings};
pub use indicator::{Given, Host, Indicator, IndicatorError, IndicatorType, Line, Other};
pub use interface::{HttpInterface, Interface, Protocol};
pub use package::{Action, Kind, ManifestError, Operation, Package, PackageError, Platform};
pub use parameter::{Parameter, ParameterKind, Value};
pub use provider::{Budget, Completeness, Config, Limits, Provider, ProviderError, Sink, State, Tcp};
pub use relation::Relation;
pub use report::{Report, ReportError};
pub use settings::{Secret, Settings, SettingsError};
pub use tlp::{Marking, Tlp, TlpError};
pub use window::{Moment, MomentError, Window};
