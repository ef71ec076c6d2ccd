//! The proxy that the environment configures, by the rules of curl.
//!
//! [`ProxyEnvironment`] reads `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in lower case first and then in upper
//! case; an empty variable counts as not set. `HTTP_PROXY` in upper case is not read if `REQUEST_METHOD` is set, because a
//! client of a CGI program controls its content. A proxy that is not an HTTP proxy is a [`ClientError::Proxy`] that names the
//! variable.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;

use crate::error::ClientError;
use crate::login::proxy_authorization;
use crate::proxy::{Proxy, Refusal, host_and_port, http_part};

/// The port that curl uses if a proxy address has none.
const DEFAULT_PORT: u16 = 1080;
/// The longest address in a variable, in bytes.
const MAX_ADDRESS: usize = 4096;

/// The proxy variables of an environment.
#[derive(Clone, Default)]
pub struct ProxyEnvironment {
    http: Option<(&'static str, String)>,
    https: Option<(&'static str, String)>,
    all: Option<(&'static str, String)>,
    none_for: Option<(&'static str, String)>,
}

/// What the environment configures for one host.
#[derive(Debug)]
pub enum Found {
    /// A variable excludes the host.
    Excluded(&'static str),
    /// No variable configures a proxy.
    Nothing,
    /// A variable configures this proxy, or an invalid one, with the reason.
    Proxy(&'static str, Result<Proxy, String>),
}

impl ProxyEnvironment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        // Invalid UTF-8 is converted: if the variable was ignored, requests would bypass the proxy.
        Self::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The variables that `read` returns.
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
    ///
    /// # Errors
    /// [`ClientError::Proxy`] if a variable contains something that is not an HTTP proxy.
    pub fn proxy(&self, http: bool, host: &str, port: u16) -> Result<Option<Proxy>, ClientError> {
        match self.find(http, host, port) {
            Found::Excluded(_) | Found::Nothing => Ok(None),
            Found::Proxy(_, Ok(proxy)) => Ok(Some(proxy)),
            Found::Proxy(variable, Err(why)) => {
                Err(ClientError::Proxy { proxy: format!("that {variable} names"), why })
            }
        }
    }

    /// What the environment configures for a host, with the variable that decides.
    pub fn find(&self, http: bool, host: &str, port: u16) -> Found {
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

/// Values are not printed, because they may contain a password.
impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyEnvironment").finish_non_exhaustive()
    }
}

fn parse(variable: &'static str, value: &str) -> Result<Proxy, String> {
    if value.len() > MAX_ADDRESS {
        return Err("its address is longer than 4096 bytes".to_owned());
    }
    let rest =
        if value.contains("://") { http_part(value).map_err(|fault| fault.to_string())? } else { value };
    let (rest, path) = rest.split_once('/').unwrap_or((rest, ""));
    if path.contains('@') {
        // Otherwise a part of the password would be read as the host, and shown.
        return Err("write / in its user or password as %2F".to_owned());
    }
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (host, port) = host_and_port(place).map_err(|fault| fault.to_string())?;
    let login = login.filter(|login| !login.is_empty()).map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        proxy_authorization(&plain(user), &plain(password))
    });
    Ok(Proxy {
        host,
        port: port.unwrap_or(DEFAULT_PORT),
        login: login.transpose()?,
        variable: Some(variable),
        refusal: Refusal {
            refused: format!("it refuses the user and password in {variable}"),
            wanted: format!(
                "it requires a user and a password: set {variable} to http://user:password@host:port"
            ),
        },
    })
}

/// Whether an entry of `no_proxy` matches this host: `*`, a name and the names below it, an address or a network, with or
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

    const FORM: &str = "write http://host:port";

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
            ("http://u:hunter2@p:x", FORM),
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
            ("http://us%3Aer:hunter2@p:3128", "cannot contain a colon"),
            ("http://user:hunter2%0d%0aX-Y:z@p:3128", "control"),
            // Everything before the last @ is the login; no part of it may be read as the host.
            ("http://user:p@hunter2/x@p:3128", "%2F"),
            ("user:hunter2/@p:3128", "%2F"),
            ("http://u:p@hun ter2", FORM),
            ("http://u:hunter2@\u{fffd}", FORM),
            (&format!("http://u:hunter2@{}", "p".repeat(4096)), "4096"),
        ] {
            let said = parse("HTTPS_PROXY", value).unwrap_err();
            assert!(said.contains(part) && !said.contains("hunter2"), "{value}: {said}");
        }
        assert!(parse("HTTPS_PROXY", "http://@p:3128").unwrap().login.is_none());
        assert_eq!(parse("HTTPS_PROXY", "http://u:p@q@p:3128/").unwrap().host, "p");
    }
}
