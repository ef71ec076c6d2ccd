//! One request to the server, or to a node of a cluster, and its whole answer: [`Link`].
//!
//! Calls block, and may come from any thread, also from one that runs asynchronous code: the requests are made by a thread of the
//! link. Every answer is complete: the server sends its headers when the query has ended (`wait_end_of_query`), so an error that
//! occurs in the middle is an error and not a shorter answer.
//!
//! A request that was lost on the way, or failed for a passing reason, is sent again a few times. So every statement must be one that
//! may be carried out twice: reading, a block that the server recognises, `CREATE … IF NOT EXISTS`, `ALTER … DELETE`.
//!
//! If there are several nodes, a request goes to the one that worked last. When that one fails, the same bytes go to the next one at
//! once; only when all have failed is there a pause.

mod delivery;
mod login;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bytes::Bytes;
use client::{Client, Limits, Target, Tcp, Tls};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use store::{StoreError, StoreErrorKind};
use tokio::runtime::Runtime;

use crate::address::Address;
use crate::binary::Block;
use delivery::{Delivery, Failed, Node};
use login::Login;

/// The waits before a request is sent again.
pub(crate) const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4)];
/// A query may take longer than somebody waits for a page: summaries read much.
const LIMITS: Limits = Limits {
    expansion: 2_000,
    connect: Duration::from_secs(10),
    idle: Duration::from_mins(5),
    total: Duration::from_mins(10),
    pauses: Duration::from_mins(1),
};
/// What counts the rows of a whole table may take longer still.
const OF_WHOLE_TABLES: Limits =
    Limits { idle: Duration::from_hours(1), total: Duration::from_hours(1), ..LIMITS };
/// The longest answer of a short query, in bytes.
const SHORT: usize = 1 << 20;
/// How much of an answer the server keeps in memory until the query has ended, in bytes; the rest is in a file on its disk. Its own
/// buffer has a megabyte, and a number that is not larger would mean a file for every answer.
const IN_MEMORY: usize = 4 << 20;
/// The longest statement, in bytes: a key can have 130,000, each written as four.
const LONGEST_STATEMENT: usize = 4 << 20;

/// The longest statement of an insert, in bytes, without its block. The server reads as much before it lists the query as running.
const LONGEST_INSERTION: usize = 4 << 10;

/// Settings with which an answer is complete or an error, and a block is recognised, whatever the profile of the user says.
const ALWAYS: &str = "read_overflow_mode=throw&group_by_overflow_mode=throw&sort_overflow_mode=throw&\
    result_overflow_mode=throw&timeout_overflow_mode=throw&set_overflow_mode=throw&transfer_overflow_mode=throw&\
    distinct_overflow_mode=throw&join_overflow_mode=throw&skip_unavailable_shards=0&insert_deduplicate=1";

/// Settings of one query, as ClickHouse names them.
pub(crate) type Settings<'a> = &'a [(&'a str, String)];

/// A connection to a server, or to the nodes of a cluster.
#[derive(Debug)]
pub(crate) struct Link {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    nodes: Arc<[Node]>,
    /// The number of the node to which requests go.
    current: Arc<AtomicUsize>,
    address: Address,
    login: Login,
    /// Settings of all requests, each after `&`.
    always: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) body: Vec<u8>,
    /// Whether it was longer than allowed, and the rest was not read.
    pub(crate) is_cut: bool,
}

/// A request whose success is not known, or that failed.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) error: StoreError,
    /// Whether the same request can succeed a moment later.
    pub(crate) is_passing: bool,
}

