//! Which proxy a question goes through: the configured one, or the environment's by the rules of curl.
//!
//! [`ProxyEnvironment`] reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in small letters first and then in
//! capitals; an empty variable counts as not set. `HTTP_PROXY` in capitals is not read where `REQUEST_METHOD` is set, because a
//! CGI client decides what it holds. This machine is never asked through the environment's proxy. A proxy of another kind than
//! HTTP is a [`ProviderError::Proxy`] that names the variable.

use std::fmt;
use std::net::IpAddr;

use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;

use super::connector::authority;
use super::error::ProviderError;
use super::login::proxy_authorization;
use super::proxy_login::{LoginPlace, configured_login};
use crate::{Package, Settings, SettingsError};

/// curl's port of a proxy whose address has none.
const DEFAULT_PORT: u16 = 1080;
/// The longest address in a variable, in bytes.
const MAX_ADDRESS: usize = 4096;
const HINT: &str = "write http://host:port";

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The Proxy-Authorization header, marked as sensitive.
    pub(super) login: Option<HeaderValue>,
    pub(super) source: Source,
}

/// Who names a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The parameter `proxy`, and where its login belongs.
    Setting(LoginPlace),
    /// A variable of the environment, which holds the login too.
    Variable(&'static str),
}

impl Proxy {
    /// The configured proxy at this place, with its login.
    pub(super) fn configured(
        package: &Package,
        settings: &Settings,
        (host, port): (String, u16),
    ) -> Result<Self, SettingsError> {
        let source = Source::Setting(LoginPlace::of(&package.parameters));
        Ok(Self { host, port, login: configured_login(package, settings)?, source })
    }

    pub(super) fn failed(&self, why: String) -> ProviderError {
        ProviderError::Proxy { proxy: self.to_string(), why }
    }

    /// What its answer 407 means, and where the login is to be mended, if it takes HTTP Basic at all.
    pub(super) fn wants_login(&self, basic: bool) -> ProviderError {
        if !basic {
            let why = "407: it takes no login by HTTP Basic, the only kind that is supported";
            return self.failed(why.to_owned());
        }
        let parameters = "Proxy User (proxy_user) and Proxy Password (proxy_password)";
        self.failed(match (self.source, self.login.is_some()) {
            (Source::Variable(name), true) => format!("407: it refuses the user and password in {name}"),
            (Source::Variable(name), false) => {
                format!("407: it wants a user and a password: write http://user:password@host:port into {name}")
            }
            (Source::Setting(_), true) => format!("407: it refuses {parameters}"),
            (Source::Setting(LoginPlace::Parameters), false) => {
                format!("407: it wants a user and a password: set {parameters}")
            }
            (Source::Setting(LoginPlace::Environment), false) => format!(
                "407: it wants a user and a password, for which this version of the package has no parameters: install \
                 the newest version and set {parameters}"
            ),
        })
    }
}

/// Whether a proxy that asks for these logins (RFC 9110 section 11.7.1) takes HTTP Basic; one that names none may.
pub(super) fn takes_basic<'a>(challenges: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut challenges = challenges.peekable();
    let is_basic = |challenge: &[u8]| {
        let mut parts = challenge.split(|byte| *byte == b',').map(<[u8]>::trim_ascii_start);
        parts.any(|part| part.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")))
    };
    challenges.peek().is_none() || challenges.any(is_basic)
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", authority(&self.host, self.port))?;
        match self.source {
            Source::Setting(_) => Ok(()),
            Source::Variable(name) => write!(f, " (from {name})"),
        }
    }
}

/// Reads the Proxy setting: `http://host:port`, or `none` for no proxy, not even the environment's.
///
/// # Errors
/// What is wrong with it, in words that repeat nothing of it: it may hold a password.
pub(crate) fn proxy_setting(text: &str, login: LoginPlace) -> Result<Option<(String, u16)>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let rest = http_part(text)?.trim_end_matches('/');
    if rest.contains('@') {
        let place = match login {
            LoginPlace::Environment => {
                "give the address with them as HTTPS_PROXY (HTTP_PROXY with Use HTTP) in the environment, and leave this empty"
            }
            LoginPlace::Parameters => {
                "enter them as Proxy User (proxy_user) and Proxy Password (proxy_password)"
            }
        };
        return Err(format!("{HINT}, without user and password, which would be shown here: {place}"));
    }
    match host_and_port(rest)? {
        (host, Some(port)) => Ok(Some((host, port))),
        (_, None) => Err(HINT.to_owned()),
    }
}

/// What follows `http://`; other kinds of proxies are refused by their name.
fn http_part(text: &str) -> Result<&str, String> {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok(rest),
        Some((scheme, _)) if scheme.to_ascii_lowercase().starts_with("socks") => {
            Err(format!("SOCKS proxies are not supported, only HTTP proxies: {HINT}"))
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Err(format!(
            "TLS to the proxy itself is not supported: {HINT}; questions over https stay encrypted through it"
        )),
        _ => Err(HINT.to_owned()),
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let of_hosts = |c: char| c.is_ascii_alphanumeric() || "-._~:%[]".contains(c);
    let good = |host: &str| !host.is_empty() && host.chars().all(of_hosts);
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => match port.parse() {
            Ok(port) if port > 0 => (host, Some(port)),
            _ => return Err(HINT.to_owned()),
        },
        _ => (text, None),
    };
    if good(host) { Ok((bare(host), port)) } else { Err(HINT.to_owned()) }
}

