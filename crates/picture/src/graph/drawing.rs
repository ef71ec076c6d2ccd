//! Computes all positions, in px of the picture.
//!
//! Columns are as wide as their widest box, but at least as wide as in the picture of a small answer, so that small answers
//! look alike.

use std::net::IpAddr;

use cof::RrType;
use operation::Host;

use super::columns::Columns;
use super::located::Location;
use super::net::{Face, Link, Net, Node};
use crate::fold::Key;
use crate::timeline::class_of;
use crate::timeline::words::{cut, thousands, without_middle};

/// The picture.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The positions of the columns, and their headings.
    pub(crate) heads: Vec<(u32, &'static str)>,
    pub(crate) boxes: Vec<Tile>,
    pub(crate) edges: Vec<Edge>,
    /// The ends of edges: x, y and style class, each once.
    pub(crate) dots: Vec<(u32, u32, &'static str)>,
}

/// A box.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    /// A name without its middle part, an address, or the size of a group.
    pub(crate) text: String,
    /// The text on its right side.
    pub(crate) sub: String,
    /// The whole text, and the members of a group.
    pub(crate) title: String,
    /// The value on which an action can be run.
    pub(crate) pivot: Option<String>,
    /// What a click opens.
    pub(crate) opens: Option<Key>,
    /// Whether the value only occurs in the data of records, and owns none.
    pub(crate) is_data: bool,
    pub(crate) standing: Standing,
    pub(crate) address: bool,
    /// The address that it is.
    pub(crate) host: Option<IpAddr>,
}

/// How much a box matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The queried value, or a member.
    Asked,
    Other,
    /// It says little.
    Weak,
}

/// A curve from an owner to its data.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) class: &'static str,
    pub(crate) related: bool,
    pub(crate) width: f64,
    pub(crate) d: String,
    pub(crate) title: String,
}

/// A picture up to this height may be enlarged, because all of it stays visible.
pub(crate) const LOW: u32 = 500;
/// The height of a box, the distance between two, the position of the first, and the margin below the last.
pub(crate) const BOX: u32 = 26;
const PITCH: u32 = 34;
const TOP: u32 = 45;
const BOTTOM: u32 = 15;
/// The queried box is no lower than this, so that it is on the first screen however many boxes are next to it.
pub(super) const DEEPEST: u32 = TOP + 4 * PITCH;
/// The minimum width of the first columns and of all others, and the gaps after them. A picture has room for three columns.
const LEAST: [u32; 3] = [180, 244, 320];
const LEAST_OF_OTHERS: u32 = 220;
const GAPS: [u32; 2] = [194, 266];
const GAP_OF_OTHERS: u32 = 150;
const RIGHT: u32 = 20;
const FEWEST: usize = 3;
const LEFT: u32 = 16;
/// The longest text of a box in characters, and the longest on its right side.
const LONGEST: usize = 38;
const LONGEST_SUB: usize = 34;
/// The longest name in a title.
const LONGEST_TITLE: usize = 100;
/// How many members of a group its title names.
const NAMED: usize = 20;

/// The position of a box.
#[derive(Clone, Copy, Default)]
struct Place {
    column: usize,
    x: u32,
    width: u32,
    /// Its middle.
    y: u32,
}

impl Drawing {
    /// Draws a net in its columns.
    pub(super) fn new(net: &Net, columns: &Columns, of_address: bool) -> Self {
        let tiles: Vec<Tile> = net.boxes.iter().enumerate().map(|(at, node)| tile(net, at, node)).collect();
        let width = |column: usize| {
            let boxes = columns.get(column).into_iter().flatten().filter_map(|at| tiles.get(*at));
            let least = LEAST.get(column).copied().unwrap_or(LEAST_OF_OTHERS);
            boxes.map(Tile::need).chain([least]).max().unwrap_or_default()
        };
        let widths: Vec<u32> = (0..columns.len().max(FEWEST)).map(width).collect();
        let rows = columns.iter().map(|column| to_u32(column.len())).max().unwrap_or(1).max(4);
        let lefts = lefts(&widths);
        let places = places(columns, &widths, &lefts, rows * PITCH);
        let mut drawing = Self {
            width: lefts.last().zip(widths.last()).map_or(0, |(left, width)| left + width + RIGHT),
            height: TOP + rows * PITCH + BOTTOM,
            heads: heads(net, columns, &lefts, of_address),
            boxes: tiles.into_iter().zip(&places).map(|(tile, place)| tile.at(*place)).collect(),
            edges: Vec::new(),
            dots: Vec::new(),
        };
        for link in &net.links {
            drawing.draw(net, link, &places);
        }
        // The keyboard moves between boxes in reading order.
        drawing.boxes.sort_by_key(|tile| (tile.x, tile.y));
        drawing.dots.sort_unstable();
        drawing.dots.dedup();
        drawing
    }

