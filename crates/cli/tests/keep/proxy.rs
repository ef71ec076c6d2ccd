//! Queries through a proxy: the configured one or that of the environment, with or without a login, and the messages when it
//! fails.
//!
//! The service is called `pdns.example.org`, and only the proxy can reach it: a proxy of the environment is never used for a
//! service on this machine.

use std::sync::Arc;

use testkit::certificate::{Authority, Validity};
use testkit::{ClosedPort, Exchange, Script, ScriptedProvider, ScriptedProxy};
use tokio::runtime::Runtime;

use crate::home::{Done, Home, NAME};
use crate::running::NEWEST;

const HOST: &str = "pdns.example.org";
const RECORD: &str = r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1500000001,"time_last":1500000002}"#;
/// `user:hunter2`
const LOGIN: &str = "Basic dXNlcjpodW50ZXIy";
/// The password in every form in which it could leak.
const SECRETS: [&str; 2] = ["hunter2", "dXNlcjpodW50ZXIy"];

/// A home whose operation queries `pdns.example.org`, and the proxy that leads there.
struct Behind {
    home: Home,
    proxy: ScriptedProxy,
    provider: Arc<ScriptedProvider>,
    port: u16,
    runtime: Runtime,
}

impl Behind {
    /// The service uses plain HTTP, or TLS with a certificate that the home trusts.
    fn new(tls: bool, login: Option<&str>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut provider = ScriptedProvider::new(Script::always(Exchange::ok(RECORD)));
        let home = Home::new();
        home.run(&["integration", "install", NEWEST]).ok();
        home.configure(&[&format!("host={HOST}"), "requests_per_second=0", "page_size=0"]).ok();
        if tls {
            let authority = Authority::new();
            provider = provider.with_tls(&authority.issue(HOST, Validity::Valid));
            let file = home.file("ca.pem", authority.pem());
            home.configure(&[&format!("ca_file={}", home.path(&file).display())]).ok();
        } else {
            home.configure(&["use_http=on"]).ok();
        }
        home.run(&["integration", "enable", NAME]).ok();
        let provider = Arc::new(provider);
        let proxy = match login {
            Some(login) => ScriptedProxy::with_login(Arc::clone(&provider), login),
            None => ScriptedProxy::before(Arc::clone(&provider)),
        };
        let port = runtime.block_on(proxy.listen()).unwrap().port();
        Self { home, proxy, provider, port, runtime }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let mut command = self.home.command(arguments);
        let done = Done::of(&command.envs(variables.iter().copied()).output().unwrap());
        for secret in SECRETS {
            assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret), "{arguments:?} {done:?}");
        }
        done
    }

    fn query(&self, more: &[&str], variables: &[(&str, &str)]) -> Done {
        self.run(&[&["query", "a.example", "--fresh"], more].concat(), variables)
    }

    fn test(&self, variables: &[(&str, &str)]) -> Done {
        self.run(&["integration", "test", NAME], variables)
    }

    fn shown(&self, variables: &[(&str, &str)]) -> serde_json::Value {
        let shown = self.run(&["integration", "show", NAME, "--format", "json"], variables).ok();
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()["proxy"].clone()
    }

    /// Configures the proxy with its login.
    fn configure_login(&self, port: u16, password: &str) -> Done {
        let proxy = format!("proxy=http://127.0.0.1:{port}");
        let arguments =
            ["integration", "configure", NAME, &proxy, "proxy_user=user", "--secret", "proxy_password"];
        self.run(&arguments, &[("BACKSIGHT_SECRET_PROXY_PASSWORD", password)])
    }

    /// The requests to the proxy, each with its login.
    fn asked(&self) -> Vec<(String, Option<String>)> {
        let login = |one: &testkit::Request| one.header("proxy-authorization").map(str::to_owned);
        self.proxy.requests().iter().map(|one| (one.target.clone(), login(one))).collect()
    }
}

