//! The state of the facade: [`Facade`].

use std::sync::Arc;

use edge::gate::Tokens;
use site::Shared as Site;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workbench::Desk;
use workbench::library::Entry;
use workbench::user::Role;

use crate::grants::Grants;
use crate::reply::Fault;

/// Concurrent requests with a large body or a search: each may take 100 MiB for a moment, or look at the whole library.
const HEAVY: usize = 4;
/// Concurrent runs that are waited for.
const EXECUTING: usize = 16;

/// Which tokens of the data folder may log in as clients, by their names, and what they may do. Any other token may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// They may read.
    pub readers: Vec<String>,
    /// They may also run operations and change the library.
    pub analysts: Vec<String>,
}

/// What the routes need.
pub struct Facade {
    pub(crate) site: Site,
    pub(crate) tokens: Option<Arc<Tokens>>,
    pub(crate) clients: Clients,
    pub(crate) grants: Grants,
    heavy: Arc<Semaphore>,
    executing: Arc<Semaphore>,
}

/// The state of handlers.
pub(crate) type Shared = Arc<Facade>;

impl Facade {
    /// A facade of this data folder, for its users and for these clients among its tokens.
    pub fn new(site: Site, tokens: Option<Arc<Tokens>>, clients: Clients) -> Self {
        Self {
            site,
            tokens,
            clients,
            grants: Grants::default(),
            heavy: Arc::new(Semaphore::new(HEAVY)),
            executing: Arc::new(Semaphore::new(EXECUTING)),
        }
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.site.desk()
    }

    /// The indicator in the library with this number.
    pub(crate) async fn entry(&self, id: i64) -> Result<Entry, Fault> {
        let found = self.desk().read(move |workbench| workbench.indicator_numbered(id)).await?;
        found.ok_or_else(|| Fault::missing("there is no indicator with this id"))
    }

    /// The time in seconds since the epoch.
    pub(crate) fn now(&self) -> u64 {
        self.desk().clock().seconds()
    }

    /// A place for a heavy request, as soon as one is free.
    pub(crate) async fn heavy(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = Arc::clone(&self.heavy).acquire_owned().await;
        place.map_err(|_| Fault::busy("the server is stopping"))
    }

    /// A place for a run, if one is free.
    pub(crate) fn executing(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let place = Arc::clone(&self.executing).try_acquire_owned();
        place.map_err(|_| Fault::busy("too many runs are waited for; try again when one has ended"))
    }
}

impl Clients {
    /// What the token with this name may do; `None` if it is no client.
    pub(crate) fn role_of(&self, name: &str) -> Option<Role> {
        let has = |names: &[String]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if has(&self.analysts) { Some(Role::Analyst) } else { has(&self.readers).then_some(Role::Reader) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_tokens_are_clients() {
        let clients = Clients { readers: vec!["siem".to_owned()], analysts: vec!["Soar".to_owned()] };
        assert_eq!(clients.role_of("SIEM"), Some(Role::Reader));
        assert_eq!(clients.role_of("soar"), Some(Role::Analyst));
        assert_eq!(clients.role_of("sensor-1"), None);
        assert_eq!(Clients::default().role_of(""), None);
    }
}
