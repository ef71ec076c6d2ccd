//! `backsight collect dnstap --to`: a sensor and a server as real processes, which are killed while records are on their way.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;
use testkit::dnstap;

use crate::collect::{Running, collect, report, until};
use crate::follow::Log;
use crate::home::Home;

/// A server with a database and a token for a sensor, on a port that stays the same.
struct Central {
    home: Home,
    port: u16,
    token: String,
}

impl Central {
    fn new() -> Self {
        let home = Home::new();
        let token = create(&home, "sensor", &["--write", "--sensor", "vienna-1"]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { home, port, token }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it, and waits until it listens.
    fn start(&self) -> Running {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.home.command(&["serve", "--listen", &listen]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.as_mut().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().starts_with("listening on")), "it does not listen");
        Running(child)
    }

    /// The records of the database with their counts.
    fn counts(&self) -> BTreeMap<String, u64> {
        let rows = self.home.run(&["export"]).ok();
        let rows = rows.lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            (row["rrname"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())
        });
        rows.collect()
    }
}

fn create(home: &Home, name: &str, more: &[&str]) -> String {
    home.run(&[&["token", "create", "--name", name], more].concat()).ok().trim_end().to_owned()
}

/// A home of a sensor with its token in a file.
fn sensor(token: &str) -> Home {
    let home = Home::new();
    let file = home.file("token", format!("{token}\n"));
    std::fs::set_permissions(home.path(&file), std::fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn forwarding(home: &Home, to: &str, more: &[&str]) -> Running {
    collect(home, &[&["--to", to, "--token-file", "token"], more].concat())
}

/// Sends frames to a sensor, and counts them.
struct Resolver {
    stream: UnixStream,
    sent: BTreeMap<String, u64>,
    next: u64,
}

impl Resolver {
    fn new(home: &Home, earlier: &Self) -> Self {
        let mut new = Self::first(home);
        (new.sent, new.next) = (earlier.sent.clone(), earlier.next);
        new
    }

    fn first(home: &Home) -> Self {
        let mut stream = UnixStream::connect(home.path("tap")).unwrap();
        stream.write_all(&dnstap::start()).unwrap();
        Self { stream, sent: BTreeMap::new(), next: 0 }
    }

    /// So many responses, each name several times over the whole test.
    fn send(&mut self, responses: u64) {
        let now = u32::try_from(cof::time::Clock::system().seconds()).unwrap();
        let mut frames = Vec::new();
        for _ in 0..responses {
            let name = format!("n{}.example", self.next * 7_919 % 5_000);
            self.next += 1;
            frames.extend(dnstap::response(&name, [185, 194, 93, 1], now));
            *self.sent.entry(name).or_default() += 1;
        }
        self.stream.write_all(&frames).unwrap();
    }

    /// Sends for a while, with pauses, so that there are several batches.
    fn send_for(&mut self, time: Duration) {
        let step = Duration::from_millis(50);
        for _ in 0..time.as_millis() / step.as_millis() {
            self.send(200);
            pause(step);
        }
    }

    /// Sends a last name, and waits until a batch on the disk has it: what was sent before is on the disk, too.
    fn send_mark(&mut self, home: &Home, mark: &str) {
        let now = u32::try_from(cof::time::Clock::system().seconds()).unwrap();
        let name = format!("{mark}.example");
        self.stream.write_all(&dnstap::response(&name, [185, 194, 93, 1], now)).unwrap();
        self.sent.insert(name.clone(), 1);
        until(mark, || waiting(home).iter().any(|text| text.contains(&name)));
    }
}

/// The batches that wait in the spool of a sensor.
fn waiting(home: &Home) -> Vec<String> {
    let folder = home.kept().join("spool").join("collect");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let batches = paths.filter(|path| path.extension().is_some_and(|ending| ending == "zst"));
    // It may have been sent in the meantime.
    let read = batches.filter_map(|path| std::fs::read(path).ok());
    read.map(|bytes| String::from_utf8_lossy(&zstd::decode_all(&bytes[..]).unwrap()).into_owned()).collect()
}

fn pause(time: Duration) {
    let (_nobody, silence) = channel::<()>();
    assert!(silence.recv_timeout(time).is_err());
}

fn kill(mut running: Running) {
    running.0.kill().unwrap();
    running.0.wait().unwrap();
}

#[test]
fn a_server_that_goes_away_and_a_sensor_that_is_killed_lose_and_double_nothing() {
    let central = Central::new();
    let home = sensor(&central.token);
    let serving = central.start();
    let collecting = forwarding(&home, &central.address(), &[]);
    let mut resolver = Resolver::first(&home);
    // The server is killed while batches arrive, and stays away.
    resolver.send_for(Duration::from_millis(2_300));
    kill(serving);
    resolver.send_for(Duration::from_millis(2_500));
    // The sensor is killed, too; what it had written is still there.
    resolver.send_mark(&home, "first");
    kill(collecting);
    assert!(waiting(&home).len() >= 2, "{} batches", waiting(&home).len());
    let collecting = forwarding(&home, &central.address(), &[]);
    let mut resolver = Resolver::new(&home, &resolver);
    resolver.send_for(Duration::from_millis(1_500));
    resolver.send_mark(&home, "second");
    kill(collecting);
    // Both are killed again while what waited is sent.
    for moment in [3, 11, 29, 47, 90] {
        let serving = central.start();
        let collecting = forwarding(&home, &central.address(), &[]);
        pause(Duration::from_millis(moment));
        if moment % 2 == 0 {
            kill(serving);
            kill(collecting);
        } else {
            kill(collecting);
            kill(serving);
        }
    }
    let _serving = central.start();
    let collecting = forwarding(&home, &central.address(), &["--format", "json"]);
    until("all is sent", || waiting(&home).is_empty());
    let mut resolver = Resolver::new(&home, &resolver);
    resolver.send(1_000);
    until("the server has the last ones", || {
        let sum = central.home.json(&["lookup", "*.example", "--summary"]);
        sum["count"] == resolver.sent.values().sum::<u64>()
    });
    let done = report(collecting);
    assert_eq!(done.code, 0, "{done:?}");
    let forwarded = &serde_json::from_str::<Value>(&done.stdout).unwrap()["forwarded"];
    for nothing in ["waiting", "rejected", "dropped", "refused", "damaged", "lost"] {
        assert_eq!(forwarded[nothing], 0, "{nothing}: {forwarded}");
    }
    assert!(forwarded["sent"].as_u64().unwrap() > 0 && forwarded["to"] == central.address(), "{forwarded}");
    assert_eq!(central.counts(), resolver.sent);
}

#[test]
fn a_followed_log_reaches_the_server_once_through_rotations_and_kills() {
    let central = Central::new();
    let home = sensor(&central.token);
    let to = central.address();
    let follow = || {
        let mut command =
            home.command(&["collect", "file", "dns.log", "--follow", "--format", "json", "--to", &to]);
        command.env("BACKSIGHT_SECRET_TOKEN", &central.token).stdout(Stdio::piped()).stderr(Stdio::null());
        Running(command.spawn().unwrap())
    };
    let mut log = Log::new(&home);
    log.write(30_000);
    let mut serving = central.start();
    // A file of which nothing was read yet would be left alone when it is rotated.
    let following = follow();
    let ledger = home.kept().join("spool").join("collect").join("LEDGER");
    until("the file is known", || ledger.exists());
    kill(following);
    for round in 0..8 {
        let following = follow();
        pause(Duration::from_millis(round * 397 % 1_700 + 150));
        log.write(1_500);
        // A kill comes while lines are read, while batches are written, or while they are sent.
        pause(Duration::from_millis(round * 211 % 300));
        if round % 2 == 0 {
            log.rotate();
            log.write(50);
        }
        pause(Duration::from_millis(round * 613 % 1_300));
        kill(following);
        if round % 3 == 1 {
            kill(serving);
            serving = central.start();
        }
    }
    let following = follow();
    let sum = || {
        let sum = central.home.json(&["lookup", "*.example", "--summary"]);
        (sum["rows"].as_u64().unwrap(), sum["count"].as_u64().unwrap_or_default())
    };
    until("all lines arrive", || sum().0 >= log.written);
    let done = report(following);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &report["forwarded"]["waiting"]), (0, &0.into()), "{report}");
    assert_eq!(sum(), (log.written, log.written), "records, and the sum of their counts");
}

