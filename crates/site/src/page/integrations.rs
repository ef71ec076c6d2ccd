//! My Integrations: the installed integrations, filtered by state, type and name.

use std::fmt::Write as _;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use operation::package::Catalogue;
use operation::{Kind, ParameterKind};
use serde::Deserialize;
use workbench::Workbench;
use workbench::integration::{Details, Filter, State as Set, Summary};

use super::stamp::Stamp;
use super::{Frame, encoded, show};
use crate::site::Shared;

/// The types that can be chosen; there are no feeds yet, and the page says so if they are selected.
const TYPES: [(&str, &str); 4] =
    [("all", "All"), (Kind::OPERATION, "Operation"), (Kind::PLATFORM, "Platform"), ("feed", "Feed")];
const TABS: [(&str, &str); 3] = [("all", "All"), ("enabled", "Enabled"), ("disabled", "Disabled")];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/integrations", get(list))
}

/// The filters of the list, from the address.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    pub(super) tab: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) find: String,
}

/// A line of the list.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) tile: String,
    pub(super) version: String,
    pub(super) enabled: bool,
    pub(super) asks: String,
    /// Warnings that need action.
    pub(super) warnings: Vec<String>,
    /// A version in the catalogue that is newer.
    pub(super) newer: Option<String>,
    pub(super) changed: Stamp,
    pub(super) searched: String,
    pub(super) kind: &'static str,
}

pub(super) struct Tab {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) count: usize,
    pub(super) address: String,
    pub(super) here: bool,
}

/// The list as it is shown on the page, also below a dialog.
pub(super) struct Listing {
    pub(super) lines: Vec<Line>,
    pub(super) tabs: Vec<Tab>,
    pub(super) wish: Wish,
    pub(super) total: usize,
    /// Why lines are hidden, each with the address that shows them.
    pub(super) hidden: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "integrations.html")]
struct Page {
    frame: Frame,
    listing: Listing,
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let catalogue = site.catalogue().await?;
    let listing = site.desk.read(move |workbench| Listing::of(workbench, &catalogue, wish)).await?;
    show(&Page { frame, listing })
}

impl Listing {
    /// The installed integrations that match the filters.
    pub(super) fn of(
        workbench: &Workbench,
        catalogue: &Catalogue,
        wish: Wish,
    ) -> Result<Self, workbench::Error> {
        let all = workbench.list(&Filter::default())?.integrations;
        let line = |summary: Summary| Ok(Line::of(&workbench.show(&summary.name)?, catalogue));
        let lines: Result<Vec<Line>, _> = all.into_iter().map(line).collect();
        Ok(Self::narrow(lines?, wish))
    }

    fn narrow(all: Vec<Line>, wish: Wish) -> Self {
        let total = all.len();
        let find = wish.find.trim().to_lowercase();
        let in_type = |line: &Line| matches!(wish.kind.as_str(), "" | "all") || wish.kind == line.kind;
        let found = |line: &Line| find.is_empty() || line.searched.contains(&find);
        let in_tab = |line: &Line, tab: &str| match tab {
            "enabled" => line.enabled,
            "disabled" => !line.enabled,
            _ => true,
        };
        let here = if TABS.iter().any(|(word, _)| *word == wish.tab) { wish.tab.as_str() } else { "all" };
        let tabs = TABS.map(|(word, label)| Tab {
            word,
            label,
            count: all.iter().filter(|line| in_tab(line, word) && in_type(line) && found(line)).count(),
            address: address(word, &wish.kind, &wish.find),
            here: word == here,
        });
        let mut hidden = Vec::new();
        let by_type = all.iter().filter(|line| !in_type(line) && found(line) && in_tab(line, here)).count();
        if by_type > 0 {
            let label =
                TYPES.iter().find(|(word, _)| *word == wish.kind).map_or("another", |(_, label)| label);
            hidden.push((format!("{by_type} hidden by Type: {label}."), address(here, "all", &wish.find)));
        }
        let elsewhere = all.iter().filter(|line| in_type(line) && found(line) && !in_tab(line, here)).count();
        let none = !all.iter().any(|line| in_type(line) && found(line) && in_tab(line, here));
        if elsewhere > 0 && (none || !find.is_empty()) {
            hidden
                .push((format!("{elsewhere} more on another tab."), address("all", &wish.kind, &wish.find)));
        }
        let by_search = all.iter().filter(|line| in_type(line) && !found(line) && in_tab(line, here)).count();
        if by_search > 0 {
            hidden.push((format!("{by_search} hidden by the search."), address(here, &wish.kind, "")));
        }
        let reasons = |line: &&Line| [in_type(line), found(line), in_tab(line, here)];
        let by_several = all
            .iter()
            .map(|line| reasons(&line))
            .filter(|reasons| reasons.iter().filter(|passed| !**passed).count() > 1)
            .count();
        if by_several > 0 {
            hidden.push((
                format!("{by_several} hidden by several filters together."),
                "/integrations".to_owned(),
            ));
        }
        let lines =
            all.iter().map(|line| in_tab(line, here) && in_type(line) && found(line)).collect::<Vec<_>>();
        let shown = all.into_iter().zip(lines).filter_map(|(line, shown)| shown.then_some(line)).collect();
        Self { lines: shown, tabs: tabs.into(), wish, total, hidden }
    }