impl Link {
    /// A link that connects with the first request.
    ///
    /// # Errors
    /// `Unavailable` if the CA file cannot be read, or the system has no resources.
    pub(crate) fn new(address: &Address, password: &str) -> Result<Self, StoreError> {
        let failed = |error: &dyn std::fmt::Display| {
            StoreError::engine(StoreErrorKind::Unavailable, format!("{address}: {error}"))
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("clickhouse")
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let node = |(host, port): (&str, u16)| {
            let Address { ca_file, certificate, .. } = address.clone();
            let tls = address.tls.then_some(Tls { ca_file, certificate, verify: true });
            let target = Target { host: host.to_owned(), port, tls, proxy: None };
            let client =
                |limits| Client::new(target.clone(), limits, Arc::new(Tcp)).map_err(|error| failed(&error));
            let (client, patient) = (client(LIMITS)?, client(OF_WHOLE_TABLES)?);
            let scheme = if address.tls { "https" } else { "http" };
            let url = format!("{scheme}://{}/", client::authority(host, port));
            Ok(Node { client, patient, url, address: address.at(host, port) })
        };
        let nodes = address.nodes().map(node).collect::<Result<_, StoreError>>()?;
        let login = Login::new(address, password).ok_or_else(|| failed(&"the password is too long"))?;
        Ok(Self {
            runtime: Some(runtime),
            nodes,
            current: Arc::default(),
            address: address.clone(),
            login,
            always: format!("&{ALWAYS}"),
        })
    }

    /// Adds settings to all further requests.
    pub(crate) fn always(&mut self, settings: Settings<'_>) {
        push(settings, &mut self.always);
    }

    /// The address of the server, or of the cluster.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Carries out a statement that returns at most a megabyte.
    ///
    /// # Errors
    /// [`Fault::into_error`], and `Unavailable` if there is no answer.
    pub(crate) fn ask(&self, sql: String) -> Result<Vec<u8>, StoreError> {
        self.ask_with(sql, &PAUSES)
    }

    /// Reads a table that the server has about itself. While somebody drops another table, old versions may say that it does not exist.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_system(&self, sql: &str) -> Result<Vec<u8>, StoreError> {
        for pause in PAUSES {
            match self.ask(sql.to_owned()) {
                Err(error) if error.kind() == StoreErrorKind::Absent => self.pause(pause)?,
                answer => return answer,
            }
        }
        self.ask(sql.to_owned())
    }

    /// Carries out a query, and reads at most so many bytes of its answer.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn select(
        &self,
        sql: String,
        most: usize,
        settings: Settings<'_>,
    ) -> Result<Reply, StoreError> {
        self.select_with(sql, most, settings, &PAUSES)
    }

    /// As [`Self::select`], with these waits before it is tried again.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn select_with(
        &self,
        sql: String,
        most: usize,
        settings: Settings<'_>,
        pauses: &'static [Duration],
    ) -> Result<Reply, StoreError> {
        let query = self.query(settings, None);
        let body = self.deliver(query, sql.into(), most, pauses).map_err(|lost| lost.error)?;
        Ok(Reply { is_cut: body.len() >= most, body })
    }

    /// As [`Self::ask`], with these waits before it is tried again.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_with(&self, sql: String, pauses: &'static [Duration]) -> Result<Vec<u8>, StoreError> {
        self.short(self.deliver(self.query(&[], None), sql.into(), SHORT, pauses))
    }

    /// As [`Self::ask`], for a query that reads a whole table.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_of_whole_table(&self, sql: String) -> Result<Vec<u8>, StoreError> {
        let delivery = self.delivery(self.query(&[], None), sql.into(), SHORT);
        self.short(self.carry_out(Delivery { is_patient: true, ..delivery }, &PAUSES))
    }

    /// Carries out a statement on each node that the address names.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_each(&self, sql: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let ask = |node| {
            let delivery = self.delivery(self.query(&[], None), sql.to_owned().into(), SHORT);
            self.short(self.carry_out(Delivery { only: Some(node), ..delivery }, &PAUSES))
        };
        (0..self.nodes.len()).map(ask).collect()
    }

    fn short(&self, delivered: Result<Vec<u8>, Lost>) -> Result<Vec<u8>, StoreError> {
        let body = delivered.map_err(|lost| lost.error)?;
        if body.len() >= SHORT { Err(self.strange("a longer answer than was asked for")) } else { Ok(body) }
    }

    /// Inserts a block that may be inserted twice. If `token` is given, the server recognises a repeated block by it.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn insert(&self, table: &str, block: Block, token: Option<String>) -> Result<(), StoreError> {
        let sql = insertion(table, &block.names());
        self.insert_bytes(&sql, block.into_bytes().into(), token)
    }

    /// As [`Self::insert`], with a statement and the bytes of a block.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn insert_bytes(
        &self,
        sql: &str,
        block: Bytes,
        token: Option<String>,
    ) -> Result<(), StoreError> {
        let token = token.map(|token| ("insert_deduplication_token", token));
        let query = self.query(token.as_slice(), Some(sql));
        self.deliver(query, block, SHORT, &PAUSES).map(drop).map_err(|lost| lost.error)
    }

    /// Sends a block once.
    ///
    /// # Errors
    /// [`Lost`].
    pub(crate) fn offer(&self, sql: &str, block: Bytes, settings: Settings<'_>) -> Result<(), Lost> {
        self.deliver(self.query(settings, Some(sql)), block, SHORT, &[]).map(drop)
    }

    /// Waits.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), StoreError> {
        // A timer can only be made where asynchronous code runs.
        self.wait(async move { tokio::time::sleep(time).await })
    }

    /// The server does not keep to what it promises.
    pub(crate) fn strange(&self, what: &str) -> StoreError {
        let detail = format!("{}: the server sent {what}; please report it with its version", self.address);
        StoreError::engine(StoreErrorKind::Unavailable, detail)
    }

    fn query(&self, settings: Settings<'_>, statement: Option<&str>) -> String {
        let longest = if statement.is_some() { LONGEST_INSERTION } else { LONGEST_STATEMENT };
        let mut query =
            format!("wait_end_of_query=1&buffer_size={IN_MEMORY}&max_query_size={longest}{}", self.always);
        if !self.address.is_loopback() {
            query.push_str("&enable_http_compression=1");
        }
        let statement = statement.map(|statement| ("query", statement.to_owned()));
        push(settings, &mut query);
        push(statement.as_slice(), &mut query);
        query
    }

    fn delivery(&self, query: String, body: Bytes, most: usize) -> Delivery {
        let (nodes, current) = (Arc::clone(&self.nodes), Arc::clone(&self.current));
        let is_remote = !self.address.is_loopback();
        let login = self.login.clone();
        Delivery { nodes, current, only: None, is_patient: false, login, query, body, most, is_remote }
    }

    /// Sends a request, again after each of these pauses while it fails for a passing reason.
    fn deliver(
        &self,
        query: String,
        body: Bytes,
        most: usize,
        pauses: &'static [Duration],
    ) -> Result<Vec<u8>, Lost> {
        self.carry_out(self.delivery(query, body, most), pauses)
    }

    fn carry_out(&self, delivery: Delivery, pauses: &'static [Duration]) -> Result<Vec<u8>, Lost> {
        let lost = |(node, failed): (usize, Failed)| {
            let address = self.nodes.get(node).map_or(&self.address, |node| &node.address);
            Lost { is_passing: failed.is_passing(), error: failed.into_error(address) }
        };
        let delivered = self.wait(delivery.carry_out(pauses));
        delivered.map_err(|error| Lost { error, is_passing: false })?.map_err(lost)
    }

    /// Lets the thread of the link work, and waits for the result.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, hear) = sync_channel(1);
        let runtime = self.runtime.as_ref().ok_or(StoreError::Panicked)?;
        drop(runtime.spawn(async move {
            let _ = tell.send(work.await);
        }));
        hear.recv().map_err(|_| StoreError::Panicked)
    }
}

