//! How strongly a shared resource connects its members, as a number with its factors.
//!
//! [`Score::of`] multiplies the number of members by three factors: which part of all names that use the resource are members,
//! on how many days members had it at once, and how much its kind says. Names and days count by their logarithm: the second
//! other name says more than the hundredth. All numbers are whole, so that the order is the same on every machine.

use super::resource::Kind;

/// A factor of one.
const ONE: u64 = 1_000;
/// Halves the rarity: one user in 16 is a member. As [`log2`].
const HALF: u64 = 4_000;
/// Doubles the factor of days: 99 days. As [`log2`] of a number one larger.
const DOUBLE: u64 = 6_562;

/// How strongly a resource connects its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The product: the members in hundredths, times the factors.
    pub points: u64,
    /// The number of members that share it.
    pub members: u64,
    /// Which part of its users are members, in thousandths: 1,000 if nobody else uses it, 500 if one in 16 is a member.
    pub rarity: u64,
    /// Days with several members at once, in thousandths: 1,000 for none, 2,000 for 99 days.
    pub at_once: u64,
    /// What its kind says, in thousandths.
    pub kind: u64,
}

impl Score {
    /// The score of a resource of this kind.
    pub(super) fn of(kind: Kind, members: usize, others: usize, days: u64) -> Self {
        let members = members as u64;
        let users = members.saturating_add(others as u64);
        let rarity = ONE * HALF / (HALF + log2(users).saturating_sub(log2(members)));
        let at_once = ONE + ONE * log2(days.saturating_add(1)) / DOUBLE;
        let kind = kind.weight();
        let points = members.saturating_mul(100).saturating_mul(rarity * at_once * kind) / (ONE * ONE * ONE);
        Self { points, members, rarity, at_once, kind }
    }
}

/// The binary logarithm in thousandths, linear between powers of two; 0 for 0.
fn log2(number: u64) -> u64 {
    let Some(power) = number.checked_ilog2() else { return 0 };
    let rest = u128::from(number - (1 << power));
    let fraction = u64::try_from((rest * 1_000) >> power).unwrap_or_default();
    u64::from(power) * 1_000 + fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_logarithm_is_exact_for_powers_of_two() {
        for (number, log) in
            [(0, 0), (1, 0), (2, 1_000), (3, 1_500), (4, 2_000), (100, 6_562), (u64::MAX, 63_999)]
        {
            assert_eq!(log2(number), log, "{number}");
        }
    }

    #[test]
    fn the_factors_are_round_where_they_are_described() {
        let score = Score::of(Kind::Address, 2, 30, 99);
        assert_eq!((score.rarity, score.at_once, score.kind, score.points), (500, 2_000, 1_000, 200));
    }

    #[test]
    fn few_others_and_long_overlaps_rank_first() {
        let points = |members, others, days| Score::of(Kind::NameServer, members, others, days).points;
        assert!(points(9, 2, 119) > points(7, 34, 77));
        assert!(points(2, 0, 0) > points(2, 900, 0));
        assert!(points(3, 0, 40) > points(3, 0, 0));
        assert_eq!(Score::of(Kind::Address, 2, 0, 0).points, 200);
        assert!(Score::of(Kind::Network, 3, 5, 9).points < Score::of(Kind::Address, 3, 5, 9).points);
    }

    proptest! {
        #[test]
        fn more_of_what_connects_never_lowers_the_score(
            members in 2_usize..300, others in 0_usize..1_000_000, days in 0_u64..100_000,
        ) {
            let points = |members, others, days| Score::of(Kind::Address, members, others, days).points;
            let base = points(members, others, days);
            prop_assert!(points(members + 1, others, days) >= base);
            prop_assert!(points(members, others + 1, days) <= base);
            prop_assert!(points(members, others, days + 1) >= base);
        }

        #[test]
        fn nothing_overflows(members: usize, others: usize, days: u64) {
            for kind in Kind::ALL {
                let _ = Score::of(kind, members, others, days);
            }
        }
    }
}
