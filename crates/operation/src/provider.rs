//! The provider client: asks a remote passive-DNS service and streams what it answers.
//!
//! [`Provider`] is the long-lived configured thing; [`Provider::ask`] is one question, paged to the end, into a
//! [`Sink`]. Below it, in the order of the data: `config` and `login` (settings to what is sent), `budget` (when),
//! `proxy`, `proxy_login` and `proxy_in_force` (through which proxy), `dial`, `tls` and `connector` (the way there),
//! `page` (one request, retried where that is worth it), `response` (what its headers mean), `body` (bytes, bounded), `intake` (bytes to records, and what an answer is worth),
//! `orientation` (which side is the owner). [`replay`] gives a kept answer once more.
//!
//! No redirect is followed, nothing is resolved but the provider's own host, every bound is in [`Limits`].
//! Every failure is its own [`ProviderError`], with a hint; what arrived before it is kept and marked incomplete.

mod ask;
mod body;
mod budget;
mod ca_file;
mod check;
mod config;
mod connector;
mod dial;
mod error;
mod intake;
mod login;
mod orientation;
mod page;
mod proxy;
mod proxy_in_force;
mod proxy_login;
mod question;
mod replay;
mod response;
mod tls;

pub use ask::{Outcome, Provider, Sink, Stop};
pub use budget::Budget;
pub use ca_file::check_ca_file;
pub use check::{Checked, Standing, Step, check};
pub use config::{Config, ConfigError, Limits};
pub(crate) use connector::authority;
pub use dial::{Dial, DialError, Dialled, Io, Tcp};
pub use error::{ProviderError, TlsFault};
pub(crate) use login::{MAX_PASSWORD, proxy_user_fault};
pub use orientation::{Orientation, orientation_of};
pub use proxy::ProxyEnvironment;
pub(crate) use proxy::proxy_setting;
pub use proxy_in_force::{ProxyInForce, ProxySource};
pub(crate) use proxy_login::LoginPlace;
pub use proxy_login::check_proxy_login;
pub use question::{ABILITIES, Side};
pub use replay::replay;
