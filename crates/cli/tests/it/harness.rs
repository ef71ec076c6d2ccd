//! Starts the program: a [`Home`] is a home folder, a [`Run`] one run of the program in it, a [`Serve`] a server that ends with
//! the test, and a [`Provider`] a scripted one that it queries.
//!
//! The program gets nothing from the environment of the tests. A run that takes longer than [`PATIENCE`] is killed and fails
//! the test.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use testkit::certificate::Certificate;
use testkit::{Request, Script, ScriptedProvider};

/// Longer than any run of a test takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A user's home.
pub(crate) struct Home(TempDir);

impl Home {
    /// A home whose data folder has the newest operation, installed and enabled.
    pub(crate) fn new() -> Self {
        static NEWEST: OnceLock<Home> = OnceLock::new();
        Self::like(NEWEST.get_or_init(|| Self::empty().with("circl-passive-dns")))
    }

    /// A home with the version of the integration guide.
    pub(crate) fn of_the_guide() -> Self {
        static GUIDE: OnceLock<Home> = OnceLock::new();
        Self::like(GUIDE.get_or_init(|| Self::empty().with("circl-passive-dns@1.0.0")))
    }

    /// An empty home.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The same home with this operation installed and enabled.
    pub(crate) fn with(self, operation: &str) -> Self {
        self.run(["integration", "install", operation, "--yes", "--format", "json"]).done().says(0, &[]);
        let listed = self.run(["integration", "list", "--format", "json"]).done().json();
        let name = listed[0]["integrations"][0]["name"].as_str().unwrap().to_owned();
        self.run(["integration", "enable", &name]).done().says(0, &[]);
        self
    }

    /// A home with a copy of another home's data folder, which no process is using.
    fn like(other: &Self) -> Self {
        let home = Self::empty();
        std::fs::create_dir(home.path("kept")).unwrap();
        for name in ["kept/workbench.sqlite", "kept/workbench.head"] {
            std::fs::copy(other.path(name), home.path(name)).unwrap();
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A program that only gets this home from the environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.0.path());
        command.env("HOME", self.0.path()).env("XDG_CONFIG_HOME", self.path("config"));
        command.env("XDG_DATA_HOME", self.path("data")).env("BACKSIGHT_DATA_DIR", self.path("kept"));
        command
    }

    /// A run of the program, which [`Run::done`] starts.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_backsight"));
        command.args(arguments);
        Run { command, stdin: Vec::new() }
    }

    /// `backsight query` with a plain HTTP server on this machine.
    pub(crate) fn query<S: AsRef<OsStr>>(
        &self,
        server: SocketAddr,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run {
        self.run(["query"]).to(server).set("use_http=on").args(arguments)
    }
}

/// A run that has not been started.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: Command) -> Self {
        Self { command, stdin: Vec::new() }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    pub(crate) fn set(self, pair: impl Display) -> Self {
        self.args(["--set".to_owned(), pair.to_string()])
    }

    /// Configures the operation for this address.
    fn to(self, server: SocketAddr) -> Self {
        self.set(format!("host={}", server.ip())).set(format!("port={}", server.port()))
    }

    /// The child process, with its three standard streams connected to the test.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let mut stdin = child.stdin.take().unwrap();
        // A program need not read its input.
        thread::spawn(move || drop(stdin.write_all(&self.stdin)));
        child
    }

    /// Runs it to its end.
    pub(crate) fn done(self) -> Done {
        let shown = format!("{:?}", self.command);
        let mut child = self.start();
        let stdout = whole(child.stdout.take().unwrap());
        let stderr = whole(child.stderr.take().unwrap());
        let text = |end: Receiver<Vec<u8>>| end.recv_timeout(PATIENCE).map(|o| String::from_utf8(o).unwrap());
        let (Ok(stdout), Ok(stderr)) = (text(stdout), text(stderr)) else {
            drop((child.kill(), child.wait()));
            panic!("not done within {PATIENCE:?}: {shown}");
        };
        let code = child.wait().unwrap().code().unwrap_or(-1);
        Done { code, stdout, stderr }
    }
}

