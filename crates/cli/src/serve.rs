//! `backsight serve`: our own passive-DNS service, answering from records loaded into memory.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use cof::{Batch, Reader, SourceKind};
use server::Service;
use store::{Memory, Store, StoreError};
use tokio::net::TcpListener;

use crate::args::ServeArgs;
use crate::config::Config;
use crate::demo::SAMPLE;
use crate::exit::{Exit, Failure};
use crate::terminal;

/// Records that are taken in together.
const BATCH: usize = 10_000;
/// How many damaged stretches of a file are shown.
const DAMAGES_SHOWN: u64 = 5;

/// What became of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Loaded {
    records: u64,
    /// Whole records that no database can merge, for want of any time.
    timeless: u64,
    damages: u64,
    truncated: bool,
}

pub(crate) async fn run(command: &ServeArgs, config: &Config) -> Result<Exit, Failure> {
    let address = command.listen.as_ref().unwrap_or(&config.serve.listen);
    let address: SocketAddr = address.parse().map_err(|_| {
        Failure::Usage(format!(
            "--listen {address}: an address and a port such as 127.0.0.1:8053 or [::1]:8053"
        ))
    })?;
    if !address.ip().is_loopback() && !command.behind_proxy {
        return Err(Failure::Usage(format!(
            "{} can be reached from other machines, and this server speaks plain HTTP: \
             put a proxy with TLS before it and say --behind-proxy, or listen on 127.0.0.1",
            address.ip()
        )));
    }
    let store = Arc::new(Memory::new());
    if command.sample {
        report("the sample", &load(&*store, SAMPLE.as_bytes(), "the sample")?);
    }
    for file in &command.cof {
        load_file(&*store, file)?;
    }
    let service = service(store, command)?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure::work(&format!("listening on {address}"), &error))?;
    let bound = listener.local_addr().map_err(|error| Failure::work("listening", &error))?;
    terminal::say(&format!("listening on http://{bound}/pdns/query/ (Ctrl-C to stop)"));
    server::run(listener, service, stopped()).await.map_err(|error| Failure::work("serving", &error))?;
    Ok(Exit::Done)
}

/// The service with its logins and token.
fn service(store: Arc<Memory>, command: &ServeArgs) -> Result<Service, Failure> {
    let mut service = Service::new(store);
    for user in &command.user {
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, password.to_owned()),
            None => (user.as_str(), std::env::var("BACKSIGHT_SECRET_PASSWORD").unwrap_or_default()),
        };
        let login = service.with_user(name, &password);
        service = login.map_err(|error| {
            Failure::Usage(format!(
                "--user {name}: {error}; write NAME:PASSWORD, or set BACKSIGHT_SECRET_PASSWORD"
            ))
        })?;
    }
    if let Ok(token) = std::env::var("BACKSIGHT_SECRET_TOKEN") {
        let admitted = service.with_token(token.trim());
        service = admitted.map_err(|error| Failure::Usage(format!("BACKSIGHT_SECRET_TOKEN: {error}")))?;
    }
    Ok(service)
}

/// Ready when somebody asks this process to end.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}

fn load_file(store: &dyn Store, file: &Path) -> Result<(), Failure> {
    let name = file.display().to_string();
    let doing = format!("reading {name}");
    let input = std::fs::File::open(file).map_err(|error| Failure::work(&doing, &error))?;
    let loaded = load(store, input, &name)?;
    report(&name, &loaded);
    if loaded.records == 0 && loaded.damages > 0 {
        return Err(Failure::Work(format!("{name} holds no record in the Common Output Format")));
    }
    Ok(())
}

/// Takes in records, as what another database says.
pub(crate) fn load_sample(store: &dyn Store) -> Result<(), Failure> {
    load(store, SAMPLE.as_bytes(), "the sample").map(|_| ())
}

fn load(store: &dyn Store, mut input: impl Read, name: &str) -> Result<Loaded, Failure> {
    let mut reader = Reader::new();
    let mut loaded = Loaded::default();
    let mut batch = Batch::default();
    let mut piece = vec![0; 64 * 1024];
    let absorb = |batch: &mut Batch| -> Result<(), Failure> {
        let taken: Result<_, StoreError> = store.absorb(std::mem::take(batch));
        taken.map(|_| ()).map_err(|error| Failure::work(&format!("loading {name}"), &error))
    };
    loop {
        let len =
            input.read(&mut piece).map_err(|error| Failure::work(&format!("reading {name}"), &error))?;
        reader.feed(piece.get(..len).unwrap_or_default());
        if len == 0 {
            reader.close();
        }
        while let Some(item) = reader.next() {
            match item {
                Ok(record) => {
                    let taken = batch.add(&record, SourceKind::Report);
                    loaded.records += u64::from(taken);
                    loaded.timeless += u64::from(!taken);
                }
                Err(damage) => {
                    loaded.damages += 1;
                    if loaded.damages <= DAMAGES_SHOWN {
                        terminal::complain(&format!("{name}: {damage}"));
                    }
                }
            }
            if batch.observations.len() >= BATCH {
                absorb(&mut batch)?;
            }
        }
        if len == 0 {
            absorb(&mut batch)?;
            loaded.truncated = reader.end().truncated;
            return Ok(loaded);
        }
    }
}

fn report(name: &str, loaded: &Loaded) {
    let mut text = format!("{name}: {} records", loaded.records);
    if loaded.timeless > 0 {
        text.push_str(&format!(", {} without any time left out", loaded.timeless));
    }
    if loaded.damages > 0 {
        text.push_str(&format!(", {} damaged stretches left out", loaded.damages));
    }
    if loaded.truncated {
        text.push_str("; it ends inside a record");
    }
    terminal::say(&text);
}
