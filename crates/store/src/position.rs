//! How far inputs have been taken in, and whether a batch is new.
//!
//! [`Positions`] is what every engine remembers of inputs: by name, by the digest of what is whole, by when it expires. It is
//! plain memory; an engine that lasts writes down each [`Reached`] with its batch. Nothing here fails.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cof::{Digest, Position};

use crate::StoreError;

/// The most names that [`crate::Store::wholes`] gives.
pub const MAX_WHOLES: usize = 256;

/// How far an input has been stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reached {
    /// How much of it, decompressed, in bytes; or the number of the last batch.
    pub offset: u64,
    /// Of the first `offset` bytes; `None` where none was given, and for inputs that an earlier version took in.
    pub digest: Option<Digest>,
    /// Nothing comes after it.
    pub whole: bool,
    /// When it may be forgotten, in seconds since the epoch.
    pub expires: Option<u64>,
}

impl Reached {
    /// Where an input is after a batch with this position.
    pub fn at(position: &Position) -> Self {
        let Position { offset, digest, whole, expires, .. } = *position;
        Self { offset, digest, whole, expires }
    }

    /// Whether a batch that ends at this position has been taken in.
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

/// An input: how far it was taken in, and who was named by it.
#[derive(Clone, Debug)]
struct Input<S> {
    reached: Reached,
    /// Each once, in order.
    named: Vec<S>,
}

/// All inputs that are remembered; `S` stands for a source or an origin.
#[derive(Clone, Debug)]
pub struct Positions<S> {
    inputs: HashMap<Arc<str>, Input<S>>,
    wholes: HashMap<Digest, BTreeSet<Arc<str>>>,
    expiring: BTreeSet<(u64, Arc<str>)>,
    /// How many sources all inputs have named.
    named: usize,
}

impl<S> Default for Positions<S> {
    fn default() -> Self {
        Self { inputs: HashMap::new(), wholes: HashMap::new(), expiring: BTreeSet::new(), named: 0 }
    }
}

impl<S: Ord + Clone> Positions<S> {
    /// How many inputs are remembered.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// How many of them expire.
    pub fn expiring(&self) -> usize {
        self.expiring.len()
    }

    /// How many sources they have named, over all of them.
    pub fn named(&self) -> usize {
        self.named
    }

    /// How far an input was taken in.
    pub fn get(&self, input: &str) -> Option<Reached> {
        self.inputs.get(input).map(|input| input.reached)
    }

    /// All inputs with what they named, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Reached, &[S])> {
        self.inputs.iter().map(|(name, input)| (name, &input.reached, input.named.as_slice()))
    }

    /// Whether a batch with this position has been taken in.
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

    /// The input is here now, and has named these besides those before.
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

    /// The inputs that named any of these.
    pub fn that_named(&self, is_one: impl Fn(&S) -> bool) -> Vec<Arc<str>> {
        let inputs = self.inputs.iter().filter(|(_, input)| input.named.iter().any(&is_one));
        inputs.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Forgets what expires by now, and says which inputs those were.
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
