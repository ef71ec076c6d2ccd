//! Four servers and a `ZooKeeper` as a cluster: [`Cluster`].

use std::fmt::Write as _;
use std::net::TcpStream;
use std::sync::OnceLock;

use super::{Keeper, Ports, Server, until};

/// The number of shards.
const SHARDS: usize = 2;
/// The number of replicas of each.
const REPLICAS: usize = 2;

/// A cluster of two shards with two replicas each, which is called `two`. Its servers have the numbers 0 and 1 (the replicas of the
/// first shard), and 2 and 3. In the settings, there are also the same as `quiet`, whose nodes ask each other as the user of this name, and
/// `crossed`, with 0 and 2 on the first shard.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
    keeper: Keeper,
}

/// The cluster that all tests of this process share.
pub fn shared_cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

impl Cluster {
    /// Starts a cluster.
    pub fn start() -> Self {
        let keeper = Keeper::start();
        let ports: Vec<Ports> = (0..SHARDS * REPLICAS).map(|_| Ports::free()).collect();
        let common = [keeper.settings(), servers(&ports)].concat();
        let node = |(number, ports): (usize, &Ports)| {
            let (shard, replica) = (number / REPLICAS + 1, number % REPLICAS + 1);
            let macros =
                format!("<macros><shard>{shard}</shard><replica>replica-{replica}</replica></macros>");
            Server::run(*ports, None, &[&*common, &macros].concat())
        };
        let nodes: Vec<Server> = ports.iter().enumerate().map(node).collect();
        for node in &nodes {
            node.wait();
        }
        Self { nodes, keeper }
    }

    /// A server.
    ///
    /// # Panics
    /// If there is none with this number.
    pub fn node(&self, number: usize) -> &Server {
        self.nodes.get(number).expect("a node")
    }

    /// All servers.
    pub fn nodes(&self) -> impl Iterator<Item = &Server> {
        self.nodes.iter()
    }

    /// Kills a server.
    pub fn kill(&self, number: usize) {
        let node = self.node(number);
        node.held.say("stop");
        until("ClickHouse ends", || TcpStream::connect(("127.0.0.1", node.port)).is_err());
    }

    /// Starts a server again.
    pub fn revive(&self, number: usize) {
        let node = self.node(number);
        node.held.say("start");
        node.wait();
    }

    /// Kills the `ZooKeeper`.
    pub fn stop_keeper(&self) {
        self.keeper.stop();
    }

    /// Starts the `ZooKeeper` again.
    pub fn start_keeper(&self) {
        self.keeper.start_again();
    }

    /// The address of a database on it, with all nodes, the first one first.
    pub fn address(&self, database: &str) -> String {
        self.address_as("default", "two", database)
    }

    /// The same for a user, and under another name of the cluster.
    pub fn address_as(&self, user: &str, cluster: &str, database: &str) -> String {
        let mut nodes = String::new();
        for node in &self.nodes {
            let comma = if nodes.is_empty() { "" } else { "," };
            let _ = write!(nodes, "{comma}127.0.0.1:{}", node.port);
        }
        format!("clickhouse://{user}@{nodes}/{database}?cluster={cluster}")
    }
}

/// The settings that say which servers are in the cluster.
fn servers(ports: &[Ports]) -> String {
    let shard = |user: &str, replicas: &mut dyn Iterator<Item = &Ports>| {
        let mut shard = "<shard><internal_replication>true</internal_replication>".to_owned();
        for Ports { tcp, .. } in replicas {
            let _ = write!(
                shard,
                "<replica><host>127.0.0.1</host><port>{tcp}</port><user>{user}</user></replica>"
            );
        }
        shard + "</shard>"
    };
    let two = |user: &str| -> String {
        ports.chunks(REPLICAS).map(|replicas| shard(user, &mut replicas.iter())).collect()
    };
    let (two, quiet) = (two("default"), two("quiet"));
    let crossed: String =
        (0..SHARDS).map(|place| shard("default", &mut ports.iter().skip(place).step_by(SHARDS))).collect();
    format!(
        "<remote_servers><two>{two}</two><quiet>{quiet}</quiet><crossed>{crossed}</crossed></remote_servers>\
         <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>"
    )
}
