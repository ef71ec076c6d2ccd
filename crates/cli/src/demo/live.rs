//! A completely configured workbench in the browser: `backsight demo`.
//!
//! The same port answers passive-DNS queries from the sample and serves the pages, and the installed operation queries this
//! port. The link that is printed signs in the administrator `demo`, and works once. A printed token allows sending records, so
//! that changes can be seen.

use std::net::SocketAddr;
use std::path::Path;

use cof::time::Clock;
use operation::{Indicator, package};
use server::{Limits, Service, Site, Tokens};
use tokio::net::TcpListener;
use workbench::integration::Changes;
use workbench::library::Status;
use workbench::run::Runs;
use workbench::token::Wanted;
use workbench::{Desk, Error, Workbench};

use super::{OPERATION, folder};
use crate::args::DemoArgs;
use crate::exit::{Exit, Failure};
use crate::folder::Temporary;
use crate::serve::source::Source;
use crate::{output, serve};

/// The name of the administrator.
const NAME: &str = "demo";
/// The name of the sensor.
const SENSOR: &str = "demo-sensor";
/// A record that the sensor could send: the name has a new address.
const SEEN: &str = r#"{"rrname":"cdn.example.net","rrtype":"A","rdata":"198.51.100.80","time_first":1735689600,"time_last":1767225600,"count":70}"#;
/// The initial threat library: the name and address of the integration guide, and two with a longer history.
const KNOWN: [&str; 4] = ["192.0.2.80", "cdn.example.net", "104.196.175.197", "www.threatq.com"];

pub(super) fn run(command: &DemoArgs) -> Result<Exit, Failure> {
    let runtime = crate::runtime()?;
    let (source, folder) = runtime.block_on(serve_until_stopped(command))?;
    // Tasks that the server started may still be opening the databases, which would create files in the folder again.
    runtime.shutdown_timeout(crate::ENDING);
    source.close();
    folder.close().map_err(|error| Failure::work("removing the demonstration's folder", &error))?;
    Ok(Exit::Done)
}

/// Serves until a signal to end, and returns what is to be closed then.
async fn serve_until_stopped(command: &DemoArgs) -> Result<(Source, Temporary), Failure> {
    let listen = command.listen.as_deref().unwrap_or("127.0.0.1:0");
    let address = serve::loopback(
        ("--listen", listen),
        "the demonstration is for this machine only: listen on 127.0.0.1",
    )?;
    let failed = |error| Failure::work(&format!("listening on {address}"), &error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    // Signals are handled before the folder exists, so that it is always removed.
    let stopped = serve::stopped().map_err(|error| Failure::work("listening for signals", &error))?;
    let folder = folder()?;
    let desk = prepare(folder.path(), bound).await?;
    let key = desk.change(NAME, |workbench| workbench.create_token(&sensor())).await?.1;
    let link = desk.change(NAME, |workbench| workbench.sign_in_link(NAME)).await?;
    let source = Source::sample(folder.path())?;
    output::print(&said(bound, link.reveal(), key.reveal()))?;
    let tokens = Tokens::open(desk.clone(), Limits::default().token_requests).await?;
    let service = Service::new(source.store()).with_anonymous().with_tokens(tokens);
    let service = service.with_site(Site::new(Runs::serving(desk).await?));
    server::run(listener, service, stopped).await;
    Ok((source, folder))
}

/// Sets up the data folder.
async fn prepare(folder: &Path, bound: SocketAddr) -> Result<Desk, Failure> {
    let desk = Desk::open(folder, Clock::system())?;
    desk.change_with_password(NAME, register).await?;
    desk.change(NAME, move |workbench| install(workbench, bound)).await?;
    desk.change(NAME, fill).await?;
    Ok(desk)
}

/// The sensor's token.
fn sensor() -> Wanted {
    Wanted {
        name: SENSOR.to_owned(),
        reads: false,
        writes: true,
        rate: None,
        daily: None,
        expires_at: None,
        sensor: Some(SENSOR.to_owned()),
    }
}

/// Creates the administrator. The password is a one-time token that is stored nowhere, because nobody needs it.
fn register(workbench: &mut Workbench) -> Result<(), Error> {
    let token = workbench.first_link()?.ok_or_else(|| Error::Bug("a new folder has users".to_owned()))?;
    workbench.accept(token.reveal(), NAME, token.reveal()).map(drop)
}

/// Installs the operation, with this server as the provider.
fn install(workbench: &mut Workbench, bound: SocketAddr) -> Result<(), Error> {
    let package = package::find(OPERATION).map_err(|error| Error::Bug(error.to_string()))?;
    let plan = workbench.plan_install(package, false)?;
    workbench.install(plan.confirm())?;
    let (host, port) = (bound.ip().to_string(), bound.port().to_string());
    let values = [("host", host.as_str()), ("port", port.as_str()), ("use_http", "on")];
    let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    workbench.configure(OPERATION, &Changes { values, ..Changes::default() })?;
    workbench.enable(OPERATION).map(drop)
}

fn fill(workbench: &mut Workbench) -> Result<(), Error> {
    let known: Vec<Indicator> = KNOWN.iter().filter_map(|value| Indicator::parse(value).ok()).collect();
    workbench.add_indicators(&known, Status::Active).map(drop)
}

fn said(bound: SocketAddr, link: &str, key: &str) -> String {
    format!(
        "The workbench is running at http://{bound}/ with sample records. The CIRCL\n\
         Passive DNS operation is installed, enabled and configured to query this server.\n\
         Nothing leaves this machine, and all data is deleted when the demonstration ends.\n\n\
         Sign in with this link, which works once:\n\x20 http://{bound}/welcome?token={link}\n\n\
         Then open an indicator in the Threat Library and run \"Query CIRCL Passive DNS\".\n\
         To see a change, send a new record as a sensor would, run the query again, and open Changes:\n\x20 curl -H 'X-API-Key: {key}' -d '{SEEN}' http://{bound}/api/v1/records\n\n\
         Press Ctrl-C to stop. The same steps in the terminal: backsight demo --once\n"
    )
}
