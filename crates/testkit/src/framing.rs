//! Determines whether an answer is complete, so that the connection can be used for another one.
//!
//! Pure code: [`keeps_alive`] reads the bytes of an exchange like a client, so that a script cannot declare something that its
//! bytes do not state. Unreadable bytes count as incomplete.

use crate::script::Step;

/// Whether the connection stays open after these steps.
pub(crate) fn keeps_alive(steps: &[Step]) -> bool {
    let mut answer = Vec::new();
    for step in steps {
        match step {
            Step::Close | Step::Endless(_) | Step::Stall => return false,
            Step::Send(bytes) => answer.extend_from_slice(bytes),
            Step::Sleep(_) => {}
        }
    }
    is_complete(&answer).unwrap_or(false)
}

/// Whether the answer ends exactly where its head states; `None` if it cannot be read.
fn is_complete(answer: &[u8]) -> Option<bool> {
    let end = end_of_head(answer)?;
    let (head, body) = answer.split_at_checked(end)?;
    let (status, headers) = head_lines(head)?;
    let find = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    if find("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        return Some(false);
    }
    if matches!(status.split(' ').nth(1)?, "204" | "304") {
        return Some(body.is_empty());
    }
    match find("transfer-encoding") {
        Some(coding) => Some(coding.eq_ignore_ascii_case("chunked") && chunks_end(body)?),
        None => Some(find("content-length")?.parse() == Ok(body.len())),
    }
}

/// The first line of a head, and its headers with their names in lower case.
pub(crate) fn head_lines(head: &[u8]) -> Option<(&str, Vec<(String, String)>)> {
    let mut lines = std::str::from_utf8(head).ok()?.trim_end_matches("\r\n").split("\r\n");
    let first = lines.next()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some((first, lines.map(header).collect::<Option<_>>()?))
}

/// The end of the blank line after the headers.
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

/// Whether the last chunk ends the body exactly; trailers are not supported.
fn chunks_end(mut body: &[u8]) -> Option<bool> {
    loop {
        let line = body.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(body.get(..line)?).ok()?, 16).ok()?;
        body = body.get(line + 2..)?;
        if size == 0 {
            return Some(body == b"\r\n");
        }
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Exchange;

    fn kept(exchange: Exchange) -> bool {
        keeps_alive(&exchange.into_steps())
    }

    #[test]
    fn complete_answers_keep_the_connection() {
        assert!(kept(Exchange::ok("body")));
        assert!(kept(Exchange::ok("")));
        assert!(kept(Exchange::ok("0123456789").chunked(3)));
        assert!(kept(Exchange::ok("").chunked(3)));
        assert!(kept(Exchange::status(204, &[], "")));
        let raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
        assert!(kept(Exchange::raw(vec![Step::Send(raw)])));
    }

    #[test]
    fn incomplete_answers_close_it() {
        assert!(!kept(Exchange::ok("body").header("content-length", "5")));
        assert!(!kept(Exchange::ok("body").header("content-length", "3")));
        assert!(!kept(Exchange::ok("body").without("content-length")));
        assert!(!kept(Exchange::ok("body").chunked(3).until(5)));
        assert!(!kept(Exchange::ok("body").chunked(3).then(Step::Send(b"more".to_vec()))));
        assert!(!kept(Exchange::ok("body").header("connection", "close")));
        assert!(!kept(Exchange::ok("body").then(Step::Close)));
        assert!(!kept(Exchange::ok("body").then(Step::Stall)));
        assert!(!kept(Exchange::raw(vec![Step::Send(b"nonsense".to_vec())])));
        assert!(!kept(Exchange::raw(vec![])));
    }
}
