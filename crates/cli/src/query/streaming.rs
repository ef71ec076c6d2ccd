//! `query --format cof`: prints records as they arrive, in constant memory.
//!
//! Reading an answer and printing it take about the same time, so they run concurrently: the [`Streamer`] of each answer passes
//! on the records of one piece, and the single [`Printer`] writes them, in complete lines. At most a few pieces wait between
//! them; a slow reader of standard output slows down the queries.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use cof::{Damage, Dialect, Record, Writer};
use futures_util::{StreamExt, stream};
use operation::Sink;
use operation::provider::Stop;
use workbench::run::Run;
use workbench::{Kind, Refusal};

use super::{Plan, holding};
use crate::asked::{Refused, complain, complain_refused};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal;
use crate::values::Given;

/// How many pieces may wait to be printed; one contains the records of at most 64 KiB of an answer.
const WAITING: usize = 4;

/// Queries every value, and prints records as they arrive.
pub(super) async fn run(plan: &Plan, given: Vec<Given>, concurrency: usize) -> Result<Exit, Failure> {
    let progress = output::progress(given.len());
    let printer = Printer::start();
    let mut exit = Exit::Done;
    let asking = given.into_iter().map(|given| {
        let (plan, records) = (plan.clone(), printer.records.clone());
        tokio::spawn(async move { (terminal::label(&given.text), plan.stream(&given, records).await) })
    });
    let mut done = stream::iter(asking).buffer_unordered(concurrency);
    while let Some(joined) = done.next().await {
        let (value, result) = joined.map_err(|error| Failure::work("asking", &error))?;
        match result? {
            Ok(Some(run)) => {
                exit = exit.max(Exit::from(&run.ending));
                progress.suspend(|| complain(&value, &run));
            }
            Ok(None) => {}
            Err(refused) => {
                exit = exit.max(Exit::Failed);
                progress.suspend(|| complain_refused(&value, &refused));
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    drop(done);
    printer.finish()?;
    Ok(exit)
}

impl Plan {
    /// `None` if the requested number of records was reached.
    async fn stream(
        &self,
        given: &Given,
        printer: SyncSender<Vec<Record>>,
    ) -> Result<Result<Option<Run>, Refused>, Failure> {
        let indicator = match self.check(given) {
            Ok(indicator) => indicator,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut sink = Streamer {
            filter: &self.asking.filter,
            piece: Vec::new(),
            printer,
            left: self.arrangement.limit,
            most: (self.asking.most < usize::MAX).then_some(self.asking.most),
            taken: 0,
            enough: false,
        };
        let run = match self.runs.begin(&self.asking, &indicator).await {
            Ok(begun) => begun.stream(&mut sink).await,
            Err(workbench::Error::Held(held)) => {
                // It was marked after the values were looked at.
                holding::complain(&held);
                return Ok(Err(Refused::Held(held)));
            }
            Err(error) => Err(error),
        };
        // The records in the last piece, before the end of the answer.
        sink.pause();
        match run {
            Err(workbench::Error::Refused(Refusal { kind: Kind::Missing, text })) => {
                Ok(Err(Refused::Kept(text)))
            }
            run => Ok(Ok(Some(run?).filter(|_| !sink.enough))),
        }
    }
}

/// A sink that passes records on for printing.
struct Streamer<'a> {
    filter: &'a operation::Filter,
    /// The records of the current piece so far.
    piece: Vec<Record>,
    printer: SyncSender<Vec<Record>>,
    /// How many more records are requested.
    left: Option<usize>,
    most: Option<usize>,
    taken: usize,
    /// Whether there were more records than requested.
    enough: bool,
}

impl Sink for Streamer<'_> {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        if !self.filter.keeps(&record) {
            return Ok(());
        }
        if self.left == Some(self.taken) {
            self.enough = true;
            return Err(Stop::Gone);
        }
        if let Some(most) = self.most.filter(|most| *most == self.taken) {
            return Err(Stop::Full(most));
        }
        self.taken += 1;
        self.piece.push(record);
        Ok(())
    }

    fn damage(&mut self, _: Damage) {}

    fn pause(&mut self) {
        if !self.piece.is_empty() {
            let next = Vec::with_capacity(self.piece.len());
            if self.printer.send(std::mem::replace(&mut self.piece, next)).is_err() {
                // The printer has ended, and reports why; nothing more is accepted.
                self.left = Some(self.taken);
            }
        }
    }
}

/// Writes records to standard output, on a separate thread.
struct Printer {
    records: SyncSender<Vec<Record>>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl Printer {
    fn start() -> Self {
        let (records, waiting) = sync_channel(WAITING);
        Self { records, thread: std::thread::spawn(move || print(&waiting)) }
    }

    /// Waits until everything is written; returns the error of standard output.
    fn finish(self) -> Result<(), Failure> {
        drop(self.records);
        match self.thread.join() {
            Ok(written) => Ok(written?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn print(waiting: &Receiver<Vec<Record>>) -> std::io::Result<()> {
    let mut writer = Writer::new(Dialect::Draft);
    let mut text = String::new();
    let mut out = std::io::stdout().lock();
    while let Ok(records) = waiting.recv() {
        text.clear();
        for record in &records {
            writer.write(record, &mut text);
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}
