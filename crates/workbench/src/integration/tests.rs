//! The installation and configuration of the integration guide, row by row, and what can go wrong.

use std::time::Duration;

use operation::{Marking, Secret, Tlp, package};
use tempfile::TempDir;

use super::*;
use crate::audit;

const NAME: &str = "circl-passive-dns";

struct Bench {
    _folder: TempDir,
    workbench: Workbench,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        let workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
        Self { _folder: folder, workbench }
    }

    fn with(package: &Package) -> Self {
        let mut bench = Self::new();
        bench.install(package, false).unwrap();
        bench
    }

    fn plan(&self, package: &Package, overwrite: bool) -> Plan {
        self.workbench.plan_install(package.clone(), overwrite).unwrap()
    }

    fn install(&mut self, package: &Package, overwrite: bool) -> Result<Plan, Error> {
        let plan = self.plan(package, overwrite);
        self.workbench.install(plan.clone().confirm()).map(|()| plan)
    }

    fn set(&mut self, pairs: &[(&str, &str)]) -> Result<Details, Error> {
        let values = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.workbench.configure(NAME, &Changes { values, ..Changes::default() })
    }

    fn give(&mut self, key: &str, secret: &str) -> Result<Details, Error> {
        let secrets = vec![(key.to_owned(), Secret::new(secret))];
        self.workbench.configure(NAME, &Changes { secrets, ..Changes::default() })
    }

    fn state(&self, key: &str) -> State {
        let details = self.workbench.show(NAME).unwrap();
        details.parameters.into_iter().find(|setting| setting.key == key).unwrap().state
    }

    fn token(&self) -> Option<String> {
        let configured = self.workbench.settings(NAME).unwrap();
        configured.settings.secret("user_token").map(|secret| secret.reveal().to_owned())
    }

    fn enabled(&self) -> bool {
        self.workbench.show(NAME).unwrap().summary.enabled
    }

    fn actions(&self) -> Vec<String> {
        let page = self.workbench.audit(&audit::Filter::default()).unwrap();
        page.entries.into_iter().map(|entry| entry.action).collect()
    }

    /// Everything that the tables contain about integrations.
    fn dump(&self) -> String {
        format!("{:?}{:?}", self.workbench.read(Stored::all).unwrap(), self.actions())
    }
}

fn guide() -> Package {
    package::find("circl-passive-dns@1.0.0").unwrap()
}

fn newest() -> Package {
    package::newest().unwrap()
}

/// The guide's package with parts of its manifest replaced.
fn variant(replacements: &[(&str, &str)]) -> Package {
    let mut source = guide().source;
    for (from, to) in replacements {
        assert!(source.contains(from), "{from}");
        source = source.replacen(from, to, 1);
    }
    Package::parse("variant.toml", &source).unwrap()
}

fn keys(plan: &Plan) -> Vec<(&str, &str)> {
    plan.lost.iter().map(|loss| (loss.key.as_str(), loss.why.word())).collect()
}

#[test]
fn a_first_installation_is_disabled_and_asks_nothing() {
    let mut bench = Bench::new();
    let plan = bench.install(&guide(), false).unwrap();
    assert_eq!((plan.relation.clone(), plan.questions()), (Relation::New, vec![]));
    let listed = bench.workbench.list(&Filter { enabled: Some(false), ..Filter::default() }).unwrap();
    assert_eq!((listed.integrations.len(), listed.hidden), (1, 0));
    assert_eq!(listed.integrations[0].title, "CIRCL Passive DNS");
    assert_eq!(bench.actions(), ["integration.install"]);
}

#[test]
fn a_filter_says_how_many_it_hides() {
    let bench = Bench::with(&guide());
    let enabled = bench.workbench.list(&Filter { enabled: Some(true), ..Filter::default() }).unwrap();
    assert_eq!((enabled.integrations.len(), enabled.hidden), (0, 1));
    let feeds = bench.workbench.list(&Filter { kind: Some("feed".into()), enabled: None }).unwrap();
    assert_eq!((feeds.integrations.len(), feeds.hidden), (0, 1));
}

