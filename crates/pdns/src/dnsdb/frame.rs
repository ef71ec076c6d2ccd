//! The lines of an answer in DNSDB's streaming format, which marks an answer as complete or cut off.
//!
//! ```text
//! {"cond":"begin"}
//! {"obj":{…}}                                       an object
//! {"cond":"ongoing"}                                nothing yet, the search continues
//! {"cond":"succeeded"}                              the last line: the answer is complete
//! {"cond":"limited","msg":"Result limit reached"}   the last line: there is more
//! {"cond":"failed","msg":"…"}                       the last line: the objects are valid, but not all
//! ```
//!
//! Every line has a line end, including the last; no line is blank, and the last line is never an object, because clients would
//! lose it.
//!
//! Version 1 has no frames: each object is a line ([`object`]), and nothing else is sent.

use super::gather::End;
use super::path::Version;

pub(super) const BEGIN: &str = "{\"cond\":\"begin\"}\n";
pub(super) const ONGOING: &str = "{\"cond\":\"ongoing\"}\n";

/// Writes a line with an object, which `write` appends.
pub(super) fn object(version: Version, out: &mut String, write: impl FnOnce(&mut String)) {
    if version == Version::One {
        write(out);
        out.push('\n');
        return;
    }
    out.push_str("{\"obj\":");
    write(out);
    out.push_str("}\n");
}

/// The last line.
pub(super) fn end(end: &End, out: &mut String) {
    match end {
        End::Limited(why) | End::Stopped(why) => last("limited", why, out),
        End::Succeeded => out.push_str("{\"cond\":\"succeeded\"}\n"),
    }
}

/// The last line after a failure.
pub(super) fn failed(why: &str, out: &mut String) {
    last("failed", why, out);
}

/// `why` is a text of ours: printable ASCII without quotes and backslashes.
fn last(condition: &str, why: &str, out: &mut String) {
    for part in ["{\"cond\":\"", condition, "\",\"msg\":\"", why, "\"}\n"] {
        out.push_str(part);
    }
}
