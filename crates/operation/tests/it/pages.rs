//! Paging: up to the end, and the cases in which it must stop.

use operation::provider::{ClientError, Orientation};
use operation::{ProviderError, State};
use testkit::answer::{
    cursor, empty, no_content, not_found, page, pages, pages_with_one_cursor, server_error,
};
use testkit::{Exchange, Script, Step};

use crate::kit::{Question, Told, line, lines, unproven};

async fn paged(script: Script) -> Told {
    Question::new(script).set("page_size", "2").ask().await
}

fn asked(told: &Told) -> Vec<Option<String>> {
    let of = |request: testkit::Request| request.header("dribble-paginate-cursor").map(str::to_owned);
    told.provider.requests().into_iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_to_the_end_with_each_record_once() {
    let told = paged(pages([lines(2), lines(4), lines(5)])).await;
    told.complete(5, 3);
    assert_eq!(asked(&told), [None, Some(cursor(0)), Some(cursor(1))]);
    assert_eq!(told.outcome.pages, 3);
    assert_eq!(told.outcome.bytes, (lines(2) + &lines(4) + &lines(5)).len() as u64);
    assert_eq!(told.provider.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_other_name_of_the_cursor() {
    let first = Exchange::ok(lines(1)).header("x-dribble-paginate", "7");
    let told = paged(Script::new([first, Exchange::ok(lines(2))])).await;
    told.complete(2, 2);
    assert_eq!(asked(&told), [None, Some("7".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn cursor_is_opaque_and_sent_back_as_it_came() {
    let long = "a%20/\"+=".repeat(600);
    let told = paged(Script::new([page(lines(1), &long), Exchange::ok(lines(2))])).await;
    told.complete(2, 2);
    assert_eq!(asked(&told), [None, Some(long)]);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_was_not_asked_for_is_followed() {
    // Otherwise half of the answer would be lost, and the rest would look complete.
    let told = Question::new(pages([lines(2), lines(4)])).ask().await;
    told.complete(4, 2);
    assert_eq!(told.provider.requests()[1].header("dribble-paginate-count"), None);
}

#[tokio::test(start_paused = true)]
async fn cursor_that_repeats() {
    let told = paged(pages_with_one_cursor([lines(1), lines(2), lines(3)])).await;
    told.is(State::Partial, ProviderError::CursorRepeats(2), 2, 2).hints("page_size");
}

#[tokio::test(start_paused = true)]
async fn cursor_of_zero_that_repeats() {
    let told = paged(Script::always(page(lines(2), "0"))).await;
    told.is(State::Partial, ProviderError::CursorRepeats(2), 2, 2);
}

#[tokio::test(start_paused = true)]
async fn pages_without_anything_new() {
    let told = paged(pages((0..9).map(|_| lines(2)))).await;
    told.is(State::Partial, ProviderError::CursorRepeats(3), 2, 3);
    let told = paged(pages((0..9).map(|_| ""))).await;
    told.is(State::Failed, ProviderError::CursorRepeats(2), 0, 2);
    // One page without new records is possible if a filter removes everything on it.
    paged(pages([lines(2), String::new(), lines(3)])).await.complete(3, 3);
}

#[tokio::test(start_paused = true)]
async fn too_many_pages() {
    let question = Question::new(pages((1..9).map(lines))).set("page_size", "1");
    let told = question.limit(|limits| limits.pages = 4).ask().await;
    told.is(State::Truncated, ProviderError::TooManyPages(4), 4, 4).hints("page_size");
    let question = Question::new(pages((1..=4).map(lines))).set("page_size", "1");
    question.limit(|limits| limits.pages = 4).ask().await.complete(4, 4);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_for_ever() {
    let told = paged(Script::new([page(lines(2), "1"), server_error()]).repeat_last()).await;
    let error = ProviderError::ServiceFailed("500 Internal Server Error".to_owned());
    told.is(State::Partial, error, 2, 4);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_once() {
    let told = paged(Script::new([page(lines(2), "1"), server_error(), Exchange::ok(lines(4))])).await;
    told.complete(4, 3);
    assert_eq!(asked(&told), [None, Some("1".to_owned()), Some("1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_found() {
    // For a value, 404 means that nothing is known; for a cursor, it means that the rest is lost.
    let told = paged(Script::new([page(lines(2), "1"), not_found()])).await;
    told.is(State::Partial, ProviderError::Status(404), 2, 2);
    paged(Script::new([page(lines(2), "1"), no_content()])).await.complete(2, 2);
    paged(Script::new([page(lines(2), "1"), empty()])).await.complete(2, 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_cut() {
    let cut = Exchange::ok(lines(9)).until(lines(5).len() + 9).then(Step::Close);
    let told = paged(Script::new([page(lines(2), "1"), cut, Exchange::ok(lines(9))])).await;
    told.is(State::Partial, ClientError::Cut, 5, 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_ends_inside_a_record_does_not_run_into_the_next() {
    let stump = &lines(2)[..lines(2).len() - 20];
    let told = paged(Script::new([page(stump, "1"), Exchange::ok(lines(4))])).await;
    told.is(State::Partial, ProviderError::EndsInside, 1, 1);
}

#[tokio::test(start_paused = true)]
async fn every_page_may_be_an_array() {
    let array = |lines: &str| format!("[{}]", lines.trim_end().replace('\n', ","));
    paged(pages([array(&lines(2)), array(&lines(4))])).await.complete(4, 2);
}

#[tokio::test(start_paused = true)]
async fn the_first_page_with_records_decides_the_orientation() {
    let swapped =
        |n: usize| line(&format!("192.0.2.{n}"), "A", "circl.lu") + &line("ns1.example", "NS", "circl.lu");
    let told = paged(pages([String::new(), swapped(1), swapped(2)])).await;
    told.complete(3, 3);
    assert_eq!(told.outcome.orientation, Orientation::Swapped);
    assert!(told.answer.records.iter().all(|record| record.rrname.to_string() == "circl.lu"));
    let told = paged(pages([unproven(2), swapped(1)])).await;
    told.is(State::Partial, ProviderError::Contradiction(1), 4, 2);
}

#[tokio::test(start_paused = true)]
async fn caps_hold_over_all_pages() {
    let question = Question::new(pages((1..9).map(lines))).set("page_size", "1");
    let told = question.limit(|limits| limits.bytes = lines(3).len() as u64 * 2).ask().await;
    told.is(State::Truncated, ProviderError::TooLarge(0), 4, 4);
}
