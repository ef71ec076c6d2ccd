//! Fair turns at the store: a limited number of lookups at once, and waiting clients are served in turn.
//!
//! A lookup that may take long is cut into slices, each of which takes a [`Turn`]. With a single queue, a client with thirty
//! searches would have thirty places in it. Here every client has its own queue ([`Asker`]), and a free place goes to the next
//! client and not to the next slice, so a slice waits for at most one slice of each other client.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The client for the purpose of fairness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A client without a token, by its address.
    Address(IpAddr),
    /// This server itself.
    Ourselves,
    /// A token, by its number.
    Token(i64),
}

/// The places; cloning is cheap.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// The waiting clients, each with its queue; no client is listed twice, and no queue is empty.
    waiting: VecDeque<(Asker, VecDeque<oneshot::Sender<Turn>>)>,
}

/// A place, held until it is dropped.
#[derive(Debug)]
pub struct Turn(Turns);

impl Turns {
    /// Allows this many concurrent lookups; at least one.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: places.max(1), waiting: VecDeque::new() })))
    }

    /// Waits for a place. If the caller stops waiting, other clients are not affected.
    pub async fn take(&self, asker: Asker) -> Turn {
        let waited = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Turn(self.clone());
            }
            let (given, waited) = oneshot::channel();
            match state.waiting.iter_mut().find(|(other, _)| *other == asker) {
                Some((_, line)) => line.push_back(given),
                None => state.waiting.push_back((asker, VecDeque::from([given]))),
            }
            waited
        };
        // A sender is not dropped while its receiver waits; if it were, an additional place is better than none.
        waited.await.unwrap_or_else(|_| Turn(self.clone()))
    }

    /// Passes a place to the next waiting slice.
    fn pass_on(&self) {
        let next = {
            let mut state = self.lock();
            let next = state.next();
            state.free += usize::from(next.is_none());
            next
        };
        // If the receiver is gone, the place is returned at once.
        drop(next.map(|given| given.send(Turn(self.clone()))));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next slice that is still waiting.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some((asker, mut line)) = self.waiting.pop_front() {
            let given = line.pop_front();
            if !line.is_empty() {
                self.waiting.push_back((asker, line));
            }
            if let Some(given) = given.filter(|given| !given.is_closed()) {
                return Some(given);
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn whoever_asks_for_little_waits_for_one_slice_of_each_asker() {
        let turns = Turns::new(2);
        let (greedy, other) = (Asker::Token(1), Asker::Token(2));
        let mut held =
            vec![turns.take(greedy).now_or_never().unwrap(), turns.take(greedy).now_or_never().unwrap()];
        let mut queued: Vec<_> = (0..30).map(|_| Box::pin(turns.take(greedy))).collect();
        assert!(queued.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        let mut lookup = Box::pin(turns.take(other));
        assert!((&mut lookup).now_or_never().is_none());
        let mut waited = 0;
        let turn = loop {
            // A slice of the greedy client ends, and a waiting one starts.
            drop(held.remove(0));
            waited += 1;
            if let Some(turn) = (&mut lookup).now_or_never() {
                break turn;
            }
            let at = queued.iter_mut().position(|waiting| {
                waiting.now_or_never().is_some_and(|turn| {
                    held.push(turn);
                    true
                })
            });
            drop(queued.remove(at.unwrap()));
        };
        assert!(waited <= 2, "{waited} slices");
        drop(turn);
    }

    #[test]
    fn who_goes_away_gives_the_place_to_the_next() {
        let turns = Turns::new(1);
        let held = turns.take(Asker::Ourselves).now_or_never().unwrap();
        let mut waiting: Vec<_> = (0..4).map(|at| Box::pin(turns.take(Asker::Token(at)))).collect();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        drop(waiting.remove(0));
        drop(held);
        // The next slice gets the place without noticing: it goes away, and the place with it.
        drop(waiting.remove(0));
        let turn = (&mut waiting[0]).now_or_never().unwrap();
        drop((turn, waiting));
        assert_eq!(turns.lock().free, 1);
        assert!(turns.take(Asker::Ourselves).now_or_never().is_some());
    }
}
