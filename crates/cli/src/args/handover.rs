//! The arguments of `backsight handover`.

use clap::{Args, ValueEnum};
use export::Format;
use export::misp::Distribution;
use operation::{IndicatorType, Marking};
use workbench::library::Status;

use super::indicator::{statuses, types};
use super::records::RecordArgs;

pub(super) const ABOUT: &str = "\
Prints what was found as a document for another platform: a run, the history of a value, an investigation, or a part of the threat \
library.

stix is a bundle of STIX 2.1: names and addresses, their relationships with first and last seen, observed data with counts, and a \
grouping for an investigation. misp is a MISP event with an object passive-dns for each record. Both have the same ids whenever they \
are made, so importing a newer document updates what is there. csv, cof and json are flat files of the records.

A document is marked with the strictest level of the Traffic Light Protocol of anything in it, and never with a weaker one. With \
--max-tlp, values that are marked stricter are held back with all records that reveal them, and named on standard error.

A document has at most 20,000 records and relationships, and 20,000 indicators.";

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight handover stix --investigation 'Campaign 7' --max-tlp green > campaign-7.json
  backsight handover misp --run 17 --distribution community
  backsight handover misp --history www.threatq.com --only-added
  backsight handover stix --library --tag 'parcel lures' --status Review
  backsight handover csv --investigation 'Campaign 7' --defang";

#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    /// The kind of document
    #[arg(value_enum, value_name = "FORMAT")]
    pub(crate) format: Document,
    #[command(flatten)]
    pub(crate) chosen: ChosenArgs,
    /// In STIX, relate a name and its name servers, mail servers and services with related-to, not resolves-to as `OpenCTI` does
    #[arg(long)]
    pub(crate) related: bool,
    /// In CSV, write names and addresses so that no program takes them for links: c2[.]example
    #[arg(long)]
    pub(crate) defang: bool,
}

/// What is handed over, and how it is marked, as a document or to a platform.
#[derive(Debug, Args)]
pub(crate) struct ChosenArgs {
    #[command(flatten)]
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) library: LibraryArgs,
    /// Only records with findings that were added to the threat library
    #[arg(long, conflicts_with = "library")]
    pub(crate) only_added: bool,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    /// Mark everything at least with this level of the Traffic Light Protocol: clear, green, amber, amber+strict or red
    /// [configuration: `handover.tlp`]
    #[arg(long, value_name = "TLP|none")]
    pub(crate) tlp: Option<Marking>,
    /// Hold back what is marked stricter than this [configuration: `handover.max_tlp`]
    #[arg(long, value_name = "TLP|none")]
    pub(crate) max_tlp: Option<Marking>,
    /// Who gets the MISP event: organisation, community, connected or all [configuration: `handover.distribution`]
    #[arg(long, value_name = "D")]
    pub(crate) distribution: Option<Distribution>,
}

/// What is handed over.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The answer of the run with this number
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<i64>,
    /// What all operations answered about this domain name, IP address or URL, defanged or not
    #[arg(long, value_name = "VALUE")]
    pub(crate) history: Option<String>,
    /// The investigation with this name or number: its members, and what all operations answered about them
    #[arg(long, value_name = "NAME")]
    pub(crate) investigation: Option<String>,
    /// The indicators of the threat library, with attributes and relationships
    #[arg(long)]
    pub(crate) library: bool,
}

/// Which indicators of the library are wanted.
#[derive(Debug, Args)]
pub(crate) struct LibraryArgs {
    /// With --library: only this type
    #[arg(long = "type", value_name = "T", value_parser = types(), ignore_case = true)]
    pub(crate) kind: Option<IndicatorType>,
    /// With --library: only this status
    #[arg(long, value_name = "S", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// With --library: only indicators with this source (a user or an integration)
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// With --library: only indicators with this tag, ignoring case
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// With --library: only indicators marked with this level of the Traffic Light Protocol; none: those without a marking
    #[arg(long, value_name = "TLP|none")]
    pub(crate) marked: Option<Marking>,
    /// With --library: part of a value, *.example.com for the names below one, or a network; defanged or not
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// The records in the Common Output Format
    Cof,
    /// A table for spreadsheets
    Csv,
    /// One JSON object
    Json,
    /// A MISP event
    Misp,
    /// A bundle of STIX 2.1
    Stix,
}

impl LibraryArgs {
    /// Whether none of the options is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { kind, status, source, tag, marked, search } = self;
        kind.is_none()
            && status.is_none()
            && source.is_none()
            && tag.is_none()
            && marked.is_none()
            && search.is_none()
    }
}

impl From<Document> for Format {
    fn from(document: Document) -> Self {
        match document {
            Document::Cof => Self::Cof,
            Document::Csv => Self::Csv,
            Document::Json => Self::Json,
            Document::Misp => Self::Misp,
            Document::Stix => Self::Stix,
        }
    }
}
