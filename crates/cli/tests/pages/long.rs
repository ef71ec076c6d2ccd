//! Long names of users and indicators, and long invalid text: wherever they appear, they wrap or end in an ellipsis, and no
//! page scrolls sideways.

use serde_json::{Value, json};

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::fit::fits;
use crate::program::Program;
use crate::widths::{LONG, UNREADABLE, campaign};

/// From phones to small windows; the layout changes at 768, 960 and 1,200 pixels.
const WIDTHS: [u32; 9] = [360, 480, 768, 769, 800, 860, 960, 961, 1100];
/// The longest possible user name.
const USER: &str = "maximilian-alexander.von-und-zu-mustermann-of-the-security-team1";
/// The account menu: its width, whether the name is shortened, and its title.
const MENU: &str = "
    const summary = document.querySelector('.top .menu > summary'), name = summary.querySelector('bdi');
    return [summary.getBoundingClientRect().width, name.scrollWidth > name.clientWidth, summary.title];";
/// Bars of the timeline whose clickable area is lower than 24 pixels, or is not hit 11 pixels from their middle.
const SMALL: &str = "
    const out = [];
    for (const link of document.querySelectorAll('.tl-plot a')) {
        const high = link.getBoundingClientRect().height, bar = link.querySelector('.bar');
        if (high < 23.9) out.push(`${high}: ${link.outerHTML.slice(0, 160)}`);
        bar.scrollIntoView({ block: 'center' });
        const box = bar.getBoundingClientRect(), middle = (box.top + box.bottom) / 2;
        for (const at of [middle - 11, middle, middle + 11]) {
            const hit = document.elementFromPoint((box.left + box.right) / 2, at)?.closest('a');
            if (hit !== link) out.push(`not hit at ${at - middle}: ${hit?.outerHTML.slice(0, 160)}`);
        }
    }
    return out.slice(0, 12);";

async fn fit_everywhere(browser: &Browser, pages: &[String]) {
    let mut faults = Vec::new();
    for page in pages {
        browser.go(page).await;
        for width in WIDTHS {
            browser.is_wide(width, 700).await;
            fits(browser, &format!("{page} at {width}")).await;
            let found: Value = browser.run(UNREADABLE, Vec::new()).await;
            if found != json!([]) {
                faults.push(format!("{page} at {width}: {found:#}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_users_name_makes_a_page_wide() {
    for name in ["alice", "maximilian.mustermann", USER] {
        let program = Program::serve::<&str>([]);
        browse(&program, async |browser| {
            browser.becomes(name, &program).await;
            let sessions = format!("/users/sessions?name={name}");
            let pages = ["/library", "/account", "/users", "/audit", "/database", "/sensors", &sessions];
            fit_everywhere(browser, &pages.map(str::to_owned)).await;
            browser.is_wide(800, 700).await;
            let menu = browser.run(MENU, Vec::new()).await;
            assert_eq!(menu[2], json!(format!("{name}, Administrator")));
            assert_eq!(menu[1], json!(name.len() > 20), "{name}: {menu}");
            assert!(menu[0].as_f64().unwrap() < 200.0, "{name}: {menu}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_wrap_wherever_they_stand() {
    let program = Program::with(&campaign());
    browse(&program, async |browser| {
        browser.becomes(USER, &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        analyst::adds(browser, &format!("198.51.100.7\n{LONG}")).await;
        analyst::asks(browser, "198.51.100.7").await;
        analyst::adds_all(browser).await;
        analyst::asks(browser, LONG).await;
        let other = LONG.replace('a', "e");
        let nonsense = "q".repeat(200);
        let pages = [
            format!("/library?q={LONG}"),
            format!("/library?q={LONG}&status=Review&type=FQDN&removed=yes"),
            format!("/library?q={other}"),
            format!("/library?q={nonsense}"),
            format!("/library?source={nonsense}"),
            format!("/find?q={other}"),
            format!("/find?q={nonsense}"),
            format!("/library/indicator?value={LONG}"),
            format!("/library/indicator?value={other}"),
            format!("/run?value={other}"),
            "/runs".to_owned(),
            format!("/runs?indicator={LONG}&state=failed"),
            format!("/runs?indicator={nonsense}"),
            format!("/runs?actor={nonsense}&operation={nonsense}"),
            format!("/runs?since={nonsense}"),
            "/runs/1".to_owned(),
            format!("/runs/1?text={nonsense}"),
            format!("/runs/1?from={nonsense}&min={nonsense}&at={nonsense}"),
            "/runs/2".to_owned(),
            "/runs/2/raw".to_owned(),
            "/runs/2/changes".to_owned(),
            format!("/integrations?find={nonsense}"),
            "/audit".to_owned(),
            format!("/users/sessions?name={nonsense}"),
            format!("/{nonsense}"),
        ];
        fit_everywhere(browser, &pages).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bars_of_the_timeline_can_be_hit() {
    let program = Program::with(&campaign());
    browse(&program, async |browser| {
        browser.becomes("ann", &program).await;
        analyst::installs(browser, &program, "1.1.0").await;
        analyst::enables(browser).await;
        for value in ["198.51.100.7", "login-01.portal-of-a-bank.example"] {
            analyst::adds(browser, value).await;
            analyst::asks(browser, value).await;
            for width in [360, 769, 1024, 1440] {
                browser.is_wide(width, 900).await;
                let found = browser.run(SMALL, Vec::new()).await;
                assert_eq!(found, json!([]), "{value} at {width}: {found:#}");
            }
            browser.is_wide(1440, 900).await;
        }
    })
    .await;
}
