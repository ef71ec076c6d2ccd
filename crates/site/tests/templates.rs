//! What templates must not contain: the content-security policy forbids it, or it would turn off escaping.

use std::path::Path;

#[test]
fn no_template_has_a_script_or_style_of_its_own_or_turns_escaping_off() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let lower = text.to_ascii_lowercase();
        for never in
            ["<style", " style=", "javascript:", "| safe", "hx-on", "hx-vals=\"js", "http://", "https://"]
        {
            assert!(!lower.contains(never), "{}: {never}", file.display());
        }
        // Parts that are templates themselves have already escaped their output.
        let parts = [
            "facets",
            "graph",
            "head",
            "job",
            "line",
            "overlap",
            "paper",
            "reach.line",
            "row.sharers",
            "sheet",
            "strip",
            "style",
            "timeline",
        ];
        let rendered = parts.map(|part| lower.matches(&format!("{{{{ {part}|safe }}}}")).count());
        assert_eq!(lower.matches("|safe").count(), rendered.iter().sum::<usize>(), "{}", file.display());
        for (at, _) in lower.match_indices("<script") {
            let tag = &lower[at..at + lower[at..].find('>').unwrap()];
            assert!(tag.contains(" src="), "{}: {tag}", file.display());
        }
        let words = lower.split_ascii_whitespace();
        let handlers: Vec<&str> =
            words.filter(|word| word.starts_with("on") && word.contains("=\"")).collect();
        assert!(handlers.is_empty(), "{}: {handlers:?}", file.display());
        let posts = lower.matches("method=\"post\"").count();
        let without = ["signin.html", "welcome.html"].iter().any(|name| file.ends_with(name));
        // A button that submits another form includes the token itself.
        let tokens = lower.matches("m::token(frame)").count()
            + lower.matches("<button class=\"btn primary\" type=\"submit\" name=\"form_token\"").count();
        assert!(without || posts == tokens, "{}: {posts} forms, {tokens} tokens", file.display());
        seen += 1;
    }
    assert!(seen > 15, "the templates were found");
}
