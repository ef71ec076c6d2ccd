//! A browser: keeps the cookie, sends forms with their token, and sends the headers about the origin.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use cof::time::Clock;
use server::{Service, Site};
use workbench::Desk;
use workbench::run::Runs;
use workbench::user::{Client, Role};

use crate::client::{self, Answer};
use crate::fixture::{Server, memory};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A served workbench, in a temporary folder.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) desk: Desk,
    pub(crate) folder: tempfile::TempDir,
}

/// A client that is signed in, or not.
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
    pub(crate) token: String,
}

impl Place {
    /// A workbench with the administrator ann.
    pub(crate) async fn new() -> Self {
        Self::with(|site| site).await
    }

    pub(crate) async fn with(set: impl FnOnce(Site) -> Site) -> Self {
        Self::of(Service::new(memory("")).with_anonymous(), set).await
    }

    /// The same, with this passive-DNS service.
    pub(crate) async fn of(service: Service, set: impl FnOnce(Site) -> Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let accept = |workbench: &mut workbench::Workbench| {
            let token = workbench.first_link()?.unwrap();
            workbench.accept(token.reveal(), "ann", PASSWORD)
        };
        desk.change_with_password("", accept).await.unwrap();
        let service = service.with_site(set(Site::new(Runs::serving(desk.clone()).await.unwrap())));
        Self { server: Server::of(service).await, desk, folder }
    }

    /// A signed-in client with a role.
    pub(crate) async fn browser(&self, role: Role) -> Browser {
        let name = if role == Role::Administrator { "ann".to_owned() } else { role.name().to_lowercase() };
        let enter = move |workbench: &mut workbench::Workbench| {
            if !workbench.users()?.iter().any(|user| user.name == name) {
                let token = workbench.invite(role)?;
                workbench.accept(token.reveal(), &name, PASSWORD)?;
            }
            let link = workbench.sign_in_link(&name)?;
            let client = Client { address: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: "test".to_owned() };
            workbench.sign_in_by_link(link.reveal(), &client)
        };
        let (token, _) = self.desk.change_with_password("", enter).await.unwrap().unwrap();
        let mut browser = self.stranger();
        browser.cookie = format!("backsight={}", token.reveal());
        let session = browser.get("/api/v1/session").await;
        let session: serde_json::Value = serde_json::from_str(&session.body).unwrap();
        session["token"].as_str().unwrap().clone_into(&mut browser.token);
        browser
    }

    /// A client that is not signed in.
    pub(crate) fn stranger(&self) -> Browser {
        Browser { address: self.server.address, cookie: String::new(), token: String::new() }
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    /// A part of a page, as htmx requests it.
    pub(crate) async fn get_part(&self, path: &str) -> Answer {
        let shown = format!("http://{}{}", self.address, path.rsplit_once('/').map_or("", |(page, _)| page));
        self.send("GET", path, &[("hx-request", "true"), ("hx-current-url", &shown)], b"").await
    }

    /// Sends a form of our own pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = [("form_token", self.token.as_str())];
        self.post_bare(path, &[&token, fields].concat()).await
    }

    /// Sends only these fields.
    pub(crate) async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.send("POST", path, &headers, pairs.join("&").as_bytes()).await
    }

    /// Uploads a package.
    pub(crate) async fn upload(&self, file: &str, content: &[u8]) -> Answer {
        self.upload_to("/integrations/new", file, content).await
    }

    /// Uploads a file to a form.
    pub(crate) async fn upload_to(&self, path: &str, file: &str, content: &[u8]) -> Answer {
        self.upload_with(path, &[], file, content).await
    }

    /// Uploads a file to a form with other fields.
    pub(crate) async fn upload_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: &str,
        content: &[u8],
    ) -> Answer {
        let part = |name: &str, text: &str| {
            format!("--end\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let fields: String = fields.iter().map(|(name, text)| part(name, text)).collect();
        let head = format!(
            "{}{fields}--end\r\n\
             Content-Disposition: form-data; name=\"package\"; filename=\"{file}\"\r\n\r\n",
            part("form_token", &self.token)
        );
        let body = [head.as_bytes(), content, b"\r\n--end--\r\n"].concat();
        self.send("POST", path, &[("content-type", "multipart/form-data; boundary=end")], &body).await
    }

    /// Sends a request of a program to the API.
    pub(crate) async fn api(&self, method: &str, path: &str, body: &serde_json::Value) -> Answer {
        let headers = [("content-type", "application/json"), ("x-backsight-token", self.token.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("/api/v1{path}"), &headers, body.as_bytes()).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let host = self.address.to_string();
        let own = [("host", host.as_str()), ("cookie", self.cookie.as_str())];
        client::send_with(self.address, method, path, &[&own, headers].concat(), body).await
    }
}

impl Answer {
    /// The address that it redirects to.
    pub(crate) fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").unwrap()
    }

    /// The value of a hidden field of the page.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let from = self.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        from.split_once('"').unwrap().0.to_owned()
    }
}

/// Every byte percent-encoded.
pub(crate) fn escape(text: &str) -> String {
    text.bytes().flat_map(|octet| format!("%{octet:02X}").into_bytes()).map(char::from).collect()
}
