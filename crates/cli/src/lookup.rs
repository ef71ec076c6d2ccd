//! `backsight lookup`: queries the passive-DNS database of this machine.

mod rows;

pub(crate) use self::rows::lines;

use std::fmt::Write as _;
use std::net::IpAddr;

use ::database::Database;
use cof::RrType;
use cof::time::Clock;
use operation::{Host, Indicator, Moment};
use store::{Apart, Fences, MAX_LIMIT, Order, Question, Store as _, StoreError, Subject};

use crate::args::database::{LookupArgs, Narrowed, Sort};
use crate::args::{Arguments, Format};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::query::setup::rrtypes;
use crate::terminal::{self, plural, quoted, thousands};

pub(crate) fn run(command: &LookupArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let question = question(command)?;
    if command.limit > MAX_LIMIT {
        terminal::complain(&format!(
            "--limit {}: the maximum is {}\n  hint: to print all of them, use `{}`",
            thousands(command.limit as u64),
            plural(MAX_LIMIT as u64, "row"),
            export(command)
        ));
    }
    let failed = |error: StoreError| Failure::work(&terminal::label(&command.question), &error);
    let database = database::open(arguments, config, Access::Read)?;
    if command.summary {
        let summary = database.summarise(&question).map_err(failed)?;
        output::print(&rows::summary(command, &summary)?)?;
    } else {
        look(command, &database, &question).map_err(failed)??;
    }
    Ok(Exit::Done)
}

fn look(
    command: &LookupArgs,
    database: &Database,
    question: &Question,
) -> Result<Result<(), Failure>, StoreError> {
    let page = database.lookup(question)?;
    let printed = rows::page(command, &page).and_then(|text| output::print(&text));
    if page.more && command.format != Format::Json {
        let shown = plural(page.records.len() as u64, "row");
        terminal::say(&format!(
            "only the first {shown} shown; to print all of them, use `{}`",
            export(command)
        ));
    }
    Ok(printed)
}

/// The command that prints everything that matches this query.
fn export(command: &LookupArgs) -> String {
    let Narrowed { rrtype, first_after, first_before, last_after, last_before } = &command.narrowed;
    let mut text = format!("backsight export {}", quoted(&command.question));
    for (flag, value) in [
        ("--rrtype", rrtype),
        ("--first-after", first_after),
        ("--first-before", first_before),
        ("--last-after", last_after),
        ("--last-before", last_before),
    ] {
        if let Some(value) = value {
            let _ = write!(text, " {flag} {}", quoted(value));
        }
    }
    text
}

/// Parses the subject: one of the forms of [`Subject::parse`], or a pasted value as in `query`.
///
/// # Errors
/// Wrong usage, with the valid forms.
pub(crate) fn subject(text: &str) -> Result<Subject, Failure> {
    let parsed = Subject::parse(text);
    let found = match &parsed {
        Ok(_) if !is_pasted(text) => None,
        _ => pasted(text),
    };
    found.map_or(parsed, Ok).map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))
}

/// Whether a text that could be a name is more likely a defanged one, or a URL.
fn is_pasted(text: &str) -> bool {
    let has_path = |(host, _): (&str, &str)| host.contains('.') && host.parse::<IpAddr>().is_err();
    ["(.)", "{.}", "(dot)"].iter().any(|defanged| text.contains(defanged))
        || text.split_once('/').is_some_and(has_path)
}

/// Parses pasted text, also after `rdata:` and `*.`.
fn pasted(text: &str) -> Option<Subject> {
    let text = text.trim();
    let (in_data, text) = match text.split_at_checked(6) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("rdata:") => (true, rest.trim_start()),
        _ => (false, text),
    };
    let (below, text) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
    let indicator = Indicator::parse(text).ok()?;
    Some(match (indicator.host().clone(), below, in_data) {
        (Host::Address(_), true, _) => return None,
        (Host::Address(address), false, _) => Subject::Address(address),
        (Host::Name(name), false, false) => Subject::Name(name),
        (Host::Name(name), false, true) => Subject::RdataName(name),
        (Host::Name(name), true, false) => Subject::Suffix(name),
        (Host::Name(name), true, true) => Subject::RdataSuffix(name),
    })
}

