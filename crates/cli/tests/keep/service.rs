//! The queried services: a server of our own with the guide's records, and a scripted provider.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use testkit::{Exchange, Request, Script, ScriptedProvider};

use crate::home::{Home, NAME};

/// Imports `more.ndjson` as what a sensor has observed.
pub(crate) const IMPORT_OF_A_SENSOR: [&str; 8] =
    ["import", "more.ndjson", "--as", "observation", "--origin", "https://own.example/", "--sensor", "s1"];

/// The guide's seven records (its section 6) in their order, joined as it joins them: `}{`.
pub(crate) const SAMPLE: &str = concat!(
    r#"{"count":6,"origin":"https://www.circl.lu/pdns/","time_first":1496995637,"rrtype":"A","rrname":"www.threatq.com","rdata":"104.196.175.197","time_last":1499951111}"#,
    r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"NS","rrname":"threatsketch.com","rdata":"dns04.gpn.register.com","time_last":1495533768}"#,
    r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"NS","rrname":"threatsketch.com","rdata":"dns01.gpn.register.com","time_last":1495533768}"#,
    r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"NS","rrname":"threatsketch.com","rdata":"dns02.gpn.register.com","time_last":1495533768}"#,
    r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"NS","rrname":"threatsketch.com","rdata":"dns05.gpn.register.com","time_last":1495533768}"#,
    r#"{"count":3,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"NS","rrname":"threatsketch.com","rdata":"dns03.gpn.register.com","time_last":1495533768}"#,
    r#"{"count":5,"origin":"https://www.circl.lu/pdns/","time_first":1495523983,"rrtype":"A","rrname":"threatsketch.com","rdata":"104.196.175.197","time_last":1495533768}"#,
);

/// An address record as a line.
pub(crate) fn line(rrname: &str, rdata: &str, count: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"A\",\"rdata\":\"{rdata}\",\"time_first\":1500000000,\"time_last\":1600000000,\"count\":{count}}}\n"
    )
}

/// A scripted provider on its own port, served by its own threads.
pub(crate) struct Provider {
    scripted: ScriptedProvider,
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Provider {
    pub(crate) fn new(script: Script) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let scripted = ScriptedProvider::new(script);
        let address = runtime.block_on(scripted.listen()).unwrap();
        Self { scripted, address, _runtime: runtime }
    }

    /// Answers every request with this body.
    pub(crate) fn answering(body: impl Into<Vec<u8>>) -> Self {
        Self::new(Script::always(Exchange::ok(body)))
    }

    /// Answers consecutive requests with these bodies.
    pub(crate) fn answering_each<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Self {
        Self::new(Script::new(bodies.into_iter().map(Exchange::ok)))
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.scripted.requests()
    }

    /// The number of requests.
    pub(crate) fn asked(&self) -> usize {
        self.requests().len()
    }
}

/// `backsight serve` on a free port, until it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// A server with these records.
    pub(crate) fn with(home: &Home, records: &str) -> Self {
        let file = home.file("records.txt", records);
        Self::start(home, &["--cof", &file])
    }

    /// A server with the home's own database.
    pub(crate) fn of(home: &Home) -> Self {
        Self::start(home, &[])
    }

    /// A server with these options.
    pub(crate) fn start(home: &Home, options: &[&str]) -> Self {
        let usual = ["serve", "--anonymous", "--listen", "127.0.0.1:0"];
        let mut command = home.command(&[&usual, options].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| line.split("http://").nth(1)?.split('/').next()?.parse().ok());
        // Its output must always be read.
        std::thread::spawn(move || said.count());
        Self { child, address: address.expect("the server says where it listens") }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

impl Home {
    /// A home with an operation that is installed, configured to query this service, and enabled.
    pub(crate) fn that_asks(address: SocketAddr, operation: &str) -> Self {
        let home = Self::new();
        home.run(&["integration", "install", operation]).ok();
        home.point_at(address);
        home.run(&["integration", "enable", NAME]).ok();
        home
    }

    /// Configures the operation for a plain HTTP service on this machine.
    pub(crate) fn point_at(&self, address: SocketAddr) {
        let (host, port) = (format!("host={}", address.ip()), format!("port={}", address.port()));
        self.configure(&[&host, &port, "use_http=on"]).ok();
    }

    /// The JSON output of a command, whatever its exit code.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let done = self.run(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    }
}
