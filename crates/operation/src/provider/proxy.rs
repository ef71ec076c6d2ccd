//! Which proxy a question goes through: the configured one, or the environment's by the rules of curl.
//!
//! [`ProxyEnvironment`] reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in small letters first and then in
//! capitals; an empty variable counts as not set. `HTTP_PROXY` in capitals is not read where `REQUEST_METHOD` is set, because a
//! CGI client decides what it holds. This machine is never asked through the environment's proxy. A proxy of another kind than
//! HTTP is a [`ProviderError::Proxy`] that names the variable.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;

use super::connector::authority;
use super::error::ProviderError;

/// curl's port of a proxy whose address has none.
const DEFAULT_PORT: u16 = 1080;
/// No variable is read that is longer, in bytes.
const MAX_VARIABLE: usize = 64 * 1024;
const HINT: &str = "write http://host:port";

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The Proxy-Authorization header, marked as sensitive.
    pub(super) login: Option<HeaderValue>,
    /// The variable of the environment that names it; none where it is configured.
    pub(super) variable: Option<&'static str>,
}

impl Proxy {
    pub(super) fn failed(&self, why: String) -> ProviderError {
        ProviderError::Proxy { proxy: self.to_string(), why }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", authority(&self.host, self.port))?;
        self.variable.map_or(Ok(()), |variable| write!(f, " (from {variable})"))
    }
}

/// Reads the Proxy setting: `http://host:port`, or `none` for no proxy, not even the environment's.
pub(crate) fn proxy_setting(text: &str) -> Result<Option<(String, u16)>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let rest = http_part(text)?.trim_end_matches('/');
    if rest.contains('@') {
        return Err(format!(
            "{HINT}, without user and password, which would be shown here: give the address with them as HTTPS_PROXY \
             (HTTP_PROXY with Use HTTP) in the environment, and leave this empty"
        ));
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
    let good = |host: &str| !host.is_empty() && !host.contains(['/', ' ', '?', '#']);
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
    none_for: String,
}

impl ProxyEnvironment {
    /// That of this process.
    pub fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// That in which variables have these values.
    pub fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| {
            let value = read(name).filter(|value| !value.trim().is_empty() && value.len() <= MAX_VARIABLE);
            value.map(|value| (name, value.trim().to_owned()))
        };
        let cgi = read("REQUEST_METHOD").is_some();
        Self {
            http: set("http_proxy").or_else(|| set("HTTP_PROXY").filter(|_| !cgi)),
            https: set("https_proxy").or_else(|| set("HTTPS_PROXY")),
            all: set("all_proxy").or_else(|| set("ALL_PROXY")),
            none_for: set("no_proxy").or_else(|| set("NO_PROXY")).map(|(_, value)| value).unwrap_or_default(),
        }
    }

    /// The proxy for a host, if there is one.
    pub(super) fn proxy(&self, http: bool, host: &str, port: u16) -> Result<Option<Proxy>, ProviderError> {
        let named = if http { &self.http } else { &self.https };
        let Some((variable, value)) = named.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        if self.none_for.split([',', ' ']).any(|entry| excludes(entry.trim(), host, port)) {
            return Ok(None);
        }
        parse(variable, value)
            .map(Some)
            .map_err(|why| ProviderError::Proxy { proxy: format!("that {variable} names"), why })
    }
}

/// Without the values: they may hold a password.
impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyEnvironment").finish_non_exhaustive()
    }
}

fn parse(variable: &'static str, value: &str) -> Result<Proxy, String> {
    let rest = if value.contains("://") { http_part(value)? } else { value };
    let rest = rest.split('/').next().unwrap_or_default();
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (host, port) = host_and_port(place)?;
    let login = login.map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let mut value = HeaderValue::try_from(format!(
            "Basic {}",
            STANDARD.encode([plain(user), plain(password)].join(&b':'))
        ))
        .map_err(|_| "its user and password do not fit into a header".to_owned())?;
        value.set_sensitive(true);
        Ok::<_, String>(value)
    });
    Ok(Proxy {
        host,
        port: port.unwrap_or(DEFAULT_PORT),
        login: login.transpose()?,
        variable: Some(variable),
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
    fn the_setting_holds_no_login_and_none_is_a_word() {
        assert_eq!(proxy_setting("none"), Ok(None));
        assert_eq!(proxy_setting("http://p.example:3128/"), Ok(Some(("p.example".to_owned(), 3128))));
        let said = proxy_setting("http://user:hunter2@p:3128").unwrap_err();
        assert!(said.contains("HTTPS_PROXY") && !said.contains("hunter2"), "{said}");
        for wrong in ["socks5://p:1", "p:1", "http://p", "http://p:0", "http://:1", "http://p:1/x"] {
            assert!(proxy_setting(wrong).is_err(), "{wrong}");
        }
    }
}