#[test]
fn what_waits_at_the_end_is_sent_by_the_next_start() {
    let central = Central::new();
    let home = sensor(&central.token);
    let collecting = forwarding(&home, &central.address(), &[]);
    let mut resolver = Resolver::first(&home);
    resolver.send(300);
    resolver.send_mark(&home, "mark");
    let done = report(collecting);
    assert_eq!(done.code, 0, "{done:?}");
    let row = |text: &str, what: &str| {
        let found = text.lines().find_map(|line| line.trim_start().strip_prefix(what).map(str::trim_start));
        found.map(|rest| rest.split(' ').next().unwrap().to_owned())
    };
    assert_eq!(
        (row(&done.stdout, "sent"), row(&done.stdout, "waiting")),
        (Some("0".into()), Some("301".into()))
    );
    let _serving = central.start();
    let done = report(forwarding(&home, &central.address(), &[]));
    assert_eq!((row(&done.stdout, "sent"), row(&done.stdout, "waiting")), (Some("301".into()), None));
    assert_eq!(central.counts(), resolver.sent);
    let rows = central.home.json(&["lookup", "mark.example", "--by-source"]);
    assert_eq!(rows["records"][0]["sensor_id"], "vienna-1", "{rows}");
    assert!(!home.kept().join("pdns").exists(), "nothing is stored here");
}

