//! LOC record data (RFC 1876): a place on Earth with its size and precision.
//!
//! Wire format: version 0, three bytes with a decimal digit and a power of ten in centimetres each (size, horizontal and
//! vertical precision), then latitude and longitude in thousandths of an arc second from 2^31, and the altitude in centimetres
//! above 100 km below the ellipsoid. All calculations use integers, so that each location has one form.

use std::fmt::Write as _;

use super::presentation::take_token;
use smallvec::SmallVec;

const EQUATOR: u32 = 1 << 31;
const DEGREE: u32 = 3_600_000;
/// The defaults (RFC 1876 section 3): 1 m, 10 km and 10 m.
const DEFAULTS: [u8; 3] = [0x12, 0x16, 0x13];
/// The reference altitude, in centimetres below the ellipsoid.
const DEPTH: i64 = 10_000_000;

/// Reads `42 21 54 N 71 6 18 W -24m 30m`.
pub(super) fn parse(text: &str) -> Option<SmallVec<[u8; 16]>> {
    let mut rest = text;
    let latitude = angle(&mut rest, ["N", "S"], 90)?;
    let longitude = angle(&mut rest, ["E", "W"], 180)?;
    let altitude = u32::try_from(centimetres(take_token(&mut rest)?)?.checked_add(DEPTH)?).ok()?;
    let mut sizes = DEFAULTS;
    for size in &mut sizes {
        if rest.is_empty() {
            break;
        }
        *size = power_of_ten(centimetres(take_token(&mut rest)?)?)?;
    }
    let mut wire = SmallVec::from_slice(&[0]);
    wire.extend_from_slice(&sizes);
    for number in [latitude, longitude, altitude] {
        wire.extend_from_slice(&number.to_be_bytes());
    }
    rest.is_empty().then_some(wire)
}

/// Prints data of 16 bytes and version 0; `None` for any other.
pub(super) fn push(wire: &[u8], out: &mut String) -> Option<()> {
    let [0, size, horizontal, vertical, numbers @ ..] = <[u8; 16]>::try_from(wire).ok()? else { return None };
    let (latitude, rest) = numbers.split_first_chunk::<4>()?;
    let (longitude, altitude) = rest.split_first_chunk::<4>()?;
    push_angle(u32::from_be_bytes(*latitude), ['N', 'S'], out);
    push_angle(u32::from_be_bytes(*longitude), ['E', 'W'], out);
    let altitude = i64::from(u32::from_be_bytes(altitude.try_into().ok()?)) - DEPTH;
    push_metres(altitude, out);
    for size in [size, horizontal, vertical] {
        out.push(' ');
        push_metres(i64::from(size >> 4) * 10_i64.pow(u32::from(size & 15)), out);
    }
    Some(())
}

/// Parses degrees, minutes and seconds up to the letter of the direction, in thousandths of an arc second from 2^31.
fn angle(rest: &mut &str, directions: [&str; 2], most: u32) -> Option<u32> {
    let mut sum = 0_u32;
    for (part, unit) in [DEGREE, 60_000, 1000, 0].into_iter().enumerate() {
        let token = take_token(rest)?;
        let [positive, negative] = directions.map(|direction| direction.eq_ignore_ascii_case(token));
        if (positive || negative) && part > 0 {
            let within = sum <= most * DEGREE;
            return within.then_some(if positive { EQUATOR + sum } else { EQUATOR - sum });
        }
        let value = match part {
            0 => token.parse::<u32>().ok().filter(|degrees| *degrees <= most)? * unit,
            1 => token.parse::<u32>().ok().filter(|minutes| *minutes < 60)? * unit,
            2 => u32::try_from(decimal(token, 3)?).ok().filter(|thousandths| *thousandths < 60_000)?,
            _ => return None,
        };
        sum += value;
    }
    None
}

/// A decimal number of metres, with or without `m`, in centimetres.
fn centimetres(token: &str) -> Option<i64> {
    let number = token.strip_suffix(['m', 'M']).unwrap_or(token);
    match number.strip_prefix('-') {
        Some(number) => decimal(number, 2).map(|centimetres| -centimetres),
        None => decimal(number.strip_prefix('+').unwrap_or(number), 2),
    }
}

/// A decimal number without a sign, multiplied by ten to the power of `places`; with at most that many decimal places.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || whole.len() > 10 || fraction.len() > places || !digits(whole) || !digits(fraction)
    {
        return None;
    }
    let zeros = "0".repeat(places - fraction.len());
    format!("{whole}{fraction}{zeros}").parse().ok()
}

/// The digit and the power of ten for a number of centimetres; further digits are cut off, as in BIND.
fn power_of_ten(centimetres: i64) -> Option<u8> {
    let (mut digit, mut power) = (u64::try_from(centimetres).ok()?, 0);
    while digit > 9 {
        digit /= 10;
        power += 1;
    }
    (power <= 9).then(|| u8::try_from(digit << 4 | power).ok()).flatten()
}

fn push_angle(value: u32, [positive, negative]: [char; 2], out: &mut String) {
    let (thousandths, direction) =
        if value >= EQUATOR { (value - EQUATOR, positive) } else { (EQUATOR - value, negative) };
    let (degrees, minutes) = (thousandths / DEGREE, thousandths / 60_000 % 60);
    let (seconds, rest) = (thousandths / 1000 % 60, thousandths % 1000);
    let _ = write!(out, "{degrees} {minutes} {seconds}.{rest:03} {direction} ");
}

fn push_metres(centimetres: i64, out: &mut String) {
    let sign = if centimetres < 0 { "-" } else { "" };
    let size = centimetres.unsigned_abs();
    let _ = write!(out, "{sign}{}.{:02}m", size / 100, size % 100);
}
