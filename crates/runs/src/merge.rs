//! Merges many sorted sequences into one, with a tournament tree.
//!
//! [`Merge`] iterates over the entries of several [`Cursor`]s in key order, and combines entries with the same key into one
//! with the words of all. In the tree of losers, finding the next smallest key takes one comparison per level.

use std::sync::Arc;

use super::block::BlockCursor;
use super::error::Error;
use super::run::RunCursor;
use super::sources::Sources;
use super::word::{self, StoredWord};

/// One sorted sequence.
pub(super) enum Cursor {
    /// A batch in memory.
    Batch(BlockCursor),
    /// A file.
    Run(Box<RunCursor>),
}

impl Cursor {
    fn advance(&mut self) -> Result<bool, Error> {
        match self {
            Self::Batch(cursor) => cursor.advance().ok_or(Error::Damaged),
            Self::Run(cursor) => cursor.advance(),
        }
    }

    fn seek(&mut self, from: &[u8]) -> Result<bool, Error> {
        match self {
            Self::Batch(cursor) => cursor.seek(from).ok_or(Error::Damaged),
            Self::Run(cursor) => cursor.seek(from),
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Self::Batch(cursor) => cursor.key(),
            Self::Run(cursor) => cursor.key(),
        }
    }

    fn words(&self) -> &[u8] {
        match self {
            Self::Batch(cursor) => cursor.words(),
            Self::Run(cursor) => cursor.words(),
        }
    }
}

/// The entries of all cursors in order, each key once; it has no current entry until it is moved.
pub(super) struct Merge {
    /// The cursors that had an entry at first, and whether they still have one.
    cursors: Vec<(Cursor, bool)>,
    /// Node 0 has the winner; every other node has the loser of its comparison. The leaves follow after the nodes.
    tree: Vec<usize>,
    sources: Arc<Sources>,
    key: Vec<u8>,
    words: Vec<u8>,
    folding: Vec<StoredWord>,
}

impl Merge {
    /// Starts at the first key that is not below `from`.
    pub(super) fn from(
        cursors: impl IntoIterator<Item = Cursor>,
        from: &[u8],
        sources: Arc<Sources>,
    ) -> Result<Self, Error> {
        let mut merge = Self {
            cursors: Vec::new(),
            tree: Vec::new(),
            sources,
            key: Vec::new(),
            words: Vec::new(),
            folding: Vec::new(),
        };
        for mut cursor in cursors {
            if cursor.seek(from)? {
                merge.cursors.push((cursor, true));
            }
        }
        merge.play();
        Ok(merge)
    }

    /// Moves to the next key.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        let Some(cursor) = winner(&self.tree, &self.cursors) else { return Ok(false) };
        self.key.clear();
        self.key.extend_from_slice(cursor.key());
        self.words.clear();
        self.words.extend_from_slice(cursor.words());
        self.replace_winner()?;
        let mut several = false;
        while let Some(cursor) = winner(&self.tree, &self.cursors).filter(|cursor| cursor.key() == self.key) {
            self.words.extend_from_slice(cursor.words());
            several = true;
            self.replace_winner()?;
        }
        if several {
            self.fold()?;
        }
        Ok(true)
    }

    /// The current key.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The words of all cursors for this key, in their stored form.
    pub(super) fn words(&self) -> &[u8] {
        &self.words
    }

    fn fold(&mut self) -> Result<(), Error> {
        self.folding.clear();
        word::take_all(&self.words, &mut self.folding).ok_or(Error::Damaged)?;
        word::fold(&mut self.folding, &self.sources);
        self.words.clear();
        for word in &self.folding {
            word.push(&mut self.words);
        }
        Ok(())
    }

    /// Advances the winner's cursor, and repeats the comparisons from its leaf to the root.
    fn replace_winner(&mut self) -> Result<(), Error> {
        let Some(mut winner) = self.tree.first().copied() else { return Ok(()) };
        if let Some((cursor, alive)) = self.cursors.get_mut(winner) {
            *alive = cursor.advance()?;
        }
        let mut node = usize::midpoint(winner, self.cursors.len());
        while node > 0 {
            let Some(loser) = self.tree.get(node).copied() else { break };
            if self.beats(loser, winner) {
                if let Some(slot) = self.tree.get_mut(node) {
                    *slot = winner;
                }
                winner = loser;
            }
            node /= 2;
        }
        if let Some(slot) = self.tree.first_mut() {
            *slot = winner;
        }
        Ok(())
    }

    /// Builds the tree from all cursors.
    fn play(&mut self) {
        let count = self.cursors.len();
        let mut winners: Vec<usize> = (0..count).map(|_| 0).chain(0..count).collect();
        self.tree = vec![0; count];
        for node in (1..count).rev() {
            let pair = (winners.get(2 * node).copied(), winners.get(2 * node + 1).copied());
            let (Some(one), Some(other)) = pair else { continue };
            let (winner, loser) = if self.beats(other, one) { (other, one) } else { (one, other) };
            if let (Some(won), Some(lost)) = (winners.get_mut(node), self.tree.get_mut(node)) {
                (*won, *lost) = (winner, loser);
            }
        }
        if let (Some(slot), Some(winner)) = (self.tree.first_mut(), winners.get(1)) {
            *slot = *winner;
        }
    }

    fn beats(&self, one: usize, other: usize) -> bool {
        match (self.cursors.get(one), self.cursors.get(other)) {
            (Some((one, true)), Some((other, true))) => one.key() < other.key(),
            (Some((_, alive)), _) => *alive,
            (None, _) => false,
        }
    }
}

fn winner<'a>(tree: &[usize], cursors: &'a [(Cursor, bool)]) -> Option<&'a Cursor> {
    let (cursor, alive) = cursors.get(*tree.first()?)?;
    alive.then_some(cursor)
}
