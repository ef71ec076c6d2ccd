//! A MISP and a ThreatQ with what a team has there, for the pages of what is exchanged with them.

use serde_json::json;
use testkit::misp::ScriptedMisp;
use testkit::threatq::ScriptedThreatq;

use crate::browser::Browser;
use crate::program::Program;
use crate::{pushes, threatq};

/// Both platforms.
pub(crate) struct Platforms {
    misp: ScriptedMisp,
    port: u16,
    threatq: ScriptedThreatq,
}

impl Platforms {
    pub(crate) async fn start() -> Self {
        let misp = ScriptedMisp::new(pushes::KEY);
        let port = misp.listen().await.unwrap().port();
        let threatq = ScriptedThreatq::start().await.unwrap();
        threatq.add_status("Under Observation");
        let values = [
            ("c2.example", "FQDN", "Active"),
            ("mail.parcel-lure.example", "FQDN", "Review"),
            ("cdn.parcel-lure.example", "FQDN", "Under Observation"),
            ("185.194.93.17", "IP Address", "Active"),
            ("2a00:1450::17", "IPv6 Address", "Indirect"),
            ("not a name", "FQDN", "Active"),
        ];
        for (value, kind, status) in values {
            let id = threatq.put(value, kind, status);
            threatq.report(id, "Feed of partners", Some(3));
        }
        let record = |rrtype: &str, rdata: &str| {
            json!({"rrname": "c2.example", "rrtype": rrtype, "rdata": rdata, "time_first": 1_496_995_637,
                "time_last": 1_499_951_111, "count": 6, "origin": "https://www.circl.lu/pdns/"})
        };
        let result = json!({
            "results": [record("A", "185.194.93.17"), record("NS", "ns1.quietharbor.example")],
            "attributes": [{"name": "Resource Type", "value": "A"}, {"name": "Resource Data", "value": "185.194.93.17"}],
        });
        threatq.install("CIRCL Passive DNS", "Query CIRCL Passive DNS", &result.to_string());
        threatq.install("Sandbox", "Detonate", "{}");
        Self { misp, port, threatq }
    }

    /// Joins both, pushes an investigation to the MISP, pulls from the ThreatQ, and executes an operation there.
    pub(crate) async fn are_used(&self, browser: &Browser, program: &Program) {
        for values in [&["c2.example", "--tlp", "green"][..], &["192.0.2.80", "--tlp", "red"]] {
            assert_eq!(program.does("indicator", &[&["add"], values].concat()), Some(0));
        }
        let create = ["create", "Campaign 7", "c2.example", "192.0.2.80"];
        assert_eq!(program.does("investigation", &create), Some(0));
        pushes::joins(self.port, program, browser).await;
        threatq::joins(&self.threatq, program, browser).await;
        browser.go("/pushes/new?platform=misp&investigation=1").await;
        browser.press("Send").await;
        browser.sees("Done").await;
        browser.go("/integrations/threatq/pull?preview=yes&type=FQDN&type=IP%20Address&into=1").await;
        browser.press("Pull 5 indicators").await;
        browser.sees("Done").await;
        browser.go("/integrations/threatq/operations?value=c2.example").await;
        browser.press("Execute").await;
        browser.sees("2 of 2 records shown").await;
        assert_eq!(self.misp.events().len(), 1);
    }
}
