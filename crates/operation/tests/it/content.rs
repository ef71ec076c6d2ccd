//! The content of bodies: no passive DNS at all, frames, reported errors, orientation.

use std::time::Duration;

use operation::provider::{ClientError, Orientation};
use operation::{ProviderError, State};
use testkit::answer::{html_page, over_the_limit, rate_limit_as_text};
use testkit::{Exchange, Script};

use crate::kit::{Question, Told, answer_to, line, lines, unproven};

/// An example from CIRCL's documentation: rrname and rdata swapped, numbers as strings.
const SWAPPED: &str = r#"{"rrtype":"NS","rrname":"ns1.eurodns.com","rdata":"circl.lu","count":"5","time_first":"1696798385","time_last":"1697701116"}
{"rrtype":"A","rrname":"185.194.93.14","rdata":"circl.lu","count":"19","time_first":"1696798385","time_last":"1697890824"}
{"rrtype":"MX","rrname":"10 cppy.circl.lu","rdata":"circl.lu","count":"149","time_first":"1696786636","time_last":"1697897232"}
"#;

fn owners(told: &Told) -> Vec<String> {
    told.answer.records.iter().map(|record| format!("{} {}", record.rrname, record.rdata_text())).collect()
}

#[tokio::test(start_paused = true)]
async fn an_html_page_with_200() {
    let told = answer_to(html_page()).await;
    let begins = "<!DOCTYPE html> <html><head><title>Welcome</title></head></h…";
    told.is(State::Failed, ProviderError::NotCof(begins.to_owned()), 0, 1).hints("login page");
    assert_eq!(told.raw.len() as u64, told.outcome.bytes);
}

#[tokio::test(start_paused = true)]
async fn other_things_with_200() {
    for body in [
        "<style>a { color: red",
        "[ERROR] no",
        "null",
        "\"text\"",
        "{}",
        "{\"error\":\"no such key\"}",
        "\u{1b}]0;x\u{7}",
        "\0\0\0",
    ] {
        let told = answer_to(Exchange::ok(body)).await;
        let ProviderError::NotCof(_) = told.reason() else { panic!("{body:?}: {:?}", told.reason()) };
        told.is(State::Failed, told.reason().clone(), 0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn rate_limit_exceeded_with_200() {
    let told = answer_to(rate_limit_as_text()).await;
    told.is(State::Failed, ProviderError::RateLimited(None), 0, 1).hints("wait").took(Duration::ZERO);
    let told = answer_to(Exchange::ok("\nrate limit exceeded\n").chunked(3)).await;
    told.is(State::Failed, ProviderError::RateLimited(None), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn x_dribble_errors() {
    let told = answer_to(over_the_limit(lines(3), "www.example.com")).await;
    let error = ProviderError::ServiceCut("maxset: 1000 of 532915 records".to_owned());
    told.is(State::Truncated, error, 3, 1).hints("sample");
    let told = answer_to(Exchange::ok(lines(1)).header("x-dribble-errors", "disk full")).await;
    told.is(State::Truncated, ProviderError::ServiceCut("disk full".to_owned()), 1, 1);
}

#[tokio::test(start_paused = true)]
async fn x_dribble_errors_end_the_pages() {
    let page = over_the_limit(lines(3), "x").header("x-dribble-cursor", "1");
    let told = Question::new(Script::new([page, Exchange::ok(lines(9))])).set("page_size", "3").ask().await;
    assert!(matches!(told.reason(), ProviderError::ServiceCut(_)));
    told.is(State::Truncated, told.reason().clone(), 3, 1);
}

fn saf(end: &str) -> Exchange {
    let frame = |record: &str| format!("{{\"obj\":{}}}\n", record.trim_end());
    let records: String = lines(2).lines().map(frame).collect();
    Exchange::ok(format!("{{\"cond\":\"begin\"}}\n{records}{end}\n"))
}

#[tokio::test(start_paused = true)]
async fn saf_succeeded() {
    answer_to(saf(r#"{"cond":"succeeded"}"#)).await.complete(2, 1);
}

#[tokio::test(start_paused = true)]
async fn saf_limited() {
    let told = answer_to(saf(r#"{"cond":"limited","msg":"Result limit reached"}"#)).await;
    told.is(State::Truncated, ProviderError::ServiceCut("Result limit reached".to_owned()), 2, 1);
}

#[tokio::test(start_paused = true)]
async fn saf_failed() {
    let told = answer_to(saf(r#"{"cond":"failed","msg":"disk\u001b full"}"#)).await;
    told.is(State::Partial, ProviderError::ServiceFailed("disk. full".to_owned()), 2, 1);
}

#[tokio::test(start_paused = true)]
async fn saf_without_its_terminator() {
    answer_to(saf("")).await.is(State::Partial, ClientError::Cut, 2, 1);
}

#[tokio::test(start_paused = true)]
async fn a_swapped_answer_is_turned() {
    let told = answer_to(Exchange::ok(SWAPPED)).await;
    told.complete(3, 1);
    let turned = ["circl.lu ns1.eurodns.com", "circl.lu 185.194.93.14", "circl.lu 10 cppy.circl.lu"];
    assert_eq!(owners(&told), turned);
    assert_eq!(told.outcome.orientation, Orientation::Swapped);
    assert_eq!(told.answer.records[1].count, Some(19));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_the_orientation_is_said() {
    assert_eq!(answer_to(Exchange::ok(lines(1))).await.outcome.orientation, Orientation::Draft);
    assert_eq!(answer_to(Exchange::ok(unproven(3))).await.outcome.orientation, Orientation::Auto);
}

#[tokio::test(start_paused = true)]
async fn a_contradicting_orientation() {
    // The MX record is damage here, because its data is not a valid owner name.
    let told = answer_to(Exchange::ok(lines(2) + SWAPPED)).await;
    told.is(State::Partial, ProviderError::Contradiction(1), 4, 1).hints("orientation");
    let told = answer_to(Exchange::ok(SWAPPED.to_owned() + &lines(2))).await;
    told.is(State::Partial, ProviderError::Contradiction(2), 5, 1);
}

#[tokio::test(start_paused = true)]
async fn the_orientation_that_is_set_wins() {
    let ask = |orientation: &str, body: &str| {
        Question::new(Script::new([Exchange::ok(body)])).orientation(orientation).ask()
    };
    let swapped = line("ns1.eurodns.com", "NS", "circl.lu");
    let told = ask("swapped", &swapped).await;
    assert_eq!(owners(told.complete(1, 1)), ["circl.lu ns1.eurodns.com"]);
    assert_eq!(told.outcome.orientation, Orientation::Swapped);
    let told = ask("draft", SWAPPED).await;
    told.is(State::Partial, ProviderError::Contradiction(1), 2, 1);
    assert_eq!(owners(&told)[0], "ns1.eurodns.com circl.lu");
    ask("auto", SWAPPED).await.complete(3, 1);
}

#[tokio::test(start_paused = true)]
async fn damages_around_records() {
    let told = answer_to(Exchange::ok(lines(1) + "{\"rrname\":\"x\"}\noops\n" + &lines(2))).await;
    told.is(State::Partial, ProviderError::Damaged(2), 2, 1).hints("offsets");
    let places: Vec<u64> = told.answer.damages.iter().map(|damage| damage.offset).collect();
    assert_eq!(places, [lines(1).len() as u64, lines(1).len() as u64 + 15]);
}
