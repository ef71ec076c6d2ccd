//! Bodies: stalls, cuts, framings, encodings, limits. What arrived before a fault is kept.

use operation::provider::{ClientError, Orientation, Stop};
use operation::{Indicator, ProviderError, Sink, State};
use testkit::answer::{
    body_cut, body_drips, body_stalls, chunked_body_cut, endless, ends_in_record, ends_in_record_unframed,
    gzip_bomb, gzipped, length_too_long,
};
use testkit::{Exchange, Script, Step, gzip};

use crate::kit::{Question, SECOND, answer_to, line, lines, unproven};

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls() {
    let told = answer_to(body_stalls(lines(5), lines(2).len() + 10)).await;
    told.is(State::Partial, ClientError::IdleTimeout(30 * SECOND), 2, 1).hints("again").took(30 * SECOND);
    let told = answer_to(body_stalls(lines(5), 0)).await;
    told.is(State::Failed, ClientError::IdleTimeout(30 * SECOND), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_beyond_the_total_timeout() {
    let told = answer_to(body_drips(lines(20), lines(1).len(), 20 * SECOND)).await;
    let told = told.is(State::Partial, ClientError::TotalTimeout(120 * SECOND), 6, 1);
    told.hints("timeout").took(120 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_inside_a_record() {
    let told = answer_to(body_cut(lines(5), lines(3).len() + 20)).await;
    told.is(State::Partial, ClientError::Cut, 3, 1).hints("again");
    assert_eq!(told.answer.damages.len(), 1, "the stump is told");
    assert_eq!(told.answer.damages[0].offset, lines(3).len() as u64);
    assert_eq!(told.raw, lines(5).as_bytes()[..lines(3).len() + 20]);
    // The body had started: another request would return its records twice.
    let told = answer_to(body_cut(lines(5), 20)).await;
    told.is(State::Failed, ClientError::Cut, 0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_before_any_proof_of_orientation() {
    let body = unproven(100);
    let told = answer_to(body_cut(body.clone(), body.len() - 10)).await;
    told.is(State::Partial, ClientError::Cut, 99, 1);
    assert_eq!((told.outcome.orientation, told.answer.damages.len()), (Orientation::Auto, 1));
    let told = answer_to(body_stalls(body.clone(), body.len() - 10)).await;
    told.is(State::Partial, ClientError::IdleTimeout(30 * SECOND), 99, 1);
}

#[tokio::test(start_paused = true)]
async fn a_cap_reached_before_any_proof_of_orientation() {
    let script = Script::new([Exchange::ok(unproven(1000))]);
    let told = Question::new(script).limit(|limits| limits.bytes = 10_000).ask().await;
    let reason = told.reason().clone();
    assert!(matches!(reason, ProviderError::TooLarge(_)), "{reason:?}");
    told.is(State::Truncated, reason, told.answer.records.len(), 1);
    assert!(told.answer.records.len() > 50, "{}", told.answer.records.len());
}

#[tokio::test(start_paused = true)]
async fn more_than_is_held_back_without_any_proof() {
    let told = answer_to(Exchange::ok(unproven(5000))).await;
    told.complete(5000, 1);
    assert_eq!(told.outcome.orientation, Orientation::Auto);
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_cut() {
    let told = answer_to(chunked_body_cut(lines(9), 100, 420)).await;
    told.is(State::Partial, ClientError::Cut, 3, 1);
    // All records are complete, but the last chunk is missing.
    let told = answer_to(chunked_body_cut(lines(1), 1000, lines(1).len() + 6)).await;
    told.is(State::Partial, ClientError::Cut, 1, 1);
    answer_to(Exchange::ok(lines(9)).chunked(7)).await.complete(9, 1);
}

#[tokio::test(start_paused = true)]
async fn broken_chunks() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n";
    let told = answer_to(Exchange::raw(vec![Step::Send(head.into())])).await;
    let ProviderError::Client(ClientError::Http(_)) = told.reason() else { panic!("{:?}", told.reason()) };
    told.is(State::Failed, told.reason().clone(), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn body_shorter_than_its_content_length() {
    answer_to(length_too_long(lines(2), 1)).await.is(State::Partial, ClientError::Cut, 2, 1);
}

#[tokio::test(start_paused = true)]
async fn a_content_length_that_is_too_short() {
    let short = (lines(2).len() - 10).to_string();
    let told = answer_to(Exchange::ok(lines(2)).header("content-length", &short)).await;
    told.is(State::Partial, ProviderError::EndsInside, 1, 1);
}

#[tokio::test(start_paused = true)]
async fn a_length_beside_chunks_does_not_count() {
    let told = answer_to(Exchange::ok(lines(3)).chunked(50).header("content-length", "5")).await;
    told.complete(3, 1);
}

#[tokio::test(start_paused = true)]
async fn wherever_it_is_cut_the_whole_records_before_it_are_kept_and_it_is_not_complete() {
    let body = unproven(2) + &lines(1);
    let whole = |len: usize| body.match_indices("}\n").filter(|(end, _)| *end < len).count();
    for len in 0..body.len() {
        let state = if whole(len) > 0 { State::Partial } else { State::Failed };
        let told = answer_to(body_cut(body.clone(), len)).await;
        told.is(state, ClientError::Cut, whole(len), 1);
        assert_eq!(told.raw, body.as_bytes()[..len], "the evidence is what arrived");
        // The same if only the data shows it.
        let told = answer_to(ends_in_record(body.clone(), len)).await;
        if body[..len].trim_end().ends_with('}') || len == 0 {
            told.complete(whole(len), 1);
        } else {
            told.is(state, ProviderError::EndsInside, whole(len), 1);
        }
        // The same with an encoding.
        let packed = gzip::stored(body.as_bytes());
        let told = answer_to(gzipped(&packed[..=len])).await;
        assert_eq!(told.reason(), &ProviderError::from(ClientError::Cut));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_length() {
    answer_to(Exchange::ok(lines(3)).without("content-length")).await.complete(3, 1);
    let told = answer_to(ends_in_record_unframed(lines(3), lines(2).len() + 5)).await;
    told.is(State::Partial, ProviderError::EndsInside, 2, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_ends_inside_a_record() {
    let told = answer_to(ends_in_record(lines(3), lines(3).len() - 5)).await;
    told.is(State::Partial, ProviderError::EndsInside, 2, 1).hints("again");
    let told = answer_to(ends_in_record(lines(1), 30)).await;
    told.is(State::Failed, ProviderError::EndsInside, 0, 1);
    for opened in ["[", "{\"data\":["] {
        answer_to(Exchange::ok(opened)).await.is(State::Failed, ProviderError::EndsInside, 0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_body() {
    for body in ["", "\n", " \r\n\r\n", "[]", "[ ]\n"] {
        let told = answer_to(Exchange::ok(body)).await;
        told.complete(0, 1);
        assert_eq!((told.outcome.pages, told.outcome.orientation), (1, Orientation::Auto), "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn gzip_that_was_asked_for() {
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        let body = gzip::stored(lines(5).as_bytes());
        let told = answer_to(Exchange::ok(body).header("content-encoding", encoding)).await;
        told.complete(5, 1);
        assert_eq!(told.raw, lines(5).as_bytes(), "the evidence is what was decoded");
    }
    let members = [gzip::stored(lines(5).as_bytes()), gzip::stored(unproven(1).as_bytes())].concat();
    answer_to(gzipped(members)).await.complete(6, 1);
}

#[tokio::test(start_paused = true)]
async fn gzip_stream_cut() {
    let body = gzip::stored(lines(5).as_bytes());
    // Within a record, and after the last record but before the checksum.
    for (len, records) in [(lines(3).len() + 30, 3), (body.len() - 4, 5)] {
        let told = answer_to(gzipped(&body[..len])).await;
        told.is(State::Partial, ClientError::Cut, records, 1);
        let told = answer_to(gzipped(body.clone()).until(len).then(Step::Close)).await;
        told.is(State::Partial, ClientError::Cut, records, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn gzip_that_is_none() {
    let told = answer_to(gzipped(lines(5))).await;
    let ProviderError::Client(ClientError::Encoding(_)) = told.reason() else {
        panic!("{:?}", told.reason())
    };
    told.is(State::Failed, told.reason().clone(), 0, 1).hints("host and port");
}

#[tokio::test(start_paused = true)]
async fn gzip_bomb_is_not_decompressed_to_the_end() {
    let told = answer_to(gzip_bomb(200)).await;
    told.is(State::Failed, ClientError::Expansion(200), 0, 1).hints("not a passive-DNS answer");
    assert!(told.outcome.bytes < 50 << 20, "{}", told.outcome.bytes);
}

/// A zstd frame (RFC 8878) of one raw block, up to 255 bytes.
fn zstd(body: &[u8]) -> Vec<u8> {
    let len = u8::try_from(body.len()).unwrap();
    let block = (u32::from(len) << 3 | 1).to_le_bytes();
    [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, len], &block[..3], body].concat()
}

#[tokio::test(start_paused = true)]
async fn zstd_ok_and_cut() {
    let body = zstd(lines(1).as_bytes());
    answer_to(Exchange::ok(body.clone()).header("content-encoding", "zstd")).await.complete(1, 1);
    let told = answer_to(Exchange::ok(&body[..60]).header("content-encoding", "zstd")).await;
    told.is(State::Failed, ClientError::Cut, 0, 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_body_needs_no_encoding() {
    for encoding in ["gzip", "zstd"] {
        answer_to(Exchange::ok("").header("content-encoding", encoding)).await.complete(0, 1);
        let cut = Exchange::ok("x").until(0).then(Step::Close).header("content-encoding", encoding);
        answer_to(cut).await.is(State::Failed, ClientError::Cut, 0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zstd_window_beyond_what_the_web_allows() {
    // RFC 9659: 8 MiB. A frame may request gigabytes, which a decoder would have to allocate.
    let frame = |exponent: u8| {
        let block = (u32::try_from(lines(1).len()).unwrap() << 3 | 1).to_le_bytes();
        [&[0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3], &block[..3], lines(1).as_bytes()].concat()
    };
    answer_to(Exchange::ok(frame(13)).header("content-encoding", "zstd")).await.complete(1, 1);
    let told = answer_to(Exchange::ok(frame(14)).header("content-encoding", "zstd")).await;
    let ProviderError::Client(ClientError::Encoding(_)) = told.reason() else {
        panic!("{:?}", told.reason())
    };
    told.is(State::Failed, told.reason().clone(), 0, 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_encoding() {
    for encoding in ["br", "gzip, gzip", "\u{e9}"] {
        let told = answer_to(Exchange::ok(lines(1)).header("content-encoding", encoding)).await;
        let ProviderError::Client(ClientError::Encoding(said)) = told.reason() else {
            panic!("{:?}", told.reason())
        };
        assert!(said.contains("unknown encoding"), "{said}");
        told.is(State::Failed, told.reason().clone(), 0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_body() {
    let question = Question::new(Script::new([endless(lines(3))]));
    let told = question.limit(|limits| limits.bytes = 1 << 20).ask().await;
    told.is(State::Truncated, ProviderError::TooLarge(1), 3, 1).hints("narrow");
    assert!(told.provider.sent() < 2 << 20, "{}", told.provider.sent());
}

#[tokio::test(start_paused = true)]
async fn an_endless_value() {
    let question = Question::new(Script::new([endless("[{\"rrname\":\"a")]));
    let told = question.limit(|limits| limits.bytes = 3 << 20).ask().await;
    assert_eq!(told.answer.completeness.state, State::Failed, "{:?}", told.answer.completeness);
}

#[tokio::test(start_paused = true)]
async fn too_many_damages() {
    let body = lines(1) + &"{\"x\":1}\n".repeat(200_000);
    let told =
        Question::new(Script::new([Exchange::ok(body)])).limit(|limits| limits.damages = 10).ask().await;
    let ProviderError::Damaged(damages) = *told.reason() else { panic!("{:?}", told.reason()) };
    assert!((11..20_000).contains(&damages), "reading stops soon after the cap: {damages}");
    told.is(State::Partial, ProviderError::Damaged(damages), 1, 1).hints("offsets");
    assert_eq!(told.answer.damages.len(), 100, "the first are kept to be shown");
}

#[tokio::test(start_paused = true)]
async fn more_records_than_are_held() {
    let mut question = Question::new(Script::new([Exchange::ok(lines(9))]));
    question.most = 4;
    let told = question.ask().await;
    told.is(State::Truncated, ProviderError::Records(4), 4, 1).hints("record type");
    let mut question = Question::new(Script::new([Exchange::ok(lines(4) + &lines(4))]));
    question.most = 4;
    question.ask().await.complete(4, 1);
}

/// Accepts one record.
struct Enough(usize);

impl Sink for Enough {
    fn record(&mut self, _: cof::Record) -> Result<(), Stop> {
        self.0 += 1;
        if self.0 == 1 { Ok(()) } else { Err(Stop::Gone) }
    }

    fn damage(&mut self, _: cof::Damage) {}
}

#[tokio::test(start_paused = true)]
async fn nobody_listens_any_more() {
    let question = Question::new(Script::new([endless(lines(1)), Exchange::ok(lines(1))]));
    let (provider, line_to) = question.connect();
    let mut sink = Enough(0);
    let outcome = provider.ask(&Indicator::parse("www.example.com").unwrap(), &mut sink).await;
    assert_eq!((outcome.completeness.state, outcome.completeness.reason, sink.0), (State::Complete, None, 2));
    // The connection of an answer that was not read completely is not reused.
    question.ask_by(&provider, line_to).await.complete(1, 2);
    assert_eq!(question.provider.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_come_octet_by_octet_read_the_same() {
    let body = line("a.example", "TXT", "caf\u{e9}") + &lines(2);
    let whole = answer_to(Exchange::ok(body.clone())).await;
    let pieces = answer_to(body_drips(body, 1, std::time::Duration::from_millis(1))).await;
    assert_eq!(whole.answer.records, pieces.answer.records);
    assert_eq!(pieces.complete(3, 1).raw, whole.raw);
}
