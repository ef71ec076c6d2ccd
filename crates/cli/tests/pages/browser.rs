//! A real browser: [`Browser`] finds, presses and types by the text on the page, as users do.
//!
//! Everything that is searched for is waited for, with a time limit. [`browse`] runs a test in a new browser and fails it for
//! any message in the console, including violations of the content policy.

use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::PATIENCE;
use crate::driver::Driver;
use crate::program::Program;

pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// The interval between two attempts to find something.
const LOOK: Duration = Duration::from_millis(20);

/// A browser that shows the pages of one program.
pub(crate) struct Browser {
    client: Client,
    root: String,
    _driver: Driver,
}

/// Runs a test in a browser with scripts.
pub(crate) async fn browse(program: &Program, test: impl AsyncFnOnce(&Browser)) {
    in_browser(program, true, test).await;
}

/// Runs a test in a browser that may report errors, because its program is not always running.
pub(crate) async fn browse_anyhow(program: &Program, test: impl AsyncFnOnce(&Browser)) {
    let browser = Browser::new(program, true).await;
    test(&browser).await;
    browser.client.close().await.unwrap();
}

/// Runs a test in a browser with or without scripts.
pub(crate) async fn in_browser(program: &Program, script: bool, test: impl AsyncFnOnce(&Browser)) {
    let browser = Browser::new(program, script).await;
    test(&browser).await;
    browser.is_quiet().await;
    browser.client.close().await.unwrap();
}

impl Browser {
    async fn new(program: &Program, script: bool) -> Self {
        let driver = Driver::new();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(driver.wishes(script)).connect(&driver.address).await.unwrap();
        Self { client, root: program.root.clone(), _driver: driver }
    }

