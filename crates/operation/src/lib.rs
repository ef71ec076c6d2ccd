//! Integration packages, their parameters, asking providers, and the mapping of answers to findings.
//!
//! Read in the order of the data: an [`Indicator`] is asked about through a [`Package`] with its [`Settings`];
//! the [`Provider`] asks and streams an answer whose [`Completeness`] is always said; [`Answer`] holds one;
//! `mapping` proposes [`Finding`]s.
//!
//! A package is data, never code: installing one can run nothing. This crate knows no database and prints
//! nothing. Errors are typed and nested by who is to blame: the user ([`IndicatorError`], [`SettingsError`]),
//! the package's author ([`ManifestError`]), the remote ([`ProviderError`]).

pub mod answer;
pub mod caution;
pub mod destination;
pub mod finding;
pub mod idn;
pub mod indicator;
pub mod mapping;
pub mod package;
pub mod parameter;
pub mod provider;
mod proxy_setting;
pub mod relation;
pub mod settings;
pub mod shown;
pub mod special;
pub mod window;

pub use answer::{Answer, Collector, Dedup, Filter};
pub use caution::Caution;
pub use destination::{Binding, Destination};
pub use finding::{Finding, Findings};
pub use indicator::{Given, Host, Indicator, IndicatorError, IndicatorType, Line, Other};
pub use package::{Action, ManifestError, Package, PackageError, Protocol};
pub use parameter::{Parameter, ParameterKind, Value};
pub use provider::{Budget, Completeness, Config, Limits, Provider, ProviderError, Side, Sink, State, Tcp};
pub use relation::Relation;
pub use settings::{Secret, Settings, SettingsError};
pub use window::{Moment, MomentError, Window};
