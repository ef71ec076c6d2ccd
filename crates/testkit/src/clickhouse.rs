//! Debian's ClickHouse server and `ZooKeeper`, on ports of the loopback address and in a folder of their own.
//!
//! The tests of a program share one pair of them ([`shared`]), and one cluster of two shards with two replicas ([`shared_cluster`]);
//! [`Server::start`] and [`Cluster::start`] make others, for tests that break them. A missing
//! program is a panic with what to do. A shell holds each program, and ends it when its standard input is closed, which happens when
//! the process of the tests ends, however it does.
//!
//! The users are `default`, `locked` (with the password `right`), `hasty`, whose queries end early and silently, and `quiet`, whose queries
//! are not logged.

mod cluster;
mod embedded;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

pub use cluster::{Cluster, shared_cluster};
pub use embedded::newest;

/// How long a program may take to start.
const PATIENCE: Duration = Duration::from_mins(3);
/// After how many looks at a server that does not answer it is started again: about a minute.
const LOOKS: u32 = 1_200;
/// Runs a program in a folder until standard input is closed, and then removes the folder; also if a signal ends the tests with all
/// their children. A line `stop` kills it, and a line `start` runs it again.
const HOLD: &str = r#"trap '' HUP INT TERM
folder=$1 size=$2; shift 2; mkdir "$folder/data"
if [ "$size" ]; then mount -t tmpfs -o "size=$size" tmpfs "$folder/data" || exit 1; fi
run() { "$@" >>"$folder/out" 2>&1 & }
run "$@"
while read -r word; do
  kill -9 $!; wait
  if [ "$word" = start ]; then run "$@"; fi
done
kill -9 $!; wait
if [ "$size" ]; then umount "$folder/data"; fi
rm -rf "$folder""#;
/// The profile of the user `hasty` lets an answer end when it has many rows, without an error. Queries of the user `quiet` are not
/// logged, as those of 18.16 usually are not.
const PROFILES: &str = "<default><log_queries>1</log_queries></default><quiet></quiet>\
     <hasty><max_result_rows>5000</max_result_rows><result_overflow_mode>break</result_overflow_mode></hasty>";

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// The port of its HTTP interface.
    pub port: u16,
    held: Held,
    keeper: Option<Keeper>,
}

/// The ports of a server.
#[derive(Clone, Copy, Debug)]
struct Ports {
    http: u16,
    tcp: u16,
    between: u16,
}

/// What a server needs of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// Whether it has a `ZooKeeper`.
    pub keeper: bool,
    /// The size of its disk, in MiB; without one, that of the machine's. This needs the right to mount.
    pub disk: Option<u32>,
}

#[derive(Debug)]
struct Keeper {
    port: u16,
    held: Held,
}

/// The shell that holds a program, and ends it when this is dropped or the process ends.
#[derive(Debug)]
struct Held(Mutex<Child>);

/// The server that all tests of this process share.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(Needs { keeper: true, disk: None }))
}

impl Server {
    /// Starts a server.
    pub fn start(needs: Needs) -> Self {
        let keeper = needs.keeper.then(Keeper::start);
        let more = keeper.as_ref().map_or(String::new(), Keeper::settings);
        let server = Self { keeper, ..Self::run(Ports::free(), needs.disk, &more) };
        server.wait();
        server
    }

    /// Runs a server with more settings, and does not wait until it answers.
    fn run(ports: Ports, disk: Option<u32>, more: &str) -> Self {
        let folder = folder();
        configure(&folder, ports, more);
        let config = format!("--config-file={}/config.xml", folder.display());
        let held = Held::run(&folder, disk, &["clickhouse-server", &config]);
        Self { port: ports.http, held, keeper: None }
    }

    /// Waits until it answers. A server that ended (another test can have its port while it is down), or that hangs, is started again.
    fn wait(&self) {
        let mut looks = 0;
        until("ClickHouse answers; run `cargo xtask test`, which installs it", || {
            looks += 1;
            if looks % LOOKS == 0 {
                self.held.say("start");
            }
            ask(self.port, "SELECT 1").is_some_and(|(status, body)| status == 200 && body.trim() == "1")
        });
    }

    /// Kills its `ZooKeeper`.
    pub fn stop_keeper(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.stop();
        }
    }

    /// Starts its `ZooKeeper` again.
    pub fn start_keeper(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.start_again();
        }
    }

    /// Carries out a statement, which must succeed.
    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        let (status, body) = ask(self.port, text).unwrap_or_else(|| panic!("no answer: {text}"));
        assert_eq!(status, 200, "{text}: {body}");
        body
    }

    /// The same as another user without a password.
    #[track_caller]
    pub fn sql_as(&self, user: &str, text: &str) -> String {
        let (status, body) = ask_as(self.port, user, text).unwrap_or_else(|| panic!("no answer: {text}"));
        assert_eq!(status, 200, "{text}: {body}");
        body
    }

    /// Carries out a statement that may fail, and returns whether it succeeded.
    pub fn try_sql(&self, text: &str) -> bool {
        ask(self.port, text).is_some_and(|(status, _)| status == 200)
    }
}

