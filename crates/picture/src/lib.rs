//! Answers as pictures: a timeline and a graph, laid out as HTML and SVG.
//!
//! [`timeline`] shows an answer over time, and [`graph`] its names and addresses with their connections. Both also show many members
//! of an investigation at once, and receive the [`links::Links`] of their page, whose template includes their HTML. What would be too
//! much is folded, see [`fold`]. [`shared`] has small pictures for the rows of a table, and [`days`] counts days on which several had
//! something at once, and [`sheet`] is a timeline for paper. [`text`] escapes untrusted text for pages, and all our templates use it.
//!
//! Nothing here fails, depends on a server, or reads anything except an answer.

pub mod days;
pub mod fold;
pub mod graph;
pub mod links;
pub mod shared;
pub mod sheet;
pub mod text;
pub mod timeline;

#[cfg(test)]
mod sample;
