//! `backsight demo`: all that Backsight does, on this machine alone.
//!
//! [`live`] opens the workbench in the browser until it is stopped; [`walk`] prints the same way command by command. Both work in a
//! folder that is made for it and goes with it. What is asked is a passive-DNS server of our own with sample records.

mod live;
mod walk;

use crate::args::DemoArgs;
use crate::exit::{Exit, Failure};
use crate::folder::{Purpose, Temporary};

/// The operation that is shown.
const OPERATION: &str = "circl-passive-dns";
/// What is asked about when nothing is named.
const VALUES: [&str; 2] = ["www.threatq.com", "104.196.175.197"];

pub(crate) fn run(command: &DemoArgs) -> Result<Exit, Failure> {
    if command.once {
        return walk::run(command);
    }
    crate::runtime()?.block_on(live::run(command))
}

/// The data folder, which goes when it is dropped.
fn folder() -> Result<Temporary, Failure> {
    let folder = Temporary::make(Purpose::Demonstration);
    folder.map_err(|error| Failure::work("creating a folder for the demonstration", &error))
}