#[test]
fn a_token_that_may_not_send_is_told_and_everything_is_kept_for_another_one() {
    let central = Central::new();
    let reading = create(&central.home, "reader", &[]);
    let home = sensor(&reading);
    let _serving = central.start();
    let mut collecting = forwarding(&home, &central.address(), &[]);
    let mut resolver = Resolver::first(&home);
    resolver.send(100);
    let mut said = BufReader::new(collecting.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let refusal = said.find(|line| line.contains("refuses the token")).unwrap();
    assert!(
        refusal.contains("403") && refusal.contains("--write --sensor") && !refusal.contains(&reading),
        "{refusal}"
    );
    assert_eq!(report(collecting).code, 0);
    home.file("token", &central.token);
    assert!(report(forwarding(&home, &central.address(), &[])).stdout.contains("100  records after merging"));
    assert_eq!(central.counts(), resolver.sent);
}

/// A batch of 1,000 lines that takes 4 MiB however it is compressed.
fn large(seed: u64) -> Vec<u8> {
    let mut text = vec![0; 4 << 20];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut text);
    text.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b'x');
    text.chunks_mut(4_194).take(1_000).for_each(|line| line[0] = b'\n');
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(&text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_full_spool_keeps_the_newest_batches_and_counts_the_rest() {
    let central = Central::new();
    let home = sensor(&central.token);
    let spool = home.kept().join("spool").join("collect");
    // The first start makes the spool; batches of an earlier time are put into it.
    report(forwarding(&home, &central.address(), &["--spool-mib", "16"]));
    for number in 1..=5 {
        std::fs::write(spool.join(format!("{number:020}-1000.zst")), large(number)).unwrap();
    }
    let collecting = forwarding(&home, &central.address(), &["--spool-mib", "16", "--format", "json"]);
    let mut resolver = Resolver::first(&home);
    resolver.send(100);
    resolver.send_mark(&home, "newest");
    let done = report(collecting);
    assert_eq!(done.code, 3, "{done:?}");
    let forwarded = &serde_json::from_str::<Value>(&done.stdout).unwrap()["forwarded"];
    // Four large batches and the small one do not fit into 16 MiB together.
    assert_eq!((&forwarded["dropped"], &forwarded["waiting"]), (&2_000.into(), &3_101.into()), "{forwarded}");
    assert!(spool.join("00000000000000000005-1000.zst").exists());
}

#[test]
fn what_would_show_the_token_or_cannot_work_is_refused_at_once() {
    let home = sensor("bsk_token");
    let refused = |more: &[&str], words: &[&str]| {
        let done = home.run(&[&["collect", "dnstap", "--unix", "tap"], more].concat());
        assert!(!done.stderr.contains("bsk_"), "{}", done.stderr);
        done.says(2, words);
    };
    let to = "https://pdns.example.org";
    refused(&["--to", "http://pdns.example.org", "--token-file", "token"], &["only for this machine"]);
    refused(
        &["--to", "https://u:p@pdns.example.org", "--token-file", "token"],
        &["without user and password"],
    );
    refused(&["--to", to], &["needs a token", "BACKSIGHT_SECRET_TOKEN"]);
    refused(&["--to", to, "--token-file", "missing"], &["missing", "No such file"]);
    refused(&["--to", to, "--token-file", "token", "--spool", "../pdns"], &["the name of a spool"]);
    refused(&["--to", to, "--token-file", "token", "--spool-mib", "1"], &["16"]);
    refused(&["--to", to, "--token-file", "token", "--ca-file", "token"], &["CA file"]);
    refused(&["--token-file", "token"], &["--to"]);
    home.file("two", "bsk_one bsk_two");
    std::fs::set_permissions(home.path("two"), std::fs::Permissions::from_mode(0o640)).unwrap();
    refused(&["--to", to, "--token-file", "two"], &["a token is one word"]);
    std::fs::set_permissions(home.path("two"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&["--to", to, "--token-file", "two"], &["mode 0644", "chmod 600 two"]);
}

#[test]
fn two_collectors_need_two_spools() {
    let central = Central::new();
    let home = sensor(&central.token);
    let collecting = forwarding(&home, &central.address(), &[]);
    let to = central.address();
    let second = ["collect", "dnstap", "--unix", "second", "--to", &to, "--token-file", "token"];
    home.run(&second).says(1, &["used by another process", "--spool NAME"]);
    drop(collecting);
}
