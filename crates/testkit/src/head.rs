//! The head of an answer: [`Head`]. Names and values are sent as the test specifies them, valid or not.

/// A status line and headers, before they are converted to bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut lines = vec![format!("HTTP/1.1 {} {}", self.code, reason(self.code))];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        (lines.join("\r\n") + "\r\n\r\n").into_bytes()
    }
}

/// The reason phrase of the statuses that providers send.
fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Scripted",
    }
}
