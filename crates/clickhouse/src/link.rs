//! One request to the server, and its whole answer: [`Link`].
//!
//! Calls block, and may come from any thread, also from one that runs asynchronous code: the requests are made by a thread of the
//! link. Every answer is complete: the server sends its headers when the query has ended (`wait_end_of_query`), so an error that
//! occurs in the middle is an error and not a shorter answer.
//!
//! A request that was lost on the way, or failed for a passing reason, is sent again a few times. So every statement must be one that
//! may be carried out twice: reading, a block that the server recognises, `CREATE … IF NOT EXISTS`, `ALTER … DELETE`.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bytes::Bytes;
use client::{Answer, Client, ClientError, Limits, Target, Tcp, Tls, basic};
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use store::{StoreError, StoreErrorKind};
use tokio::runtime::Runtime;

use crate::address::Address;
use crate::binary::Block;
use crate::fault::Fault;

/// The waits before a request is sent again.
pub(crate) const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4)];
/// A query may take longer than somebody waits for a page: mutations and summaries read whole tables.
const LIMITS: Limits = Limits {
    expansion: 2_000,
    connect: Duration::from_secs(10),
    idle: Duration::from_mins(5),
    total: Duration::from_mins(10),
    pauses: Duration::from_mins(1),
};
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

/// ClickHouse's headers for a user who shows a certificate.
const USER: &str = "X-ClickHouse-User";
const BY_CERTIFICATE: &str = "X-ClickHouse-SSL-Certificate-Auth";

