//! Answers as pictures: a timeline and a graph, laid out as HTML and SVG.
//!
//! [`timeline`] is an answer over time and [`graph`] its names and addresses with what connects them; both are given the
//! [`links::Links`] of the page that they stand on, and their HTML is printed by its template. [`text`] escapes strangers' text
//! on its way into a page, and every template of ours is escaped by it.
//!
//! Nothing here fails, knows a server, or reads anything but an answer.

pub mod graph;
pub mod links;
pub mod text;
pub mod timeline;

#[cfg(test)]
mod sample;
