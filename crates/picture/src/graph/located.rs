//! Where the addresses of a graph are: in boxes with room for it, in their titles, and in the list.

use std::net::IpAddr;

use super::Graph;

/// Where an address is; both are untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// In a few characters, such as `AS64496 NL`.
    pub short: String,
    /// Everything that is known, such as `AS64496 Example Networks, NL`.
    pub whole: String,
}

/// Tells where an address is; `None` if nothing is known.
pub type Locations<'a> = &'a dyn Fn(IpAddr) -> Option<Location>;

impl Graph {
    /// The same with the places of addresses. No box becomes larger.
    #[must_use]
    pub fn with_places(mut self, locations: Locations<'_>) -> Self {
        for tile in &mut self.drawing.boxes {
            if let Some(location) = tile.host.and_then(locations) {
                tile.locate(&location);
            }
        }
        let place =
            |text: &str| text.parse::<IpAddr>().ok().and_then(locations).map(|location| location.whole);
        for row in &mut self.rows {
            row.place = place(&row.name);
            for target in &mut row.targets {
                target.place = place(&target.text);
            }
        }
        self
    }
}