/// A runtime that is dropped where asynchronous code runs would panic.
impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The statement that inserts a block with these columns.
pub(crate) fn insertion(table: &str, columns: &str) -> String {
    format!("INSERT INTO {table} ({columns}) FORMAT Native")
}

/// Appends settings to a query.
fn push(settings: Settings<'_>, query: &mut String) {
    for (key, value) in settings {
        query.push('&');
        query.push_str(key);
        query.push('=');
        query.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
}

#[cfg(test)]
mod tests {
    use testkit::certificate::{Authority, Validity};
    use testkit::{Exchange, Script, ScriptedProvider};

    use super::*;

    fn link(runtime: &Runtime, script: Script) -> (ScriptedProvider, Link) {
        let server = ScriptedProvider::new(script);
        let at = runtime.block_on(server.listen()).unwrap();
        let address = Address::parse(&format!("clickhouse://me@{at}/pdns")).unwrap();
        (server, Link::new(&address, "hunter2").unwrap())
    }

    #[test]
    fn a_passing_failure_is_tried_again_with_the_same_bytes() {
        let runtime = Runtime::new().unwrap();
        let exchanges = [Exchange::status(500, &[], "Code: 999, ZooKeeper"), Exchange::ok("")];
        let (server, link) = link(&runtime, Script::new(exchanges));
        let block = Block::new(0);
        link.insert("pdns.t", block, Some("a b".to_owned())).unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body, requests[1].body);
        assert!(
            requests.iter().all(|request| request.header("authorization") == Some("Basic bWU6aHVudGVyMg=="))
        );
    }

    #[test]
    fn a_table_that_another_one_drops_does_not_hide_the_servers_own() {
        let runtime = Runtime::new().unwrap();
        let gone = Exchange::status(500, &[], "Code: 60, e.displayText() = Table a.b doesn't exist");
        let (server, link) = link(&runtime, Script::new([gone, Exchange::ok("7")]));
        assert_eq!(link.ask_system("SELECT count() FROM system.tables"), Ok(b"7".to_vec()));
        assert_eq!(server.requests().len(), 2);
    }

    #[test]
    fn a_refusal_is_told_once_and_without_the_password() {
        let runtime = Runtime::new().unwrap();
        let exchanges =
            [Exchange::status(500, &[], "Code: 193, e.displayText() = Wrong password for user me")];
        let (server, link) = link(&runtime, Script::new(exchanges));
        let error = link.ask("SELECT 1".to_owned()).unwrap_err();
        assert!(error.to_string().contains("refused the login"), "{error}");
        assert!(!format!("{error} {link:?}").contains("hunter2"));
        assert_eq!(server.requests().len(), 1);
    }

    #[test]
    fn a_user_with_a_certificate_needs_no_password() {
        let runtime = Runtime::new().unwrap();
        let authority = Authority::new();
        let [place, client] =
            [authority.issue("127.0.0.1", Validity::Valid), authority.issue_to_client("me")];
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).display().to_string()
        };
        let (trusted, shown) =
            (file("ca.pem", authority.pem()), file("me.pem", client.pem() + &client.key_pem()));
        let server = ScriptedProvider::new(Script::new([Exchange::ok("7")]))
            .with_tls_for_clients_of(&authority, &place);
        let at = runtime.block_on(server.listen()).unwrap();
        let text = format!("clickhouse://me@{at}/pdns?tls=yes&ca_file={trusted}");
        let ask = |text: &str| {
            let address = Address::parse(text).unwrap();
            Link::new(&address, "").unwrap().ask_with("SELECT 7".to_owned(), &[])
        };
        assert_eq!(ask(&text).unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(ask(&format!("{text}&certificate={shown}")), Ok(b"7".to_vec()));
        let request = &server.requests()[0];
        assert_eq!(request.header("x-clickhouse-user"), Some("me"));
        assert_eq!(request.header("x-clickhouse-ssl-certificate-auth"), Some("on"));
        assert_eq!(request.header("authorization"), None);
    }

    #[test]
    fn a_long_answer_is_known_as_cut() {
        let runtime = Runtime::new().unwrap();
        let (_server, link) = link(&runtime, Script::new([Exchange::ok("0123456789"), Exchange::ok("0123")]));
        let reply = link.select("SELECT 1".to_owned(), 5, &[]).unwrap();
        assert_eq!((&*reply.body, reply.is_cut), (&b"01234"[..], true));
        let reply = link.select("SELECT 1".to_owned(), 5, &[]).unwrap();
        assert_eq!((&*reply.body, reply.is_cut), (&b"0123"[..], false));
    }

    #[test]
    fn the_next_node_gets_the_same_bytes_and_all_that_follows() {
        let runtime = Runtime::new().unwrap();
        let closed = testkit::ClosedPort::bind().unwrap();
        let script = |bodies: [Exchange; 2]| ScriptedProvider::new(Script::new(bodies));
        let failing = Exchange::status(500, &[], "Code: 279, All connection tries failed");
        let one = script([failing, Exchange::ok("never")]);
        let two = script([Exchange::ok("first"), Exchange::ok("second")]);
        let [at, next] = [&one, &two].map(|server| runtime.block_on(server.listen()).unwrap());
        let text = format!("clickhouse://me@{},{at},{next}/pdns?cluster=c", closed.address());
        let link = Link::new(&Address::parse(&text).unwrap(), "").unwrap();
        assert_eq!(link.ask("SELECT 1".to_owned()), Ok(b"first".to_vec()));
        assert_eq!(link.ask("SELECT 2".to_owned()), Ok(b"second".to_vec()));
        assert_eq!((one.requests().len(), two.requests().len()), (1, 2));
        assert_eq!(one.requests()[0].body, two.requests()[0].body);
    }

    #[test]
    fn an_error_names_the_node() {
        let runtime = Runtime::new().unwrap();
        let closed = testkit::ClosedPort::bind().unwrap();
        let server = ScriptedProvider::new(Script::new([Exchange::status(500, &[], "Code: 62, syntax")]));
        let at = runtime.block_on(server.listen()).unwrap();
        let text = format!("clickhouse://me@{},{at}/pdns?cluster=c", closed.address());
        let link = Link::new(&Address::parse(&text).unwrap(), "").unwrap();
        let error = link.ask("SELECT 1".to_owned()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("clickhouse://me@{at}/pdns: ")), "{error}");
    }

    /// A link may be used and dropped by a thread that runs asynchronous code.
    #[tokio::test]
    async fn it_works_where_asynchronous_code_runs() {
        let server = ScriptedProvider::new(Script::new([Exchange::ok("7")]));
        let at = server.listen().await.unwrap();
        let address = Address::parse(&format!("clickhouse://me@{at}/pdns")).unwrap();
        let asked = tokio::task::spawn_blocking(move || {
            let link = Link::new(&address, "").unwrap();
            link.ask("SELECT 7".to_owned())
        });
        assert_eq!(asked.await.unwrap(), Ok(b"7".to_vec()));
    }
}
