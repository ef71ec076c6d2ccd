//! `backsight serve`: our passive-DNS service, with the database of the data folder or with records of files, and the workbench
//! in the browser.
//!
//! [`source`] determines the records that it serves.

pub(crate) mod source;

mod log;
mod setup;

use std::net::SocketAddr;
use std::sync::Arc;

use server::{Service, Site, Tokens, Workers};
use store::Store;
use tokio::net::TcpListener;
use workbench::Desk;
use workbench::run::Runs;

use crate::BLOCKING;
use crate::args::{Arguments, ServeArgs};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::serve::source::Source;
use crate::{kept, terminal};

/// The environment variable for the password of a user that is given without one.
const PASSWORD: &str = "BACKSIGHT_SECRET_PASSWORD";
/// The environment variable for a token.
const TOKEN: &str = "BACKSIGHT_SECRET_TOKEN";

pub(crate) fn run(command: &ServeArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let runtime = crate::runtime()?;
    let source = runtime.block_on(serve_until_stopped(command, config, arguments))?;
    // Tasks that the server started may still use the database.
    runtime.shutdown_timeout(crate::ENDING);
    source.close();
    Ok(Exit::Done)
}

/// Serves until a signal to end, and returns the source, which is to be closed then.
async fn serve_until_stopped(
    command: &ServeArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Source, Failure> {
    let proxied = config.serve.behind_proxy;
    let address = address(command, config, proxied)?;
    let facing = face_address(command, config, proxied)?;
    let tls = setup::tls(command, &config.serve)?;
    let networks = config.networks()?;
    let source = Source::of(command, config, arguments)?;
    let service = setup::service(service(source.store(), command)?, command, config)?;
    let service = if source.is_kept() { setup::keeping(service, config, arguments)? } else { service };
    if !source.is_kept() && !config.collect.is_empty() {
        terminal::complain("no collector runs: --sample and --cof serve records of files only");
    }
    let desk = desk(arguments)?;
    let limits = setup::limits(&config.serve);
    let tokens = Tokens::open(desk.clone(), limits.token_requests).await?;
    say_who_may_ask(command, &tokens)?;
    let names = setup::names(command, &config.serve);
    let site = site(desk.clone(), &names, tls.is_some(), proxied).await?;
    let packages = Some(&config.integrations.catalogue).filter(|folder| !folder.is_empty());
    let site = packages.into_iter().fold(site, |site, folder| site.with_packages(folder.into()));
    let weak = config.enrich.weak_pivot_names as u64;
    let site = site.with_networks(networks).with_weak_names(weak);
    let site = site.with_handover(config.handover.terms(), config.handover.manner());
    let service = service.with_limits(limits).with_tokens(tokens).with_site(site);
    let service = tls.iter().fold(service, |service, tls| service.with_tls(Arc::clone(tls)));
    let service = service.with_clients(setup::clients(&config.threatq));
    setup::make_room(&limits, 1 + usize::from(facing.is_some()), config.collect.len());
    let (listener, bound) = bind(address).await?;
    let facing = match facing {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let workers = Workers::start(BLOCKING).map_err(|error| Failure::work("starting threads", &error))?;
    log::begin(config.serve.access_log)?;
    // From here on, signals to end are handled.
    let signals = |error| Failure::work("listening for signals", &error);
    let stopped = stopped().map_err(signals)?;
    setup::reload_when_told(tls.clone()).map_err(signals)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    if let Some((_, bound)) = &facing {
        terminal::say(&format!("ThreatQ-shaped API: {scheme}://{bound}/api/"));
    }
    terminal::say(&format!("listening on {scheme}://{bound}/pdns/query/ (Ctrl-C to stop)"));
    let reach = setup::browsers_reach(bound, names.first(), tls.is_some(), proxied);
    terminal::say(&format!("workbench: {reach}/"));
    say_first_link(&desk, &reach).await?;
    setup::say_ready();
    let facing = facing.map(|(listener, _)| listener);
    server::run_beside(listener, facing, service.with_workers(workers), stopped).await;
    Ok(source)
}

/// Prints which clients may query, so that access is neither granted nor missing by mistake.
fn say_who_may_ask(command: &ServeArgs, tokens: &Tokens) -> Result<(), Failure> {
    let anybody = command.anonymous || !command.user.is_empty() || tokens.any();
    if !anybody && terminal::environment(TOKEN)?.is_none() {
        terminal::complain(
            "nobody can query passive DNS yet\n  hint: create a token with `backsight token create --name NAME` or on the page \"Passive-DNS database\", or use --anonymous to let everyone on this machine read",
        );
    }
    Ok(())
}

/// The address to listen on; refused if others could read the queries.
fn address(command: &ServeArgs, config: &Config, proxied: bool) -> Result<SocketAddr, Failure> {
    let (name, text) = (config.name("serve", "listen"), &*config.serve.listen);
    if command.anonymous {
        if proxied {
            let text = "--anonymous cannot be used with serve.behind_proxy: behind a proxy, all clients look like this machine";
            return Err(Failure::Usage(text.to_owned()).hint("create tokens, or remove serve.behind_proxy"));
        }
        return loopback(
            (&name, text),
            "--anonymous only works on this machine: listen on 127.0.0.1, or create tokens",
        );
    }
    if proxied || setup::wants_tls(command, &config.serve) {
        parse((&name, text))
    } else {
        loopback(
            (&name, text),
            "listen on 127.0.0.1, use --tls-cert and --tls-key, or put a TLS proxy in front of it and use --behind-proxy",
        )
    }
}

/// The address of the ThreatQ-shaped face, if it is served; the same rules apply as to the other one.
fn face_address(command: &ServeArgs, config: &Config, proxied: bool) -> Result<Option<SocketAddr>, Failure> {
    let (name, text) = (config.name("threatq", "listen"), config.threatq.listen.trim());
    if text.is_empty() {
        return Ok(None);
    }
    let address = if proxied || setup::wants_tls(command, &config.serve) {
        parse((&name, text))
    } else {
        loopback(
            (&name, text),
            "listen on 127.0.0.1, use --tls-cert and --tls-key, or put a TLS proxy in front of it and use --behind-proxy",
        )
    };
    address.map(Some)
}

/// A listener, and the address that it has.
async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |error| {
        Failure::work(&format!("listening on {address}"), &error)
            .hint("choose another port; 0 takes a free one")
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// An address that only this machine can reach, or an error with the advice.
pub(crate) fn loopback(named: (&str, &str), advice: &str) -> Result<SocketAddr, Failure> {
    let address = parse(named)?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    let why = "can be reached from other machines, and this server speaks plain HTTP";
    Err(Failure::Usage(format!("{} {why}", address.ip())).hint(advice))
}

fn parse((name, text): (&str, &str)) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!("{name}: {text:?} is not an address with a port"))
            .hint("write 127.0.0.1:8053 or [::1]:8053")
    })
}

