//! The login at the service: converts the entered value into the value of a header, which is marked as sensitive, so that debug
//! output hides it.

use client::basic;
use hyper::header::HeaderValue;

use super::config::invalid;
use crate::interface::Authentication;
use crate::{Package, Secret, Settings, SettingsError};

/// The value of the header for the login, which is `Authorization` unless `is_named`: a token in a header of its own is sent as it is.
pub(super) fn authorization(
    package: &Package,
    settings: &Settings,
    is_named: bool,
) -> Result<Option<HeaderValue>, SettingsError> {
    let how = match settings.text(package, "authentication") {
        None if is_named => Authentication::Token,
        None => Authentication::default(),
        Some(word) if is_named && word == "automatic" => Authentication::Token,
        Some(word) => Authentication::from_word(&word),
    };
    let value = match (
        settings.secret("user_token"),
        settings.text(package, "username"),
        settings.secret("password"),
    ) {
        (Some(token), _, _) => value(how, token.reveal()),
        (None, Some(user), password) => {
            basic(format!("{user}:{}", password.map_or("", Secret::reveal)).as_bytes())
        }
        (None, None, Some(_)) => {
            let label = package.parameter("username").map_or("username", |username| username.label.as_str());
            return Err(SettingsError::Missing(format!("{label} (username), which goes with the password")));
        }
        (None, None, None) => return Ok(None),
    };
    let value = Some(value).filter(|value| value.is_ascii());
    let mut value = value
        .and_then(|value| HeaderValue::try_from(value).ok())
        .ok_or_else(|| invalid("user_token", "a login sent in a header can contain only printable ASCII"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The value of the header for a token.
fn value(how: Authentication, token: &str) -> String {
    match how {
        Authentication::Automatic => from_token(token),
        Authentication::Basic if token.starts_with("Basic ") => token.to_owned(),
        Authentication::Basic => basic(token.as_bytes()),
        Authentication::Bearer if token.starts_with("Bearer ") => token.to_owned(),
        Authentication::Bearer => format!("Bearer {token}"),
        Authentication::Token => token.to_owned(),
    }
}

fn from_token(token: &str) -> String {
    let scheme = token.split_once(' ').is_some_and(|(scheme, rest)| {
        !rest.trim().is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && !scheme.contains(':')
    });
    if !scheme && token.contains(':') { basic(token.as_bytes()) } else { token.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(set: &[(&str, &str)], secrets: &[(&str, &str)]) -> Result<Option<String>, SettingsError> {
        let package = crate::package::newest().unwrap();
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(&package, key, value).unwrap();
        }
        for (key, secret) in secrets {
            settings.set_secret(&package, key, Secret::new(secret)).unwrap();
        }
        let value = authorization(&package, &settings, false)?;
        Ok(value.map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn the_token_becomes_the_right_authorization_header() {
        for (token, header) in [
            ("user:password", "Basic dXNlcjpwYXNzd29yZA=="),
            ("user:pass word", "Basic dXNlcjpwYXNzIHdvcmQ="),
            ("Basic dXNlcjpwYXNzd29yZA==", "Basic dXNlcjpwYXNzd29yZA=="),
            ("Bearer abc", "Bearer abc"),
            ("0123456789abcdef", "0123456789abcdef"),
        ] {
            assert_eq!(login(&[], &[("user_token", token)]), Ok(Some(header.to_owned())));
        }
        assert_eq!(login(&[], &[]), Ok(None));
        assert!(login(&[], &[("user_token", "tok\u{e9}n")]).is_err());
    }

    #[test]
    fn a_password_without_a_username_is_not_left_out_in_silence() {
        let error = login(&[], &[("password", "hunter2")]).unwrap_err().to_string();
        assert_eq!(error, "not set: Username (username), which goes with the password");
        assert_eq!(login(&[("username", "user")], &[]), Ok(Some("Basic dXNlcjo=".to_owned())));
    }
}
