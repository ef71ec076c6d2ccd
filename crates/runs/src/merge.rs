//! Many sorted sequences as one: a tournament in which the smallest key wins.
//!
//! [`Merge`] goes through the entries of [`Cursor`]s in order and makes one of those with the same key, with the words of all.
//! A tree of losers holds who lost to whom, so that the next winner takes one comparison a level.

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

/// The entries of all cursors in order, each key once; stands nowhere until it is moved.
pub(super) struct Merge {
    /// Those that have an entry left at first, and whether they still have.
    cursors: Vec<(Cursor, bool)>,
    /// At 0 the winner; at each other node who lost there. Leaves are the nodes behind.
    tree: Vec<usize>,
    sources: Arc<Sources>,
    key: Vec<u8>,
    words: Vec<u8>,
    folding: Vec<StoredWord>,
}

impl Merge {
    /// From the first key not below `from` on.
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

    /// Goes to the next key.
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

    /// This key.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// What all said of it, as it is stored.
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

    /// Moves the winner on and lets it play its way up again.
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

    /// Lets all play from the start.
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