    /// Opens a page of ours.
    pub(crate) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.root)).await.unwrap();
    }

    /// Opens a file on the user's computer.
    pub(crate) async fn opens(&self, file: &str) {
        self.client.goto(&format!("file://{file}")).await.unwrap();
    }

    /// The path of the current page.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.root).unwrap().to_owned()
    }

    /// Waits until the current page has this path, whatever its query.
    pub(crate) async fn is_at(&self, path: &str) {
        let here = async || self.path().await.split(['?', '#']).next() == Some(path);
        self.wait(here, &format!("not at {path}")).await;
    }

    /// Waits until these words are on the page.
    pub(crate) async fn sees(&self, words: &str) {
        let there = async || self.text().await.contains(words);
        self.wait(there, &format!("{words:?} is not shown")).await;
    }

    /// Checks that these words are not on the page.
    pub(crate) async fn sees_no(&self, words: &str) {
        let text = self.text().await;
        assert!(!text.contains(words), "{words:?} is shown:\n{text}");
    }

    /// The visible text of the page.
    pub(crate) async fn text(&self) -> String {
        // Between two pages there may be no body.
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Presses the button or follows the link with this text or label.
    pub(crate) async fn press(&self, words: &str) {
        let words = quoted(words);
        let path = format!(
            "//*[self::a or self::button or self::summary][normalize-space()={words} or @aria-label={words}]"
        );
        self.click(Locator::XPath(&path)).await;
    }

    /// Clicks the first visible match, after scrolling it from under the sticky bar at the bottom.
    pub(crate) async fn click(&self, place: Locator<'_>) {
        let shown = self.shown(place).await;
        let there = serde_json::to_value(&shown).unwrap();
        self.run("arguments[0].scrollIntoView({ block: 'center' });", vec![there]).await;
        shown.click().await.unwrap_or_else(|error| panic!("{place:?}: {error}"));
    }

    /// The control with this label.
    pub(crate) async fn field(&self, label: &str) -> Element {
        let label = quoted(label);
        let path = format!(
            "//*[@id=//label[contains(normalize-space(),{label})]/@for] | \
             //label[contains(normalize-space(),{label})]//input | \
             //*[@aria-labelledby=//*[contains(normalize-space(),{label})]/@id][self::input]"
        );
        self.find(Locator::XPath(&path)).await
    }

    /// Replaces the text of the control with this label.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Selects from the list with this label.
    pub(crate) async fn choose(&self, label: &str, option: &str) {
        self.field(label).await.select_by_label(option).await.unwrap();
    }

    /// Waits for an element of the page.
    pub(crate) async fn find(&self, place: Locator<'_>) -> Element {
        let found = self.client.wait().at_most(PATIENCE).every(LOOK).for_element(place).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("{place:?} at {}: {error}\n{}", self.path().await, self.text().await),
        }
    }

    /// Waits for a visible element.
    async fn shown(&self, place: Locator<'_>) -> Element {
        self.find(place).await;
        let looking = async {
            loop {
                for element in self.client.find_all(place).await.unwrap_or_default() {
                    if element.is_displayed().await.unwrap_or(false) {
                        return element;
                    }
                }
                sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{place:?} is not shown"))
    }

    /// Presses one key after another, wherever the focus is.
    pub(crate) async fn types(&self, keys: &str) {
        let press = |key| [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        let pressed =
            keys.chars().flat_map(press).fold(KeyActions::new("keys".to_owned()), InputSource::then);
        self.client.perform_actions(pressed).await.unwrap();
    }

    /// Presses Ctrl+C.
    pub(crate) async fn copies(&self) {
        const CONTROL: char = '\u{e009}';
        let keys = [
            KeyAction::Down { value: CONTROL },
            KeyAction::Down { value: 'c' },
            KeyAction::Up { value: 'c' },
            KeyAction::Up { value: CONTROL },
        ];
        let pressed = keys.into_iter().fold(KeyActions::new("keys".to_owned()), InputSource::then);
        self.client.perform_actions(pressed).await.unwrap();
    }

    /// The result of a script. It belongs to the test, so the page's content policy does not apply to it.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// The same for a script that calls its last argument when it is finished.
    pub(crate) async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Sets whether the system prefers dark colours, which change at once.
    pub(crate) async fn prefers(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.tells("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Sets the size of the page in CSS pixels.
    pub(crate) async fn is_wide(&self, width: u32, height: u32) {
        let room = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.tells("Emulation.setDeviceMetricsOverride", room).await;
    }

    /// Shows the page in forced colours.
    pub(crate) async fn forces_colours(&self) {
        let features = json!([{ "name": "forced-colors", "value": "active" }]);
        self.tells("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// The page as PDF, in base64.
    pub(crate) async fn printed(&self, paper: Value) -> Value {
        self.command("print", paper).await
    }

    /// Opens another tab and switches to it; returns the previous and the new one.
    pub(crate) async fn opens_a_tab(&self) -> [WindowHandle; 2] {
        let first = self.client.window().await.unwrap();
        let second = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(second.clone()).await.unwrap();
        [first, second]
    }

    /// Switches to a tab.
    pub(crate) async fn turns_to(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.unwrap();
    }

    /// Deletes the cookies, so that nobody is signed in.
    pub(crate) async fn forgets(&self) {
        self.client.delete_all_cookies().await.unwrap();
    }

    /// A screenshot of the visible part, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// Sends a command of the browser's own protocol.
    async fn tells(&self, method: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": method, "params": parameters })).await
    }

    async fn command(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Own { path, body }).await.unwrap()
    }

    /// Creates an administrator with the first link, who is then signed in.
    pub(crate) async fn becomes(&self, name: &str, program: &Program) {
        self.joins(name, &program.link).await;
    }

    /// Accepts an invitation.
    pub(crate) async fn joins(&self, name: &str, link: &str) {
        self.go(link).await;
        self.fill("Name", name).await;
        self.fill("Password", PASSWORD).await;
        self.fill("Password again", PASSWORD).await;
        self.click(Locator::Css("form .primary")).await;
        self.is_at("/library").await;
    }

    /// Signs in with the password that all users have in these tests.
    pub(crate) async fn signs_in(&self, name: &str) {
        self.go("/signin").await;
        self.fill("Name", name).await;
        self.fill("Password", PASSWORD).await;
        self.click(Locator::Css("form .primary")).await;
        self.is_at("/library").await;
    }

    /// Signs in with the link of the demo.
    pub(crate) async fn enters(&self, program: &Program) {
        self.go(&program.link).await;
        self.press("Sign in").await;
        self.is_at("/library").await;
    }

    /// Fails for errors and warnings in the console. The error status of a page is not one, although browsers report it.
    async fn is_quiet(&self) {
        let entries = self.command("se/log", json!({ "type": "browser" })).await;
        let loud = |entry: &&Value| {
            let text = entry["message"].as_str().unwrap_or_default();
            let status =
                entry["source"] == "network" && text.contains("the server responded with a status of 4");
            let level = entry["level"] == "SEVERE" || entry["level"] == "WARNING";
            level && (!status || text.contains("/assets/"))
        };
        let loud: Vec<&Value> = entries.as_array().unwrap().iter().filter(loud).collect();
        assert!(loud.is_empty(), "the console says: {loud:#?}");
    }

    async fn wait(&self, ready: impl AsyncFn() -> bool, otherwise: &str) {
        let looking = async {
            while !ready().await {
                sleep(LOOK).await;
            }
        };
        let Err(_) = timeout(PATIENCE, looking).await else { return };
        panic!("{otherwise} at {}:\n{}", self.path().await, self.text().await);
    }
}

/// A command that only this driver has.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// A text in the form of a path.
fn quoted(text: &str) -> String {
    assert!(!text.contains('\''), "no test looks for a quote");
    format!("'{text}'")
}
