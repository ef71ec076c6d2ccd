//! What a push hands over: a [`Request`] read from the workbench, as a [`Handover`].

use export::gather::{self, Choice};
use export::{Handover, Matter, Terms};
use operation::{Filter, Indicator, IndicatorType, Marking, Tlp, Window};
use workbench::library::{self, Search, Status};
use workbench::push::{LibraryPart, Request, What};
use workbench::{Desk, Error, Workbench};

use crate::PlatformError;

/// Reads what is handed over, and holds back what is marked stricter than `max`.
///
/// # Errors
/// [`Error`] of the workbench; in it, [`PlatformError`] if it cannot be handed over.
pub(crate) async fn gathered(
    desk: &Desk,
    request: &Request,
    max: Tlp,
) -> Result<Result<Handover, PlatformError>, Error> {
    let (asked, terms) = (request.clone(), terms(request, max)?);
    let matter = desk.read(move |workbench| matter(workbench, &asked)).await?;
    let made = tokio::task::spawn_blocking(move || Handover::new(matter, &terms)).await;
    let made = made.map_err(|ended| Error::Bug(format!("making a document: {ended}")))?;
    Ok(made.map_err(PlatformError::from))
}

fn terms(request: &Request, max: Tlp) -> Result<Terms, Error> {
    let level = |text: &Option<String>| {
        let level = text.as_deref().map(str::parse::<Tlp>).transpose();
        level.map_err(|error| Error::invalid(error.to_string()))
    };
    let max_tlp = level(&request.max_tlp)?.map_or(max, |wanted| wanted.min(max));
    Ok(Terms { tlp: level(&request.tlp)?, max_tlp: Some(max_tlp) })
}

fn matter(workbench: &Workbench, request: &Request) -> Result<Matter, Error> {
    let choice = choice(request)?;
    match &request.what {
        What::Run(id) => gather::run(workbench, *id, &choice),
        What::History(text) => {
            let indicator = Indicator::existing(text).map_err(|error| Error::invalid(error.to_string()))?;
            gather::history(workbench, &indicator, &choice)
        }
        What::Investigation(id) => gather::investigation(workbench, *id, &choice),
        What::Library(part) => {
            let (filter, words) = filter(part)?;
            gather::library(workbench, &filter, &words)
        }
    }
}

fn choice(request: &Request) -> Result<Choice, Error> {
    let rrtypes = request.rrtypes.iter().map(|text| {
        cof::RrType::parse(text).map_err(|_| Error::invalid(format!("{text:?} is not a record type")))
    });
    let window = Window { seen_after: request.seen_after, seen_before: request.seen_before };
    let filter = Filter { rrtypes: rrtypes.collect::<Result<_, _>>()?, window, ..Filter::default() };
    Ok(Choice { filter, only_added: request.only_added })
}

/// The filter of the library, and the same in words, as the documents have them.
fn filter(part: &LibraryPart) -> Result<(library::Filter, String), Error> {
    let LibraryPart { r#type, status, source, tag, marked, search } = part;
    let kind = r#type.as_deref().map(|word| {
        IndicatorType::from_name(word)
            .ok_or_else(|| Error::invalid(format!("{word:?} is no type of indicators")))
    });
    let found = status
        .as_deref()
        .map(|word| Status::from_name(word).ok_or_else(|| Error::invalid(format!("{word:?} is no status"))));
    let marking = marked.as_deref().map(str::parse::<Marking>).transpose();
    let filter = library::Filter {
        kind: kind.transpose()?,
        status: found.transpose()?,
        tlp: marking.map_err(|error| Error::invalid(error.to_string()))?,
        source: source.clone(),
        tag: tag.clone(),
        search: search.as_deref().map(Search::parse).transpose()?,
        ..library::Filter::default()
    };
    let fields = [
        ("type", filter.kind.map(|kind| kind.name().to_owned())),
        ("status", filter.status.map(|status| status.name().to_owned())),
        ("marked", filter.tlp.map(|marking| marking.word().to_owned())),
        ("source", source.clone()),
        ("tag", tag.clone()),
        ("search", search.clone()),
    ];
    let word = |(name, word): (&str, Option<String>)| Some([name, " ", word?.as_str()].concat());
    let words: Vec<String> = fields.into_iter().filter_map(word).collect();
    Ok((filter, words.join(", ")))
}