/// A query with the given filters, without its own limit.
///
/// # Errors
/// Wrong usage, with the valid forms.
pub(crate) fn narrow(subject: Subject, narrowed: &Narrowed) -> Result<Question, Failure> {
    let rrtypes: Vec<RrType> = rrtypes(narrowed.rrtype.as_deref())?;
    Ok(Question { rrtypes, fences: fences(narrowed, &Clock::system())?, ..Question::new(subject) })
}

fn question(command: &LookupArgs) -> Result<Question, Failure> {
    Ok(Question {
        limit: command.limit.min(MAX_LIMIT),
        order: match command.sort {
            Sort::Key => Order::Key,
            Sort::Newest => Order::NewestFirst,
        },
        apart: if command.by_source { Apart::Source } else { Apart::Merged },
        ..narrow(subject(&command.question)?, &command.narrowed)?
    })
}

fn fences(command: &Narrowed, clock: &Clock) -> Result<Fences, Failure> {
    let moment = |flag: &str, text: &Option<String>| {
        let moment = text.as_deref().map(|text| Moment::parse(text, clock)).transpose();
        moment.map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    // A day means the whole day: after its start, before its end.
    Ok(Fences {
        first_after: moment("--first-after", &command.first_after)?.map(|moment| moment.start),
        first_before: moment("--first-before", &command.first_before)?.map(|moment| moment.end),
        last_after: moment("--last-after", &command.last_after)?.map(|moment| moment.start),
        last_before: moment("--last-before", &command.last_before)?.map(|moment| moment.end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_asks_what_it_stands_for() {
        for (pasted, plain) in [
            ("hxxp://www[.]threatq[.]com/x", "www.threatq.com"),
            ("https://user:pw@www.threatq.com:8443/a?b#c", "www.threatq.com"),
            ("www(.)threatq{.}com", "www.threatq.com"),
            ("www[dot]threatq[dot]com", "www.threatq.com"),
            ("www.threatq.com:443", "www.threatq.com"),
            ("www.threatq.com/path", "www.threatq.com"),
            ("<www.threatq.com>", "www.threatq.com"),
            ("\u{201c}www.threatq.com\u{201d}", "www.threatq.com"),
            ("\u{ab}www.threatq.com\u{bb}", "www.threatq.com"),
            ("\u{300c}www.threatq.com\u{300d}", "www.threatq.com"),
            ("`www.threatq.com`", "www.threatq.com"),
            ("104[.]196[.]175[.]197", "104.196.175.197"),
            ("104.196.175.197:443", "104.196.175.197"),
            ("http://[2001:db8::1]:80/", "2001:db8::1"),
            ("*.threatq[.]com", "*.threatq.com"),
            ("rdata:ns1[.]example[.]com", "rdata:ns1.example.com"),
            ("RDATA:*.example[.]com", "rdata:*.example.com"),
        ] {
            assert_eq!(subject(pasted).ok(), Subject::parse(plain).ok(), "{pasted}");
            assert!(Subject::parse(plain).is_ok(), "{plain}");
        }
    }

    #[test]
    fn what_is_no_paste_is_asked_as_it_stands() {
        for text in [
            "www.example.com",
            "*.example.com",
            r"\*.example.com",
            r"rdata:h\.hofer.zone.example",
            "192.0.2.0/24",
            "192.0.2.1-192.0.2.9",
            "2001:db8::/32",
            "::ffff:192.0.2.1",
            "0/26.2.0.192.in-addr.arpa",
            "rdata:*.example.com",
            "_dmarc.example.com",
            ".",
        ] {
            assert_eq!(subject(text).ok(), Subject::parse(text).ok(), "{text}");
            assert!(subject(text).is_ok(), "{text}");
        }
        for wrong in ["", "user@example.com", "192.0.2.0/33", "300.1.1.1", "a b.example"] {
            assert!(subject(wrong).is_err(), "{wrong}");
        }
    }
}
