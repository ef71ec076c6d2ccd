//! The timeline's windows: drawn on its header, selected by a link, and the title of a bar.

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::analyst;
use crate::browser::{Browser, browse};
use crate::program::Program;

/// Draws from one part of the header to another, like a pointer.
const DRAW: &str = "
    const strip = document.querySelector('.tl-over'), box = strip.getBoundingClientRect();
    const at = (share) => ({ clientX: box.left + box.width * share, clientY: box.top + 5, button: 0, bubbles: true });
    strip.dispatchEvent(new PointerEvent('pointerdown', at(arguments[0])));
    document.dispatchEvent(new PointerEvent('pointermove', at(arguments[1])));
    const drawn = document.querySelector('.tl-draw').getBoundingClientRect().width / box.width;
    document.dispatchEvent(new PointerEvent('pointerup', at(arguments[1])));
    return drawn;";
/// The window in the address.
const WINDOW: &str = "
    const asked = new URL(location.href).searchParams;
    return [asked.get('from'), asked.get('to')];";
/// The title of the first bar.
const TITLE: &str = "
    const bar = document.querySelector('.tl-plot a');
    bar.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    bar.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    return bar.querySelector('title').textContent;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stretch_of_the_timeline_is_looked_at_closely() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        analyst::asks(browser, "192.0.2.80").await;
        tells_here(browser).await;
        // The axis spans 2020 to 2024: a fifth of it is a year.
        let drawn = browser.run(DRAW, vec![json!(0.21), json!(0.39)]).await;
        assert!((drawn.as_f64().unwrap() - 0.18).abs() < 0.01, "{drawn}");
        browser.sees("lie outside this window").await;
        let window = browser.run(WINDOW, Vec::new()).await;
        let Value::Array(window) = &window else { panic!("{window}") };
        assert!(window.iter().all(|day| day.as_str().unwrap().starts_with("2021-")), "{window:?}");
        browser.press("All").await;
        browser.sees_no("this window").await;
        browser.press("90 d").await;
        browser.sees("lie outside this window").await;
        let nothing = browser.run(DRAW, vec![json!(0.5), json!(0.502)]).await;
        assert!(nothing.as_f64().unwrap() < 0.01);
        browser.click(Locator::LinkText("All")).await;
        browser.sees_no("this window").await;
    })
    .await;
}

/// The number of bars in the picture, and the count of the table.
const SHOWN: &str = "
    const said = document.querySelector('#filters [role=status] b').textContent;
    return [document.querySelectorAll('.tl-plot a').length, said];";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_the_same_in_picture_and_table_and_the_page_stays_where_it_was() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        analyst::asks(browser, "192.0.2.80").await;
        let run = browser.path().await;
        // From the answer to a form, a window also leads to the run.
        browser.click(Locator::Css("#selbar button[value=all]")).await;
        browser.sees("Clear").await;
        browser.run(DRAW, vec![json!(0.3), json!(0.3 + 0.01)]).await;
        browser.sees("this window").await;
        let place = browser.run("return [location.pathname, location.hash];", Vec::new()).await;
        assert_eq!(place, json!([run, "#tlh"]));
        for window in ["from=2021-01-01&to=2022-06-30", "from=2020-03-01+14:00&to=2020-03-01+14:06"] {
            browser.go(&format!("{run}?{window}")).await;
            let shown = browser.run(SHOWN, Vec::new()).await;
            let bars = shown[0].as_u64().unwrap();
            assert!(shown[1].as_str().unwrap().starts_with(&format!("{bars} of ")), "{window}: {shown}");
        }
        browser.go(&format!("{run}?from=hello&min=1,000&at=05.05.2020")).await;
        browser.sees("Not a date. Write it as").await;
        let wrong = "return [...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.value);";
        assert_eq!(browser.run(wrong, Vec::new()).await, json!(["hello", "05.05.2020"]));
        browser.go(&run).await;
        browser.fill("At this date", "2021-05-05").await;
        browser.click(Locator::Css(".tl-controls button")).await;
        browser.sees("Remove the line").await;
        assert_eq!(browser.run("return location.hash;", Vec::new()).await, json!("#tlh"));
        browser.go(&format!("{run}?text=nosuchtext")).await;
        browser.sees("No matching records").await;
        browser.press("Clear the filters").await;
        browser.sees("nothing hidden").await;
    })
    .await;
}

/// Ticks the first two records.
const TICK: &str =
    "[...document.querySelectorAll('td.pick input')].slice(0, 2).forEach((box) => box.click());";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_ticked_goes_along_into_a_window_and_comes_back() {
    let program = Program::demo();
    browse(&program, async |browser| {
        browser.enters(&program).await;
        analyst::asks(browser, "192.0.2.80").await;
        browser.run(TICK, Vec::new()).await;
        browser.sees("2 of 9 selected").await;
        browser.run(DRAW, vec![json!(0.0), json!(0.5)]).await;
        browser.sees("lie outside this window").await;
        browser.sees("2 of").await;
        browser.press("All").await;
        browser.sees("2 of 9 selected").await;
        browser.press("Clear").await;
        browser.sees("0 of 9 selected").await;
        browser.run(TICK, Vec::new()).await;
        browser.sees("2 of 9 selected").await;
        browser.press("Threat Library").await;
        browser.sees("Domain names and IP addresses").await;
        browser.run("history.back();", Vec::new()).await;
        browser.sees("2 of 9 selected").await;
        browser.click(Locator::Css("#select-count")).await;
        // After counting, the focus is on the button that adds.
        browser.find(Locator::Css("#select-add:focus")).await;
        browser.sees("2 of 9 selected").await;
    })
    .await;
}

/// The dates of a bar in the reader's own time zone, once.
async fn tells_here(browser: &Browser) {
    let title = browser.run(TITLE, Vec::new()).await;
    let title = title.as_str().unwrap();
    assert_eq!((title.matches(" UTC (").count(), title.matches("\nlocal time: ").count()), (1, 1), "{title}");
}
