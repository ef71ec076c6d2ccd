//! Why something cannot be handed over: [`Refusal`].

use operation::Tlp;

use crate::misp::Distribution;

/// Why something cannot be handed over, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A MISP event would be distributed further than its marking allows.
    #[error(
        "a MISP event marked {tlp} may be distributed to {most} at most, not to {wanted}: choose a smaller distribution"
    )]
    Distribution {
        /// The marking of the event.
        tlp: Tlp,
        /// The wanted distribution.
        wanted: Distribution,
        /// The widest one that the marking allows.
        most: Distribution,
    },
    /// There is too much text.
    #[error("the records have more than {most} bytes of text: choose fewer by record type or time")]
    Text {
        /// The limit in bytes.
        most: usize,
    },
    /// The name contains a value that is held back.
    #[error("the name {title:?} contains a value that is marked stricter than {max}: nothing is handed over")]
    Title {
        /// The name.
        title: String,
        /// The strictest level that is handed over.
        max: Tlp,
    },
    /// It is marked too strictly as a whole.
    #[error("{title:?} is marked {tlp}, and nothing stricter than {max} is to be handed over")]
    TooStrict {
        /// Its name.
        title: String,
        /// Its marking.
        tlp: Tlp,
        /// The strictest level that is handed over.
        max: Tlp,
    },
    /// There are too many records, relationships or values.
    #[error(
        "a document has at most {most} {what}, and there are {count}: choose fewer, by record type or time"
    )]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The limit.
        most: usize,
    },
}
