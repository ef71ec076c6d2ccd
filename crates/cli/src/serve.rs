//! `backsight serve`: our own passive-DNS service, answering from records loaded into memory, and the workbench in the browser.

mod log;
mod setup;

use std::fmt::Write as _;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use cof::{Batch, Damage, Reader, Record, SourceKind};
use operation::Clock;
use server::{Service, Site, Tokens};
use store::{Memory, Store};
use tokio::net::TcpListener;
use workbench::Desk;
use workbench::run::Runs;

use crate::args::{Arguments, ServeArgs};
use crate::config::{self, Config};
use crate::demo::SAMPLE;
use crate::exit::{Exit, Failure};
use crate::terminal::{self, plural};

/// Records that are taken in together.
const BATCH: usize = 10_000;
/// How many damaged stretches of a file are shown.
const DAMAGES_SHOWN: u64 = 5;
/// The environment variable for the password of a user that is named without.
const PASSWORD: &str = "BACKSIGHT_SECRET_PASSWORD";
/// The environment variable for a token.
const TOKEN: &str = "BACKSIGHT_SECRET_TOKEN";
/// What a file of records is.
const ADVICE: &str = "give a file in the Common Output Format, a JSON object a record";

/// What became of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Loaded {
    records: u64,
    /// Whole records that no database can merge, for want of any time.
    timeless: u64,
    damages: u64,
    truncated: bool,
}

pub(crate) async fn run(
    command: &ServeArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let address = address(command, config)?;
    let tls = setup::tls(command, &config.serve)?;
    let store = Arc::new(Memory::new());
    fill(&*store, command)?;
    let service = setup::service(service(store, command)?, command, &config.serve)?;
    let desk = desk(arguments)?;
    let limits = setup::limits(&config.serve);
    let tokens = Tokens::open(desk.clone(), limits.token_requests).await?;
    say_who_may_ask(command, &tokens)?;
    let site = site(desk.clone(), command, tls.is_some()).await?;
    let service = service.with_limits(limits).with_tokens(tokens).with_site(site);
    let service = tls.iter().fold(service, |service, tls| service.with_tls(Arc::clone(tls)));
    let failed = |error| {
        Failure::work(&format!("listening on {address}"), &error)
            .hint("choose another port; 0 takes a free one")
    };
    setup::make_room(&limits);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    log::begin(command.access_log.unwrap_or(config.serve.access_log))?;
    // From here on whoever asks us to end is heard.
    let signals = |error| Failure::work("listening for signals", &error);
    let stopped = stopped().map_err(signals)?;
    setup::reload_when_told(tls.clone()).map_err(signals)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    terminal::say(&format!("listening on {scheme}://{bound}/pdns/query/ (Ctrl-C to stop)"));
    terminal::say(&format!("workbench: {scheme}://{bound}/"));
    say_first_link(&desk, &format!("{scheme}://{bound}")).await?;
    server::run(listener, service, stopped).await;
    Ok(Exit::Done)
}

/// Nobody is let in by mistake, and nobody wonders why nobody is.
fn say_who_may_ask(command: &ServeArgs, tokens: &Tokens) -> Result<(), Failure> {
    let anybody = command.anonymous || !command.user.is_empty() || tokens.any();
    if !anybody && terminal::environment(TOKEN)?.is_none() {
        terminal::complain(
            "nobody may ask for passive DNS yet\n  hint: make a token with `backsight token create --name NAME`, \
             or let everybody on this machine read with --anonymous",
        );
    }
    Ok(())
}

/// Where to listen; not where others could read what is asked.
fn address(command: &ServeArgs, config: &Config) -> Result<SocketAddr, Failure> {
    let text = command.listen.as_ref().unwrap_or(&config.serve.listen);
    if command.anonymous {
        return loopback(
            text,
            "everybody may read only on this machine: listen on 127.0.0.1, or make tokens",
        );
    }
    if command.behind_proxy || setup::wants_tls(command, &config.serve) {
        parse(text)
    } else {
        loopback(
            text,
            "listen on 127.0.0.1, give --tls-cert and --tls-key, or put a proxy with TLS before it and say --behind-proxy",
        )
    }
}

/// An address that only this machine reaches, or the advice.
pub(crate) fn loopback(text: &str, advice: &str) -> Result<SocketAddr, Failure> {
    let address = parse(text)?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    let why = "can be reached from other machines, and this server speaks plain HTTP";
    Err(Failure::Usage(format!("{} {why}", address.ip())).hint(advice))
}

fn parse(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!("--listen {text:?} is no address with a port"))
            .hint("write 127.0.0.1:8053 or [::1]:8053")
    })
}

/// The data folder that the pages work in.
fn desk(arguments: &Arguments) -> Result<Desk, Failure> {
    let folder = config::data_dir(arguments)
        .ok_or_else(|| Failure::Usage("there is no home folder: name a folder with --data-dir".to_owned()))?;
    Desk::open(&folder, Clock::system()).map_err(Failure::from)
}

async fn site(desk: Desk, command: &ServeArgs, over_tls: bool) -> Result<Site, Failure> {
    let site = Site::new(Runs::new(desk).await?);
    let site = command.hostname.iter().fold(site, |site, name| site.with_host(name));
    let site = if over_tls { site.over_tls() } else { site };
    Ok(if command.behind_proxy { site.behind_tls() } else { site })
}

