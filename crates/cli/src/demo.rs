//! `backsight demo`: the whole way from an indicator to findings, on this machine alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use operation::{Clock, Filter, Limits, Package, Settings, package};
use server::Service;
use store::Memory;
use tokio::net::TcpListener;

use crate::args::{DemoArgs, Sort};
use crate::exit::{Exit, Failure};
use crate::output::table;
use crate::query::{Asked, Plan, setup};
use crate::serve;
use crate::terminal;
use crate::values;

/// Records to look at: the guide's sample, and an invented history on example names and documentation addresses.
pub(crate) const SAMPLE: &str = include_str!("demo/sample.ndjson");

/// What is asked about when nothing is named.
const VALUES: [&str; 2] = ["www.threatq.com", "104.196.175.197"];
/// The most findings of one answer that are printed.
const FINDINGS: usize = 40;

pub(crate) async fn run(command: &DemoArgs) -> Result<Exit, Failure> {
    let store = Arc::new(Memory::new());
    serve::load_sample(&*store)?;
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|error| Failure::work("listening on this machine", &error))?;
    let port = listener.local_addr().map_err(|error| Failure::work("listening", &error))?.port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server::run(listener, Service::new(store), async {
        let _ = stopped.await;
    }));
    let exit = show(command, port).await;
    // The server ends when nobody holds the other end; its own result matters no more.
    drop(stop);
    let _ = serving.await;
    exit
}

async fn show(command: &DemoArgs, port: u16) -> Result<Exit, Failure> {
    let guide = plan("circl-passive-dns@1.0.0", port)?;
    let extended = plan("circl-passive-dns@1.1.0", port)?;
    let mut text = format!(
        "A passive-DNS server of our own runs on 127.0.0.1 port {port}, with sample records.\n\
         The operation CIRCL Passive DNS is pointed at it: host 127.0.0.1, port {port}, Use HTTP on.\n"
    );
    let defaults: Vec<String> = VALUES.map(str::to_owned).to_vec();
    let values = if command.values.is_empty() { &defaults } else { &command.values };
    let mut exit = Exit::Done;
    for given in values::read(values, &[])? {
        let asked = extended.ask(given.clone()).await;
        exit = exit.max(asked.exit());
        asked.complain();
        let _ = writeln!(text, "\n== Query CIRCL Passive DNS: {} ==", terminal::label(&given.text));
        text.push_str(&table::history(&asked, terminal::width()));
        push_findings(&guide.ask(given).await, &mut text);
        push_findings(&asked, &mut text);
    }
    text.push_str(&next());
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(exit)
}

/// Three things to try, as they can be typed here: by the path this program was started with.
fn next() -> String {
    let program = std::env::args().next().unwrap_or_else(|| "backsight".to_owned());
    format!(
        "\nNext, to try yourself:\n\
         1. other values of the sample:\n\
         \x20  {program} demo cdn.example.net 192.0.2.80\n\
         2. a server that keeps running, to ask from another terminal:\n\
         \x20  {program} serve --sample\n\
         \x20  {program} query www.threatq.com --set host=127.0.0.1 --set port=8053 --set use_http=on\n\
         3. CIRCL itself, with the account that it gave you:\n\
         \x20  BACKSIGHT_SECRET_USER_TOKEN=user:password {program} query www.threatq.com\n"
    )
}

fn plan(wanted: &str, port: u16) -> Result<Plan, Failure> {
    let package = package::find(wanted).map_err(|error| Failure::usage(&error))?;
    let mut settings = Settings::default();
    for (key, value) in [("host", "127.0.0.1"), ("port", &port.to_string()), ("use_http", "on")] {
        settings.set(&package, key, value).map_err(|error| Failure::usage(&error))?;
    }
    let clock = Clock::system();
    let config = operation::Config::new(&package, &settings, Limits::HELD, &clock)
        .map_err(|error| Failure::usage(&error))?;
    let filter = Filter::new(&config, Vec::new(), operation::Window::default());
    Ok(Plan {
        provider: Arc::new(setup::connect(config, None, clock, &filter)?),
        package: Arc::new(package),
        filter,
        sort: Sort::Last,
        limit: None,
        max_records: 100_000,
    })
}

fn push_findings(asked: &Asked, text: &mut String) {
    let Package { title, version, .. } = &*asked.package;
    match &asked.outcome {
        Err(refused) => {
            let _ = writeln!(text, "{title} {version}: {}", terminal::printable(&refused.to_string()));
        }
        Ok(_) if asked.findings.list.is_empty() => {
            let _ = writeln!(text, "{title} {version} proposes nothing");
        }
        Ok(_) => {
            let count = terminal::plural(asked.findings.list.len() as u64, "finding");
            let _ = writeln!(text, "{title} {version} proposes {count}");
            text.push_str(&table::findings(&asked.findings, FINDINGS, terminal::width()));
        }
    }
}
