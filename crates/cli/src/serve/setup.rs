//! Sets up a server from options and configuration: TLS, limits, other origins, the log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cof::time::Clock;
use intake::collector::Collector;
use intake::live;
use rustix::process::{Resource, Rlimit};
use server::{Clients, Limits, Retention, Service, Tell, Tls};

use crate::args::{Arguments, ServeArgs};
use crate::config::{self, Collect, Config};
use crate::exit::Failure;
use crate::route::{self, Asked};
use crate::{kept, terminal, told};

/// The longest configured time, in seconds: a day.
const LONGEST: usize = 24 * 3600;
/// The longest origin, in bytes, because every record of an answer contains it.
const ORIGIN: usize = 255;
/// The factor by which a body may grow during decompression.
const EXPANDS: u64 = 8;

/// Whether TLS was requested, valid or not.
pub(super) fn wants_tls(command: &ServeArgs, config: &config::Serve) -> bool {
    let (certificate, key) = files(command, config);
    certificate.is_some() || key.is_some()
}

/// TLS, if there is a certificate.
pub(super) fn tls(command: &ServeArgs, config: &config::Serve) -> Result<Option<Arc<Tls>>, Failure> {
    match files(command, config) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let opened = Tls::open(&certificate, &key).map(Some);
            opened.map_err(|error| {
                Failure::Usage(format!("TLS: {error}")).hint(
                    "give the certificate chain to --tls-cert and its private key to --tls-key, both as PEM",
                )
            })
        }
        _ => Err(Failure::Usage("TLS needs a certificate and its key".to_owned())
            .hint("give both --tls-cert and --tls-key")),
    }
}

fn files(command: &ServeArgs, config: &config::Serve) -> (Option<PathBuf>, Option<PathBuf>) {
    let file = |flag: &Option<PathBuf>, set: &str| {
        flag.clone().or_else(|| Some(set).filter(|set| !set.is_empty()).map(PathBuf::from))
    };
    (file(&command.tls_cert, &config.tls_cert), file(&command.tls_key, &config.tls_key))
}

/// The accepted host names, besides those of this machine.
pub(super) fn names(command: &ServeArgs, config: &config::Serve) -> Vec<String> {
    command.hostname.iter().map(String::as_str).chain(listed(&config.hostname)).map(str::to_owned).collect()
}

/// The address for browsers: our host name if its scheme is known, or else the address we listen on.
pub(super) fn browsers_reach(
    bound: SocketAddr,
    name: Option<&String>,
    over_tls: bool,
    proxied: bool,
) -> String {
    match name {
        Some(name) if proxied => format!("https://{name}"),
        Some(name) if over_tls && bound.port() == 443 => format!("https://{name}"),
        Some(name) if over_tls => format!("https://{name}:{}", bound.port()),
        _ => format!("{}://{}", if over_tls { "https" } else { "http" }, this_machine(bound)),
    }
}

