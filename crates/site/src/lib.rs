//! The workbench over HTTP: pages for people, and `/api/v1` for programs.
//!
//! [`Site`] is the data folder that is served, [`routes`] what of it. `access` stands before all of it and says who may what, `page` is what people
//! see, `api` the same for programs, `asset` what pages load, and [`mod@reference`] the page that describes the passive-DNS
//! interfaces. What pages and API share is apart from both: `run_request` is a run that is asked for, `run_file` a run as a file,
//! `job` work that goes on when its request has ended. The API imports no page, and no constructor of routes starts anything.
//!
//! Sign-ins are the workbench's own: the credentials of passive DNS do not open it. Errors are [`edge::problem::Problem`]s.

mod access;
mod api;
mod asset;
mod basis;
mod connection;
mod job;
mod narrowed;
mod page;
pub mod reference;
mod routes;
mod run_file;
mod run_request;
mod site;

pub use api::document;
pub use routes::routes;
pub use run_request::resume;
pub use site::{Shared, Site};
