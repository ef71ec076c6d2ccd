//! The browser of a session in readable form: [`readable`]. It is what the browser claims, and proves nothing; the title shows
//! the whole text.

/// The words that identify browsers; specific ones come before those that other browsers also claim.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Headless Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("curl/", "curl"),
];
/// The same for systems: Android also claims Linux, and an iPhone claims Mac OS X.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox 140 on Linux`; the text itself if it is not that of a known browser.
pub(crate) fn readable(agent: &str) -> String {
    let browser = BROWSERS.iter().find_map(|(mark, name)| {
        let version = agent.split_once(mark)?.1;
        let version: String = version.chars().take_while(char::is_ascii_digit).take(4).collect();
        (!version.is_empty()).then(|| format!("{name} {version}"))
    });
    let system = SYSTEMS.iter().find(|(mark, _)| agent.contains(mark));
    match (browser, system) {
        (Some(browser), Some((_, system))) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, _) if agent.is_empty() => "Unknown".to_owned(),
        (None, _) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_their_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome 156 on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge 140 on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari 18 on iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140 on Linux",
            ),
            ("curl/8.5.0", "curl 8"),
            ("", "Unknown"),
            ("<script>", "<script>"),
            ("Chrome/x", "Chrome/x"),
        ] {
            assert_eq!(readable(agent), name);
        }
    }
}
