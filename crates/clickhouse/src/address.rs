//! Where a database is, as a user writes it: `clickhouse://USER@HOST:PORT/DATABASE`, or
//! `clickhouse://USER@HOST:PORT,HOST:PORT/DATABASE?cluster=NAME`.
//!
//! [`Address::parse`] accepts nothing that it does not understand. A password is refused, because addresses are shown and logged.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use url::Url;

/// The longest address, in bytes.
const LONGEST: usize = 2_048;
/// The longest name of a user, a database or a table, in bytes.
const LONGEST_NAME: usize = 64;
/// What the names of tables begin with, unless another prefix is given.
const USUAL_TABLES: &str = "pdns_";
/// The most nodes of a cluster that an address names.
const MOST_NODES: usize = 64;
/// ClickHouse's ports for HTTP and HTTPS.
const PORTS: [u16; 2] = [8_123, 8_443];

/// The address of a database on a server, or on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The user; `default` unless another is given.
    pub user: String,
    /// A name or an address without brackets.
    pub host: String,
    /// The port of the HTTP interface; 8123 or, with TLS, 8443 unless another is given.
    pub port: u16,
    /// The hosts and ports of further nodes of the cluster; empty for one server.
    pub others: Vec<(String, u16)>,
    /// The cluster, as the servers' settings call it (`remote_servers`); `None` for one server.
    pub cluster: Option<String>,
    /// The database.
    pub database: String,
    /// What the names of all tables begin with; `pdns_` unless another is given.
    pub tables: String,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// A file with authorities that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// A file with the user's certificate and its private key, instead of a password.
    pub certificate: Option<PathBuf>,
}

/// Why a text is no address. The messages do not repeat the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// The name of a cluster with other characters.
    #[error("the cluster has other characters than letters, digits, _, - and ., none, or more than 64")]
    Cluster,
    /// It is plain HTTP to another machine.
    #[error("others could read the password and the records on the way: add ?tls=yes, which uses port 8443")]
    Clear,
    /// It is something else.
    #[error("write clickhouse://USER@HOST:PORT/DATABASE")]
    Form,
    /// Several servers that are no cluster, or more of them than are asked.
    #[error(
        "several servers, at most {MOST_NODES}, are the nodes of a cluster: add ?cluster=NAME, with its name in the servers' remote_servers"
    )]
    Nodes,
    /// A name that ClickHouse would need quotes for.
    #[error(
        "the {0} has other characters than letters, digits and _, begins with a digit, or is longer than 64 characters"
    )]
    Name(&'static str),
    /// A certificate can only be shown within TLS.
    #[error("a certificate needs TLS: add tls=yes")]
    NoTls,
    /// A parameter that does not exist, or a value that it does not take.
    #[error(
        "the parameters after ? are cluster=NAME, tls=yes, ca_file=PATH, certificate=PATH and tables=PREFIX"
    )]
    Parameter,
    /// It contains a password.
    #[error("write it without a password, because it is shown; set BACKSIGHT_SECRET_STORE instead")]
    Password,
    /// The name of a user with other characters.
    #[error("the user has other characters than letters, digits, _, - and ., or more than 64")]
    User,
}

