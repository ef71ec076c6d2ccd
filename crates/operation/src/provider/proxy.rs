//! The configured proxy: what the parameter `proxy` may hold, and what is sent through it.

use client::{Proxy, ProxyFault, Refusal, proxy_address};

use super::proxy_login::{LoginPlace, configured_login};
use crate::{Package, Settings, SettingsError};

/// What the parameters for the proxy's login are called, with their keys.
const PARAMETERS: &str = "Proxy User (proxy_user) and Proxy Password (proxy_password)";

/// The configured proxy at this place, with its login.
pub(super) fn configured(
    package: &Package,
    settings: &Settings,
    (host, port): (String, u16),
) -> Result<Proxy, SettingsError> {
    let wanted = match LoginPlace::of(&package.parameters) {
        LoginPlace::Parameters => format!("it wants a user and a password: set {PARAMETERS}"),
        LoginPlace::Environment => format!(
            "it wants a user and a password, for which this version of the package has no parameters: install the newest \
             version and set {PARAMETERS}"
        ),
    };
    let refusal = Refusal { refused: format!("it refuses {PARAMETERS}"), wanted };
    Ok(Proxy { host, port, login: configured_login(package, settings)?, variable: None, refusal })
}

/// Reads the Proxy setting: `http://host:port`, or `none` for no proxy, not even the environment's.
///
/// # Errors
/// What is wrong with it, in words that repeat nothing of it: it may hold a password.
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