#[test]
fn the_environments_proxy_is_used_with_the_login_in_its_address() {
    for (tls, variables) in [
        (false, &["http_proxy", "HTTP_PROXY", "ALL_PROXY"][..]),
        (true, &["https_proxy", "HTTPS_PROXY", "all_proxy"]),
    ] {
        let behind = Behind::new(tls, Some(LOGIN));
        for variable in variables {
            let address = format!("http://user:hunter2@127.0.0.1:{}", behind.port);
            behind.query(&[], &[(variable, &address)]).ok();
            let said = behind.test(&[(variable, &address)]).ok();
            let proxy = format!("http://127.0.0.1:{} (from {variable})", behind.port);
            assert!(said.contains(&proxy), "{said}");
            let shown = behind.shown(&[(variable, &address)]);
            let address = format!("http://127.0.0.1:{}", behind.port);
            assert_eq!(
                (&shown["state"], &shown["address"], &shown["from"], &shown["login"]),
                (&"used".into(), &address.as_str().into(), &(*variable).into(), &true.into())
            );
            let text = behind.run(&["integration", "show", NAME], &[(variable, &address)]).ok();
            assert!(text.contains(&format!("Proxy: {address}, from {variable}\n")), "{text}");
        }
        let target =
            if tls { format!("{HOST}:443") } else { format!("http://{HOST}:80/pdns/query/a.example") };
        for (index, (asked, login)) in behind.asked().iter().enumerate() {
            assert_eq!(login.as_deref(), Some(LOGIN));
            // The test queries another name than the query.
            assert!(tls || index % 2 == 1 || *asked == target, "{asked}");
            assert!(!tls || *asked == target, "{asked}");
        }
        let sent = behind.provider.requests();
        assert_eq!(sent.len(), 2 * variables.len());
        assert!(sent.iter().all(|one| one.header("proxy-authorization").is_none()));
    }
}

#[test]
fn the_configured_proxy_is_used_with_its_own_login_and_the_environments_is_not() {
    for tls in [false, true] {
        let behind = Behind::new(tls, Some(LOGIN));
        behind.configure_login(behind.port, "hunter2").ok();
        let closed = ClosedPort::bind().unwrap();
        let other = format!("http://other:secret@{}", closed.address());
        let variables = [("ALL_PROXY", other.as_str()), ("NO_PROXY", "*")];
        behind.query(&[], &variables).ok();
        assert!(behind.test(&variables).ok().contains(&format!("http://127.0.0.1:{}", behind.port)));
        assert!(behind.asked().iter().all(|(_, login)| login.as_deref() == Some(LOGIN)));
        let shown = behind.shown(&variables);
        assert_eq!((&shown["from"], &shown["login"]), (&"setting".into(), &true.into()));
        assert!(behind.provider.requests().iter().all(|one| one.header("proxy-authorization").is_none()));
    }
}

#[test]
fn a_login_that_is_missing_or_wrong_is_said_with_the_proxy_and_where_it_is_set() {
    for tls in [false, true] {
        let behind = Behind::new(tls, Some(LOGIN));
        let variable = if tls { "HTTPS_PROXY" } else { "HTTP_PROXY" };
        let proxy = format!("http://127.0.0.1:{}", behind.port);
        let wrong = format!("http://user:other@127.0.0.1:{}", behind.port);
        let from = format!("the proxy {proxy} (from {variable}): 407");
        behind
            .query(&[], &[(variable, &proxy)])
            .says(1, &[&from, "requires a user and a password", "user:password@"]);
        let refuses = format!("refuses the user and password in {variable}");
        behind.query(&[], &[(variable, &wrong)]).says(1, &[&from, &refuses]);
        let said = behind.test(&[(variable, &wrong)]);
        assert!(said.code == 1 && said.stdout.contains(&from), "{said:?}");
        behind.home.configure(&[&format!("proxy={proxy}")]).ok();
        let from = format!("the proxy {proxy}: 407");
        behind
            .query(&[], &[])
            .says(1, &[&from, "set Proxy User (proxy_user) and Proxy Password (proxy_password)"]);
        behind.configure_login(behind.port, "other").ok();
        behind.query(&[], &[]).says(1, &[&from, "refuses Proxy User (proxy_user) and Proxy Password"]);
        // A user name alone has an empty password.
        behind.home.configure(&["--reset", "proxy_password"]).ok();
        behind.query(&[], &[]).says(1, &[&from]);
        assert_eq!(behind.asked().last().unwrap().1.as_deref(), Some("Basic dXNlcjo="));
        assert_eq!(behind.provider.requests().len(), 0);
    }
}

