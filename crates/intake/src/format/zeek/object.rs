//! Zeek's entries in JSON.

use cof::time;
use serde::Deserialize;

use super::{Refused, Response};
use crate::format::json::{self, Length, Number, Text, Texts};
use crate::format::moment::Moment;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, rename = "_path")]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    ts: Option<Number<'a>>,
    #[serde(borrow)]
    uid: Option<Text<'a>>,
    trans_id: Option<u64>,
    #[serde(rename = "id.resp_p")]
    port: Option<u64>,
    #[serde(borrow)]
    query: Option<Text<'a>>,
    qclass: Option<u64>,
    qtype: Option<u16>,
    #[serde(borrow)]
    qtype_name: Option<Text<'a>>,
    opcode: Option<u64>,
    rcode: Option<u64>,
    #[serde(borrow)]
    rcode_name: Option<Text<'a>>,
    #[serde(default, rename = "TC")]
    is_truncated: bool,
    #[serde(borrow)]
    answers: Option<Texts<'a>>,
    #[serde(rename = "TTLs")]
    ttls: Option<Length>,
}

/// Reads an entry, and hands over what it says.
pub(super) fn read(
    line: &[u8],
    plausible: time::Window,
    take: impl FnOnce(&Response<'_>),
) -> Result<(), Refused> {
    let object: Object<'_> = json::object(line).ok_or(Refused::Malformed)?;
    let has_dns = object.query.is_some() || object.rcode.is_some() || object.trans_id.is_some();
    if object.path.as_ref().map_or(!has_dns, |path| path.as_str() != "dns") {
        return Err(Refused::NotDns);
    }
    let answers = object.answers.as_ref().map(|answers| answers.0.iter().map(Text::as_bytes).collect());
    let mut response = Response {
        at: object.ts.as_ref().and_then(|ts| match ts {
            Number::Number(number) => Moment::of_number(*number, plausible),
            Number::Text(text) => Moment::of_date(text),
        }),
        uid: object.uid.as_ref().map_or(&[], Text::as_bytes),
        id: object.trans_id,
        port: object.port,
        query: object.query.as_ref().map(Text::as_bytes).filter(|query| !query.is_empty()),
        class: object.qclass,
        rrtype: object.qtype,
        opcode: object.opcode,
        rcode: object.rcode,
        is_truncated: object.is_truncated,
        answers: answers.unwrap_or_default(),
        ttls: object.ttls.map(|Length(length)| length),
    };
    if let Some(name) = &object.qtype_name {
        response.set_type_name(name.as_bytes());
    }
    if let Some(name) = &object.rcode_name {
        response.set_rcode_name(name.as_bytes());
    }
    take(&response);
    Ok(())
}
