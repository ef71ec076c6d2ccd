//! A MISP instance: [`ScriptedMisp`] keeps events as an instance does, over real sockets, with named [`Fault`]s.
//!
//! It has only what pushing needs: who the key belongs to, the version, and viewing, adding and editing events. Like an instance, it
//! knows a UUID once, ignores an attribute or object whose `timestamp` is not newer than its own, leaves out what it finds invalid
//! without saying so, and answers a wrong key with 403. Numbers are random at each start, so nobody can rely on them.
//!
//! Errors: a mistake of the test panics. A mistake of the client is answered as an instance would.

mod edit;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::provider::ScriptedProvider;
use crate::request::Request;
use crate::script::{Exchange, Step};

/// A MISP instance with one user.
#[derive(Debug)]
pub struct ScriptedMisp {
    provider: ScriptedProvider,
    state: Arc<Mutex<Instance>>,
}

/// What goes wrong with a change, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut before anything is changed.
    CutBefore,
    /// The change is made, and the connection is cut instead of an answer.
    CutAfter,
    /// The change is made, and the answer is a web page.
    WebPage,
    /// This status, and nothing is changed.
    Status(u16),
    /// 429 with the seconds to wait.
    Busy(u32),
}

#[derive(Debug)]
pub(crate) struct Instance {
    key: String,
    org: u64,
    next_id: u64,
    now: u64,
    /// By UUID.
    events: BTreeMap<String, Stored>,
    /// Each known UUID of an attribute or object, with its event.
    known: BTreeMap<String, String>,
    faults: Vec<(usize, Fault)>,
    /// Changes that were asked for.
    changes: usize,
    most_bytes: usize,
    invalid: BTreeSet<String>,
    may_add: bool,
}

/// An event.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    head: Map<String, Value>,
    /// The organisation that may change it.
    orgc: u64,
    tags: BTreeSet<String>,
    attributes: BTreeMap<String, Map<String, Value>>,
    objects: BTreeMap<String, Thing>,
}

/// An object.
#[derive(Debug, Default)]
pub(crate) struct Thing {
    head: Map<String, Value>,
    attributes: BTreeMap<String, Map<String, Value>>,
    references: BTreeMap<String, Map<String, Value>>,
}

impl ScriptedMisp {
    /// An instance without events, whose user has this key.
    pub fn new(key: &str) -> Self {
        let state = Arc::new(Mutex::new(Instance {
            key: key.to_owned(),
            org: fastrand::u64(2..1_000),
            next_id: fastrand::u64(1_000..1_000_000),
            now: 2_000_000_000,
            events: BTreeMap::new(),
            known: BTreeMap::new(),
            faults: Vec::new(),
            changes: 0,
            most_bytes: usize::MAX,
            invalid: BTreeSet::new(),
            may_add: true,
        }));
        let shared = Arc::clone(&state);
        let answer = move |request: &Request| lock(&shared).answer(request);
        Self { provider: ScriptedProvider::answering(answer), state }
    }

    /// Serves on a free port of the loopback address.
    ///
    /// # Errors
    /// The system has no free port.
    pub async fn listen(&self) -> io::Result<SocketAddr> {
        self.provider.listen().await
    }

    /// The change with this number from now on, counted from 0, goes wrong.
    pub fn fail(&self, change: usize, fault: Fault) {
        let mut state = lock(&self.state);
        let at = state.changes + change;
        state.faults.push((at, fault));
    }

    /// Answers 413 to larger requests.
    pub fn limit(&self, bytes: usize) {
        lock(&self.state).most_bytes = bytes;
    }

    /// Leaves out attributes with this value, without saying so.
    pub fn leave_out(&self, value: &str) {
        lock(&self.state).invalid.insert(value.to_owned());
    }

    /// Takes the right to add events from the user.
    pub fn forbid_adding(&self) {
        lock(&self.state).may_add = false;
    }

    /// Stores an event, of the user's organisation or of another one.
    pub fn store(&self, event: &Value, is_own: bool) {
        let mut state = lock(&self.state);
        let org = state.org + u64::from(!is_own);
        state.add(event, org).expect("an event with a UUID of its own");
    }

    /// Deletes an attribute or object softly, as a user of the instance does.
    pub fn delete(&self, uuid: &str) {
        let mut state = lock(&self.state);
        state.now += 1;
        let now = state.now;
        let event = state.known.get(uuid).cloned().expect("a known UUID");
        let event = state.events.get_mut(&event).expect("its event");
        let head = match event.attributes.get_mut(uuid) {
            Some(attribute) => attribute,
            None => &mut event.objects.get_mut(uuid).expect("an object").head,
        };
        head.insert("deleted".to_owned(), json!(true));
        head.insert("timestamp".to_owned(), json!(now.to_string()));
    }

    /// An event as the instance shows it, without what is deleted.
    pub fn event(&self, uuid: &str) -> Option<Value> {
        let state = lock(&self.state);
        state.events.get(uuid).map(|event| event.shown(uuid, false))
    }

    /// The UUIDs of its events.
    pub fn events(&self) -> Vec<String> {
        lock(&self.state).events.keys().cloned().collect()
    }

    /// How many attributes and objects the instance has of all events, deleted ones included.
    pub fn size(&self) -> usize {
        lock(&self.state).known.len()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.provider.requests()
    }

    /// The requests that asked for a change.
    pub fn changes(&self) -> usize {
        lock(&self.state).changes
    }
}

