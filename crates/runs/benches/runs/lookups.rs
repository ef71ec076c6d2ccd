//! Lookups in a store of this size, by name, address, network and suffix, and for names that do not exist.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cof::{Name, Target};
use runs::Options;
use runs::Runs;
use store::{Question, Store, Subject};

use crate::generator::{Generator, mix, tuple};
use crate::measure::{figure, percentiles, seconds};
use crate::phases::absorb;

const ROUNDS: u64 = 20_000;

/// Fills a store, compacts it, and measures lookups.
pub(crate) fn run(path: &Path, count: u64) {
    let mut generator = Generator::new(count);
    let store = Runs::open(path, Options::default()).unwrap();
    absorb(&store, generator.by_ref());
    store.compact().unwrap();
    drop(store);
    let tuples = generator.tuples();
    let open = |cache| Runs::open(path, Options { cache, ..Options::default() }).unwrap();
    let store = open(256 << 20);
    let names = |round: u64| Subject::Name(tuple(mix(round) % tuples).0);
    let addresses = move |round: u64| address(mix(round ^ 9) % tuples);
    // Twice: in the second round, the data is in memory.
    for round in 0..2 {
        for (what, rows) in
            [("name", ask(&store, ROUNDS, &names)), ("address", ask(&store, ROUNDS, &addresses))]
        {
            if round == 1 {
                percentiles(what, rows.0);
                figure(&format!("rows {what}"), rows.1);
            }
        }
    }
    let miss = |round: u64| Subject::Name(Name::parse(&format!("no{round}.such{round}.example")).unwrap());
    percentiles("miss", ask(&store, ROUNDS, &miss).0);
    let network = |round: u64| match addresses(round) {
        Subject::Address(address) => Subject::Network(address, 24),
        other => other,
    };
    percentiles("network", ask(&store, ROUNDS / 10, &network).0);
    let suffix = |round: u64| {
        let name = tuple(mix(round ^ 5) % tuples).0;
        let text = name.to_string();
        let domain = text.rsplitn(3, '.').take(2).collect::<Vec<_>>();
        Subject::Suffix(Name::parse(&format!("{}.{}", domain[1], domain[0])).unwrap())
    };
    percentiles("suffix", ask(&store, ROUNDS / 10, &suffix).0);
    drop(store);
    let cold = open(0);
    percentiles("name uncached", ask(&cold, ROUNDS / 4, &names).0);
    percentiles("address uncached", ask(&cold, ROUNDS / 4, &addresses).0);
    drop(cold);
    let store = open(256 << 20);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            absorb(&store, Generator::new(u64::MAX).take_while(|_| !done.load(Ordering::Relaxed)));
        });
        ask(&store, ROUNDS, &names);
        ask(&store, ROUNDS, &addresses);
        percentiles("name ingesting", ask(&store, ROUNDS, &names).0);
        percentiles("address ingesting", ask(&store, ROUNDS, &addresses).0);
        done.store(true, Ordering::Relaxed);
    });
}

/// How long each lookup took, and the average number of rows.
fn ask(store: &Runs, rounds: u64, subject: &dyn Fn(u64) -> Subject) -> (Vec<f64>, f64) {
    let (mut times, mut rows) = (Vec::new(), 0);
    for round in 0..rounds {
        let question = Question { limit: 100, ..Question::new(subject(round)) };
        let (took, page) = seconds(|| store.lookup(&question).unwrap());
        times.push(took);
        rows += page.records.len();
    }
    (times, rows as f64 / rounds as f64)
}

/// The address of the next tuple that has one.
fn address(number: u64) -> Subject {
    let mut numbers = number..;
    let found = numbers.find_map(|number| {
        let (_, rrtype, rdata) = tuple(number);
        match rdata.target(rrtype) {
            Some(Target::Address(address)) => Some(address),
            _ => None,
        }
    });
    Subject::Address(found.unwrap())
}
