//! Documents for other platforms, for pages and API: [`HandoverWish`] says what is handed over and how, [`look`] what a document would
//! have, and [`file`] makes it. [`Choices`] are the options that a browser keeps for the next document.
//!
//! A document is made at once, in memory; how many are made at the same time is limited as for other files.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use edge::problem::Problem;
use export::gather::{self, Choice};
use export::misp::Distribution;
use export::{Format, Handover, Manner, Matter, Refusal, Terms};
use operation::{Filter, Indicator, IndicatorType, Marking, Tlp};
use serde::Deserialize;
use utoipa::IntoParams;
use workbench::library::{self, Status};
use workbench::push::{LibraryPart, Request, What};
use workbench::{Error, Workbench};

use crate::access;
use crate::listed::written;
use crate::run_file::Downloads;
use crate::run_request::RunRequest;
use crate::site::{Shared, Site};

/// What is handed over, and how. One of `run`, `history`, `investigation` and `library` says what.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the address")]
pub(crate) struct HandoverWish {
    /// The answer of the run with this number.
    pub(crate) run: Option<i64>,
    /// What all operations answered about this domain name or IP address.
    pub(crate) history: String,
    /// The investigation with this number: its members, and what all operations answered about them.
    pub(crate) investigation: Option<i64>,
    /// The indicators of the threat library, with attributes and relationships.
    pub(crate) library: bool,
    /// Of the library, only this type: `FQDN`, `IP Address` or `IPv6 Address`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Of the library, only this status.
    pub(crate) status: String,
    /// Of the library, only indicators with this source.
    pub(crate) source: String,
    /// Of the library, only indicators with this tag.
    pub(crate) tag: String,
    /// Of the library, only indicators marked with this level of the Traffic Light Protocol; `none`: those without a marking.
    pub(crate) marked: String,
    /// Of the library, only values that match this search.
    pub(crate) search: String,
    /// Only records with findings that were added to the library.
    pub(crate) only_added: bool,
    /// Only records of these types, separated by commas.
    pub(crate) rrtype: String,
    /// Only records last seen at this time or later.
    pub(crate) seen_after: String,
    /// Only records first seen at this time or earlier.
    pub(crate) seen_before: String,
    /// Mark everything at least with this level of the Traffic Light Protocol.
    pub(crate) tlp: String,
    /// Hold back what is marked stricter than this level.
    pub(crate) max_tlp: String,
    /// Who gets the MISP event: `organisation` (the default), `community`, `connected` or `all`.
    pub(crate) distribution: String,
    /// In STIX, relate a name and its servers with `related-to` instead of `resolves-to`.
    pub(crate) related: bool,
    /// In CSV, write names and addresses so that no program takes them for links.
    pub(crate) defang: bool,
}

/// What is to be read from the workbench.
enum Asked {
    History(Indicator, Choice),
    Investigation(i64, Choice),
    Library(Box<library::Filter>, String),
    Run(i64, Choice),
}

/// What a document would have.
///
/// # Errors
/// [`Problem`] if the wish is wrong, or nothing can be handed over.
pub(crate) async fn look(site: &Shared, wish: &HandoverWish) -> Result<Handover, Problem> {
    let _turn = site.downloads.turn().await?;
    gathered(site, wish).await
}

async fn gathered(site: &Shared, wish: &HandoverWish) -> Result<Handover, Problem> {
    let (asked, terms) = (wish.asked(site)?, wish.terms()?);
    let matter = site.desk.read(move |workbench| asked.gather(workbench)).await?;
    let handover = tokio::task::spawn_blocking(move || Handover::new(matter, &terms)).await;
    handover.map_err(|_| Problem::internal())?.map_err(|refusal| refused(&refusal))
}

/// A document as a file.
///
/// # Errors
/// As [`look`]; 404 for an unknown kind, 503 if too many files are downloaded.
pub(crate) async fn file(site: &Shared, format: &str, wish: &HandoverWish) -> Result<Response, Problem> {
    let format = Format::from_word(format)
        .ok_or_else(|| Problem::missing("documents are of the kinds stix, misp, csv, cof and json"))?;
    let manner = wish.manner()?;
    let place = site.downloads.begin()?;
    let turn = site.downloads.turn().await?;
    let handover = gathered(site, wish).await?;
    let name = format!("{}.{}", handover.file_name(), format.ending());
    let make = move || export::write(&handover, format, manner).map(|written| written.text);
    let written = tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal())?;
    drop(turn);
    let text = written.map_err(|refusal| refused(&refusal))?;
    Ok(Downloads::text(place, &name, format.media_type(), text))
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Distribution { .. } | Refusal::Title { .. } | Refusal::TooStrict { .. } => {
            Problem::refused(refusal.to_string())
        }
        Refusal::Text { .. } | Refusal::TooMany { .. } => Problem::bad_request(refusal.to_string()),
    }
}

