//! Time, processor time and memory of this process.

use std::time::Instant;

/// Prints a figure for the parent process.
pub(crate) fn figure(name: &str, figure: f64) {
    println!("{name}={figure}");
}

/// The time that something took, in seconds.
pub(crate) fn seconds<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = what();
    (start.elapsed().as_secs_f64(), done)
}

/// The processor time that all threads of this process used, in seconds.
pub(crate) fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
    // Linux counts in hundredths of a second.
    fields.map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// The peak memory of this process, in MiB.
pub(crate) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// The median and the 99th percentile, in microseconds.
pub(crate) fn percentiles(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    figure(&format!("{name} p50"), times[times.len() / 2] * 1e6);
    figure(&format!("{name} p99"), times[times.len() * 99 / 100] * 1e6);
}
