//! `backsight demo`: shows what Backsight does, only on this machine.
//!
//! [`live`] opens the workbench in the browser until it is stopped; [`walk`] prints the same steps as commands. Both work in a
//! temporary folder. The queried service is our own passive-DNS server with sample records.

mod live;
mod walk;

use crate::args::DemoArgs;
use crate::exit::{Exit, Failure};
use crate::folder::{Purpose, Temporary};

/// The operation of the demo.
const OPERATION: &str = "circl-passive-dns";
/// The default values to query.
const VALUES: [&str; 2] = ["www.threatq.com", "104.196.175.197"];

pub(crate) fn run(command: &DemoArgs) -> Result<Exit, Failure> {
    if command.once {
        return walk::run(command);
    }
    live::run(command)
}

/// The data folder, which is removed when it is dropped.
fn folder() -> Result<Temporary, Failure> {
    let folder = Temporary::make(Purpose::Demonstration);
    folder.map_err(|error| Failure::work("creating a folder for the demonstration", &error))
}