#[test]
fn upgrade_downgrade_same_and_changed_are_told_apart() {
    let bench = Bench::with(&guide());
    let exists = [Question::Exists, Question::Parameters];
    let up = bench.plan(&newest(), false);
    assert_eq!((up.relation.word(), up.relation.from()), ("upgrade", Some("1.0.0")));
    assert_eq!(up.questions(), exists);
    let same = bench.plan(&guide(), false);
    assert_eq!(
        (same.relation.clone(), same.questions(), same.changes_nothing()),
        (Relation::Same, vec![], true)
    );
    let text = bench.plan(&variant(&[("Query CIRCL Passive DNS", "Ask")]), false);
    assert_eq!((text.relation.clone(), text.questions()), (Relation::Changed, vec![Question::Exists]));
    let down = Bench::with(&newest()).plan(&guide(), false);
    assert_eq!((down.relation.word(), down.relation.from()), ("downgrade", Some("1.2.0")));
    assert_eq!(down.parameters.iter().filter(|change| change.what == What::Removed).count(), 13);
}

#[test]
fn nothing_is_written_before_the_yes_and_only_what_was_confirmed() {
    // The answer "no" leaves everything unchanged.
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example")]).unwrap();
    let before = bench.dump();
    let seen = bench.plan(&newest(), true);
    assert_eq!(bench.dump(), before);
    // A value is set in the meantime, so a loss was not shown.
    bench.set(&[("port", "8443")]).unwrap();
    let before = bench.dump();
    let error = bench.workbench.install(seen.confirm()).unwrap_err();
    assert!(error.to_string().contains("changed in the meantime"), "{error}");
    assert_eq!(bench.dump(), before);
}

#[test]
fn an_upgrade_keeps_values_secrets_and_whether_it_is_on() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example"), ("port", "8443")]).unwrap();
    bench.give("user_token", "user:pw").unwrap();
    bench.workbench.enable(NAME).unwrap();
    let plan = bench.install(&newest(), false).unwrap();
    assert_eq!(plan.kept, ["host", "port", "user_token"]);
    assert!(plan.lost.is_empty() && !plan.disables());
    assert!(bench.enabled());
    assert_eq!(bench.state("host"), State::Value("pdns.example".into()));
    assert_eq!(bench.token().as_deref(), Some("user:pw"));
    // And back again, with the history still there.
    bench.install(&guide(), false).unwrap();
    assert_eq!(bench.token().as_deref(), Some("user:pw"));
    assert_eq!(bench.actions()[..3], ["integration.downgrade", "integration.upgrade", "integration.enable"]);
}

#[test]
fn overwriting_loses_what_it_says_and_names_secrets_without_showing_them() {
    // The behaviour that the guide describes, on request.
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example")]).unwrap();
    bench.give("user_token", "hunter2").unwrap();
    let plan = bench.plan(&newest(), true);
    assert_eq!(keys(&plan), [("host", "overwritten"), ("user_token", "overwritten")]);
    assert_eq!(plan.lost[0].value.as_deref(), Some("pdns.example"));
    assert_eq!(plan.lost[1].value, None);
    assert!(!format!("{plan:?}").contains("hunter2"));
    bench.workbench.install(plan.confirm()).unwrap();
    assert_eq!((bench.state("host"), bench.token()), (State::Unset, None));
    // The same file again, to start over: something changes, so it must be confirmed.
    bench.set(&[("host", "pdns.example")]).unwrap();
    assert_eq!(bench.plan(&newest(), true).questions().len(), 2);
    assert!(bench.plan(&newest(), true).relation == Relation::Same);
}

#[test]
fn what_changes_about_parameters_and_what_is_lost_by_it_is_listed() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example"), ("port", "8443"), ("use_http", "on")]).unwrap();
    bench.give("user_token", "user:pw").unwrap();
    let new = variant(&[
        ("version = \"1.0.0\"", "version = \"2.0.0\""),
        ("default = \"www.circl.lu\"", "default = \"pdns.example\""),
        ("key = \"user_token\"", "key = \"password\""),
        (
            "key = \"port\"\nlabel = \"Communication Port\"",
            "key = \"timeout\"\nlabel = \"Timeout\"\nrequired = true",
        ),
        ("validate = \"port\"", "validate = \"timeout\""),
    ]);
    let plan = bench.plan(&new, false);
    let shown: Vec<String> =
        plan.parameters.iter().map(|change| format!("{} {:?}", change.key, change.what)).collect();
    assert_eq!(
        shown,
        [
            r#"host Default { from: Some("www.circl.lu"), to: Some("pdns.example") }"#,
            "timeout Added { required: true }",
            "password Added { required: false }",
            "port Removed",
            "user_token Removed",
        ]
    );
    assert_eq!(keys(&plan), [("port", "removed"), ("user_token", "removed")]);
    assert_eq!(plan.missing, ["Timeout (timeout)"]);
}