#[test]
fn a_proxy_that_takes_no_connection_is_named_and_not_the_service() {
    let behind = Behind::new(true, None);
    let closed = ClosedPort::bind().unwrap();
    let proxy = format!("http://{}", closed.address());
    let login = format!("http://user:hunter2@{}", closed.address());
    let from = format!("the proxy {proxy} (from https_proxy): connection refused");
    behind.query(&[], &[("https_proxy", &login)]).says(1, &[&from, "HTTPS_PROXY"]);
    let said = behind.test(&[("https_proxy", &login)]);
    assert!(said.code == 1 && said.stdout.contains(&from), "{said:?}");
    behind.configure_login(closed.address().port(), "hunter2").ok();
    behind.query(&[], &[]).says(1, &[&format!("the proxy {proxy}: connection refused"), "Proxy (proxy)"]);
    // A proxy that is not an HTTP proxy is refused with the name of its variable.
    let variables = [("ALL_PROXY", "socks5://user:hunter2@p.example:1")];
    behind.home.configure(&["--reset", "proxy", "--reset", "proxy_user", "--reset", "proxy_password"]).ok();
    behind.query(&[], &variables).says(2, &["ALL_PROXY", "SOCKS proxies are not supported"]);
    assert_eq!(behind.shown(&variables)["state"], "unusable");
}

#[test]
fn no_proxy_and_none_lead_past_the_proxy() {
    let behind = Behind::new(false, None);
    // A name that never resolves (RFC 6761): it can only be reached through the proxy.
    behind.home.configure(&["host=pdns.example.invalid"]).ok();
    let proxy = format!("http://127.0.0.1:{}", behind.port);
    for (name, excluded) in [
        ("NO_PROXY", "example.invalid"),
        ("no_proxy", "x.test, .EXAMPLE.invalid"),
        ("NO_PROXY", "pdns.example.invalid:80"),
        ("NO_PROXY", "*"),
    ] {
        let variables = [("HTTP_PROXY", proxy.as_str()), (name, excluded)];
        behind.query(&[], &variables).says(1, &["pdns.example.invalid cannot be resolved"]);
        let shown = behind.shown(&variables);
        assert_eq!((&shown["state"], &shown["from"]), (&"unused".into(), &name.into()), "{excluded}");
    }
    behind
        .query(&["--set", "proxy=none"], &[("HTTP_PROXY", &proxy)])
        .says(1, &["pdns.example.invalid cannot be resolved"]);
    assert_eq!(behind.asked(), []);
    for excluded in ["ample.invalid", "pdns.example.invalid:443", "other.invalid", ""] {
        behind.query(&[], &[("HTTP_PROXY", &proxy), ("NO_PROXY", excluded)]).ok();
    }
    assert_eq!(behind.asked().len(), 4);
    // The environment's proxy is never used for this machine, whatever NO_PROXY contains.
    let port = behind.runtime.block_on(behind.provider.listen()).unwrap().port();
    behind.home.configure(&["host=127.0.0.1", &format!("port={port}")]).ok();
    behind.query(&[], &[("HTTP_PROXY", &proxy)]).ok();
    assert_eq!(behind.asked().len(), 4);
    assert_eq!(behind.shown(&[("HTTP_PROXY", &proxy)])["from"], "this_machine");
}

