//! The keys of the format and of its framing that the reader knows.

use crate::record::Field;

/// The known keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    RrName,
    RrType,
    Rdata,
    TimeFirst,
    TimeLast,
    Count,
    Origin,
    Bailiwick,
    SensorId,
    ZoneTimeFirst,
    ZoneTimeLast,
    TimeFirstMs,
    TimeLastMs,
    Cond,
    Msg,
    Obj,
}

impl Key {
    pub(super) const COUNT: usize = 16;

    #[inline]
    pub(super) fn of(raw: &[u8]) -> Option<Self> {
        Some(match raw {
            b"rrname" => Self::RrName,
            b"rrtype" => Self::RrType,
            b"rdata" | b"rrdata" => Self::Rdata,
            b"time_first" => Self::TimeFirst,
            b"time_last" => Self::TimeLast,
            b"count" => Self::Count,
            b"origin" => Self::Origin,
            b"bailiwick" => Self::Bailiwick,
            b"sensor_id" => Self::SensorId,
            b"zone_time_first" => Self::ZoneTimeFirst,
            b"zone_time_last" => Self::ZoneTimeLast,
            b"time_first_ms" => Self::TimeFirstMs,
            b"time_last_ms" => Self::TimeLastMs,
            b"cond" => Self::Cond,
            b"msg" => Self::Msg,
            b"obj" => Self::Obj,
            _ => return None,
        })
    }

    /// The key in its usual form in an object.
    #[inline]
    pub(super) fn quoted(self) -> &'static [u8] {
        match self {
            Self::RrName => b"\"rrname\":",
            Self::RrType => b"\"rrtype\":",
            Self::Rdata => b"\"rdata\":",
            Self::TimeFirst => b"\"time_first\":",
            Self::TimeLast => b"\"time_last\":",
            Self::Count => b"\"count\":",
            Self::Origin => b"\"origin\":",
            Self::Bailiwick => b"\"bailiwick\":",
            Self::SensorId => b"\"sensor_id\":",
            Self::ZoneTimeFirst => b"\"zone_time_first\":",
            Self::ZoneTimeLast => b"\"zone_time_last\":",
            Self::TimeFirstMs => b"\"time_first_ms\":",
            Self::TimeLastMs => b"\"time_last_ms\":",
            Self::Cond => b"\"cond\":",
            Self::Msg => b"\"msg\":",
            Self::Obj => b"\"obj\":",
        }
    }

    pub(super) fn field(self) -> Field {
        match self {
            Self::RrName => Field::RrName,
            Self::RrType => Field::RrType,
            Self::Rdata => Field::Rdata,
            Self::TimeFirst | Self::TimeFirstMs => Field::TimeFirst,
            Self::TimeLast | Self::TimeLastMs => Field::TimeLast,
            Self::Count => Field::Count,
            Self::Origin => Field::Origin,
            Self::Bailiwick => Field::Bailiwick,
            Self::SensorId => Field::SensorId,
            Self::ZoneTimeFirst => Field::ZoneTimeFirst,
            Self::ZoneTimeLast => Field::ZoneTimeLast,
            Self::Cond | Self::Msg | Self::Obj => Field::Record,
        }
    }
}