#[test]
fn a_value_of_another_kind_is_not_kept() {
    let old = guide();
    let choice = |choices: &str, version: &str| {
        let parameter = format!(
            "key = \"orientation\"\nlabel = \"Orientation\"\ntype = \"choice\"\nchoices = {choices}\n\n[[parameters]]\nkey = \"port\""
        );
        variant(&[("key = \"port\"", &parameter), ("version = \"1.0.0\"", version)])
    };
    let (two, one) =
        (choice("[\"draft\", \"auto\"]", "version = \"2.0.0\""), choice("[\"auto\"]", "version = \"3.0.0\""));
    let mut bench = Bench::with(&two);
    bench.set(&[("orientation", "draft")]).unwrap();
    let plan = bench.plan(&one, false);
    assert!(matches!(&plan.parameters[..], [ParameterChange { what: What::Choices { .. }, .. }]));
    assert_eq!(keys(&plan), [("orientation", "invalid")]);
    assert_eq!(keys(&bench.plan(&old, false)), [("orientation", "removed")]);
}

#[test]
fn enabling_without_a_required_value_is_refused_by_name() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "")]).unwrap();
    let error = bench.workbench.enable(NAME).unwrap_err();
    assert_eq!(
        error.to_string(),
        "circl-passive-dns stays disabled: not set: Hostname/IP Address of the CIRCL server (host)"
    );
    assert!(error.is_users() && !bench.enabled());
    bench.set(&[("host", "pdns.example")]).unwrap();
    assert!(bench.workbench.enable(NAME).unwrap());
    assert!(!bench.workbench.enable(NAME).unwrap(), "once is enough");
    // While it is enabled, it must stay able to run.
    let error = bench.set(&[("host", "")]).unwrap_err().to_string();
    assert!(error.contains("is enabled and could not run with these settings: not set: Hostname"), "{error}");
    assert_eq!(bench.state("host"), State::Value("pdns.example".into()));
    assert!(bench.workbench.disable(NAME).unwrap());
    assert_eq!(bench.actions()[..2], ["integration.disable", "integration.enable"]);
}

#[test]
fn an_upgrade_that_leaves_a_required_key_unset_disables_and_says_so() {
    let mut bench = Bench::with(&guide());
    bench.workbench.enable(NAME).unwrap();
    let new = variant(&[
        ("version = \"1.0.0\"", "version = \"2.0.0\""),
        ("type = \"secret\"", "type = \"secret\"\nrequired = true"),
    ]);
    let plan = bench.plan(&new, false);
    assert!(plan.disables() && plan.questions().contains(&Question::Parameters));
    assert_eq!(plan.missing, ["User Token (user_token)"]);
    bench.workbench.install(plan.confirm()).unwrap();
    assert!(!bench.enabled());
}

#[test]
fn a_bad_field_stores_nothing_and_every_bad_field_is_named() {
    let mut bench = Bench::with(&guide());
    let before = bench.dump();
    let Err(Error::Settings(faults)) = bench.set(&[
        ("host", "https://pdns.example"),
        ("use_http", "on"),
        ("port", "65536"),
        ("colour", "red"),
        ("user_token", "hunter2"),
    ]) else {
        panic!("taken")
    };
    assert_eq!(faults.len(), 4);
    assert!(!format!("{faults:?}").contains("hunter2"));
    assert_eq!(bench.dump(), before);
}

#[test]
fn secrets_are_write_only() {
    let mut bench = Bench::with(&guide());
    let details = bench.give("user_token", "hunter2").unwrap();
    assert!(!format!("{details:?}").contains("hunter2"));
    assert_eq!(bench.state("user_token"), State::Secret);
    let trail = format!("{:?}", bench.workbench.audit(&audit::Filter::default()).unwrap());
    assert!(trail.contains("user_token") && !trail.contains("hunter2"), "{trail}");
    assert_eq!(bench.token().as_deref(), Some("hunter2"));
    bench.give("user_token", "").unwrap();
    assert_eq!(bench.token(), None);
}

