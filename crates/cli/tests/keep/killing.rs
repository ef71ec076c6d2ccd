//! Kills commands at moments that are spread over the whole time that they take.

use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::home::Home;

/// The state in which a killed command left everything.
#[derive(Clone, Copy)]
pub(crate) enum Left {
    Before,
    Between,
    After,
}

/// Starts a command whose output is not read.
pub(crate) fn start(home: &Home, arguments: &[&str]) -> Child {
    home.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills it after this time; returns its exit code if it had already ended.
pub(crate) fn kill_after(mut child: Child, delay: Duration) -> Option<i32> {
    // Nothing is sent: this is a delay.
    let (_nobody, silence) = channel::<()>();
    assert!(silence.recv_timeout(delay).is_err());
    drop(child.kill());
    child.wait().unwrap().code()
}

/// How long a command takes on this machine, from start to exit.
#[expect(clippy::disallowed_methods, reason = "how long a whole run takes is this machine's")]
pub(crate) fn duration(home: &Home, arguments: &[&str]) -> Duration {
    let began = std::time::Instant::now();
    home.run(arguments).ok();
    began.elapsed()
}

/// Different moments up to this one, in an irregular order: each is the previous one plus the golden section, modulo the whole.
pub(crate) fn moments(last: Duration) -> impl Iterator<Item = Duration> {
    (0_u32..).map(move |round| last.mul_f64((f64::from(round) * 0.618_034).fract()))
}

/// Calls `kill` with its number and a moment up to `last`, at least `rounds` times, and returns how often each state was met.
///
/// A machine that has become slower since the command was measured needs later moments: while no command came to its end, or none was
/// killed before it did anything, the rounds are repeated with moments that are twice as late.
pub(crate) fn kill_often(
    rounds: usize,
    last: Duration,
    mut kill: impl FnMut(usize, Duration) -> Left,
) -> [usize; 3] {
    let mut met = [0; 3];
    let later = (0..4).flat_map(|doublings| moments(last * (1 << doublings)).take(rounds));
    for (round, moment) in later.enumerate() {
        if round >= rounds && met[0] > 0 && met[2] > 0 {
            break;
        }
        met[kill(round, moment) as usize] += 1;
    }
    let [before, _, after] = met;
    assert!(before > 0 && after > 0, "{before} before, {after} after");
    met
}
