//! What the lists and rules of a data folder know against a shared resource: [`warned`].
//!
//! Special-purpose addresses and the number of names are left to the comparison, which knows both. Nothing here fails.

use std::net::IpAddr;
use std::sync::Arc;

use cof::{Name, Target};
use context::lists::{About, Kind as ListKind};
use context::weak::{Pivot, Purpose, Reason, Rules};

use super::network::Network;
use super::resource::Resource;
use super::token::{Spf, Token};

/// Why a resource says little by lists and rules, for [`Options::warned`](super::Options::warned): "a parking name server",
/// "on the list “cdn”"; `None` if nothing is known against it.
pub fn warned(rules: &Rules, resource: &Resource) -> Option<Arc<str>> {
    let text = match resource {
        Resource::Address(address) => of_address(rules, *address),
        Resource::Network(network) | Resource::Token(Token::Spf(Spf::Network(network))) => {
            of_network(rules, *network)
        }
        Resource::NameServer(name) => reason(rules, name, true).map(|reason| reason.to_string()),
        Resource::RegisteredDomain(name) => of_domain(rules, name, "the domain of "),
        Resource::SoaMailbox(name) => of_domain(rules, name, "a mailbox at the domain of "),
        Resource::CnameTarget(name)
        | Resource::MailServer(name)
        | Resource::Token(Token::Spf(Spf::Name(_, name))) => {
            reason(rules, name, false).map(|reason| reason.to_string())
        }
        Resource::Token(_) => None,
    };
    text.map(Arc::from)
}

fn reason(rules: &Rules, name: &Name, is_name_server: bool) -> Option<Reason> {
    rules.reason(&Pivot { target: Target::Name(name.as_ref()), is_name_server, names: None })
}

fn of_address(rules: &Rules, address: IpAddr) -> Option<String> {
    let pivot = Pivot { target: Target::Address(address), is_name_server: false, names: None };
    rules.reason(&pivot).map(|reason| reason.to_string())
}

/// A name at the domain of a service whose name servers say little. A name server can call itself whatever it wants; a domain that
/// does so can be a member's own.
fn of_domain(rules: &Rules, name: &Name, of: &str) -> Option<String> {
    match reason(rules, name, true) {
        Some(Reason::NameServer(Purpose::SoCalled)) => reason(rules, name, false).map(|one| one.to_string()),
        Some(known @ Reason::NameServer(_)) => Some(format!("{of}{known}")),
        other => other.map(|one| one.to_string()),
    }
}

/// A network is on a list of networks that has both of its ends.
fn of_network(rules: &Rules, network: Network) -> Option<String> {
    let lists = |address: IpAddr| -> Vec<Arc<About>> {
        rules.lists.of(Target::Address(address)).into_iter().map(|hit| hit.about).collect()
    };
    let of_last = lists(network.last());
    let both = |about: &Arc<About>| about.kind == ListKind::Cidr && of_last.contains(about);
    let about = lists(network.first()).into_iter().find(both)?;
    Some(Reason::Listed(about).to_string())
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;
    use context::Lists;

    use super::*;

    fn rules(lists: &[&str]) -> (tempfile::TempDir, Rules) {
        let folder = tempfile::tempdir().unwrap();
        let all = Lists::of(folder.path(), Clock::system());
        for list in lists {
            all.import(list.as_bytes()).unwrap();
        }
        let rules = Rules { most_names: 1_000, lists: all.now().unwrap() };
        (folder, rules)
    }

    fn said(rules: &Rules, id: &str) -> Option<String> {
        warned(rules, &Resource::parse(id).unwrap()).map(|text| text.to_string())
    }

    #[test]
    fn parking_and_sinkholes_are_known_by_name_server_domain_and_mailbox() {
        let (_folder, rules) = rules(&[]);
        for (id, text) in [
            ("ns:ns1.sedoparking.com", Some("a parking name server")),
            ("ns:ns1.my-sinkhole.example", Some("a name server that calls itself a sinkhole")),
            ("domain:sedoparking.com", Some("the domain of a parking name server")),
            ("soa:hostmaster.sedoparking.com", Some("a mailbox at the domain of a parking name server")),
            ("domain:my-sinkhole.example", None),
            ("mx:mail.sedoparking.com", None),
            ("ns:ns1.quietharbor.example", None),
            ("txt:MS=ms12345678", None),
        ] {
            assert_eq!(said(&rules, id).as_deref(), text, "{id}");
        }
    }

    #[test]
    fn lists_warn_about_every_kind_that_they_can_have() {
        let (_folder, rules) = rules(&[
            r#"{"name":"CDN","type":"hostname","version":1,"description":"","list":["wide-cdn.example"]}"#,
            r#"{"name":"Ranges","type":"cidr","version":1,"description":"","list":["185.194.92.0/23"]}"#,
            r#"{"name":"Resolvers","type":"string","version":1,"description":"","list":["5.6.7.0","5.6.7.255"]}"#,
        ]);
        for (id, list) in [
            ("cname:d2.wide-cdn.example", Some("CDN")),
            ("domain:wide-cdn.example", Some("CDN")),
            ("ns:ns.wide-cdn.example", Some("CDN")),
            ("spf:include:_spf.wide-cdn.example", Some("CDN")),
            ("addr:185.194.93.80", Some("Ranges")),
            ("net:185.194.93.0/24", Some("Ranges")),
            ("net:185.194.94.0/24", None),
            // Two addresses on a list are no network on it.
            ("net:5.6.7.0/24", None),
            ("addr:5.6.7.0", Some("Resolvers")),
            ("cname:wide-cdn.example.org", None),
        ] {
            let text = list.map(|list| format!("on the list “{list}”"));
            assert_eq!(said(&rules, id), text, "{id}");
        }
    }
}