/// A server that listens on every address (0.0.0.0) is reached on the loopback address.
fn this_machine(bound: SocketAddr) -> SocketAddr {
    let loopback = match bound {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(if bound.ip().is_unspecified() { loopback } else { bound.ip() }, bound.port())
}

/// The values of a setting with several values, separated by commas.
fn listed(set: &str) -> impl Iterator<Item = &str> {
    set.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// The tokens that are clients of the ThreatQ-shaped face.
pub(super) fn clients(config: &config::Threatq) -> Clients {
    let names = |set| listed(set).map(str::to_owned).collect();
    Clients { readers: names(&config.reader_tokens), analysts: names(&config.analyst_tokens) }
}

/// The configured limits.
pub(super) fn limits(config: &config::Serve) -> Limits {
    let body = (config.body_mebibytes as u64).saturating_mul(1 << 20);
    Limits {
        connections: config.connections.min(tokio::sync::Semaphore::MAX_PERMITS),
        requests: config.requests.min(tokio::sync::Semaphore::MAX_PERMITS),
        token_requests: config.token_requests.min(tokio::sync::Semaphore::MAX_PERMITS),
        rows: config.rows as u64,
        answer: Duration::from_secs(config.answer_seconds.min(LONGEST) as u64),
        body,
        expanded: body.saturating_mul(EXPANDS),
        ..Limits::default()
    }
}

/// Open files besides connections.
const FILES: u64 = 256;

/// Raises the limit of open files for the number of connections, as far as the system allows.
pub(super) fn make_room(limits: &Limits, listeners: usize, collectors: usize) {
    let senders = collectors.saturating_mul(live::MOST_SENDERS);
    let connections = limits.connections.saturating_mul(listeners);
    let wanted = (connections.saturating_add(senders) as u64).saturating_add(FILES);
    let allowed = open_files(wanted);
    if allowed < wanted {
        terminal::complain(&format!(
            "this process may open only {allowed} files, too few for serve.connections\n  hint: raise the hard limit (ulimit -Hn, LimitNOFILE), or lower serve.connections"
        ));
    }
}

/// Raises the limit of open files to this number, as far as the system allows; returns the resulting limit.
fn open_files(wanted: u64) -> u64 {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    // `None` means no limit.
    let within = |most: Option<u64>| most.map_or(wanted, |most| most.min(wanted));
    if within(limit.current) == wanted {
        return wanted;
    }
    let raised = Rlimit { current: Some(within(limit.maximum)), ..limit };
    match rustix::process::setrlimit(Resource::Nofile, raised) {
        Ok(()) => within(limit.maximum),
        Err(_) => within(limit.current),
    }
}

/// The service with the allowed origins, and the content of the log.
pub(super) fn service(
    mut service: Service,
    command: &ServeArgs,
    config: &Config,
) -> Result<Service, Failure> {
    let (name, config) = (config.name("serve", "origin"), &config.serve);
    let origin = config.origin.trim();
    if !origin.is_empty() {
        if origin.len() > ORIGIN || origin.contains(char::is_control) || !origin.contains(':') {
            return Err(Failure::Usage(format!("{name}: {origin:?} is not a URI of up to {ORIGIN} bytes"))
                .hint("give the source of these records, such as https://pdns.example.org"));
        }
        service = service.with_origin(origin);
    }
    if !config.strict_transport {
        service = service.with_strict_transport(0);
    }
    for origin in command.cors.iter().map(String::as_str).chain(listed(&config.cors)) {
        service = service.with_cors(origin).map_err(|error| {
            Failure::Usage(format!("--cors {origin:?}: {error}"))
                .hint("write scheme, host and port as browsers do: https://example.org")
        })?;
    }
    Ok(if config.log_addresses { service.with_addresses_logged() } else { service })
}

/// The service with its collectors, what is not kept of received records, and how long records are kept.
pub(super) fn keeping(service: Service, config: &Config, arguments: &Arguments) -> Result<Service, Failure> {
    let noise = config.intake.noise();
    let collector = |section: &Collect| -> Result<Collector, Failure> {
        let collector = section.collector(&noise);
        let Some((to, token_file)) = section.forwards() else { return Ok(collector) };
        let name = &*collector.name;
        let failed = |failure: Failure| failure.within(&format!("collector {name}"));
        let token = route::token_of(token_file).map_err(failed)?;
        let asked = Asked { to, token, ca_file: section.ca_file(), spool_mib: section.spool_mib(), name };
        let route = asked.route(&kept::folder(arguments)?).map_err(failed)?;
        Ok(collector.with_route(route))
    };
    let collectors = config.collect.iter().map(collector).collect::<Result<_, _>>()?;
    let tell: Tell = Arc::new(|collector, event| told::tell(collector, event, true));
    let service = service.with_noise(noise).with_collectors(collectors, tell);
    Ok(match NonZeroU32::new(config.database.keep_days) {
        Some(days) => service.with_retention(Retention::new(days, Clock::system())),
        None => service,
    })
}

/// Tells a service manager that waits for it (`Type=notify`) that the server is ready.
#[cfg(target_os = "linux")]
pub(super) fn say_ready() {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        terminal::complain(&format!(
            "could not notify the service manager that the server is ready: {error}"
        ));
    }
}

/// There is no service manager to notify.
#[cfg(not(target_os = "linux"))]
pub(super) fn say_ready() {}

/// Reloads the certificate on SIGHUP, which never ends a server, with or without TLS.
#[cfg(unix)]
pub(super) fn reload_when_told(tls: Option<Arc<Tls>>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut told = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while told.recv().await.is_some() {
            if let Some(tls) = &tls {
                tls.renew();
            }
        }
    });
    Ok(())
}

/// There is no such signal; changes of the certificate are noticed anyway.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "where there are signals, listening for them can fail")]
pub(super) fn reload_when_told(_: Option<Arc<Tls>>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_names_what_a_browser_can_reach() {
        let name = Some("pdns.example.org".to_owned());
        let reach = |bound: &str, name, tls, proxied| {
            browsers_reach(bound.parse().expect("an address"), Option::as_ref(name), tls, proxied)
        };
        assert_eq!(reach("0.0.0.0:8053", &name, false, true), "https://pdns.example.org");
        assert_eq!(reach("[::]:8443", &name, true, false), "https://pdns.example.org:8443");
        assert_eq!(reach("0.0.0.0:443", &name, true, false), "https://pdns.example.org");
        assert_eq!(reach("127.0.0.1:8053", &name, false, false), "http://127.0.0.1:8053");
        assert_eq!(reach("0.0.0.0:8053", &None, false, true), "http://127.0.0.1:8053");
        assert_eq!(reach("[::]:8443", &None, true, false), "https://[::1]:8443");
    }
}
