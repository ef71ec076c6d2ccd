//! The destination of queries and logins, to which a stored secret is bound.
//!
//! A secret is entered for one [`Destination`]: scheme, verification of the certificate, host, port and configured proxy. If
//! any of them changes so that somebody else could read the secret, by a setting, by the default of another version of the
//! package or for one run, the secret is not sent: [`SettingsError::Elsewhere`](crate::SettingsError::Elsewhere) states what
//! changed. [`Destination::of`], in `settings`, derives the destination from settings. A [`Binding`] states what is known about
//! a secret. A proxy of the environment is not part of it: it is reported, but not bound.
//!
//! ```text
//! written  =  scheme "://" host-and-port [" unverified"] [" proxy=http://" host-and-port]
//! ```

use std::fmt;

use client::authority;

use crate::proxy_setting::PROXY_PASSWORD;

/// The destination of queries and logins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Whether plain HTTP is used, without TLS.
    pub(crate) http: bool,
    /// Whether the certificate is verified; has no meaning with plain HTTP.
    pub(crate) verify: bool,
    /// In lower case; empty if none is set.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The configured proxy.
    pub(crate) proxy: Option<(String, u16)>,
}

/// The destination that a secret was entered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// For a single run, by a user who knows the destination.
    ThisRun,
    /// For this destination.
    To(Box<Destination>),
    /// Unknown: it was stored before a host was set, or before secrets were bound.
    Unknown,
}

impl Destination {
    /// The form that is stored with a sealed secret; `None` if there is no host to bind it to.
    pub fn written(&self) -> Option<String> {
        if self.host.is_empty() {
            return None;
        }
        let scheme = if self.http { "http" } else { "https" };
        let mut text = format!("{scheme}://{}", authority(&self.host, self.port));
        if !self.verify {
            text.push_str(" unverified");
        }
        if let Some((host, port)) = &self.proxy {
            text.push_str(" proxy=http://");
            text.push_str(&authority(host, *port));
        }
        Some(text)
    }

    /// Parses the output of [`written`](Self::written).
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (scheme, place) = words.next()?.split_once("://")?;
        let (host, port) = place_of(place)?;
        let http = match scheme {
            "http" => true,
            "https" => false,
            _ => return None,
        };
        let mut read = Self { http, verify: true, host, port, proxy: None };
        for word in words {
            match word.strip_prefix("proxy=http://") {
                Some(proxy) => read.proxy = Some(place_of(proxy)?),
                None if word == "unverified" => read.verify = false,
                None => return None,
            }
        }
        Some(read)
    }

    /// The changes since a secret was entered for `given` that would let somebody else read it. Turning verification on,
    /// changing to TLS on the same port, and removing a proxy are not among them.
    pub(crate) fn weaker_than(&self, given: &Self, key: &str) -> Vec<String> {
        let mut changes = Vec::new();
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| given.proxy.as_ref() != Some(proxy)) {
            changes.push(format!("the proxy is now http://{}", authority(&proxy.0, proxy.1)));
        }
        if key == PROXY_PASSWORD {
            return changes;
        }
        if self.host.trim_end_matches('.') != given.host.trim_end_matches('.') {
            changes.push(format!("the host is now {}", self.host));
        }
        if self.port != given.port {
            changes.push(format!("the port is now {}", self.port));
        }
        if self.http && !given.http {
            changes.push("Use HTTP is now on, so it would be sent in clear text".to_owned());
        }
        if !self.http && !self.verify && !given.http && given.verify {
            changes.push("Verify SSL is now off, so anyone on the network path could read it".to_owned());
        }
        changes
    }
}

/// For people.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.http { "http" } else { "https" };
        write!(f, "{scheme}://{}", authority(&self.host, self.port))?;
        if !self.http && !self.verify {
            f.write_str(" without verification")?;
        }
        match &self.proxy {
            Some((host, port)) => write!(f, " through the proxy http://{}", authority(host, *port)),
            None => Ok(()),
        }
    }
}

impl Binding {
    /// Parses what is stored with a sealed secret.
    pub fn read(written: Option<&str>) -> Self {
        written.and_then(Destination::parse).map_or(Self::Unknown, |place| Self::To(Box::new(place)))
    }
}

fn place_of(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let place = |http, verify, host: &str, port, proxy: Option<&str>| Destination {
            http,
            verify,
            host: host.to_owned(),
            port,
            proxy: proxy.map(|host| (host.to_owned(), 3128)),
        };
        for place in [
            place(false, true, "www.circl.lu", 443, None),
            place(true, true, "::1", 1, None),
            place(false, false, "www.circl.lu", 443, Some("::1")),
        ] {
            assert_eq!(Destination::parse(&place.written().unwrap()), Some(place));
        }
        for wrong in
            ["", "ftp://a:1", "https://a", "https://:1", "https://a:1 other", "https://a:1 proxy=b:1"]
        {
            assert_eq!(Destination::parse(wrong), None, "{wrong}");
        }
    }
}