impl Address {
    /// Parses an address.
    ///
    /// # Errors
    /// [`AddressFault`].
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let (first, others) = split(text.trim())?;
        let url = Url::parse(&first).map_err(|_| AddressFault::Form)?;
        if text.len() > LONGEST || url.scheme() != "clickhouse" || url.fragment().is_some() {
            return Err(AddressFault::Form);
        }
        if url.password().is_some() {
            return Err(AddressFault::Password);
        }
        let user = if url.username().is_empty() { "default" } else { url.username() };
        let mut address = Self {
            user: user_name(user)?,
            host: String::new(),
            port: 0,
            others: Vec::new(),
            cluster: None,
            database: name("database", url.path().trim_matches('/'))?,
            tables: USUAL_TABLES.to_owned(),
            tls: false,
            ca_file: None,
            certificate: None,
        };
        for (key, value) in url.query_pairs() {
            address.set(&key, &value)?;
        }
        (address.host, address.port) = node(&url, address.tls)?;
        for other in others {
            let url = Url::parse(&["clickhouse://", &other, "/"].concat()).map_err(|_| AddressFault::Form)?;
            address.others.push(node(&url, address.tls)?);
        }
        if !address.others.is_empty() && address.cluster.is_none() || address.others.len() >= MOST_NODES {
            return Err(AddressFault::Nodes);
        }
        if address.certificate.is_some() && !address.tls {
            return Err(AddressFault::NoTls);
        }
        if address.tls || address.is_loopback() { Ok(address) } else { Err(AddressFault::Clear) }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), AddressFault> {
        match (key, value) {
            ("tls", "yes") => self.tls = true,
            ("tls", "no") => self.tls = false,
            ("ca_file", path) if !path.is_empty() => self.ca_file = Some(path.into()),
            ("certificate", path) if !path.is_empty() => self.certificate = Some(path.into()),
            ("cluster", cluster) => self.cluster = Some(cluster_name(cluster)?),
            ("tables", prefix) => self.tables = name("prefix of the tables", prefix)?,
            _ => return Err(AddressFault::Parameter),
        }
        Ok(())
    }

    /// The servers that it names, at least one.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&str, u16)> {
        let others = self.others.iter().map(|(host, port)| (&**host, *port));
        std::iter::once((&*self.host, self.port)).chain(others)
    }

    /// The same database on one of these servers, for messages.
    pub(crate) fn at(&self, host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, others: Vec::new(), ..self.clone() }
    }

    /// Whether all servers are on this machine.
    pub fn is_loopback(&self) -> bool {
        let is_here = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.nodes().all(|(host, _)| host == "localhost" || is_here(host))
    }

    /// The full name of a table: database and table.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}.{}{name}", self.database, self.tables)
    }
}

/// The database, with everything of its address that was left out; without the parameters that say how it is reached.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<String> = self.nodes().map(|(host, port)| client::authority(host, port)).collect();
        write!(f, "clickhouse://{}@{}/{}", self.user, nodes.join(","), self.database)?;
        if self.tables == USUAL_TABLES { Ok(()) } else { write!(f, "?tables={}", self.tables) }
    }
}

/// The address with its first server only, and the other servers.
fn split(text: &str) -> Result<(String, Vec<String>), AddressFault> {
    let (scheme, rest) = text.split_once("://").ok_or(AddressFault::Form)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (place, behind) = rest.split_at(end);
    let mut nodes = place.split(',');
    let first = nodes.next().unwrap_or_default();
    let others: Vec<String> = nodes.map(str::to_owned).collect();
    if others.iter().any(|node| node.contains('@')) {
        return Err(AddressFault::Form);
    }
    Ok(([scheme, "://", first, behind].concat(), others))
}

/// The host and the port of a server.
fn node(url: &Url, tls: bool) -> Result<(String, u16), AddressFault> {
    let host = url.host_str().filter(|host| is_host(host)).ok_or(AddressFault::Form)?;
    let [http, https] = PORTS;
    let port = url.port().unwrap_or(if tls { https } else { http });
    if port == 0 {
        Err(AddressFault::Form)
    } else {
        Ok((host.trim_matches(['[', ']']).to_ascii_lowercase(), port))
    }
}

fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match inside {
        Some(inside) => inside.parse::<IpAddr>().is_ok(),
        None => !host.is_empty() && host.chars().all(plain),
    }
}

fn name(what: &'static str, text: &str) -> Result<String, AddressFault> {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_name = text.len() <= LONGEST_NAME
        && text.starts_with(begins)
        && text.chars().all(|c| begins(c) || c.is_ascii_digit());
    if is_name { Ok(text.to_owned()) } else { Err(AddressFault::Name(what)) }
}

/// The name of a cluster is always between quotes.
fn cluster_name(text: &str) -> Result<String, AddressFault> {
    let is_name = !text.is_empty() && user_name(text).is_ok();
    if is_name { Ok(text.to_owned()) } else { Err(AddressFault::Cluster) }
}

