//! Pages at widths between those of phones and of large screens, as in windows and with zoom: no text is cut or overlaps other
//! text, nothing scrolls sideways, and controls are large enough.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::analyst;
use crate::browser::browse;
use crate::fit::fits;
use crate::program::Program;

/// A name of 243 characters.
pub(crate) const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddddddddddddddddddddddd.example";
/// Two cells of a row that overlap by more than two pixels, and text that its own box cuts off or that is wider than its cell.
pub(crate) const UNREADABLE: &str = "
    const out = [];
    const shown = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1.5;
    const name = (element) => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 60)}`;
    for (const cell of document.querySelectorAll('main :is(td, th)')) {
        if (!shown(cell) || cell.closest('.vh')) continue;
        const room = cell.getBoundingClientRect();
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            if (!texts.currentNode.parentElement.checkVisibility() || texts.currentNode.parentElement.closest('.vh')) continue;
            const range = document.createRange();
            range.selectNodeContents(texts.currentNode);
            const beyond = [...range.getClientRects()].some((box) => box.width > 2 && (box.right > room.right + 1 || box.left < room.left - 1));
            if (beyond) { out.push(`beyond: ${name(cell)}`); break; }
        }
    }
    for (const element of document.querySelectorAll('main *')) {
        if (!shown(element) || element.closest('svg, .vh, textarea, select, input, .graph, .scroll, .raw, .slice, .tabs')) continue;
        const style = getComputedStyle(element);
        if (style.textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth + 1) out.push(`cut: ${name(element)}`);
    }
    const all = [...document.querySelectorAll('tr, .tl-row, .runline')];
    for (const row of all) {
        const cells = [...row.children].filter(shown).map((cell) => [cell, cell.getBoundingClientRect()]);
        for (let at = 1; at < cells.length; at += 1) {
            const [a, b] = [cells[at - 1][1], cells[at][1]];
            const apart = a.right <= b.left + 2 || b.right <= a.left + 2 || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
            if (!apart) out.push(`over one another: ${name(cells[at - 1][0])} and ${name(cells[at][0])}`);
        }
    }
    for (const table of document.querySelectorAll('table')) {
        const count = (row) => [...row.cells].filter((cell) => cell.checkVisibility()).reduce((sum, cell) => sum + cell.colSpan, 0);
        const [head, ...rows] = [...table.rows].filter((row) => row.checkVisibility());
        const odd = head?.closest('thead') && rows.find((row) => count(row) !== count(head));
        if (odd) out.push(`heads stand over other columns: ${name(head)}`);
    }
    return out.slice(0, 12);";
/// Controls that are lower than 24 pixels. Links within a sentence are as high as its lines.
const SMALL: &str = "
    const out = [];
    for (const element of document.querySelectorAll('a[href], button, summary, select, input:not([type=hidden]), textarea')) {
        if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        if (element.closest('.vh, .skip, svg')) continue;
        const box = element.getBoundingClientRect();
        if (box.width < 2) continue;
        const label = element.closest('label') ?? element.labels?.[0];
        const high = Math.max(box.height, label?.getBoundingClientRect().height ?? 0);
        const words = element.parentElement.textContent.trim().length - element.textContent.trim().length;
        const flows = getComputedStyle(element).display === 'inline' && words > 1;
        if (high < 23.5 && !flows) out.push(`${high}: ${element.outerHTML.slice(0, 140)}`);
    }
    return out.slice(0, 12);";

/// The answer of a typical campaign: many names, including a long one, and data of many kinds.
pub(crate) fn campaign() -> String {
    let mut text = String::new();
    let mut record = |rrname: &str, rrtype: &str, rdata: &str, count: usize| {
        let _ = writeln!(
            text,
            "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1700000000,\"time_last\":{},\"count\":{count}}}",
            1_760_000_000 + count
        );
    };
    for number in 0..70 {
        record(&format!("login-{number:02}.portal-of-a-bank.example"), "A", "198.51.100.7", number * 31 + 1);
    }
    record(LONG, "A", "198.51.100.7", 4);
    record(LONG, "NS", "ns1.some-bulletproof-hosting-company.example", 1_234_567);
    record("login-01.portal-of-a-bank.example", "MX", "10 mail.some-bulletproof-hosting-company.example", 12);
    record(
        "login-01.portal-of-a-bank.example",
        "TXT",
        "v=spf1 include:_spf.some-bulletproof-hosting-company.example include:other.example -all",
        12,
    );
    text
}

/// Window widths, and those of screens with 1,440 or 1,280 pixels at 150 % and 125 %.
const WIDTHS: [u32; 9] = [769, 800, 853, 900, 960, 961, 1024, 1100, 1152];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_can_be_read_at_every_width() {
    let program = Program::with(&campaign());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, &format!("198.51.100.7\n{LONG}")).await;
        analyst::asks(browser, "198.51.100.7").await;
        analyst::adds_all(browser).await;
        browser.press("Run again").await;
        browser.is_at("/runs/2").await;
        analyst::asks(browser, LONG).await;
        let long = format!("/library/indicator?value={LONG}");
        let pages = [
            "/runs/1",
            "/runs/2/changes",
            "/runs/3",
            "/runs/1/graph",
            "/runs",
            "/library",
            "/library/indicator?value=198.51.100.7",
            &long,
            "/history?value=198.51.100.7",
            "/run?value=unknown.example",
            "/audit",
            "/users",
            "/account",
            "/integrations",
            "/integrations/circl-passive-dns",
        ];
        let mut faults = Vec::new();
        for page in pages {
            browser.is_wide(1440, 900).await;
            browser.go(page).await;
            for width in WIDTHS.into_iter().chain([360, 1440]) {
                browser.is_wide(width, 900).await;
                let what = format!("{page} at {width}");
                fits(browser, &what).await;
                for script in [UNREADABLE, SMALL] {
                    let found: Value = browser.run(script, Vec::new()).await;
                    if found != json!([]) {
                        faults.push(format!("{what}: {found:#}"));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_show_their_state_in_forced_colours() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        browser.go("/integrations/circl-passive-dns").await;
        browser.forces_colours().await;
        let state = "
            const one = document.querySelector('section[aria-label=State] input[role=switch]');
            const looks = () => {
                const [box, thumb] = [getComputedStyle(one), getComputedStyle(one, '::before')];
                return [box.backgroundColor, thumb.backgroundColor, box.forcedColorAdjust];
            };
            const before = looks();
            one.checked = !one.checked;
            return [before, looks()];";
        let found = browser.run(state, Vec::new()).await;
        let (on, off) = (&found[0], &found[1]);
        assert_eq!((&on[2], &off[2]), (&json!("none"), &json!("none")), "{found}");
        assert_ne!(on[0], off[0], "on and off look alike: {found}");
        assert_ne!(on[0], on[1], "the knob cannot be seen: {found}");
        assert_ne!(off[0], off[1], "the knob cannot be seen: {found}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_can_be_skipped_by_keyboard() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        analyst::asks(browser, "192.0.2.80").await;
        let focus = "document.querySelector('a[href=\"#records-end\"]').focus();
            const box = document.activeElement.getBoundingClientRect();
            return [document.activeElement.textContent, box.height >= 24];";
        assert_eq!(browser.run(focus, Vec::new()).await, json!(["Skip the records", true]));
        browser.types("\u{e007}").await;
        let inside = "return document.activeElement.id;";
        assert_eq!(browser.run(inside, Vec::new()).await, json!("records-end"));
    })
    .await;
}
