//! The settings of a package that concern the configured proxy: their keys, where the login for the proxy is entered, and the
//! form of the address.
//!
//! [`LoginPlace`] follows from the parameters that a package declares; [`proxy_setting`] parses the address. The error for an
//! address is a text that does not repeat it, because it may contain a password.

use client::{ProxyFault, proxy_address};

/// The key of the proxy's address.
pub(crate) const PROXY: &str = "proxy";
/// The key of the user name for the proxy.
pub(crate) const PROXY_USER: &str = "proxy_user";
/// The key of the password, which is only sent to the proxy.
pub(crate) const PROXY_PASSWORD: &str = "proxy_password";

/// Where a user and a password for the configured proxy are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginPlace {
    /// In the environment variable with the proxy, because the package has no parameters for them.
    Environment,
    /// As Proxy User and Proxy Password.
    Parameters,
}

impl LoginPlace {
    /// The place for a package; `has` states whether it has a parameter with this key.
    pub(crate) fn of(has: impl Fn(&str) -> bool) -> Self {
        if has(PROXY_USER) && has(PROXY_PASSWORD) { Self::Parameters } else { Self::Environment }
    }
}

/// Parses the Proxy setting: `http://host:port`, or `none` for no proxy, not even the environment's.
///
/// # Errors
/// What is wrong with it, in a text that does not repeat it, because it may contain a password.
pub(crate) fn proxy_setting(text: &str, login: LoginPlace) -> Result<Option<(String, u16)>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let place = match login {
        LoginPlace::Environment => {
            "give the address with them as HTTPS_PROXY (HTTP_PROXY with Use HTTP) in the environment, and leave this empty"
        }
        LoginPlace::Parameters => "enter them as Proxy User (proxy_user) and Proxy Password (proxy_password)",
    };
    proxy_address(text).map(Some).map_err(|fault| match fault {
        ProxyFault::Login => format!("{fault}: {place}"),
        ProxyFault::Form | ProxyFault::Socks | ProxyFault::Tls => fault.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