/// What the environment says about proxies.
#[derive(Clone, Default)]
pub struct ProxyEnvironment {
    http: Option<(&'static str, String)>,
    https: Option<(&'static str, String)>,
    all: Option<(&'static str, String)>,
    none_for: Option<(&'static str, String)>,
}

/// What the environment says about one host.
pub(super) enum Found {
    /// A variable excludes the host.
    Excluded(&'static str),
    /// No variable names a proxy.
    Nothing,
    /// A variable names this proxy, or what is none and why.
    Proxy(&'static str, Result<Proxy, String>),
}

impl ProxyEnvironment {
    /// That of this process.
    pub fn of_process() -> Self {
        // What is no text is kept as it can be read: to leave it out would lead past the proxy.
        Self::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// That in which variables have these values.
    pub fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| {
            let value = read(name).filter(|value| !value.trim().is_empty());
            value.map(|value| (name, value.trim().to_owned()))
        };
        let cgi = read("REQUEST_METHOD").is_some();
        Self {
            http: set("http_proxy").or_else(|| set("HTTP_PROXY").filter(|_| !cgi)),
            https: set("https_proxy").or_else(|| set("HTTPS_PROXY")),
            all: set("all_proxy").or_else(|| set("ALL_PROXY")),
            none_for: set("no_proxy").or_else(|| set("NO_PROXY")),
        }
    }

    /// The proxy for a host, if there is one.
    pub(super) fn proxy(&self, http: bool, host: &str, port: u16) -> Result<Option<Proxy>, ProviderError> {
        match self.find(http, host, port) {
            Found::Excluded(_) | Found::Nothing => Ok(None),
            Found::Proxy(_, Ok(proxy)) => Ok(Some(proxy)),
            Found::Proxy(variable, Err(why)) => {
                Err(ProviderError::Proxy { proxy: format!("that {variable} names"), why })
            }
        }
    }

    /// The same with the variable that decides.
    pub(super) fn find(&self, http: bool, host: &str, port: u16) -> Found {
        let named = if http { &self.http } else { &self.https };
        let Some((variable, value)) = named.as_ref().or(self.all.as_ref()) else { return Found::Nothing };
        let none_for = self
            .none_for
            .as_ref()
            .filter(|(_, entries)| entries.split([',', ' ']).any(|entry| excludes(entry.trim(), host, port)));
        match none_for {
            Some((none_for, _)) => Found::Excluded(none_for),
            None => Found::Proxy(variable, parse(variable, value)),
        }
    }
}

/// Without the values: they may hold a password.
impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyEnvironment").finish_non_exhaustive()
    }
}

fn parse(variable: &'static str, value: &str) -> Result<Proxy, String> {
    if value.len() > MAX_ADDRESS {
        return Err("its address is longer than 4096 bytes".to_owned());
    }
    let rest = if value.contains("://") { http_part(value)? } else { value };
    let (rest, path) = rest.split_once('/').unwrap_or((rest, ""));
    if path.contains('@') {
        // Otherwise a part of the password would be taken for the host, and shown.
        return Err("write / in its user or password as %2F".to_owned());
    }
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (host, port) = host_and_port(place)?;
    let login = login.filter(|login| !login.is_empty()).map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        proxy_authorization(&plain(user), &plain(password))
    });
    Ok(Proxy {
        host,
        port: port.unwrap_or(DEFAULT_PORT),
        login: login.transpose()?,
        source: Source::Variable(variable),
    })
}

/// Whether an entry of `no_proxy` means this host: `*`, a name and what is below it, an address or a network, with or
/// without a port.
fn excludes(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, only) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => match digits.parse::<u16>() {
            Ok(only) => (name, Some(only)),
            Err(_) => return false,
        },
        _ => (entry, None),
    };
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return in_network(name, address.to_canonical());
    }
    let name = name.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    !name.is_empty() && (host == name || host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.')))
}

