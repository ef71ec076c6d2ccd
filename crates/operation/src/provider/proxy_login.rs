//! The login for the configured proxy: Proxy User and Proxy Password, and the settings that they need.
//!
//! They are only sent to the configured proxy, never to the service and never to a proxy of the environment. A missing part is
//! a [`SettingsError::Invalid`] that names it.

use client::proxy_authorization;
use hyper::header::HeaderValue;

use crate::proxy_setting::{PROXY, PROXY_PASSWORD, PROXY_USER};
use crate::{Package, Secret, Settings, SettingsError};

/// Checks that a login for the proxy comes with a proxy, and a password with its user. With `none` as the proxy, the login is
/// kept and not sent.
///
/// # Errors
/// [`SettingsError::Invalid`] for the missing setting, with what to do.
pub fn check_proxy_login(package: &Package, settings: &Settings) -> Result<(), SettingsError> {
    let user = settings.text(package, PROXY_USER).map(|_| named(package, PROXY_USER));
    let password = settings.secret(PROXY_PASSWORD).map(|_| named(package, PROXY_PASSWORD));
    let given: Vec<String> = [user.clone(), password.clone()].into_iter().flatten().collect();
    if settings.text(package, PROXY).is_none() && !given.is_empty() {
        let is = if given.len() == 1 { "is" } else { "are" };
        let given = given.join(" and ");
        let why = format!(
            "not set, but {given} {is}: enter the proxy's address as http://host:port, or clear {given}"
        );
        return Err(missing(package, PROXY, why));
    }
    match (user, password) {
        (None, Some(password)) => {
            let why = format!(
                "not set, but {password} is: enter the user that the password is for, or clear {password}"
            );
            Err(missing(package, PROXY_USER, why))
        }
        _ => Ok(()),
    }
}

/// The header with the login for the configured proxy, if one is set.
pub(super) fn configured_login(
    package: &Package,
    settings: &Settings,
) -> Result<Option<HeaderValue>, SettingsError> {
    let Some(user) = settings.text(package, PROXY_USER) else { return Ok(None) };
    let password = settings.secret(PROXY_PASSWORD).map_or("", Secret::reveal);
    let header = proxy_authorization(user.as_bytes(), password.as_bytes());
    header.map(Some).map_err(|why| missing(package, PROXY_USER, why.to_owned()))
}

fn missing(package: &Package, key: &str, why: String) -> SettingsError {
    SettingsError::Invalid { key: key.to_owned(), label: label(package, key), why }
}

fn named(package: &Package, key: &str) -> String {
    format!("{} ({key})", label(package, key))
}

fn label(package: &Package, key: &str) -> String {
    package.parameter(key).map_or_else(|| key.to_owned(), |parameter| parameter.label.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)], password: bool) -> Result<(), String> {
        let package = crate::package::newest().unwrap();
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(&package, key, value).unwrap();
        }
        if password {
            settings.set_secret(&package, PROXY_PASSWORD, Secret::new("hunter2")).unwrap();
        }
        check_proxy_login(&package, &settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_login_goes_with_a_proxy_and_a_password_with_a_user() {
        let (proxy, user) = (("proxy", "http://p:3128"), ("proxy_user", "u"));
        for set in [&[][..], &[proxy], &[proxy, user], &[("proxy", "none"), user]] {
            assert_eq!(check(set, false), Ok(()), "{set:?}");
        }
        for set in [&[proxy, user][..], &[("proxy", "none"), user]] {
            assert_eq!(check(set, true), Ok(()), "{set:?}");
        }
        for (set, password, parts) in [
            (&[user][..], false, ["Proxy (proxy): not set", "or clear Proxy User (proxy_user)"]),
            (&[user], true, ["Proxy (proxy): not set", "clear Proxy User (proxy_user) and Proxy Password"]),
            (&[], true, ["Proxy (proxy): not set", "or clear Proxy Password (proxy_password)"]),
            (&[("proxy", ""), user], false, ["Proxy (proxy): not set", "http://host:port"]),
            (&[proxy], true, ["Proxy User (proxy_user): not set", "or clear Proxy Password"]),
            (&[("proxy", "none")], true, ["Proxy User (proxy_user): not set", "enter the user"]),
        ] {
            let said = check(set, password).unwrap_err();
            assert!(parts.iter().all(|part| said.contains(part)) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn user_and_password_are_checked_where_they_are_set() {
        let package = crate::package::newest().unwrap();
        let mut settings = Settings::default();
        for (user, part) in [("a:b", "contain a colon"), ("a\u{1b}b", "control"), (&"u".repeat(257), "256")] {
            let said = settings.set(&package, PROXY_USER, user).unwrap_err().to_string();
            assert!(said.starts_with("Proxy User (proxy_user): ") && said.contains(part), "{said}");
        }
        for password in ["a\u{1b}b", "a\u{85}b", &"p".repeat(1025)] {
            let said = settings.set_secret(&package, PROXY_PASSWORD, Secret::new(password)).unwrap_err();
            let said = said.to_string();
            assert!(said.contains("1024 bytes") && !said.contains(password), "{said}");
        }
        assert!(settings.set(&package, PROXY_PASSWORD, "open").is_err(), "a secret is not given in the open");
    }
}
