//! The engine: [`ClickHouse`] is a [`Store`].
//!
//! Any number of processes may share a database, as long as each input has one that writes it at a time.

mod kept;
mod spreading;
mod storing;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cof::{Batch, Digest};
use store::engine::{self, check};
use store::{
    Held, Limits, Page, Question, Reached, Readiness, Receipt, Selection, Stats, Store, StoreError, Summary,
    Ticket,
};

use crate::address::Address;
use crate::binary::Reader;
use crate::cluster::Table;
use crate::inputs::Inputs;
use crate::link::Link;
use crate::pending::Pending;
use crate::rows::{OWNER, RDATA};
use crate::schema::Schema;
use crate::sources::{Id, Sources};
use crate::walk::Snapshot;
use crate::{cluster, drops, literal, pending};
use kept::Kept;
use storing::Prepared;

/// How many rows a walk reads first if the whole answer is wanted.
const ALL: usize = 8_192;
/// How many rows a walk reads first at least: as many as the server reads anyway.
const FEW: usize = 256;
/// How many observations a batch should have: a server needs about 60 ms for a batch, however small it is.
const BATCH: usize = 100_000;
/// How often an answer is begun again because another process has added sources.
const ATTEMPTS: usize = 4;
/// Batches of one input wait for each other; other inputs rarely share one of these.
const TURNS: usize = 16;

/// A passive-DNS database on a ClickHouse server.
#[derive(Debug)]
pub struct ClickHouse {
    link: Link,
    schema: Schema,
    inputs: Inputs,
    pending: Pending,
    sources: Mutex<Arc<Sources>>,
    /// The number of entries, if counting them took long.
    entries: Kept,
    /// How much there was when it was counted, and how many inputs this process has added since then.
    held: Mutex<Option<(Held, usize)>>,
    turns: [Mutex<()>; TURNS],
    /// Names under which batches without a position wait, and the versions that come next.
    spare: Mutex<Vec<(pending::Id, u64)>>,
    limits: Limits,
}

/// The space that a database takes on its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// The parts of all tables.
    pub parts: u64,
    /// Their size on disk, in bytes.
    pub octets: u64,
    /// The rows of the records in both orders; parts that are not merged yet count separately.
    pub rows: u64,
}

impl ClickHouse {
    /// Connects, and checks the server and its tables.
    ///
    /// # Errors
    /// `Absent` without tables ([`crate::init`] creates them), `Foreign` for tables of another program, `Incompatible` for those of
    /// another version and for a server that cannot be used, `Unavailable` without an answer.
    pub fn open(address: &Address, password: &str) -> Result<Self, StoreError> {
        Self::with_limits(address, password, Limits::USUAL)
    }

    /// As [`Self::open`], with these limits on sources and inputs.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_limits(address: &Address, password: &str, limits: Limits) -> Result<Self, StoreError> {
        let mut link = Link::new(address, password)?;
        let schema = Schema::open(&link)?;
        link.always(schema.settings());
        if let Some(cluster) = schema.cluster() {
            link.always(&cluster.settings());
        }
        let sources = Sources::read(&link, &schema.sources)?;
        let inputs = Inputs::new(schema.inputs.clone(), schema.takes_tokens());
        let pending = Pending::new(schema.pending.clone());
        let opened = Self {
            link,
            schema,
            inputs,
            pending,
            sources: Mutex::new(Arc::new(sources)),
            entries: Kept::default(),
            held: Mutex::default(),
            turns: <[Mutex<()>; TURNS]>::default(),
            spare: Mutex::default(),
            limits,
        };
        opened.complete_what_is_old();
        Ok(opened)
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        self.link.address()
    }

    /// How many entries [`Store::drop_where`] would delete now.
    ///
    /// # Errors
    /// Errors of the server.
    pub fn count_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        drops::covered(&self.link, &self.schema, selection, &self.ids(selection)?)
    }

    /// What distinguishes these tables from all others, by whatever name the server is reached.
    pub fn id(&self) -> &str {
        &self.schema.id
    }

    /// How much space it takes.
    ///
    /// # Errors
    /// Errors of the server.
    pub fn footprint(&self) -> Result<Footprint, StoreError> {
        let Schema { entries, sources, inputs, pending, .. } = &self.schema;
        let name = |table: &Table| literal::text(table.local_name().as_bytes());
        let names: Vec<String> = [entries, sources, inputs, pending].map(name).into();
        let parts = self.schema.cluster().map_or_else(
            || "system.parts".to_owned(),
            |cluster| format!("cluster({}, system, parts)", cluster.quoted()),
        );
        let answer = self.link.ask(format!(
            "SELECT count(), sum(bytes), sum(if(table = {}, rows, 0)) FROM {parts} WHERE active AND database = {} AND table IN ({}) FORMAT RowBinary",
            name(entries),
            literal::text(self.address().database.as_bytes()),
            names.join(", ")
        ))?;
        let mut answer = Reader::new(&answer);
        let mut number = || answer.number().ok_or_else(|| self.link.strange("something else than numbers"));
        Ok(Footprint { parts: number()?, octets: number()?, rows: number()? })
    }

    /// Makes an answer, again with the new sources if there are some.
    fn answer<T>(
        &self,
        first: usize,
        work: impl Fn(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for _ in 0..ATTEMPTS {
            let known = Arc::clone(&*lock(&self.sources)?);
            let snapshot = Snapshot::new(&self.link, &self.schema, known, first);
            let result = work(&snapshot);
            if !snapshot.is_stale() {
                return result;
            }
            self.read_sources()?;
        }
        Err(self.link.strange("rows of sources that it does not have"))
    }

    fn read_sources(&self) -> Result<Arc<Sources>, StoreError> {
        let read = Arc::new(Sources::read(&self.link, &self.schema.sources)?);
        *lock(&self.sources)? = Arc::clone(&read);
        Ok(read)
    }

    /// Counts the entries; parts that are not merged yet count separately.
    fn count(&self) -> Result<u64, StoreError> {
        let (start, end) = (literal::text(&[OWNER]), literal::text(&[RDATA]));
        let answer = self.link.ask(format!(
            "SELECT count() {} key >= {start} AND key < {end} FORMAT RowBinary",
            self.schema.entries.from(None, false)
        ))?;
        Reader::new(&answer).number().ok_or_else(|| self.link.strange("no number"))
    }

    /// The ids of the sources that a selection names.
    fn ids(&self, selection: &Selection) -> Result<Vec<Id>, StoreError> {
        let Selection::Origin(origin) = selection else { return Ok(Vec::new()) };
        Ok(self.read_sources()?.of_origin(origin.as_ref()))
    }
}