fn lock(state: &Mutex<Instance>) -> MutexGuard<'_, Instance> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Instance {
    fn answer(&mut self, request: &Request) -> Exchange {
        if request.header("authorization") != Some(&self.key) {
            return refused(
                403,
                "Authentication failed. Please make sure you pass the API key of an API enabled user along in the Authorization header.",
            );
        }
        if request.body.len() > self.most_bytes {
            return Exchange::status(
                413,
                &[("content-type", "text/html")],
                "<h1>Request Entity Too Large</h1>",
            );
        }
        let path = request.target.split('?').next().unwrap_or_default().trim_matches('/');
        let parts: Vec<&str> = path.trim_end_matches(".json").split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "view", "me"]) => ok(&self.user()),
            ("GET", ["servers", "getVersion"]) => ok(&json!({"version": "2.4.193", "perm_sync": false})),
            ("GET", ["servers", "getPyMISPVersion"]) => ok(&json!({"version": "2.4.193"})),
            ("GET" | "POST", ["events", "view", id]) => self.view(id, &request.body),
            ("POST", ["events", "add", rest @ ..]) => self.change(None, rest, &request.body),
            ("POST", ["events", "edit", id, rest @ ..]) => self.change(Some(id), rest, &request.body),
            _ => refused(404, "The requested resource could not be found."),
        }
    }

    fn user(&self) -> Value {
        json!({
            "User": {"id": "1", "org_id": self.org.to_string(), "email": "analyst@misp.example", "role_id": "3"},
            "Role": {"id": "3", "name": "User", "perm_add": self.may_add, "perm_modify": true, "perm_site_admin": false},
            "UserSetting": {},
        })
    }

    fn view(&self, id: &str, body: &[u8]) -> Exchange {
        let Some(uuid) = self.find(id) else { return refused(404, "Invalid event") };
        let wish: Value = serde_json::from_slice(body).unwrap_or_default();
        let all = wish.get("deleted").is_some_and(Value::is_array);
        self.events
            .get(&uuid)
            .map_or_else(|| refused(404, "Invalid event"), |event| ok(&event.shown(&uuid, all)))
    }

    /// The UUID of an event that is given by it or by its number.
    fn find(&self, id: &str) -> Option<String> {
        if self.events.contains_key(id) {
            return Some(id.to_owned());
        }
        let of_it = |event: &Stored| event.head.get("id").and_then(Value::as_str) == Some(id);
        self.events.iter().find(|(_, event)| of_it(event)).map(|(uuid, _)| uuid.clone())
    }

    /// Adds an event, or changes the one with this id, unless a fault prevents it.
    fn change(&mut self, id: Option<&&str>, rest: &[&str], body: &[u8]) -> Exchange {
        let number = self.changes;
        self.changes += 1;
        let fault = self.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| fault.clone());
        match &fault {
            Some(Fault::CutBefore) => return Exchange::raw(vec![Step::Close]),
            Some(Fault::Status(code)) => return refused(*code, "An Internal Error Has Occurred."),
            Some(Fault::Busy(seconds)) => {
                let wait = seconds.to_string();
                let headers = [("content-type", "application/json"), ("retry-after", &*wait)];
                return Exchange::status(429, &headers, "{\"message\": \"Rate limit exceeded.\"}");
            }
            Some(Fault::CutAfter | Fault::WebPage) | None => {}
        }
        let Ok(sent) = serde_json::from_slice::<Value>(body) else { return refused(400, "Invalid JSON") };
        let sent = sent.get("Event").unwrap_or(&sent);
        let changed = match id {
            None => self.added(sent),
            Some(id) => self.edited(id, sent),
        };
        match (changed, fault) {
            (Err(refused), _) => refused,
            (Ok(_), Some(Fault::CutAfter)) => Exchange::raw(vec![Step::Close]),
            (Ok(_), Some(_)) => {
                Exchange::status(200, &[("content-type", "text/html")], "<html>Sign in</html>")
            }
            (Ok(uuid), None) => self.shown(&uuid, rest.contains(&"metadata:1")),
        }
    }

    fn added(&mut self, sent: &Value) -> Result<String, Exchange> {
        if !self.may_add {
            return Err(refused(403, "You do not have permission to do that."));
        }
        let org = self.org;
        self.add(sent, org).map_err(|uuid| {
            let place = format!("http://misp.example/events/{uuid}");
            let message =
                "Event already exists, if you would like to edit it, use the url in the location header.";
            refused(404, message).header("location", &place)
        })
    }

    fn edited(&mut self, id: &str, sent: &Value) -> Result<String, Exchange> {
        let Some(uuid) = self.find(id) else { return Err(refused(404, "Invalid event")) };
        if self.events.get(&uuid).is_none_or(|event| event.orgc != self.org) {
            return Err(refused(403, "You do not have permission to do that."));
        }
        self.edit(&uuid, sent);
        Ok(uuid)
    }

    fn shown(&self, uuid: &str, is_brief: bool) -> Exchange {
        let Some(event) = self.events.get(uuid) else { return refused(404, "Invalid event") };
        let mut shown = event.shown(uuid, false);
        if is_brief && let Some(event) = shown.get_mut("Event").and_then(Value::as_object_mut) {
            event.remove("Attribute");
            event.remove("Object");
        }
        ok(&shown)
    }
}

fn ok(answer: &Value) -> Exchange {
    Exchange::status(200, &[("content-type", "application/json")], answer.to_string())
}

fn refused(code: u16, message: &str) -> Exchange {
    let answer = json!({"name": message, "message": message, "url": "/"});
    Exchange::status(code, &[("content-type", "application/json")], answer.to_string())
}
