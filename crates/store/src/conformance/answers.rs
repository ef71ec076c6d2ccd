//! The answers of an engine are those of the model, page by page, for any data and query.
//!
//! Upkeep runs between batches and between the pages of an answer: it must never change an answer.

use cof::{Batch, Dialect, Reader, Record, SourceKind, Writer};
use proptest::prelude::*;

use super::Engine;
use super::model::{Model, tuple};
use super::tuples::{any_batch, any_name, name};
use crate::{Apart, Cursor, Order, Page, Question, Selection, Subject};

fn filled<E: Engine>(store: E, batches: &[Batch]) -> (E, Model) {
    let mut model = Model::default();
    for (step, batch) in batches.iter().enumerate() {
        store.shake(step * 7 + batch.observations.len());
        let receipt = store.absorb(batch.clone()).unwrap();
        assert_eq!((receipt.observations, receipt.repeated), (batch.observations.len(), false));
        model.absorb(batch);
    }
    (store, model)
}

/// Queries page by page like a client, with cursors in their text form; `between` runs after each page.
fn ask(store: &impl Engine, question: &Question, mut between: impl FnMut(&Page)) -> Vec<Record> {
    let mut question = question.clone();
    let mut records = Vec::new();
    loop {
        let page = store.lookup(&question).unwrap();
        assert!(page.records.len() <= question.limit && page.limit == question.limit);
        assert_eq!(page.more, page.next.is_some());
        if let Some(at_once) = store.lookup_at_once(&question) {
            assert_eq!(at_once, page, "{question:?}");
        }
        between(&page);
        store.shake(page.records.len() + question.limit);
        records.extend(page.records);
        let Some(next) = page.next else { return records };
        let full = records.len() % question.limit == 0;
        assert!(full || question.reach < usize::MAX, "a page with a successor is full");
        question.cursor = Some(Cursor::from_decimal(&next.to_decimal()).unwrap());
    }
}

fn everything() -> Question {
    Question::new(Subject::Suffix(name(".")))
}

/// The part of a batch about names that the query does not match, whatever their types and times.
fn unrelated(batch: &Batch, model: &Model, question: &Question) -> Batch {
    let mut batch = batch.clone();
    let mut known = model.clone();
    known.absorb(&batch);
    let matching = known.answer(&Question::new(question.subject.clone()));
    batch.observations.retain(|observation| !matching.iter().any(|row| row.rrname == observation.rrname));
    batch
}

/// An answer is that of the model, even if unrelated batches arrive between its pages.
pub fn pages_are_the_models(store: impl Engine, batches: &[Batch], more: &[Batch], question: &Question) {
    let (store, model) = filled(store, batches);
    let mut more = more.iter().map(|batch| unrelated(batch, &model, question));
    let answer = ask(&store, question, |_| {
        more.next().map(|batch| store.absorb(batch).unwrap());
    });
    assert_eq!(answer, model.answer(question));
}

/// A row that exists the whole time is returned exactly once, whatever arrives between the pages.
pub fn nothing_that_was_there_is_left_out(
    store: impl Engine,
    batches: &[Batch],
    more: &[Batch],
    subject: &Subject,
) {
    let (store, model) = filled(store, batches);
    let question = Question { limit: 2, ..Question::new(subject.clone()) };
    let mut more = more.iter();
    let answer = ask(&store, &question, |_| {
        more.next().map(|batch| store.absorb(batch.clone()).unwrap());
    });
    for row in model.answer(&question) {
        let times = answer.iter().filter(|sent| tuple(sent) == tuple(&row)).count();
        let long = row.rdata_text().len() > 500;
        assert!(times == 1 || long && times > 0, "{times} times: {row:?}");
    }
}

/// Two stores that received the same observations in different order give the same answers.
pub fn order_of_arrival_never_shows(stores: [impl Engine; 2], batches: &[Batch], seed: usize) {
    let shuffled = shuffle(batches, seed);
    let [one, two] = stores;
    let ((one, _), (two, _)) = (filled(one, batches), filled(two, &shuffled));
    assert_eq!(one.lookup(&everything()), two.lookup(&everything()));
}

/// Every observation as a separate batch, in another order.
fn shuffle(batches: &[Batch], seed: usize) -> Vec<Batch> {
    let mut single: Vec<Batch> = Vec::new();
    for batch in batches {
        for (number, observation) in batch.observations.iter().enumerate() {
            let at = seed.wrapping_mul(number + 7) % (single.len() + 1);
            let batch = Batch { observations: vec![observation.clone()], ..batch.clone() };
            single.insert(at, batch);
        }
    }
    single
}

