//! The workbench over HTTP: pages for people, and `/api/v1` for programs.
//!
//! [`Site`] is the served data folder, and [`routes`] are its routes. `access` runs before all of them and checks permissions.
//! `page` contains the pages, `api` the same for programs, `asset` the files that pages load, and [`mod@reference`] the page
//! that describes the passive-DNS interfaces. What pages and API share is separate: `run_request` is the request for a run, `execution` a run that another interface of this server starts and waits for,
//! `run_file` a run as a file, [`mod@report`] an investigation as a file, `handovers` documents for other platforms, `shelf` the warning lists, `listed` the filters of the library, `placed` the places of addresses in pictures, `job` runs that continue after their request has ended, `enrichment` the jobs of investigations, `pushes` what is sent to platforms, and `pulls` and `executions` what a ThreatQ is asked for. The API imports no page, and building
//! the routes starts no background work.
//!
//! Users sign in with accounts of the workbench: the credentials of passive DNS are not valid here. Errors are
//! [`edge::problem::Problem`]s.

mod access;
mod api;
mod asset;
mod basis;
mod begun;
mod catalogue;
mod comparisons;
mod connection;
mod content;
mod enrichment;
mod executing;
mod execution;
mod executions;
mod explorer;
mod handovers;
mod histories;
mod instances;
mod job;
mod listed;
mod live_jobs;
mod live_pushes;
mod narrowed;
mod page;
mod placed;
mod pulling;
mod pulls;
mod pushes;
pub mod reference;
pub mod report;
mod routes;
mod run_file;
mod run_request;
mod shelf;
mod site;

pub use api::document;
pub use enrichment::take_over;
pub use execution::{Executed, Execution};
pub use pushes::take_over_pushes;
pub use routes::routes;
pub use run_request::resume;
pub use site::{Shared, Site};