/// The data folder of the pages.
fn desk(arguments: &Arguments) -> Result<Desk, Failure> {
    let workbench = kept::open(arguments)?;
    kept::quick_check(&workbench)?;
    Ok(Desk::of(workbench))
}

async fn site(desk: Desk, names: &[String], over_tls: bool, proxied: bool) -> Result<Site, Failure> {
    let site = Site::new(Runs::serving(desk).await?);
    let site = names.iter().fold(site, |site, name| site.with_host(name));
    let site = if over_tls { site.over_tls() } else { site };
    Ok(if proxied { site.behind_tls() } else { site })
}

/// Prints the link with which the user who starts the service becomes its administrator.
async fn say_first_link(desk: &Desk, address: &str) -> Result<(), Failure> {
    if let Some(token) = desk.change("serve", workbench::Workbench::first_link).await? {
        terminal::say(&format!("first administrator: {address}/welcome?token={}", token.reveal()));
    }
    Ok(())
}

/// The service with its logins and token.
fn service(store: Arc<dyn Store>, command: &ServeArgs) -> Result<Service, Failure> {
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
            Failure::Usage(format!("{TOKEN}: {error}")).hint("set it to a token, or unset it")
        })?;
    }
    Ok(service)
}

/// Ready when this process is asked to end; signals are handled from the call on, not only from the first wait.
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

/// Ready when this process is asked to end.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "where there are signals, listening for them can fail")]
pub(crate) fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