#[test]
fn a_reset_goes_back_to_the_default() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example")]).unwrap();
    let reset = |key: &str| Changes { reset: vec![key.to_owned()], ..Changes::default() };
    bench.workbench.configure(NAME, &reset("host")).unwrap();
    assert_eq!(bench.state("host"), State::Unset);
    assert!(matches!(bench.workbench.configure(NAME, &reset("colour")), Err(Error::Settings(_))));
    // A change without effect is not recorded.
    let actions = bench.actions().len();
    bench.workbench.configure(NAME, &reset("host")).unwrap();
    assert_eq!(bench.actions().len(), actions);
}

#[test]
fn what_an_administrator_should_know_is_shown() {
    let mut bench = Bench::with(&guide());
    for (set, words) in [
        (("host", "global.cloud.Circl.com"), "not a host of CIRCL"),
        (("verify_ssl", "off"), "Verify SSL is off"),
        (("use_http", "on"), "clear text"),
    ] {
        let details = bench.set(&[set]).unwrap();
        assert!(details.warnings.iter().any(|warning| warning.contains(words)), "{:?}", details.warnings);
    }
}

#[test]
fn a_manifest_that_no_longer_parses_is_shown_as_broken_and_can_be_replaced() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "pdns.example")]).unwrap();
    bench.give("user_token", "user:pw").unwrap();
    bench.workbench.enable(NAME).unwrap();
    let newer = guide().source.replace("format = 1", "format = 9").replace("1.0.0", "9.0.0");
    let write = |change: &Change<'_>| {
        let sql = "UPDATE integrations SET manifest = ?, version = '9.0.0'";
        Ok(change.transaction.execute(sql, [&newer])?)
    };
    bench.workbench.change(write).unwrap();

    let listed = bench.workbench.list(&Filter::default()).unwrap();
    let broken = listed.integrations[0].broken.clone().unwrap();
    assert!(broken.message().contains("manifest format 9"), "{broken}");
    let details = bench.workbench.show(NAME).unwrap();
    assert_eq!(details.parameters.len(), 2);
    for error in [
        bench.workbench.settings(NAME).unwrap_err(),
        bench.workbench.enable(NAME).unwrap_err(),
        bench.set(&[("host", "x.example")]).unwrap_err(),
    ] {
        assert!(error.is_users() && error.to_string().contains("cannot read its manifest"), "{error}");
    }
    let plan = bench.install(&guide(), false).unwrap();
    assert!(plan.broken.is_some() && plan.relation.word() == "downgrade");
    assert_eq!((plan.kept.len(), bench.token().as_deref()), (2, Some("user:pw")));
    assert!(bench.enabled());
}

