//! Whether the nodes of a cluster share rows as its settings say: [`refuse_if_they_differ`].
//!
//! `remote_servers` says which nodes are replicas of one shard, and the macro `shard` of a node says with which others it shares rows. If
//! they differ, rows are on shards that are not asked for them. Errors: `Incompatible`.

use store::{StoreError, StoreErrorKind};

use crate::binary::Reader;
use crate::link::Link;
use crate::literal;

/// What a node says about itself.
#[derive(Clone, Debug)]
struct Node {
    address: String,
    /// The number of its shard in `remote_servers`; `None` if it does not recognise itself there.
    number: Option<u64>,
    /// Its macro `shard`.
    shard: String,
}

/// Refuses a cluster whose macros and settings differ, as far as the nodes that the address names recognise themselves in the settings.
///
/// # Errors
/// Those of [`Link::ask_each`], and `Incompatible`.
pub(crate) fn refuse_if_they_differ(link: &Link, cluster: &str) -> Result<(), StoreError> {
    let refuse = |why: String| {
        let detail = format!("{}: {why}; correct the settings of the nodes", link.address());
        StoreError::engine(StoreErrorKind::Incompatible, detail)
    };
    let shards =
        link.ask_each("SELECT substitution FROM system.macros WHERE macro = 'shard' FORMAT RowBinary")?;
    let numbers = link.ask_each(&format!(
        "SELECT toUInt64(shard_num) FROM system.clusters WHERE cluster = {} AND is_local = 1 FORMAT RowBinary",
        literal::text(cluster.as_bytes())
    ))?;
    let mut nodes: Vec<Node> = Vec::new();
    for (((host, port), shard), number) in link.address().nodes().zip(&shards).zip(&numbers) {
        let address = client::authority(host, port);
        let Some(shard) = Reader::new(shard).text().map(str::to_owned) else {
            return Err(refuse(format!("the node {address} has no macro `shard`")));
        };
        let number = Reader::new(number).number();
        nodes.push(Node { address, number, shard });
    }
    difference(&nodes).map_or(Ok(()), |why| Err(refuse(why)))
}

/// What is wrong with the first two nodes whose macros say something else than the settings.
fn difference(nodes: &[Node]) -> Option<String> {
    nodes.iter().enumerate().find_map(|(place, one)| {
        nodes.iter().skip(place + 1).find_map(|other| {
            let (number, same) = (one.number?, one.number == Some(other.number?));
            let Node { address, shard, .. } = other;
            match (same, one.shard == *shard) {
                (true, false) => Some(format!(
                    "{} and {address} are replicas of shard {number} in remote_servers, but their macros `shard` are {} and {shard}",
                    one.address, one.shard
                )),
                (false, true) => Some(format!(
                    "{} and {address} are on different shards in remote_servers, but both have {shard} as the macro `shard`",
                    one.address
                )),
                _ => None,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(places: &[(Option<u64>, &str)]) -> Vec<Node> {
        let node = |(at, (number, shard)): (usize, &(Option<u64>, &str))| Node {
            address: format!("ch{at}:8123"),
            number: *number,
            shard: (*shard).to_owned(),
        };
        places.iter().enumerate().map(node).collect()
    }

    #[test]
    fn replicas_share_a_macro_with_each_other_and_nobody_else() {
        let good = [(Some(1), "a"), (Some(2), "b"), (Some(1), "a"), (Some(2), "b")];
        assert_eq!(difference(&nodes(&good)), None);
        let apart = [(Some(1), "a"), (Some(2), "b"), (Some(1), "c")];
        let why = difference(&nodes(&apart)).unwrap();
        assert!(why.starts_with("ch0:8123 and ch2:8123 are replicas of shard 1"), "{why}");
        let together = [(Some(1), "a"), (Some(2), "b"), (Some(3), "b")];
        let why = difference(&nodes(&together)).unwrap();
        assert!(why.starts_with("ch1:8123 and ch2:8123 are on different shards"), "{why}");
        let unknown = [(Some(1), "a"), (None, "a"), (None, "b")];
        assert_eq!(difference(&nodes(&unknown)), None, "nobody knows");
    }
}
