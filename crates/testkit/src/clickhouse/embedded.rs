//! The newest ClickHouse, as `PyPI` has it: `chdb-core` is the server's engine in a Python process, and `front.py` answers HTTP.
//!
//! It has no `ZooKeeper`, no users and no log of queries. The interpreter is that of the peers, which `cargo xtask test` installs.

use std::sync::OnceLock;

use super::{Held, Server, ask, file, folder, free, until};

const FRONT: &str = include_str!("front.py");

/// The server that all tests of this process share.
pub fn newest() -> &'static Server {
    static NEWEST: OnceLock<Server> = OnceLock::new();
    NEWEST.get_or_init(start)
}

fn start() -> Server {
    let python = std::env::var("BACKSIGHT_PEERS_PYTHON").expect(
        "the variable BACKSIGHT_PEERS_PYTHON is missing: run `cargo xtask test`, which installs what the tests need",
    );
    let (folder, port) = (folder(), free());
    file(&folder, "front.py", FRONT);
    let at = folder.display();
    let held =
        Held::run(&folder, None, &[&python, &format!("{at}/front.py"), &port.to_string(), &at.to_string()]);
    until("chdb answers", || ask(port, "SELECT 1").is_some_and(|(status, _)| status == 200));
    Server { port, held, keeper: None }
}