/// A store that imports its own answers as reports gives the same answers as before.
pub fn our_own_answers_change_nothing(store: impl Engine, batches: &[Batch], question: &Question) {
    let (store, _) = filled(store, batches);
    let before = store.lookup(&everything()).unwrap();
    let part = Question { limit: 100, apart: Apart::Merged, ..question.clone() };
    let part = store.lookup(&part).unwrap();
    let mut batch = Batch::default();
    for record in before.records.iter().chain(&part.records) {
        assert!(batch.add(record, SourceKind::Report).is_taken());
    }
    store.absorb(batch).unwrap();
    assert_eq!(store.lookup(&everything()).unwrap(), before);
}

/// The newest rows and the summary are those of the model.
pub fn newest_and_summary_are_the_models(store: impl Engine, batches: &[Batch], question: &Question) {
    let (store, model) = filled(store, batches);
    let wanted = model.newest(question);
    let page = store.lookup(&Question { order: Order::NewestFirst, ..question.clone() }).unwrap();
    assert_eq!(page.records, wanted[..wanted.len().min(question.limit)]);
    assert_eq!((page.next, page.more), (None, wanted.len() > question.limit));
    assert_eq!(store.summarise(question).unwrap(), model.summarise(question));
}

/// Rows that a selection covers are no longer returned, and are counted.
pub fn what_is_dropped_is_gone(store: impl Engine, batches: &[Batch], selection: &Selection) {
    let (store, mut model) = filled(store, batches);
    store.settle();
    let before = store.stats().unwrap().entries;
    let dropped = store.drop_where(selection).unwrap();
    model.drop_where(selection);
    assert_eq!(store.lookup(&everything()).unwrap().records, model.answer(&everything()));
    let addresses = Question::new(Subject::parse("0.0.0.0/0").unwrap());
    assert_eq!(store.lookup(&addresses).unwrap().records, model.answer(&addresses));
    assert_eq!(store.stats().unwrap().entries, before - dropped);
}

/// A cursor in a valid form that was not created by the store.
pub fn forged_cursors_are_places(
    store: impl Engine,
    batches: &[Batch],
    question: &Question,
    key: &[u8],
    behind: u32,
) {
    let (store, model) = filled(store, batches);
    let cursor = Cursor::from_decimal(&Cursor::new(key, behind).to_decimal()).unwrap();
    let page = store.lookup(&Question { cursor: Some(cursor), ..question.clone() }).unwrap();
    let answer = model.answer(question);
    assert!(page.records.iter().all(|row| answer.contains(row)));
}

/// An exported file can be imported again: rows with observations are the same.
pub fn an_export_reads_back(store: impl Engine, batches: &[Batch]) {
    let (store, _) = filled(store, batches);
    let records = store.lookup(&everything()).unwrap().records;
    let (mut text, mut writer, mut reader) = (
        String::new(),
        Writer::new(Dialect::Draft),
        Reader::within(cof::time::Window::ANY, cof::Limits::default()),
    );
    let seen: Vec<_> = records.into_iter().filter(|record| record.time_first.is_some()).collect();
    for record in &seen {
        writer.write(record, &mut text);
    }
    reader.feed(text.as_bytes());
    reader.close();
    let read: Vec<_> = std::iter::from_fn(|| reader.next()).map(Result::unwrap).collect();
    let clamped = |record: &Record| Record {
        count: record.count.map(|count| count.min(i64::MAX as u64)),
        notes: Vec::new(),
        ..record.clone()
    };
    assert_eq!(read.iter().map(clamped).collect::<Vec<_>>(), seen.iter().map(clamped).collect::<Vec<_>>());
}

/// A few batches.
pub fn batches() -> impl Strategy<Value = Vec<Batch>> {
    prop::collection::vec(any_batch(25), 0..4)
}

/// A selection of what to drop.
pub fn any_selection() -> impl Strategy<Value = Selection> {
    prop_oneof![
        (0..22_u64).prop_map(Selection::LastSeenBefore),
        Just(Selection::Origin(None)),
        Just(Selection::Origin(Some("https://a.example".into()))),
        any_name().prop_map(Selection::Suffix),
    ]
}
