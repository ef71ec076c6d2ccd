//! The positions of inputs, which determine whether a batch is new.
//!
//! [`Positions`] is what every engine keeps about inputs: by name, by the digest of complete inputs, and by their expiry. It is
//! only memory; a durable engine stores each [`Reached`] together with its batch. Nothing here fails.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cof::{Digest, Position};

use crate::StoreError;

/// The most names that [`crate::Store::wholes`] returns.
pub const MAX_WHOLES: usize = 256;

/// How far an input has been stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reached {
    /// The offset after decompression, in bytes; or the number of the last batch.
    pub offset: u64,
    /// The digest of the first `offset` bytes; `None` if none was given, and for inputs that an earlier version imported.
    pub digest: Option<Digest>,
    /// Whether the input is complete.
    pub whole: bool,
    /// When it may be forgotten, in seconds since the epoch.
    pub expires: Option<u64>,
}

impl Reached {
    /// The state of an input after a batch with this position.
    pub fn at(position: &Position) -> Self {
        let Position { offset, digest, whole, expires, .. } = *position;
        Self { offset, digest, whole, expires }
    }

    /// Whether a batch that ends at this position was imported before.
    fn covers(&self, position: &Position) -> bool {
        self.whole || (position.offset, position.whole) <= (self.offset, self.whole)
    }

    /// Whether the digests show that this position is one of another input.
    fn contradicts(&self, position: &Position) -> bool {
        let (Some(known), Some(given)) = (self.digest, position.digest) else { return false };
        let differs = position.offset == self.offset && known != given;
        let longer = self.whole && position.offset > self.offset;
        let shorter = position.whole && position.offset < self.offset;
        differs || longer || shorter
    }
}

/// An input: its position, and the sources that it named.
#[derive(Clone, Debug)]
struct Input<S> {
    reached: Reached,
    /// Each once, sorted.
    named: Vec<S>,
}

/// All stored inputs; `S` is a source or an origin.
#[derive(Clone, Debug)]
pub struct Positions<S> {
    inputs: HashMap<Arc<str>, Input<S>>,
    wholes: HashMap<Digest, BTreeSet<Arc<str>>>,
    expiring: BTreeSet<(u64, Arc<str>)>,
    /// The number of sources that inputs have named, added up.
    named: usize,
}

impl<S> Default for Positions<S> {
    fn default() -> Self {
        Self { inputs: HashMap::new(), wholes: HashMap::new(), expiring: BTreeSet::new(), named: 0 }
    }
}

impl<S: Ord + Clone> Positions<S> {
    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The number of inputs that expire.
    pub fn expiring(&self) -> usize {
        self.expiring.len()
    }

    /// The number of sources that inputs have named, added up over all inputs.
    pub fn named(&self) -> usize {
        self.named
    }

    /// The position of an input.
    pub fn get(&self, input: &str) -> Option<Reached> {
        self.inputs.get(input).map(|input| input.reached)
    }

    /// All inputs with the sources they named, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Reached, &[S])> {
        self.inputs.iter().map(|(name, input)| (name, &input.reached, input.named.as_slice()))
    }

    /// Whether a batch with this position was imported before.
    ///
    /// # Errors
    /// [`StoreError::OtherContent`].
    pub fn has_reached(&self, position: Option<&Position>) -> Result<bool, StoreError> {
        let Some(position) = position else { return Ok(false) };
        let Some(reached) = self.get(&position.input) else { return Ok(false) };
        if reached.contradicts(position) {
            return Err(StoreError::OtherContent { input: (&*position.input).into() });
        }
        Ok(reached.covers(position))
    }

    /// Sets the state of an input, and adds the sources that it named.
    pub fn advance(&mut self, input: &Arc<str>, reached: Reached, named: impl IntoIterator<Item = S>) {
        let (name, mut all) = match self.remove(input) {
            Some((name, known)) => (name, known.named),
            None => (Arc::clone(input), Vec::new()),
        };
        all.extend(named);
        all.sort_unstable();
        all.dedup();
        match (reached.expires, reached.digest.filter(|_| reached.whole)) {
            (Some(expires), _) => drop(self.expiring.insert((expires, Arc::clone(&name)))),
            (None, Some(digest)) => drop(self.wholes.entry(digest).or_default().insert(Arc::clone(&name))),
            (None, None) => {}
        }
        self.named += all.len();
        self.inputs.insert(name, Input { reached, named: all });
    }

    /// Forgets an input.
    pub fn forget(&mut self, input: &str) {
        self.remove(input);
    }

    fn remove(&mut self, input: &str) -> Option<(Arc<str>, Input<S>)> {
        let (name, known) = self.inputs.remove_entry(input)?;
        self.named -= known.named.len();
        if let Some(expires) = known.reached.expires {
            self.expiring.remove(&(expires, Arc::clone(&name)));
        }
        if let Some(digest) = known.reached.digest
            && let Some(names) = self.wholes.get_mut(&digest)
        {
            names.remove(&name);
            if names.is_empty() {
                self.wholes.remove(&digest);
            }
        }
        Some((name, known))
    }

    /// The inputs that named any of these sources.
    pub fn that_named(&self, is_one: impl Fn(&S) -> bool) -> Vec<Arc<str>> {
        let inputs = self.inputs.iter().filter(|(_, input)| input.named.iter().any(&is_one));
        inputs.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Removes the inputs that have expired, and returns their names.
    pub fn forget_expired(&mut self, now: u64) -> Vec<Arc<str>> {
        let mut forgotten = Vec::new();
        while let Some((_, name)) = self.expiring.first().filter(|(expires, _)| *expires <= now).cloned() {
            self.remove(&name);
            forgotten.push(name);
        }
        forgotten
    }

    /// [`crate::Store::wholes`].
    pub fn wholes(&self, digest: &Digest) -> Vec<Arc<str>> {
        self.wholes.get(digest).into_iter().flatten().take(MAX_WHOLES).cloned().collect()
    }
}