/// The options of a form that stay the same for the next document, whatever it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Choices {
    max_tlp: String,
    tlp: String,
    distribution: String,
    related: bool,
    defang: bool,
}

impl Choices {
    /// What was chosen last in this browser, or what is configured.
    pub(crate) fn of(site: &Site, headers: &HeaderMap) -> Self {
        let kept = access::choices(site, headers);
        let kept = kept.and_then(|query| serde_urlencoded::from_str(&query).ok());
        kept.unwrap_or_else(|| Self::configured(site.handover))
    }

    fn configured((terms, manner): (Terms, Manner)) -> Self {
        let word = |level: Option<Tlp>| level.map(|level| level.word().to_owned()).unwrap_or_default();
        Self {
            max_tlp: word(terms.max_tlp),
            tlp: word(terms.tlp),
            distribution: manner.distribution.word().to_owned(),
            related: manner.related,
            defang: manner.defang,
        }
    }

    /// The response, which makes the browser keep the choices.
    pub(crate) fn kept_with(&self, site: &Site, mut response: Response) -> Response {
        let switch = |is_on: bool| if is_on { "true" } else { "" };
        let pairs = [
            ("max_tlp", self.max_tlp.trim()),
            ("tlp", self.tlp.trim()),
            // Never empty, so that "nothing is chosen" is a choice, too.
            ("distribution", self.distribution.trim()),
            ("related", switch(self.related)),
            ("defang", switch(self.defang)),
        ];
        let cookie = access::remember_choices(site, &written(pairs.into_iter()));
        response.headers_mut().append(SET_COOKIE, cookie);
        response
    }
}

impl From<&HandoverWish> for Choices {
    fn from(wish: &HandoverWish) -> Self {
        Self {
            max_tlp: wish.max_tlp.clone(),
            tlp: wish.tlp.clone(),
            distribution: wish.distribution.clone(),
            related: wish.related,
            defang: wish.defang,
        }
    }
}

impl Asked {
    fn gather(self, workbench: &Workbench) -> Result<Matter, Error> {
        match self {
            Self::History(indicator, choice) => gather::history(workbench, &indicator, &choice),
            Self::Investigation(id, choice) => gather::investigation(workbench, id, &choice),
            Self::Library(filter, words) => gather::library(workbench, &filter, &words),
            Self::Run(id, choice) => gather::run(workbench, id, &choice),
        }
    }
}

impl HandoverWish {
    /// Sets the options of `choices`.
    pub(crate) fn choose(&mut self, choices: &Choices) {
        self.max_tlp.clone_from(&choices.max_tlp);
        self.tlp.clone_from(&choices.tlp);
        self.distribution.clone_from(&choices.distribution);
        (self.related, self.defang) = (choices.related, choices.defang);
    }

    fn asked(&self, site: &Site) -> Result<Asked, Problem> {
        let history = Some(self.history.trim()).filter(|history| !history.is_empty());
        let count = [self.run.is_some(), history.is_some(), self.investigation.is_some(), self.library];
        if count.into_iter().filter(|is_given| *is_given).count() != 1 {
            return Err(Problem::bad_request("give one of run, history, investigation and library"));
        }
        if let Some(id) = self.run {
            return Ok(Asked::Run(id, self.choice(site)?));
        }
        if let Some(id) = self.investigation {
            return Ok(Asked::Investigation(id, self.choice(site)?));
        }
        if let Some(text) = history {
            let indicator = Indicator::existing(text)
                .map_err(|error| Problem::bad_request(format!("history: {error}")))?;
            return Ok(Asked::History(indicator, self.choice(site)?));
        }
        let (filter, words) = self.filter()?;
        Ok(Asked::Library(Box::new(filter), words))
    }

    fn choice(&self, site: &Site) -> Result<Choice, Problem> {
        let records = RunRequest {
            rrtype: self.rrtype.trim().to_owned(),
            seen_after: self.seen_after.trim().to_owned(),
            seen_before: self.seen_before.trim().to_owned(),
            ..RunRequest::default()
        };
        let filter =
            Filter { rrtypes: records.rrtypes()?, window: records.window(site)?, ..Filter::default() };
        Ok(Choice { filter, only_added: self.only_added })
    }

