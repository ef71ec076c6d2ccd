//! A data folder with a library, and an instance that its integration is configured for.

use std::time::Duration;

use cof::RrType;
use operation::{Finding, Indicator, Tlp};
use platform::push::{Live, Preview, PushError, preview, work};
use platform::{PlatformError, Recipient};
use tempfile::TempDir;
use testkit::misp::ScriptedMisp;
use workbench::integration::Changes;
use workbench::library::Status;
use workbench::push::{Counts, LibraryPart, New, Push, Request, What};
use workbench::run::Runs;
use workbench::{Desk, Workbench};

/// The key of the instance's user.
pub(crate) const KEY: &str = "k3y0fTheAnalystOfTheInstance0123456789ab";

/// A lab with everything that a push needs.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) misp: ScriptedMisp,
    pub(crate) runs: Runs,
}

pub(crate) fn value(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

impl Lab {
    /// A library with three names and addresses and their relationships, and an instance without events.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let misp = ScriptedMisp::new(KEY);
        let address = misp.listen().await.unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        let mut bench = Workbench::open(folder.path(), clock, "ann").unwrap();
        install(&mut bench, address.port(), KEY);
        relate(&mut bench, 1, 3, "2024-01-01 00:00:00");
        let runs = Runs::new(Desk::of(bench)).await.unwrap();
        Self { folder, misp, runs }
    }

    pub(crate) fn bench(&self) -> Workbench {
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        Workbench::open(self.folder.path(), clock, "ann").unwrap()
    }

    pub(crate) fn recipient(&self) -> Recipient {
        let configured = self.bench().settings("misp").unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        Recipient::new(&configured.package, &configured.settings, self.folder.path(), clock).unwrap()
    }

    /// A push of the library that nobody works on yet.
    pub(crate) fn begin(&self, request: Request) -> i64 {
        let new = New {
            platform: "misp".to_owned(),
            package: "misp@1.0.0".to_owned(),
            place: self.recipient().place(),
            title: "Threat library".to_owned(),
            request,
        };
        self.bench().create_push(&new).unwrap().id
    }

    pub(crate) async fn work(&self, id: i64) -> Push {
        let recipient = self.recipient();
        work(&self.runs, id, Ok((&recipient, Tlp::Green)), &Live::default()).await.unwrap()
    }

    /// Pushes the library.
    pub(crate) async fn push(&self) -> Push {
        let id = self.begin(library());
        self.work(id).await
    }

    pub(crate) async fn preview(&self, request: &Request) -> Result<Preview, PlatformError> {
        match preview(self.runs.desk(), &self.recipient(), request, Tlp::Green).await {
            Ok(preview) => Ok(preview),
            Err(PushError::Platform(error)) => Err(error),
            Err(PushError::Workbench(error)) => panic!("{error}"),
        }
    }

    pub(crate) fn counts(&self, push: &Push) -> Counts {
        self.bench().push_counts(push.id).unwrap()
    }

    /// Everything that the instance was sent.
    pub(crate) fn received(&self) -> String {
        let bodies = self.misp.requests().into_iter().map(|request| request.target + &text(&request.body));
        bodies.collect()
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The whole library.
pub(crate) fn library() -> Request {
    Request::of(What::Library(LibraryPart::default()))
}

/// Installs, configures and enables the integration.
pub(crate) fn install(bench: &mut Workbench, port: u16, key: &str) {
    let plan = bench.plan_install(operation::package::find("misp").unwrap(), false).unwrap();
    bench.install(plan.confirm()).unwrap();
    let values =
        [("host", "127.0.0.1".to_owned()), ("port", port.to_string()), ("use_http", "on".to_owned())];
    let values = values.map(|(key, value)| (key.to_owned(), value)).into();
    let secrets = vec![("user_token".to_owned(), operation::Secret::new(key))];
    bench.configure("misp", &Changes { values, secrets, ..Changes::default() }).unwrap();
    bench.enable("misp").unwrap();
}

/// Adds names with their addresses, which were last seen at this time.
pub(crate) fn relate(bench: &mut Workbench, run: i64, count: usize, seen: &str) {
    for n in 0..count {
        let (name, address) = (value(&format!("h{n}.c2.example")), value(&format!("185.194.93.{n}")));
        bench.add_indicators(&[name.clone(), address.clone()], Status::Active).unwrap();
        let attributes = vec![
            ("First Seen".to_owned(), "2020-01-01 00:00:00".to_owned()),
            ("Last Seen".to_owned(), seen.to_owned()),
        ];
        let relationship = Finding::Relationship {
            from: name.clone(),
            to: address,
            rrtype: RrType::A,
            attributes,
            records: Vec::new(),
            caution: None,
        };
        bench.add_findings(run, "CIRCL Passive DNS", &name, &[relationship]).unwrap();
    }
}
