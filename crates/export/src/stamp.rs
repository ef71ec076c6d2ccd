//! Times in the forms that documents want. A time that is no date until the year 9999 has none.

use cof::time;

/// `2017-06-09T08:07:17.000Z`, as STIX writes it.
pub(crate) fn stix(seconds: u64) -> Option<String> {
    Some(plain(seconds)? + ".000Z")
}

/// `2017-06-09T08:07:17+00:00`, as MISP writes it.
pub(crate) fn misp(seconds: u64) -> Option<String> {
    Some(plain(seconds)? + "+00:00")
}

/// `2017-06-09`.
pub(crate) fn day(seconds: u64) -> Option<String> {
    plain(seconds)?.get(..10).map(str::to_owned)
}

fn plain(seconds: u64) -> Option<String> {
    time::rfc3339(seconds).strip_suffix('Z').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_each_platform_wants_them() {
        assert_eq!(stix(1_496_995_637).unwrap(), "2017-06-09T08:07:17.000Z");
        assert_eq!(misp(1_496_995_637).unwrap(), "2017-06-09T08:07:17+00:00");
        assert_eq!(day(1_496_995_637).unwrap(), "2017-06-09");
        assert_eq!((stix(u64::MAX), misp(u64::MAX), day(u64::MAX)), (None, None, None));
    }
}
