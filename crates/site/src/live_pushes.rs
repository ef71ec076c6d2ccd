//! The pushes that this server works on: [`LivePushes`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use platform::push::Live;
use workbench::push::Push;

/// The pushes that this server works on, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct LivePushes(Arc<Mutex<HashMap<i64, Arc<Live>>>>);

impl LivePushes {
    /// Notes that this server begins to work on a push; `None` if it does so already.
    pub(crate) fn begin(&self, id: i64) -> Option<Arc<Live>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains_key(&id) {
            return None;
        }
        let live = Arc::<Live>::default();
        all.insert(id, Arc::clone(&live));
        Some(live)
    }

    /// Notes that this server no longer works on a push.
    pub(crate) fn end(&self, id: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Lets the work on a push notice at once that it was paused or cancelled.
    pub(crate) fn notice(&self, push: &Push) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = all.get(&push.id).filter(|_| !push.state.is_active()) {
            live.stop();
        }
    }
}