    /// The filter of the library, and the same in words.
    fn filter(&self) -> Result<(library::Filter, String), Problem> {
        let kind = given(&self.kind).map(|word| {
            IndicatorType::from_name(word)
                .ok_or_else(|| Problem::bad_request(format!("type: {word:?} is no type of indicators")))
        });
        let status = given(&self.status).map(|word| {
            Status::from_name(word)
                .ok_or_else(|| Problem::bad_request(format!("status: {word:?} is no status")))
        });
        let marked = given(&self.marked).map(str::parse::<Marking>).transpose();
        let search = given(&self.search).map(str::parse::<library::Search>).transpose();
        let filter = library::Filter {
            kind: kind.transpose()?,
            status: status.transpose()?,
            tlp: marked.map_err(|error| Problem::bad_request(format!("marked: {error}")))?,
            source: given(&self.source).map(str::to_owned),
            tag: given(&self.tag).map(str::to_owned),
            search: search.map_err(|error| Problem::bad_request(format!("search: {error}")))?,
            ..library::Filter::default()
        };
        let fields = [
            ("type", filter.kind.map(|kind| kind.name().to_owned())),
            ("status", filter.status.map(|status| status.name().to_owned())),
            ("marked", filter.tlp.map(|marking| marking.word().to_owned())),
            ("source", filter.source.clone()),
            ("tag", filter.tag.clone()),
            ("search", given(&self.search).map(str::to_owned)),
        ];
        let words: Vec<String> =
            fields.into_iter().filter_map(|(name, word)| Some(format!("{name} {}", word?))).collect();
        Ok((filter, words.join(", ")))
    }

    /// The same for a platform: one without events has no distribution, which the form for all platforms asks for.
    pub(crate) fn suited(mut self, has_events: bool) -> Self {
        if !has_events {
            self.distribution.clear();
        }
        self
    }

    /// The same as a push, to this event of the platform if one is named.
    ///
    /// # Errors
    /// [`Problem`] if the wish is wrong.
    pub(crate) fn push(&self, site: &Site, event: &str) -> Result<Request, Problem> {
        let what = match self.asked(site)? {
            Asked::History(indicator, _) => What::History(indicator.to_string()),
            Asked::Investigation(id, _) => What::Investigation(id),
            Asked::Library(..) => What::Library(LibraryPart {
                r#type: given(&self.kind).map(str::to_owned),
                status: given(&self.status).map(str::to_owned),
                source: given(&self.source).map(str::to_owned),
                tag: given(&self.tag).map(str::to_owned),
                marked: given(&self.marked).map(str::to_owned),
                search: given(&self.search).map(str::to_owned),
            }),
            Asked::Run(id, _) => What::Run(id),
        };
        let (filter, terms) = (self.choice(site)?.filter, self.terms()?);
        let word = |level: Option<Tlp>| level.map(|tlp| tlp.word().to_owned());
        let (event, distribution) = (given(event), given(&self.distribution));
        // The distribution of an event that exists is that of its owner.
        let distribution = distribution.filter(|_| event.is_none());
        let options = [("event", event), ("distribution", distribution)];
        let options =
            options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        Ok(Request {
            rrtypes: filter.rrtypes.iter().map(ToString::to_string).collect(),
            seen_after: filter.window.seen_after,
            seen_before: filter.window.seen_before,
            only_added: self.only_added,
            tlp: word(terms.tlp),
            max_tlp: word(terms.max_tlp),
            options: options.collect(),
            ..Request::of(what)
        })
    }

    fn terms(&self) -> Result<Terms, Problem> {
        let level = |name: &str, text: &str| {
            let level = given(text).map(str::parse::<Tlp>).transpose();
            level.map_err(|error| Problem::bad_request(format!("{name}: {error}")))
        };
        Ok(Terms { tlp: level("tlp", &self.tlp)?, max_tlp: level("max_tlp", &self.max_tlp)? })
    }

    fn manner(&self) -> Result<Manner, Problem> {
        let distribution = given(&self.distribution).map(str::parse::<Distribution>).transpose();
        let distribution =
            distribution.map_err(|error| Problem::bad_request(format!("distribution: {error}")))?;
        Ok(Manner {
            distribution: distribution.unwrap_or_default(),
            related: self.related,
            defang: self.defang,
        })
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}
