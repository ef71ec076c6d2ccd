//! Answers as pictures: a timeline and a graph, laid out as HTML and SVG.
//!
//! [`timeline`] shows an answer over time, and [`graph`] its names and addresses with their connections. Both receive the
//! [`links::Links`] of their page, whose template includes their HTML. [`text`] escapes untrusted text for pages, and all our
//! templates use it.
//!
//! Nothing here fails, depends on a server, or reads anything except an answer.

pub mod graph;
pub mod links;
pub mod text;
pub mod timeline;

#[cfg(test)]
mod sample;