impl Done {
    /// Its standard output, if it ended with this code and printed nothing else.
    #[track_caller]
    pub(crate) fn quiet(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// Fails unless it ended with this code, and all of these texts are in its standard error.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }

    /// The lines of JSON that it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(line).collect()
    }
}

/// All output of a stream, when it is closed.
fn whole(mut end: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut octets = Vec::new();
        let _ = end.read_to_end(&mut octets);
        send.send(octets)
    });
    receive
}

/// `backsight serve` on a free port, until it is dropped.
pub(crate) struct Serve {
    child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Serve {
    /// A server with these arguments.
    pub(crate) fn new<S: AsRef<OsStr>>(home: &Home, arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of(home.run(["serve", "--anonymous", "--listen", "127.0.0.1:0"]).args(arguments))
    }

    /// A server with these records.
    pub(crate) fn with(home: &Home, records: &str) -> Self {
        Self::new(home, [OsStr::new("--cof"), home.file("records.ndjson", records).as_os_str()])
    }

    /// A server from this run, which must get as far as listening.
    pub(crate) fn of(run: Run) -> Self {
        let mut child = run.start();
        let stderr = child.stderr.take().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (send, receive) = channel();
        let heard = Arc::clone(&said);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().extend([line.as_str(), "\n"]);
                let address = line.strip_prefix("listening on http");
                if let Some(rest) = address.and_then(|rest| rest.trim_start_matches('s').strip_prefix("://"))
                {
                    let _ = send.send(rest.split('/').next().unwrap().parse().unwrap());
                }
            }
        });
        let Ok(address) = receive.recv_timeout(PATIENCE) else {
            drop((child.kill(), child.wait()));
            panic!("the server does not listen: {}", said.lock().unwrap());
        };
        Self { child, address, said }
    }

    /// Its standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
    }

    /// Its exit code, if it ends within this time.
    pub(crate) fn ended_within(mut self, time: Duration) -> Option<i32> {
        // Its standard output is closed when it ends, and not before, because it prints nothing there.
        let ended = whole(self.child.stdout.take().unwrap()).recv_timeout(time).is_ok();
        if ended { self.child.wait().unwrap().code() } else { None }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// Status and body of `GET path`, with these header lines.
pub(crate) fn get(server: SocketAddr, path: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let line = format!("GET {path} HTTP/1.1");
    let host = format!("host: {server}");
    let head = [&[line.as_str(), &host, "connection: close"], headers, &["", ""]].concat();
    stream.write_all(head.join("\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A scripted provider on its own port, served by its own threads.
pub(crate) struct Provider {
    scripted: ScriptedProvider,
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Provider {
    /// Answers every request with this body.
    pub(crate) fn with(body: impl Into<Vec<u8>>) -> Self {
        Self::new(Script::always(testkit::Exchange::ok(body)))
    }

    pub(crate) fn new(script: Script) -> Self {
        Self::of(ScriptedProvider::new(script))
    }

    pub(crate) fn with_tls(script: Script, certificate: &Certificate) -> Self {
        Self::of(ScriptedProvider::new(script).with_tls(certificate))
    }

    fn of(scripted: ScriptedProvider) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let address = runtime.block_on(scripted.listen()).unwrap();
        Self { scripted, address, _runtime: runtime }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.scripted.requests()
    }

    /// The queried values, as they were in the path.
    pub(crate) fn asked(&self) -> Vec<String> {
        let value = |request: &Request| request.target.rsplit('/').next().unwrap().to_owned();
        self.requests().iter().map(value).collect()
    }
}

/// A record as a line.
pub(crate) fn line(rrname: &str, rrtype: &str, rdata: &str, first: u64, last: u64, count: u64) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "{{\"rrname\":{},\"rrtype\":{},\"rdata\":{},\"time_first\":{first},\"time_last\":{last},\"count\":{count}}}\n",
        text(rrname),
        text(rrtype),
        text(rdata)
    )
}

/// The path of a file next to this one.
pub(crate) fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name)
}