    fn draw(&mut self, net: &Net, link: &Link, places: &[Place]) {
        let ends = (places.get(link.from), places.get(link.to));
        let nodes = (net.boxes.get(link.from), net.boxes.get(link.to));
        let ((Some(from), Some(to)), (Some(owner), Some(target))) = (ends, nodes) else { return };
        let (d, dot) = curve(*from, *to);
        let class = class_of(link.rrtype);
        let name = |node: &Node| without_middle(&node.face.title(), LONGEST_TITLE);
        let sightings = match link.count {
            None => String::new(),
            Some(1) => ", 1 sighting".to_owned(),
            Some(count) => format!(", {} sightings", thousands(count)),
        };
        let count = f64::from(u32::try_from(link.count.unwrap_or(0)).unwrap_or(u32::MAX));
        self.dots.push((dot.0, dot.1, class));
        self.edges.push(Edge {
            class,
            related: link.related(net.roots),
            width: 1.0 + 0.55 * (count + 1.0).log10(),
            d,
            title: format!("{} {} {}{sightings}", name(owner), link.rrtype, name(target)),
        });
    }
}

impl Tile {
    pub(crate) fn is_asked(&self) -> bool {
        self.standing == Standing::Asked
    }

    pub(crate) fn is_weak(&self) -> bool {
        self.standing == Standing::Weak
    }

    fn need(&self) -> u32 {
        need(&self.text, &self.sub)
    }

    /// Adds where the address is: to the title, and to the box if there is room.
    pub(super) fn locate(&mut self, location: &Location) {
        let parts = [self.sub.as_str(), location.short.as_str()];
        let sub = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        if need(&self.text, &sub) <= self.width {
            self.sub = sub;
        }
        self.title = format!("{}\n{}", self.title, cut(&location.whole, LONGEST_TITLE));
    }

    fn at(self, place: Place) -> Self {
        Self { x: place.x, y: place.y - BOX / 2, width: place.width, ..self }
    }
}

/// The width of the texts of a box: 7.3 px per character of the monospace font, 6.1 of the other, and margins.
fn need(text: &str, sub: &str) -> u32 {
    (73 * to_u32(text.chars().count()) + 61 * to_u32(sub.chars().count())) / 10 + 36
}

fn tile(net: &Net, at: usize, node: &Node) -> Tile {
    let act = if net.roots > 1 { "Open" } else { "Query" };
    let whole = without_middle(&node.face.title(), LONGEST_TITLE);
    let (sub, title) = match &node.face {
        Face::One(_) if at < net.roots => {
            (if net.roots > 1 { "member" } else { "query" }.to_owned(), whole.clone())
        }
        Face::Bundle(bundle) => (bundle.label.clone(), crowd_title(&whole, &bundle.members, bundle.count)),
        Face::Crowd { parent, members, .. } => {
            (format!("under {parent}"), crowd_title(&whole, members, members.len()))
        }
        Face::One(_) if node.records > 0 => (format!("{} rec.", node.records), format!("{act} {whole}")),
        Face::One(_) => (pointed_by(net, at), format!("{act} {whole}")),
    };
    let opens = match &node.face {
        Face::Bundle(bundle) => bundle.key,
        _ => None,
    };
    // The run on the queried value is this one.
    let pivot = node.face.pivot().filter(|_| at > 0 || net.roots > 1);
    Tile {
        x: 0,
        y: 0,
        width: 0,
        text: without_middle(&node.face.text(), LONGEST),
        sub: without_middle(&sub, LONGEST_SUB),
        title: if pivot.is_none() && matches!(node.face, Face::One(_)) { whole } else { title },
        pivot,
        opens,
        is_data: net.links.iter().all(|link| link.from != at),
        standing: match node.is_weak {
            _ if at < net.roots => Standing::Asked,
            true => Standing::Weak,
            false => Standing::Other,
        },
        address: match &node.face {
            Face::Bundle(bundle) => bundle.of_addresses,
            Face::One(value) => matches!(value, Host::Address(_)),
            Face::Crowd { .. } => false,
        },
        host: match &node.face {
            Face::One(Host::Address(address)) => Some(*address),
            _ => None,
        },
    }
}

