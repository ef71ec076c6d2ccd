//! A list in the form in which it is searched: [`compile`] makes it of its source, [`Compiled::has`] asks it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use cof::{Name, Target};

use super::ListError;
use super::names::{self, Collected, Names};
use super::ranges::Ranges;
use super::source::{Kind, Source};
use super::stored::About;
use super::texts::{self, Parts, Patterns};

/// The longest entry, in bytes; a name is shorter, and so is an expression that anybody can read.
const MAX_ENTRY: usize = 4_096;

/// A list in the form in which it is searched.
#[derive(Debug)]
pub(super) struct Compiled {
    about: Arc<About>,
    /// What it was made of, for the stored file.
    pub(super) content: Content,
    names: Option<Names>,
    parts: Option<Parts>,
    patterns: Option<Patterns>,
}

/// The content of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// The automaton of its names; empty if there are none.
    pub(super) names: Bytes,
    pub(super) ranges: Ranges,
    pub(super) parts: Vec<String>,
    pub(super) patterns: Vec<String>,
}

/// A value that is looked for in lists, in the forms in which they need it.
pub(super) struct Query {
    host: Host,
    text: OnceCell<String>,
}

enum Host {
    Address(IpAddr),
    Name { key: Vec<u8>, name: Name },
}

impl Query {
    pub(super) fn new(target: Target<'_>) -> Self {
        let host = match target {
            Target::Address(address) => Host::Address(address.to_canonical()),
            Target::Name(name) => Host::Name { key: names::key(name), name: name.to_name() },
        };
        Self { host, text: OnceCell::new() }
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| match &self.host {
            Host::Address(address) => address.to_string(),
            Host::Name { name, .. } => name.to_string(),
        })
    }
}

/// Compiles a list.
///
/// # Errors
/// [`ListError::Large`] if it needs too much.
pub(super) fn compile(source: Source<'_>, now: u64) -> Result<Compiled, ListError> {
    let entries = source.entries.len();
    let (content, used) =
        if source.applies { content(source.kind, &source.entries)? } else { Default::default() };
    let about = About {
        name: source.name,
        description: source.description,
        version: source.version,
        kind: source.kind,
        entries: entries as u64,
        unusable: if source.applies { (entries - used) as u64 } else { 0 },
        applies: source.applies,
        imported_at: now,
        is_enabled: true,
    };
    Compiled::new(about, content).ok_or_else(|| {
        ListError::Large(
            "its names need too much memory; split the list into several with different names".to_owned(),
        )
    })
}

/// The content of the entries, and how many of them it has.
fn content(kind: Kind, entries: &[Cow<'_, str>]) -> Result<(Content, usize), ListError> {
    let short = || entries.iter().map(|entry| entry.trim()).filter(|entry| entry.len() <= MAX_ENTRY);
    let mut content = Content::default();
    let mut used = 0;
    match kind {
        Kind::Cidr => used = short().filter(|entry| content.ranges.add(entry)).count(),
        Kind::Hostname | Kind::String => {
            let mut names = Collected::default();
            for entry in short() {
                // A network is not a whole value, and no name either.
                let is_address = !entry.contains('/') && content.ranges.add(entry);
                used += usize::from(is_address || add_name(&mut names, kind, entry));
            }
            content.names = names.build().unwrap_or_default().into();
        }
        Kind::Substring => {
            content.parts = texts::check_parts(short())?;
            used = content.parts.len();
        }
        Kind::Regex => {
            content.patterns = texts::check_patterns(short())?;
            used = content.patterns.len();
        }
    }
    content.ranges.settle();
    Ok((content, used))
}

/// Adds an entry that is a name; one that begins with a dot or `*.` stands for everything at and below the name after it.
fn add_name(names: &mut Collected, kind: Kind, entry: &str) -> bool {
    let below = entry.strip_prefix("*.").or_else(|| entry.strip_prefix('.'));
    let Ok(name) = Name::parse(below.unwrap_or(entry)) else { return false };
    names.add(&name, kind == Kind::Hostname || below.is_some())
}

impl Compiled {
    /// A list of its content; `None` if the content is not what [`compile`] makes.
    pub(super) fn new(about: About, content: Content) -> Option<Self> {
        let names = if content.names.is_empty() { None } else { Some(Names::open(content.names.clone())?) };
        let (parts, patterns) = (Parts::new(&content.parts), Patterns::new(&content.patterns));
        Some(Self { about: Arc::new(about), content, names, parts, patterns })
    }

    pub(super) fn about(&self) -> &About {
        &self.about
    }

    pub(super) fn shared_about(&self) -> &Arc<About> {
        &self.about
    }

    /// Whether the list has a value.
    pub(super) fn has(&self, query: &Query) -> bool {
        let is_listed = match &query.host {
            Host::Address(address) => self.content.ranges.has(*address),
            Host::Name { key, .. } => self.names.as_ref().is_some_and(|names| names.has(key)),
        };
        is_listed
            || self.parts.as_ref().is_some_and(|parts| parts.is_in(query.text()))
            || self.patterns.as_ref().is_some_and(|patterns| patterns.match_in(query.text()))
    }

    /// The memory that it takes, in bytes, except for expressions.
    pub(super) fn bytes(&self) -> usize {
        let ranges = &self.content.ranges;
        self.content.names.len()
            + std::mem::size_of_val(ranges.v4.as_slice())
            + std::mem::size_of_val(ranges.v6.as_slice())
            + self.parts.as_ref().map_or(0, Parts::bytes)
    }
}
