//! The real program, and its own server on loopback as the provider.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_backsight");

/// The program with its own home folder.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home).env("BACKSIGHT_DATA_DIR", home.join("kept"));
    command
}

/// The program's own server, which is ended when this is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(records: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .args(["serve", "--anonymous", "--listen", "127.0.0.1:0", "--cof"])
            .arg(records)
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| line.split("http://").nth(1)?.split('/').next()?.parse().ok());
        Self { child, address: address.expect("the server says where it listens") }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So many of the names that the server knows, each once, in the order of appearance.
pub(crate) fn values(records: &Path, most: usize) -> Vec<String> {
    let mut known = std::collections::HashSet::new();
    let mut reader = cof::Reader::new(1_790_000_000);
    reader.feed(&std::fs::read(records).unwrap());
    let names = std::iter::from_fn(|| reader.next()).map(|item| item.unwrap().rrname.to_string());
    let values: Vec<String> = names.filter(|name| known.insert(name.clone())).take(most).collect();
    assert_eq!(values.len(), most);
    values
}