    /// The selectable types, each with whether it is selected.
    pub(super) fn types(&self) -> Vec<(&'static str, &'static str, bool)> {
        TYPES.map(|(word, label)| (word, label, self.wish.kind == word)).into()
    }

    pub(super) fn tab(&self) -> &'static str {
        self.tabs.iter().find(|tab| tab.here).map_or("all", |tab| tab.word)
    }
}

impl Line {
    fn of(details: &Details, catalogue: &Catalogue) -> Self {
        let summary = &details.summary;
        let asks = asks(details);
        let author = details.package.as_ref().map(|package| package.author.as_str()).unwrap_or_default();
        Self {
            name: summary.name.clone(),
            title: summary.title.clone(),
            tile: tile(&summary.title),
            version: summary.version.clone(),
            enabled: summary.enabled,
            warnings: warnings(details),
            newer: newer(summary, catalogue),
            changed: Stamp::of(summary.updated_at),
            searched: [&summary.title, &summary.name, author, asks.as_str()].join("\n").to_lowercase(),
            kind: summary.kind,
            asks,
        }
    }

    /// Its type for people.
    pub(super) fn kind_label(&self) -> &'static str {
        TYPES.iter().find(|(word, _)| *word == self.kind).map_or("", |(_, label)| label)
    }

    pub(super) fn path(&self) -> String {
        format!("/integrations/{}", encoded(&self.name))
    }
}

/// The two letters on a tile.
pub(super) fn tile(title: &str) -> String {
    title.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect::<String>().to_uppercase()
}

/// A version in the catalogue that is newer than the installed one.
pub(super) fn newer(summary: &Summary, catalogue: &Catalogue) -> Option<String> {
    let newest = catalogue.find(&summary.name).ok()?;
    let installed = summary.version.parse().ok()?;
    (newest.version > installed).then(|| newest.version.to_string())
}

/// The service that an integration queries, as text: `www.circl.lu, port 443, TLS`.
pub(super) fn asks(details: &Details) -> String {
    if details.package.as_ref().is_some_and(operation::Package::is_local) {
        return "The passive-DNS database of this server".to_owned();
    }
    let text = |key: &str| {
        let setting = details.parameters.iter().find(|setting| setting.key == key)?;
        match &setting.state {
            Set::Value(value) | Set::Wrong(value, _) => Some(value.clone()),
            Set::Unset => setting.default.clone(),
            Set::Elsewhere(_) | Set::Secret => None,
        }
    };
    let Some(host) = text("host").filter(|host| !host.is_empty()) else { return "Not set".to_owned() };
    let plain = text("use_http")
        .is_some_and(|on| matches!(on.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1"));
    let port = text("port").filter(|port| !port.is_empty());
    let port = port.unwrap_or_else(|| if plain { "80" } else { "443" }.to_owned());
    format!("{host}, port {port}, {}", if plain { "HTTP" } else { "TLS" })
}

fn warnings(details: &Details) -> Vec<String> {
    let mut warnings = Vec::new();
    if details.summary.broken.is_some() {
        warnings.push("This version cannot read it".to_owned());
    }
    let lacking = details.parameters.iter().filter(|setting| {
        setting.required
            && setting.state == Set::Unset
            && setting.default.is_none()
            && setting.kind != ParameterKind::Switch
    });
    warnings.extend(lacking.map(|setting| format!("Needs {}", setting.label)));
    warnings
}

fn address(tab: &str, kind: &str, find: &str) -> String {
    let mut address = format!("/integrations?tab={tab}");
    for (key, value) in [("type", kind), ("find", find)] {
        if !value.is_empty() && value != "all" {
            let _ = write!(address, "&{key}={}", encoded(value));
        }
    }
    address
}