/// Whoever starts the service becomes its administrator, by a link that only the terminal shows.
async fn say_first_link(desk: &Desk, address: &str) -> Result<(), Failure> {
    if let Some(token) = desk.change("serve", workbench::Workbench::first_link).await? {
        terminal::say(&format!("first administrator: {address}/welcome?token={}", token.reveal()));
    }
    Ok(())
}

/// Loads what the command names.
fn fill(store: &dyn Store, command: &ServeArgs) -> Result<(), Failure> {
    if command.sample {
        report("the sample", &load(store, SAMPLE.as_bytes(), "the sample")?);
    }
    for file in &command.cof {
        load_file(store, file)?;
    }
    if !command.sample && command.cof.is_empty() {
        terminal::complain("there are no records to answer from\n  hint: give --cof FILE, or --sample");
    }
    Ok(())
}

/// The service with its logins and token.
fn service(store: Arc<Memory>, command: &ServeArgs) -> Result<Service, Failure> {
    let mut service = Service::new(store);
    if command.anonymous {
        service = service.with_anonymous();
    }
    for user in &command.user {
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, password.to_owned()),
            None => (user.as_str(), terminal::environment(PASSWORD)?.unwrap_or_default()),
        };
        service = service.with_user(name, &password).map_err(|error| {
            Failure::Usage(format!("--user {name:?}: {error}"))
                .hint("write NAME:PASSWORD, or NAME and set BACKSIGHT_SECRET_PASSWORD")
        })?;
    }
    if let Some(token) = terminal::environment(TOKEN)? {
        service = service.with_token(token.trim()).map_err(|error| {
            Failure::Usage(format!("{TOKEN}: {error}")).hint("give it a token, or leave it unset")
        })?;
    }
    Ok(service)
}

/// Ready when somebody asks this process to end; heard from the call on, not from the first wait.
#[cfg(unix)]
pub(crate) fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Ready when somebody asks this process to end.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "where there are signals, listening for them can fail")]
pub(crate) fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn load_file(store: &dyn Store, file: &Path) -> Result<(), Failure> {
    let name = file.display().to_string();
    let doing = format!("reading {name}");
    let input = std::fs::File::open(file).map_err(|error| Failure::work(&doing, &error).hint(ADVICE))?;
    let loaded = load(store, input, &name)?;
    report(&name, &loaded);
    if loaded.records == 0 && loaded.damages + loaded.timeless > 0 {
        return Err(Failure::Work(format!("{name} holds no record that can be served")).hint(ADVICE));
    }
    Ok(())
}

/// Takes in records, as what another database says.
pub(crate) fn load_sample(store: &dyn Store) -> Result<(), Failure> {
    load(store, SAMPLE.as_bytes(), "the sample").map(|_| ())
}

fn load(store: &dyn Store, mut input: impl Read, name: &str) -> Result<Loaded, Failure> {
    let mut reader = Reader::new();
    let mut loading = Loading { store, name, batch: Batch::default(), loaded: Loaded::default() };
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = input.read(&mut piece);
        let len = read.map_err(|error| Failure::work(&format!("reading {name}"), &error).hint(ADVICE))?;
        reader.feed(piece.get(..len).unwrap_or_default());
        if len == 0 {
            reader.close();
        }
        while let Some(item) = reader.next() {
            loading.take(item)?;
        }
        if len == 0 {
            loading.absorb()?;
            return Ok(Loaded { truncated: reader.end().truncated, ..loading.loaded });
        }
    }
}

/// A file on its way into the store.
struct Loading<'a> {
    store: &'a dyn Store,
    name: &'a str,
    batch: Batch,
    loaded: Loaded,
}

impl Loading<'_> {
    fn take(&mut self, item: Result<Record, Damage>) -> Result<(), Failure> {
        match item {
            Ok(record) => {
                let taken = self.batch.add(&record, SourceKind::Report);
                self.loaded.records += u64::from(taken);
                self.loaded.timeless += u64::from(!taken);
            }
            Err(damage) => {
                self.loaded.damages += 1;
                if self.loaded.damages <= DAMAGES_SHOWN {
                    terminal::complain(&format!("{}: {damage}", self.name));
                }
            }
        }
        if self.batch.observations.len() >= BATCH { self.absorb() } else { Ok(()) }
    }

    fn absorb(&mut self) -> Result<(), Failure> {
        let absorbed = self.store.absorb(std::mem::take(&mut self.batch));
        absorbed.map(drop).map_err(|error| Failure::work(&format!("loading {}", self.name), &error))
    }
}

fn report(name: &str, loaded: &Loaded) {
    let mut text = format!("{name}: {}", plural(loaded.records, "record"));
    if loaded.timeless > 0 {
        let _ = write!(text, ", {} without any time left out", loaded.timeless);
    }
    if loaded.damages > 0 {
        let _ = write!(text, ", {} left out", plural(loaded.damages, "damaged stretch"));
    }
    if loaded.truncated {
        text.push_str("; it ends inside a record");
    }
    terminal::say(&text);
}
