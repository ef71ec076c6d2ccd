//! Checks the `Host` header: it must be an address, this machine or a configured name.
//!
//! A page of another site can make a browser query us under a name that was pointed at this machine (DNS rebinding), and read
//! the answer. It cannot choose the `Host` header, which contains that name. Addresses cannot be redirected, so monitors and
//! sensors that use an address are answered. A request without a host (HTTP/1.0) does not come from a browser.
//!
//! Every route is behind `Hosts::guard`: a request for another host gets 421, and the response mentions `--hostname`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{HOST, STRICT_TRANSPORT_SECURITY};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Version};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// The names of this server.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Lower case, without a final dot.
    names: Arc<[String]>,
    /// The header that tells browsers which connected by name over our own TLS to use TLS from then on.
    transport: Option<HeaderValue>,
}

impl Hosts {
    /// A server with these names; `transport` is how many seconds browsers should use only TLS, if it is set.
    pub fn new(names: &[String], transport: Option<u64>) -> Self {
        let transport = transport.filter(|seconds| *seconds > 0);
        let transport =
            transport.and_then(|seconds| HeaderValue::try_from(format!("max-age={seconds}")).ok());
        Self { names: names.iter().map(|name| plain(name)).collect(), transport }
    }

    /// Returns whether a request uses a configured name.
    ///
    /// # Errors
    /// 400 for an invalid host, 421 for the name of another server.
    fn check(&self, request: &Request) -> Result<bool, Problem> {
        let unreadable = || Problem::bad_request("the Host header must be a host name or an address");
        let mut named = false;
        let mut hosts = request.headers().get_all(HOST).iter();
        let given = hosts.next();
        // RFC 9112, 3.2. Otherwise two servers in a row could choose different ones.
        if hosts.next().is_some() || (given.is_none() && request.version() == Version::HTTP_11) {
            return Err(Problem::bad_request("a request must have exactly one Host header"));
        }
        if let Some(given) = given {
            let host: Authority =
                given.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
            named |= self.admit(&host)?;
        }
        // A target in absolute form repeats the host.
        if let Some(host) = request.uri().authority() {
            named |= self.admit(host)?;
        }
        Ok(named)
    }

    fn admit(&self, host: &Authority) -> Result<bool, Problem> {
        if host.as_str().contains('@') {
            return Err(Problem::bad_request("the Host header must be a host name or an address"));
        }
        let name = plain(host.host().trim_matches(['[', ']']));
        if self.names.contains(&name) {
            return Ok(true);
        }
        let ours = name.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost");
        if ours { Ok(false) } else { Err(Problem::misdirected(&name)) }
    }
}

fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

impl Hosts {
    /// Responds with `next` to a request that asks for one of our names.
    pub(crate) async fn guard(
        &self,
        request: Request,
        next: impl AsyncFnOnce(Request) -> Response,
    ) -> Response {
        let named = match self.check(&request) {
            Ok(named) => named,
            Err(problem) => return problem.into_response(),
        };
        let mut response = next(request).await;
        // Browsers apply this to the name with every port, so it is never sent for localhost, where other servers run.
        if let Some(told) = self.transport.as_ref().filter(|_| named) {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, told.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(target: &str, hosts: &[&str]) -> u16 {
        let known = Hosts::new(&["pdns.example.org.".to_owned(), "Other.example".to_owned()], None);
        let version = if hosts.is_empty() { Version::HTTP_10 } else { Version::HTTP_11 };
        let request = hosts.iter().fold(Request::builder().uri(target).version(version), |request, host| {
            request.header(HOST, *host)
        });
        let checked = known.check(&request.body(Body::empty()).unwrap());
        checked.map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn addresses_this_machine_and_configured_names_are_ours() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8053",
            "127.0.0.1.",
            "192.0.2.1:1",
            "[::1]",
            "[::1]:8053",
            "[2001:db8::1]:443",
            "localhost",
            "LOCALHOST:8053",
            "localhost.",
            "a.localhost",
            "pdns.example.org",
            "PDNS.Example.org.:443",
            "other.example:1",
        ] {
            assert_eq!(status("/healthz", &[host]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "xlocalhost",
            "pdns.example.org.evil.example",
            "pdns.example.org..",
            "127.1",
            "0x7f000001",
            "x",
        ] {
            assert_eq!(status("/healthz", &[host]), 421, "{host}");
        }
        for host in ["", "user@127.0.0.1", "a b", "[::1", "localhost/evil"] {
            assert_eq!(status("/healthz", &[host]), 400, "{host}");
        }
        assert_eq!(status("/", &[]), 200, "HTTP/1.0");
        assert_eq!(status("/", &["localhost", "localhost"]), 400);
        assert_eq!(status("http://evil.example/", &["localhost"]), 421);
        assert_eq!(status("http://localhost/", &["evil.example"]), 421);
        assert_eq!(status("http://localhost:1/", &["localhost"]), 200);
    }
}