fn crowd_title(whole: &str, members: &[String], count: usize) -> String {
    let named: Vec<_> = members.iter().take(NAMED).map(|name| without_middle(name, LONGEST_TITLE)).collect();
    let more = count.saturating_sub(named.len());
    let more = if more > 0 {
        format!("\nand {} more", thousands(more.try_into().unwrap_or(u64::MAX)))
    } else {
        String::new()
    };
    format!("{whole}\n{}{more}", named.join("\n"))
}

/// The types of the records that point to a box.
fn pointed_by(net: &Net, at: usize) -> String {
    let mut types: Vec<RrType> =
        net.links.iter().filter(|link| link.to == at).map(|link| link.rrtype).collect();
    types.sort_unstable();
    types.dedup();
    let types: Vec<_> = types.iter().map(RrType::to_string).collect();
    types.join(", ")
}

/// The left edges of the columns.
fn lefts(widths: &[u32]) -> Vec<u32> {
    let mut left = LEFT;
    let mut lefts = Vec::new();
    for (column, width) in widths.iter().enumerate() {
        lefts.push(left);
        left += width + GAPS.get(column).copied().unwrap_or(GAP_OF_OTHERS);
    }
    lefts
}

fn places(columns: &Columns, widths: &[u32], lefts: &[u32], band: u32) -> Vec<Place> {
    let mut places = vec![Place::default(); columns.iter().map(Vec::len).sum()];
    for (column, ((boxes, width), x)) in columns.iter().zip(widths).zip(lefts).enumerate() {
        let count = to_u32(boxes.len()).max(1);
        for (row, at) in (0u32..).zip(boxes) {
            if let Some(place) = places.get_mut(*at) {
                let y = TOP + band * (2 * row + 1) / (2 * count);
                let y = if column == 0 && boxes.len() == 1 { y.min(DEEPEST) } else { y };
                *place = Place { column, x: *x, width: *width, y };
            }
        }
    }
    places
}

/// The headings of the columns.
fn heads(net: &Net, columns: &Columns, lefts: &[u32], of_address: bool) -> Vec<(u32, &'static str)> {
    let is_root = |at: usize| at < net.roots;
    let out = net.links.iter().any(|link| is_root(link.from));
    let into = net.links.iter().any(|link| is_root(link.to));
    let first = if net.roots > 1 { "Members" } else { "Queried" };
    let near = match (out, into) {
        _ if net.roots > 1 => "What they have, shared first",
        (true, true) => "What it pointed to, and what pointed to it",
        (true, false) => "What it pointed to",
        _ => "Names that pointed to it",
    };
    let far = if of_address && !out { "Where those names also pointed" } else { "What those are linked to" };
    let words = [first, near, far].into_iter().chain(std::iter::repeat("One step further"));
    let heads = words.zip(columns).zip(lefts).filter(|((_, boxes), _)| !boxes.is_empty());
    heads.map(|((words, _), x)| (*x, words)).collect()
}

/// The curve from an owner to its data, and the position of the dot at its end.
fn curve(from: Place, to: Place) -> (String, (u32, u32)) {
    if from.column == to.column {
        // It bends to the right, slightly below the middle, where no other edge starts.
        let (x, right) = (from.x + from.width, to.x + to.width);
        let bow = x.max(right) + 50;
        let (y, end) = (from.y + 6, to.y + 6);
        return (format!("M{x} {y}C{bow} {y} {bow} {end} {} {end}", right + 4), (right + 4, end));
    }
    let (x, end) =
        if from.column < to.column { (from.x + from.width, to.x - 7) } else { (from.x, to.x + to.width + 7) };
    let middle = x.midpoint(end);
    let dot = if from.column < to.column { end + 1 } else { end - 1 };
    (format!("M{x} {}C{middle} {} {middle} {} {end} {}", from.y, from.y, to.y, to.y), (dot, to.y))
}

fn to_u32(number: usize) -> u32 {
    number.try_into().unwrap_or(u32::MAX / 1_000)
}