impl Keeper {
    fn start() -> Self {
        let (port, folder) = (free(), folder());
        let at = folder.display();
        let config = format!(
            "tickTime=2000\ndataDir={at}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxClientCnxns=0\n"
        );
        file(&folder, "zoo.cfg", &config);
        let (classes, config) = (format!("{at}:/usr/share/java/zookeeper.jar"), format!("{at}/zoo.cfg"));
        let main = "org.apache.zookeeper.server.ZooKeeperServerMain";
        let held = Held::run(&folder, None, &["java", "-Xmx256m", "-cp", &classes, main, &config]);
        let keeper = Self { port, held };
        keeper.wait();
        keeper
    }

    fn stop(&self) {
        self.held.say("stop");
        until("ZooKeeper ends", || TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    fn start_again(&self) {
        self.held.say("start");
        self.wait();
    }

    /// The settings of a server that uses it. A server that was killed is soon known to be away.
    fn settings(&self) -> String {
        format!(
            "<zookeeper><node index=\"1\"><host>127.0.0.1</host><port>{}</port></node>\
             <session_timeout_ms>4000</session_timeout_ms></zookeeper>",
            self.port
        )
    }

    fn wait(&self) {
        until("ZooKeeper serves; run `cargo xtask test`, which installs it", || {
            self.state().is_some_and(|state| state.contains("Mode: "))
        });
    }

    /// What it says about itself. It listens before it serves, and a server that it turns away then can fail for ever.
    fn state(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        stream.write_all(b"srvr").ok()?;
        let mut state = String::new();
        stream.read_to_string(&mut state).ok()?;
        Some(state)
    }
}

impl Held {
    fn run(folder: &Path, disk: Option<u32>, program: &[&str]) -> Self {
        let size = disk.map_or(String::new(), |size| format!("{size}m"));
        // A mount is only seen by this program, and ends with it.
        let words: &[&str] = if disk.is_some() { &["unshare", "-rm", "sh"] } else { &["sh"] };
        let [first, rest @ ..] = words else { panic!("no shell") };
        let mut shell = Command::new(first);
        shell.args(rest).args(["-c", HOLD, "hold"]).arg(folder).arg(size).args(program);
        // A child that lived on would keep the other end of our output open.
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(Mutex::new(shell.spawn().expect("a shell")))
    }

    fn say(&self, word: &str) {
        let mut shell = self.0.lock().expect("no panic");
        let mut stdin = shell.stdin.as_ref().expect("it is piped");
        stdin.write_all(format!("{word}\n").as_bytes()).expect("the shell reads");
        drop(shell.try_wait());
    }
}

/// Writes the files with the settings of a server.
fn configure(folder: &Path, ports: Ports, more: &str) {
    let Ports { http, tcp, between } = ports;
    let at = folder.display();
    let config = format!(
        "<yandex><logger><level>warning</level><log>{at}/log</log><errorlog>{at}/errors</errorlog></logger>\
         <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{between}</interserver_http_port>\
         <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>\
         <path>{at}/data/</path><tmp_path>{at}/data/tmp/</tmp_path><users_config>{at}/users.xml</users_config>\
         <default_profile>default</default_profile><default_database>default</default_database>\
         <mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>{more}\
         <query_log><database>system</database><table>query_log</table>\
         <flush_interval_milliseconds>500</flush_interval_milliseconds></query_log></yandex>"
    );
    file(folder, "config.xml", &config);
    let user = |name: &str, password: &str, profile: &str| {
        format!(
            "<{name}><password>{password}</password><networks><ip>127.0.0.1</ip></networks>\
             <profile>{profile}</profile><quota>default</quota></{name}>"
        )
    };
    let users = [
        user("default", "", "default"),
        user("locked", "right", "default"),
        user("hasty", "", "hasty"),
        user("quiet", "", "quiet"),
    ]
    .concat();
    let users = format!(
        "<yandex><profiles>{PROFILES}</profiles><users>{users}</users><quotas><default></default></quotas></yandex>"
    );
    file(folder, "users.xml", &users);
}

impl Ports {
    fn free() -> Self {
        let [http, tcp, between] = [(); 3].map(|()| free());
        Self { http, tcp, between }
    }
}

/// A folder that its shell removes.
fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("backsight-clickhouse-").tempdir().expect("a folder").keep()
}

fn file(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a written file");
}

/// A port on which nothing listens.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Waits until something is so, with a bound.
#[expect(clippy::disallowed_methods, reason = "a real program is waited for, with a bound")]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ask(port: u16, sql: &str) -> Option<(u16, String)> {
    ask_as(port, "default", sql)
}

/// The status and the body of an answer; `None` if there is none.
fn ask_as(port: u16, user: &str, sql: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut request = String::new();
    let _ = write!(
        request,
        "POST /?wait_end_of_query=1&user={user} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{sql}",
        sql.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}