/// A user is never part of a statement, so it may have more characters than other names.
fn user_name(text: &str) -> Result<String, AddressFault> {
    let is_name = text.len() <= LONGEST_NAME
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_name { Ok(text.to_owned()) } else { Err(AddressFault::User) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_database() {
        for (text, shown, tables, tls) in [
            ("clickhouse://127.0.0.1/pdns", "clickhouse://default@127.0.0.1:8123/pdns", "pdns_", false),
            ("clickhouse://m-e@localhost:9/a_1", "clickhouse://m-e@localhost:9/a_1", "pdns_", false),
            ("clickhouse://[::1]/a?tables=x_", "clickhouse://default@[::1]:8123/a?tables=x_", "x_", false),
            (
                "clickhouse://me@CH.example/a?tls=yes&ca_file=/etc/ca.pem",
                "clickhouse://me@ch.example:8443/a",
                "pdns_",
                true,
            ),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.tls), (shown, tls), "{text}");
            assert_eq!(address.table("entries"), format!("{}.{tables}entries", address.database));
        }
    }

    #[test]
    fn a_cluster_has_a_name_and_may_have_several_nodes() {
        let text = "clickhouse://me@127.0.0.1:9,[::1],localhost:10/a?cluster=two-1";
        let address = Address::parse(text).unwrap();
        assert_eq!(address.cluster.as_deref(), Some("two-1"));
        assert_eq!(address.to_string(), "clickhouse://me@127.0.0.1:9,[::1]:8123,localhost:10/a");
        assert_eq!(address.at("localhost", 10).to_string(), "clickhouse://me@localhost:10/a");
        let tls = Address::parse("clickhouse://a.example,b.example/a?cluster=c&tls=yes").unwrap();
        assert_eq!(tls.others, [("b.example".to_owned(), 8_443)]);
    }

    #[test]
    fn what_is_none_is_refused_with_the_reason() {
        for (text, fault) in [
            ("127.0.0.1", AddressFault::Form),
            ("http://127.0.0.1/a", AddressFault::Form),
            ("clickhouse:///a", AddressFault::Form),
            ("clickhouse://127.0.0.1:0/a", AddressFault::Form),
            ("clickhouse://127.0.0.1/a#b", AddressFault::Form),
            ("clickhouse://me:hunter2@127.0.0.1/a", AddressFault::Password),
            ("clickhouse://127.0.0.1", AddressFault::Name("database")),
            ("clickhouse://127.0.0.1/a/b", AddressFault::Name("database")),
            ("clickhouse://127.0.0.1/a%20b", AddressFault::Name("database")),
            ("clickhouse://m%20e@127.0.0.1/a", AddressFault::User),
            ("clickhouse://127.0.0.1/a?tables=x'", AddressFault::Name("prefix of the tables")),
            ("clickhouse://127.0.0.1/a?cluster=", AddressFault::Cluster),
            ("clickhouse://127.0.0.1/a?cluster=a'b", AddressFault::Cluster),
            ("clickhouse://127.0.0.1,localhost/a", AddressFault::Nodes),
            ("clickhouse://127.0.0.1,/a?cluster=c", AddressFault::Form),
            ("clickhouse://127.0.0.1,me@localhost/a?cluster=c", AddressFault::Form),
            ("clickhouse://127.0.0.1,192.0.2.1/a?cluster=c", AddressFault::Clear),
            ("clickhouse://127.0.0.1/a?tls=maybe", AddressFault::Parameter),
            ("clickhouse://127.0.0.1/a?certificate=me.pem", AddressFault::NoTls),
            ("clickhouse://192.0.2.1/a", AddressFault::Clear),
            ("clickhouse://127.0.0.1.example.org/a", AddressFault::Clear),
        ] {
            assert_eq!(Address::parse(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(clickhouse://)?[a-z,:@/]{0,8}.{0,60}") {
            let _ = Address::parse(&text);
        }
    }
}