/// Settings of one query, as ClickHouse names them.
pub(crate) type Settings<'a> = &'a [(&'a str, String)];

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct Link {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    client: Arc<Client>,
    address: Address,
    login: Login,
    /// Settings of all requests, as the end of an address.
    always: String,
}

/// How the user is known to the server.
#[derive(Clone, Debug)]
enum Login {
    Password(HeaderValue),
    /// By the certificate of the connection, which has to belong to this user.
    Certificate(HeaderValue),
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

/// Why a request was not carried out.
enum Failed {
    Client(ClientError),
    Server(Fault),
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
        let Address { ca_file, certificate, .. } = address.clone();
        let tls = address.tls.then_some(Tls { ca_file, certificate, verify: true });
        let target = Target { host: address.host.clone(), port: address.port, tls, proxy: None };
        let client = Client::new(target, LIMITS, Arc::new(Tcp)).map_err(|error| failed(&error))?;
        let login = Login::new(address, password).ok_or_else(|| failed(&"the password is too long"))?;
        Ok(Self {
            runtime: Some(runtime),
            client: Arc::new(client),
            address: address.clone(),
            login,
            always: ALWAYS.to_owned(),
        })
    }

    /// Adds settings to all further requests.
    pub(crate) fn always(&mut self, settings: Settings<'_>) {
        push(settings, &mut self.always);
    }

    /// The address of the server.
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
        let place = self.place(settings, None);
        let body = self.deliver(place, sql.into(), most, &PAUSES).map_err(|lost| lost.error)?;
        Ok(Reply { is_cut: body.len() >= most, body })
    }

    /// As [`Self::ask`], with these waits before it is tried again.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_with(&self, sql: String, pauses: &'static [Duration]) -> Result<Vec<u8>, StoreError> {
        let place = self.place(&[], None);
        let body = self.deliver(place, sql.into(), SHORT, pauses).map_err(|lost| lost.error)?;
        if body.len() >= SHORT { Err(self.strange("a longer answer than was asked for")) } else { Ok(body) }
    }

    /// Inserts a block that may be inserted twice. If `token` is given, the server recognises a repeated block by it.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn insert(&self, table: &str, block: Block, token: Option<String>) -> Result<(), StoreError> {
        let sql = insertion(table, &block);
        let token = token.map(|token| ("insert_deduplication_token", token));
        let place = self.place(token.as_slice(), Some(&sql));
        let delivered = self.deliver(place, block.into_bytes().into(), SHORT, &PAUSES);
        delivered.map(drop).map_err(|lost| lost.error)
    }

    /// Sends a block once.
    ///
    /// # Errors
    /// [`Lost`].
    pub(crate) fn offer(&self, sql: &str, block: Bytes, settings: Settings<'_>) -> Result<(), Lost> {
        self.deliver(self.place(settings, Some(sql)), block, SHORT, &[]).map(drop)
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

    fn place(&self, settings: Settings<'_>, query: Option<&str>) -> String {
        let scheme = if self.address.tls { "https" } else { "http" };
        let at = client::authority(&self.address.host, self.address.port);
        let longest = if query.is_some() { LONGEST_INSERTION } else { LONGEST_STATEMENT };
        let mut place = format!(
            "{scheme}://{at}/?wait_end_of_query=1&buffer_size={IN_MEMORY}&max_query_size={longest}&{}",
            self.always
        );
        if !self.address.is_loopback() {
            place.push_str("&enable_http_compression=1");
        }
        push(settings, &mut place);
        push(query.map(|query| ("query", query.to_owned())).as_slice(), &mut place);
        place
    }

    /// Sends a request, again after each of these pauses while it fails for a passing reason.
    fn deliver(
        &self,
        place: String,
        body: Bytes,
        most: usize,
        pauses: &'static [Duration],
    ) -> Result<Vec<u8>, Lost> {
        let (client, login) = (Arc::clone(&self.client), self.login.clone());
        let is_remote = !self.address.is_loopback();
        let delivery = async move {
            let mut pauses = pauses.iter();
            loop {
                let request = request(&place, &body, &login, is_remote);
                let failed = match attempt(&client, request, most).await {
                    Ok(body) => return Ok(body),
                    Err(failed) => failed,
                };
                let Some(pause) = pauses.next().filter(|_| failed.is_passing()) else { return Err(failed) };
                tokio::time::sleep(*pause).await;
            }
        };
        let lost = |failed: Failed| Lost {
            is_passing: failed.is_passing(),
            error: failed.into_error(&self.address),
        };
        self.wait(delivery).map_err(|error| Lost { error, is_passing: false })?.map_err(lost)
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

impl Login {
    /// `None` if the password is longer than a header.
    fn new(address: &Address, password: &str) -> Option<Self> {
        if address.certificate.is_some() {
            return HeaderValue::try_from(&*address.user).ok().map(Self::Certificate);
        }
        let mut login =
            HeaderValue::try_from(basic(format!("{}:{password}", address.user).as_bytes())).ok()?;
        login.set_sensitive(true);
        Some(Self::Password(login))
    }
}

impl Failed {
    fn is_passing(&self) -> bool {
        match self {
            Self::Client(error) => !matches!(
                error.bare(),
                ClientError::Tls { .. }
                    | ClientError::NameNotFound { .. }
                    | ClientError::HeadersTimeout(_)
                    | ClientError::TotalTimeout(_)
            ),
            Self::Server(fault) => fault.is_passing(),
        }
    }

    fn into_error(self, address: &Address) -> StoreError {
        match self {
            Self::Server(fault) => fault.into_error(&address.to_string()),
            Self::Client(error) => {
                let detail = format!(
                    "{address}: {error}; check that the server runs and that this is the port of its HTTP interface"
                );
                StoreError::engine(StoreErrorKind::Unavailable, detail)
            }
        }
    }
}

/// Appends settings to an address.
fn push(settings: Settings<'_>, place: &mut String) {
    for (key, value) in settings {
        place.push('&');
        place.push_str(key);
        place.push('=');
        place.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
}

/// The statement that inserts a block.
pub(crate) fn insertion(table: &str, block: &Block) -> String {
    format!("INSERT INTO {table} ({}) FORMAT Native", block.names())
}

fn request(place: &str, body: &Bytes, login: &Login, is_remote: bool) -> Result<Request<Bytes>, ClientError> {
    let mut request = match login {
        Login::Password(login) => Request::post(place).header(AUTHORIZATION, login.clone()),
        Login::Certificate(user) => {
            Request::post(place).header(USER, user.clone()).header(BY_CERTIFICATE, "on")
        }
    };
    if is_remote {
        request = request.header(ACCEPT_ENCODING, "gzip");
    }
    request.body(body.clone()).map_err(|error| ClientError::Http(error.to_string()))
}

async fn attempt(
    client: &Client,
    request: Result<Request<Bytes>, ClientError>,
    most: usize,
) -> Result<Vec<u8>, Failed> {
    let answer = client.exchange(request.map_err(Failed::Client)?, most).await.map_err(Failed::Client)?;
    let Answer { status, body, .. } = answer;
    if status.is_success() { Ok(body) } else { Err(Failed::Server(Fault::read(status.as_u16(), &body))) }
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