#[test]
fn the_password_goes_to_the_proxy_that_it_was_given_for_and_to_no_other() {
    let behind = Behind::new(false, Some(LOGIN));
    behind.configure_login(behind.port, "hunter2").ok();
    behind.query(&[], &[]).ok();
    let other = ScriptedProxy::before(Arc::clone(&behind.provider));
    let port = behind.runtime.block_on(other.listen()).unwrap().port();
    let moved = format!("proxy=http://127.0.0.1:{port}");
    let words = [
        format!(
            "Proxy Password (proxy_password) was entered for http://{HOST}:80 through the proxy http://127.0.0.1:{}",
            behind.port
        ),
        format!("the proxy is now http://127.0.0.1:{port}"),
        "--secret proxy_password".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    behind.query(&["--set", &moved], &[]).says(2, &words);
    behind.home.configure(&[&moved]).says(2, &words);
    behind.home.run(&["integration", "disable", NAME]).ok();
    // A disabled integration can be saved and shows the error; its test sends nothing either.
    behind.home.configure(&[&moved]).ok();
    let shown = behind.run(&["integration", "show", NAME], &[]).ok();
    assert!(shown.contains("set for another destination, enter it again"), "{shown}");
    behind.test(&[]).says(2, &words);
    behind.home.run(&["integration", "enable", NAME]).says(2, &words);
    assert_eq!(other.requests().len(), 0);
    // The environment's proxy never receives it.
    behind.home.configure(&["proxy=none"]).says(0, &["but are not sent"]);
    let variable = format!("http://127.0.0.1:{port}");
    behind.home.run(&["integration", "enable", NAME]).ok();
    behind.query(&[], &[("HTTP_PROXY", &variable)]);
    assert_eq!(other.requests().len(), 0);
    // After it was entered again, it is sent to the new proxy.
    behind.configure_login(port, "again").ok();
    behind.query(&[], &[]).ok();
    assert_eq!(other.requests()[0].header("proxy-authorization"), Some("Basic dXNlcjphZ2Fpbg=="));
    let first: Vec<_> = behind.asked().into_iter().map(|(_, login)| login).collect();
    assert_eq!(first, [Some(LOGIN.to_owned())]);
}

#[test]
fn a_login_that_nobody_would_be_sent_is_refused_with_what_to_do() {
    let behind = Behind::new(false, None);
    let configure = |values: &[&str], password: bool| {
        let secret: &[&str] = if password { &["--secret", "proxy_password"] } else { &[] };
        let variables: &[(&str, &str)] =
            if password { &[("BACKSIGHT_SECRET_PROXY_PASSWORD", "hunter2")] } else { &[] };
        behind.run(&[&["integration", "configure", NAME], values, secret].concat(), variables)
    };
    for enabled in [true, false] {
        let before = behind.home.show();
        configure(&["proxy_user=user"], false).says(
            2,
            &["Proxy (proxy): not set", "enter the proxy's address", "or clear Proxy User (proxy_user)"],
        );
        configure(&["proxy_user=user"], true).says(2, &["Proxy (proxy): not set"]);
        configure(&[], true).says(2, &["Proxy (proxy): not set", "or clear Proxy Password (proxy_password)"]);
        configure(&["proxy=http://p.example:3128"], true).says(2, &["Proxy User (proxy_user): not set"]);
        configure(&["proxy=http://p.example:3128", "proxy_user=us:er"], true)
            .says(2, &["cannot contain a colon"]);
        configure(&["proxy=http://user:hunter2@p.example:3128"], false).says(2, &["proxy_password"]);
        assert_eq!(behind.home.show(), before);
        configure(&["proxy=http://p.example:3128", "proxy_user=user"], true).ok();
        let before = behind.home.show();
        configure(&["--reset", "proxy"], false)
            .says(2, &["clear Proxy User (proxy_user) and Proxy Password"]);
        configure(&["--reset", "proxy_user"], false).says(2, &["Proxy User (proxy_user): not set"]);
        assert_eq!(behind.home.show(), before);
        configure(&["--reset", "proxy", "--reset", "proxy_user", "--reset", "proxy_password"], false).ok();
        if enabled {
            behind.home.run(&["integration", "disable", NAME]).ok();
        }
    }
    behind.home.run(&["integration", "enable", NAME]).ok();
    behind
        .query(&[], &[("BACKSIGHT_SECRET_PROXY_PASSWORD", "hunter2")])
        .says(2, &["Proxy (proxy): not set", "Proxy Password (proxy_password)"]);
}

#[test]
fn the_proxys_password_is_kept_sealed_and_comes_out_nowhere() {
    let behind = Behind::new(true, Some(LOGIN));
    behind.configure_login(behind.port, "hunter2").ok();
    behind.query(&["--format", "json"], &[]).ok();
    let copy = behind.home.path("copy").display().to_string();
    for arguments in [
        &["integration", "list", "--format", "json"][..],
        &["integration", "show", NAME],
        &["integration", "show", NAME, "--format", "json"],
        &["integration", "test", NAME, "--format", "json"],
        &["run", "list", "--format", "json"],
        &["run", "show", "1", "--format", "json"],
        &["run", "show", "1", "--raw"],
        &["audit", "--format", "json"],
        &["config"],
        &["backup", &copy],
        &["key", "rotate"],
        &["integration", "disable", NAME],
        &["integration", "install", "circl-passive-dns@1.1.0"],
    ] {
        behind.run(arguments, &[]);
    }
    // `key rotate` has sealed it again; it can still be decrypted.
    behind.home.run(&["integration", "enable", NAME]).ok();
    behind.query(&[], &[]).ok();
    for (path, octets) in behind.home.octets() {
        for secret in SECRETS {
            let found = octets.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}