fn in_network(network: &str, address: IpAddr) -> bool {
    let (base, length) =
        network.split_once('/').map_or((network, None), |(base, length)| (base, Some(length)));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let (a, b, width) = match (base.to_canonical(), address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
        _ => return false,
    };
    match length.map_or(Ok(width), str::parse::<u32>) {
        Ok(length) if length <= width => length == 0 || (a ^ b) >> (width - length) == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn proxy(variables: &[(&str, &str)], http: bool, host: &str) -> Result<Option<String>, String> {
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let found = ProxyEnvironment::of(read).proxy(http, host, 8443);
        found.map(|proxy| proxy.map(|proxy| proxy.to_string())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let of = |variables: &[(&str, &str)], http| proxy(variables, http, "a.example").unwrap();
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(of(&[("HTTPS_PROXY", "http://p:3128")], false), told("http://p:3128 (from HTTPS_PROXY)"));
        assert_eq!(of(&[("HTTPS_PROXY", "http://p:3128")], true), None);
        let both = [("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:2")];
        assert_eq!(of(&both, false), told("http://q:2 (from https_proxy)"));
        assert_eq!(
            of(&[("https_proxy", ""), ("ALL_PROXY", "p")], false),
            told("http://p:1080 (from ALL_PROXY)")
        );
        assert_eq!(of(&[("HTTP_PROXY", "p:1"), ("REQUEST_METHOD", "GET")], true), None);
        assert_eq!(
            of(&[("http_proxy", "[::1]:1/"), ("REQUEST_METHOD", "GET")], true),
            told("http://[::1]:1 (from http_proxy)")
        );
    }

    #[test]
    fn other_kinds_of_proxies_are_refused_with_the_variables_name_and_no_password_is_shown() {
        for (value, part) in [
            ("socks5://u:hunter2@p:1", "SOCKS"),
            ("https://u:hunter2@p", "TLS"),
            ("http://u:hunter2@p:x", HINT),
        ] {
            let said = proxy(&[("ALL_PROXY", value)], false, "a.example").unwrap_err();
            assert!(said.contains(part) && said.contains("ALL_PROXY") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_login_is_taken_from_the_address_and_never_shown() {
        let proxy = parse("HTTPS_PROXY", "http://us%40er:hunter%3A2@p:3128").unwrap();
        assert_eq!(
            proxy.login.clone().unwrap().to_str().unwrap(),
            format!("Basic {}", STANDARD.encode("us@er:hunter:2"))
        );
        assert!(!format!("{proxy} {proxy:?}").contains("hunter"), "{proxy:?}");
    }

    #[test]
    fn no_proxy_takes_names_what_is_below_them_networks_and_ports() {
        for (entry, host, excluded) in [
            ("*", "a.example", true),
            ("example", "a.example", true),
            (".a.example", "a.example", true),
            ("*.example", "a.EXAMPLE", true),
            ("ample", "a.example", false),
            ("b.a.example", "a.example", false),
            ("a.example:8443", "a.example", true),
            ("a.example:443", "a.example", false),
            ("192.0.2.0/24", "192.0.2.7", true),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("192.0.2.0/33", "192.0.2.7", false),
            ("0.0.0.0/0", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("2001:db8::/32", "2001:db8::1", true),
            ("[2001:db8::1]:8443", "2001:db8::1", true),
            ("", "a.example", false),
        ] {
            assert_eq!(excludes(entry, host, 8443), excluded, "{entry} {host}");
        }
        let set = [("ALL_PROXY", "p:1"), ("NO_PROXY", "x.test, a.example")];
        assert_eq!(proxy(&set, false, "a.example"), Ok(None));
        assert!(proxy(&set, false, "b.example").unwrap().is_some());
    }

    #[test]
    fn a_login_that_cannot_be_sent_or_would_be_shown_is_refused() {
        for (value, part) in [
            ("http://us%3Aer:hunter2@p:3128", "no colon"),
            ("http://user:hunter2%0d%0aX-Y:z@p:3128", "control"),
            // Everything before the last @ is the login; nothing of it may pass for the host.
            ("http://user:p@hunter2/x@p:3128", "%2F"),
            ("user:hunter2/@p:3128", "%2F"),
            ("http://u:p@hun ter2", HINT),
            ("http://u:hunter2@\u{fffd}", HINT),
            (&format!("http://u:hunter2@{}", "p".repeat(4096)), "4096"),
        ] {
            let said = parse("HTTPS_PROXY", value).unwrap_err();
            assert!(said.contains(part) && !said.contains("hunter2"), "{value}: {said}");
        }
        assert!(parse("HTTPS_PROXY", "http://@p:3128").unwrap().login.is_none());
        assert_eq!(parse("HTTPS_PROXY", "http://u:p@q@p:3128/").unwrap().host, "p");
    }

    #[test]
    fn the_setting_holds_no_login_and_none_is_a_word() {
        use LoginPlace::{Environment, Parameters};
        assert_eq!(proxy_setting("none", Parameters), Ok(None));
        assert_eq!(
            proxy_setting("http://p.example:3128/", Parameters),
            Ok(Some(("p.example".to_owned(), 3128)))
        );
        for (place, part) in [(Environment, "HTTPS_PROXY"), (Parameters, "proxy_password")] {
            for text in ["http://user:hunter2@p:3128", "http://user:hunter2/@p:3128"] {
                let said = proxy_setting(text, place).unwrap_err();
                assert!(said.contains(part) && !said.contains("hunter2"), "{said}");
            }
        }
        for wrong in
            ["socks5://p:1", "p:1", "http://p", "http://p:0", "http://:1", "http://p:1/x", "http://p\u{1b}:1"]
        {
            assert!(proxy_setting(wrong, Parameters).is_err(), "{wrong}");
        }
    }
}
