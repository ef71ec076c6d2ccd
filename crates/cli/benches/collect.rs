//! From responses to the durable database: `import` of what resolvers, captures and logs write, and `collect dnstap` over a Unix socket.
//!
//! Run by `cargo xtask bench collect`. The program is the real one. Every rate has its ratio to reading and parsing the same file
//! without a database, on one thread of this process, and the most memory that the program had resident.
//! `BACKSIGHT_BENCH_RESPONSES=100000` makes smaller inputs for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, and waits for programs")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

#[path = "collect/inputs.rs"]
mod inputs;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use intake::batches::{self, Order};
use intake::{Bounds, Packing};
use serde_json::Value;
use testkit::figure::{Figure, Goal};

use self::inputs::Input;

const PROGRAM: &str = env!("CARGO_BIN_EXE_backsight");
/// Responses in an input.
const RESPONSES: u32 = 1_500_000;
/// How often each line is measured; the median counts.
const ROUNDS: usize = 3;
/// The most memory that the program may have resident, in MiB.
const MEMORY: f64 = 300.0;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let responses = std::env::var("BACKSIGHT_BENCH_RESPONSES").ok().and_then(|count| count.parse().ok());
    let folder = tempfile::tempdir().unwrap();
    for input in inputs::all(folder.path(), responses.unwrap_or(RESPONSES)) {
        let parsing = median(|| parse(&input));
        report(input.name, input.wanted, &measure(&input, import), parsing, input.responses);
        if input.is_dnstap {
            for senders in [1, 8] {
                let kind = input.name.replace("file", "over a socket");
                let name = format!("{kind}, {senders} sender{}", if senders == 1 { "" } else { "s" });
                let done = measure(&input, |input, folder| collect(input, folder, senders));
                report(&name, inputs::LIVE, &done, parsing, input.responses);
            }
        }
        std::fs::remove_file(&input.file).unwrap();
    }
}

/// What the program took for an input.
struct Done {
    time: Duration,
    /// The most memory it had resident, in MiB.
    resident: u32,
}

/// Reads and parses an input without a database, as `import` does.
fn parse(input: &Input) -> Duration {
    let began = Instant::now();
    let file = BufReader::with_capacity(batches::PIECE, File::open(&input.file).unwrap());
    let content = Packing::Plain.unpack(file, Bounds::FILE).unwrap();
    let (format, mut content) = intake::detect(content);
    let order =
        Order { format, ..Order::new(cof::SourceKind::Observation, cof::time::Clock::system().seconds()) };
    let (tally, fault) = batches::read(&mut content, &order, None, &mut |batch, _| {
        drop(batch);
        Ok(())
    });
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(tally.messages, u64::from(input.responses));
    began.elapsed()
}

/// The run with the median time, each with a database of its own.
fn measure(input: &Input, run: impl Fn(&Input, &Path) -> Done) -> Done {
    let mut runs: Vec<Done> = (0..ROUNDS)
        .map(|_| {
            let folder = tempfile::tempdir().unwrap();
            run(input, folder.path())
        })
        .collect();
    runs.sort_by_key(|done| done.time);
    let resident = runs.iter().map(|done| done.resident).max().unwrap();
    Done { resident, ..runs.swap_remove(ROUNDS / 2) }
}

fn median(run: impl Fn() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| run()).collect();
    times.sort();
    *times.get(ROUNDS / 2).unwrap()
}

fn report(name: &str, wanted: u32, done: &Done, parsing: Duration, responses: u32) {
    let rate = |time: Duration| f64::from(responses) / time.as_secs_f64();
    let say = |what: &str, value, unit: &str, goal: Option<Goal>| {
        println!("{}", Figure { goal, ..Figure::new(format!("{name}{what}"), value, unit) });
    };
    say("", rate(done.time), "responses per second", Some(Goal::AtLeast(f64::from(wanted))));
    say(", parsing only", rate(parsing), "responses per second", None);
    say("", parsing.div_duration_f64(done.time), "of parsing only", None);
    say(", memory", f64::from(done.resident), "MiB resident", Some(Goal::AtMost(MEMORY)));
}

fn command(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", folder).args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn import(input: &Input, folder: &Path) -> Done {
    let began = Instant::now();
    let file = input.file.to_str().unwrap();
    let child = command(folder, &["import", file, "--format", "json"]);
    finish(input, child, began)
}

/// Sends the file to a collector from so many senders, each a part of it, until everything is durable.
fn collect(input: &Input, folder: &Path, senders: usize) -> Done {
    let socket = folder.join("tap");
    let streams = input.frame_streams(senders);
    let mut child = command(folder, &["collect", "dnstap", "--unix", "tap", "--format", "json"]);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    // What it says later has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for stream in &streams {
            let socket = &socket;
            scope.spawn(move || {
                let mut connection = UnixStream::connect(socket).unwrap();
                stream.chunks(64 * 1024).for_each(|piece| connection.write_all(piece).unwrap());
                // The collector ends the connection when it has read everything.
                connection.shutdown(std::net::Shutdown::Write).unwrap();
                let _ = connection.read_to_end(&mut Vec::new());
            });
        }
    });
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    finish(input, child, began)
}

/// Waits for the end of the program, which must have taken every response.
fn finish(input: &Input, mut child: Child, began: Instant) -> Done {
    let status = format!("/proc/{}/status", child.id());
    let mut resident = 0;
    let code = loop {
        resident = std::fs::read_to_string(&status).ok().and_then(|text| peak(&text)).unwrap_or(resident);
        if let Some(code) = child.try_wait().unwrap() {
            break code;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let time = began.elapsed();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(code.success(), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let taken = said.get("messages").and_then(Value::as_u64);
    assert_eq!(taken, Some(u64::from(input.responses)), "{said}");
    Done { time, resident }
}

/// The most resident memory of a process, in MiB.
fn peak(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u32>().ok().map(|kibibytes| kibibytes / 1024)
}