impl Store for ClickHouse {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.redeem(self.submit(batch)?)
    }

    fn submit(&self, batch: Batch) -> Result<Ticket, StoreError> {
        check(&batch, &self.limits)?;
        self.admit_sources(&batch.sources)?;
        Ok(Ticket::prepared(Prepared::new(batch, &self.schema)?))
    }

    fn redeem(&self, ticket: Ticket) -> Result<Receipt, StoreError> {
        let batch: Option<Box<Prepared>> = ticket.into_prepared();
        let batch = batch.filter(|batch| batch.is_for(&self.schema)).ok_or_else(Ticket::of_another_store)?;
        let repeated = self.store(&batch)?;
        Ok(Receipt { observations: if repeated { 0 } else { batch.observations }, repeated })
    }

    fn usual_batch(&self) -> usize {
        BATCH
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        let first = match question.order {
            store::Order::Key => question.rows().min(question.reach).saturating_add(1).max(FEW),
            store::Order::NewestFirst => ALL,
        };
        self.answer(first, |snapshot| engine::lookup(snapshot, question))
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.answer(ALL, |snapshot| engine::summarise(snapshot, question))
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.complete_everything()?;
        // What has a position is not stored while the positions of what is dropped are forgotten.
        let forgets = matches!(selection, Selection::Origin(_));
        let turns = self.turns.iter().filter(|_| forgets).map(lock);
        let _turns: Vec<_> = turns.collect::<Result<_, _>>()?;
        let ids = self.ids(selection)?;
        let dropped = drops::delete(&self.link, &self.schema, selection, &ids)?;
        self.entries.forget()?;
        self.inputs.forget_that_named(&self.link, &ids)?;
        self.forget_marks(&ids)?;
        *lock(&self.held)? = None;
        Ok(dropped)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        Ok(self.stored(&input.into())?.reached)
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.inputs.wholes(&self.link, digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        let forgotten = self.inputs.forget_expired(&self.link, now)?;
        if forgotten > 0 {
            *lock(&self.held)? = None;
        }
        Ok(forgotten)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        Ok(Stats {
            entries: self.entries.get(kept::now, || self.count())?,
            sources: self.read_sources()?.len() as u64,
            inputs: self.inputs.held(&self.link)?.inputs as u64,
        })
    }

    fn readiness(&self) -> Result<Readiness, StoreError> {
        if self.schema.takes_tokens() {
            return self.position("").map(|_| Readiness::Ready);
        }
        cluster::readiness(&self.link, &self.schema.entries)
    }
}

/// A mutex whose holder panicked is an error.
fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, StoreError> {
    mutex.lock().map_err(|_: PoisonError<_>| StoreError::Panicked)
}