#[test]
fn removing_takes_values_and_secrets_along() {
    let mut bench = Bench::with(&guide());
    bench.give("user_token", "user:pw").unwrap();
    bench.workbench.remove(NAME).unwrap();
    assert_eq!(bench.workbench.list(&Filter::default()).unwrap(), Listing::default());
    let count = |database: &rusqlite::Connection| {
        Ok(database.query_row("SELECT count(*) FROM secrets", [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(bench.workbench.read(count).unwrap(), 0);
    let error = bench.workbench.remove(NAME).unwrap_err().to_string();
    assert_eq!(error, "\"circl-passive-dns\" is not installed; nothing is installed");
}

#[test]
fn a_failed_upgrade_leaves_the_old_version_working() {
    let mut bench = Bench::with(&guide());
    bench.give("user_token", "user:pw").unwrap();
    bench.workbench.enable(NAME).unwrap();
    let before = bench.dump();
    // What is written cannot be read back: a package whose source does not match it.
    let forged =
        Package { source: guide().source.replace("kind = \"operation\"", "kind = \"feed\""), ..newest() };
    assert!(bench.install(&forged, false).is_err());
    assert_eq!(bench.dump(), before);
    assert_eq!(bench.token().as_deref(), Some("user:pw"));
}

fn bound(bench: &Bench) -> Vec<Option<String>> {
    let read = |database: &rusqlite::Connection| {
        let mut statement = database.prepare("SELECT bound FROM secrets ORDER BY key")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?)
    };
    bench.workbench.read(read).unwrap()
}

/// Whether the stored configuration may be used for a query.
fn may_ask(bench: &Bench) -> bool {
    let Configured { package, settings, .. } = bench.workbench.settings(NAME).unwrap();
    operation::Config::new(&package, &settings, operation::Limits::HELD, bench.workbench.clock()).is_ok()
}

#[test]
fn secrets_are_given_for_where_the_settings_of_the_same_change_lead_to() {
    let mut bench = Bench::with(&guide());
    let changes = Changes {
        values: vec![("host".to_owned(), "pdns.example".to_owned())],
        secrets: vec![("user_token".to_owned(), Secret::new("user:pw"))],
        ..Changes::default()
    };
    bench.workbench.configure(NAME, &changes).unwrap();
    assert_eq!(bound(&bench), [Some("https://pdns.example:443".to_owned())]);
    assert!(may_ask(&bench));
    let details = bench.set(&[("host", "other.example")]).unwrap();
    assert!(matches!(bench.state("user_token"), State::Elsewhere(_)) && !may_ask(&bench));
    assert!(details.warnings[0].contains("the host is now other.example"), "{:?}", details.warnings);
    assert!(matches!(bench.workbench.enable(NAME), Err(Error::Settings(_))));
    bench.set(&[("host", "pdns.example")]).unwrap();
    assert!(may_ask(&bench), "back where it was given for");
}

#[test]
fn who_writes_the_database_alone_cannot_bind_a_secret_elsewhere() {
    let mut bench = Bench::with(&guide());
    bench.give("user_token", "user:pw").unwrap();
    let write = |change: &Change<'_>| {
        let sql = "UPDATE secrets SET bound = 'https://evil.example:443'";
        Ok(change.transaction.execute(sql, [])?)
    };
    bench.workbench.change(write).unwrap();
    let error = bench.workbench.settings(NAME).unwrap_err();
    assert!(error.to_string().contains("cannot be decrypted"), "{error}");
}

#[test]
fn a_secret_without_a_known_destination_is_sent_nowhere() {
    let mut bench = Bench::with(&guide());
    bench.set(&[("host", "")]).unwrap();
    bench.give("user_token", "user:pw").unwrap();
    bench.set(&[("host", "pdns.example")]).unwrap();
    assert_eq!(bound(&bench), [None]);
    assert!(!may_ask(&bench));
    bench.workbench.rotate_key().unwrap();
    assert!(!may_ask(&bench));
    bench.give("user_token", "user:pw").unwrap();
    assert!(may_ask(&bench));
}

/// Its newest version, with a proxy on a port and a login for it.
fn behind_a_proxy() -> Bench {
    let mut bench = Bench::with(&newest());
    bench.set(&[("proxy", "http://p.example:3128"), ("proxy_user", "user")]).unwrap();
    bench.give("proxy_password", "hunter2").unwrap();
    bench
}

#[test]
fn a_login_for_a_proxy_that_is_not_set_is_not_saved_enabled_or_not() {
    let mut bench = behind_a_proxy();
    for enabled in [false, true] {
        if enabled {
            bench.workbench.enable(NAME).unwrap();
        }
        let before = bench.dump();
        for pairs in [&[("proxy", "")][..], &[("proxy_user", "")]] {
            let error = bench.set(pairs).unwrap_err();
            assert!(matches!(&error, Error::Settings(faults) if faults.len() == 1), "{error:?}");
            assert!(error.to_string().contains("or clear Proxy"), "{error}");
        }
        assert_eq!(bench.dump(), before, "all or none");
    }
    // With `proxy=none` the login is kept, reported and not used.
    let details = bench.set(&[("proxy", "none")]).unwrap();
    assert!(details.warnings.iter().any(|warning| warning.contains("but are not sent")), "{details:?}");
    assert_eq!(bench.state("proxy_password"), State::Secret);
    // The same proxy needs no new password, another one does.
    bench.set(&[("proxy", "http://p.example:3128")]).unwrap();
    let error = bench.set(&[("proxy", "http://q.example:3128")]).unwrap_err();
    assert!(error.to_string().contains("the proxy is now http://q.example:3128"), "{error}");
}

#[test]
fn a_version_whose_default_proxy_is_another_does_not_get_the_password_and_one_without_is_disabled() {
    let source = newest().source;
    let with_default = |version: &str, proxy: &str| {
        let checked = "validate = \"proxy\"\n";
        assert!(source.contains(checked));
        let source = source.replace("version = \"1.2.0\"", &format!("version = \"{version}\""));
        let default = format!("{checked}default = \"{proxy}\"\n");
        Package::parse("variant.toml", &source.replace(checked, &default)).unwrap()
    };
    let mut bench = Bench::with(&with_default("1.3.0", "http://p.example:3128"));
    bench.set(&[("proxy_user", "user")]).unwrap();
    bench.give("proxy_password", "hunter2").unwrap();
    bench.workbench.enable(NAME).unwrap();
    let plan = bench.install(&with_default("1.4.0", "http://evil.example:3128"), false).unwrap();
    assert!(plan.disables() && plan.missing[0].contains("Proxy Password (proxy_password) again"), "{plan:?}");
    assert!(matches!(bench.state("proxy_password"), State::Elsewhere(_)));
    let error = bench.workbench.enable(NAME).unwrap_err().to_string();
    assert!(error.contains("the proxy is now http://evil.example:3128"), "{error}");
    // Without a default proxy there is no destination for the login.
    let plan = bench.install(&newest(), false).unwrap();
    assert!(plan.missing.iter().any(|one| one.starts_with("Proxy (proxy), which")), "{:?}", plan.missing);
    let error = bench.workbench.enable(NAME).unwrap_err().to_string();
    assert!(error.contains("Proxy (proxy): not set") && error.contains("or clear"), "{error}");
}

#[test]
fn the_proxys_login_is_lost_with_a_version_that_has_no_place_for_it_and_that_is_said() {
    let mut bench = behind_a_proxy();
    let old = package::find("circl-passive-dns@1.1.0").unwrap();
    assert_eq!(keys(&bench.plan(&old, false)), [("proxy_user", "removed"), ("proxy_password", "removed")]);
    bench.install(&old, false).unwrap();
    bench.install(&newest(), false).unwrap();
    assert_eq!((bench.state("proxy_user"), bench.state("proxy_password")), (State::Unset, State::Unset));
    assert_eq!(bench.state("proxy"), State::Value("http://p.example:3128".to_owned()));
}

#[test]
fn the_maximum_level_is_that_of_the_protocol_until_it_is_set() {
    let mut bench = Bench::with(&guide());
    let max = |bench: &Bench| {
        let details = bench.workbench.show(NAME).unwrap();
        (details.summary.max_tlp, details.max_tlp_set, details.fingerprint)
    };
    let first = max(&bench);
    assert_eq!((first.0, first.1), (Tlp::Green, None));
    let set = |bench: &mut Bench, marking: Marking| {
        let changes = Changes { max_tlp: Some(marking), ..Changes::default() };
        bench.workbench.configure(NAME, &changes).unwrap();
    };
    set(&mut bench, Tlp::Amber.into());
    let amber = max(&bench);
    assert_eq!((amber.0, amber.1), (Tlp::Amber, Some(Tlp::Amber)));
    assert_ne!(amber.2, first.2, "forms that were opened before are noticed");
    // An upgrade keeps it.
    let newest = operation::package::newest().unwrap();
    let plan = bench.workbench.plan_install(newest, true).unwrap();
    bench.workbench.install(plan.confirm()).unwrap();
    assert_eq!(max(&bench).1, Some(Tlp::Amber));
    set(&mut bench, Marking(None));
    set(&mut bench, Marking(None));
    assert_eq!((max(&bench).0, max(&bench).1), (Tlp::Green, None));
    let trail = bench.workbench.audit(&crate::audit::Filter::default()).unwrap().entries;
    let said: Vec<String> = trail
        .iter()
        .filter(|one| one.detail["values"]["max_tlp"].is_array())
        .map(|one| one.detail["values"]["max_tlp"].to_string())
        .collect();
    assert_eq!(said, [r#"["AMBER","default"]"#, r#"["default","AMBER"]"#]);
}
