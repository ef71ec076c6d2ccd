//! The tests for every engine: its answers must be those of a model that merges by brute force.
//!
//! [`conformance!`](crate::conformance!) creates all these tests for an engine; another engine only needs another call. `model`
//! is that model, `tuples` generates observations and queries, and `answers` and `inputs` compare. A difference is a panic.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

pub mod answers;
pub mod inputs;
pub mod model;
pub mod tuples;

#[doc(hidden)]
pub use proptest;

use crate::{Memory, Store};

/// A store with upkeep operations that must not change any answer.
pub trait Engine: Store {
    /// Runs one of them: flushing, compacting, opening again.
    fn shake(&self, how: usize);
    /// Merges everything that can be merged.
    fn settle(&self);
}

impl Engine for Memory {
    fn shake(&self, _: usize) {}

    fn settle(&self) {}
}

/// Creates a module of tests for an engine; the expression creates an empty store that implements [`Engine`]. With `cases`, each
/// property is tried that often, for engines that take long to create an empty store.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $empty:expr) => {
        $crate::conformance!($name, $empty, cases = $crate::conformance::proptest::test_runner::Config::default().cases);
    };
    ($name:ident, $empty:expr, cases = $cases:expr) => {
        mod $name {
            use $crate::conformance::answers::{self, any_selection, batches};
            use $crate::conformance::proptest::prelude::{any, proptest};
            use $crate::conformance::tuples::any_question;
            use $crate::conformance::{inputs, proptest};

            use super::*;

            proptest! {
                #![proptest_config(proptest::test_runner::Config::with_cases($cases))]

                #[test]
                fn pages(batches in batches(), more in batches(), question in any_question()) {
                    answers::pages_are_the_models($empty, &batches, &more, &question);
                }

                #[test]
                fn pages_while_absorbing(batches in batches(), more in batches(), question in any_question()) {
                    answers::nothing_that_was_there_is_left_out($empty, &batches, &more, &question.subject);
                }

                #[test]
                fn arrival(batches in batches(), seed in any::<usize>()) {
                    answers::order_of_arrival_never_shows([$empty, $empty], &batches, seed);
                }

                #[test]
                fn own_answers(batches in batches(), question in any_question()) {
                    answers::our_own_answers_change_nothing($empty, &batches, &question);
                }

                #[test]
                fn newest_and_summary(batches in batches(), question in any_question()) {
                    answers::newest_and_summary_are_the_models($empty, &batches, &question);
                }

                #[test]
                fn dropping(batches in batches(), selection in any_selection()) {
                    answers::what_is_dropped_is_gone($empty, &batches, &selection);
                }

                #[test]
                fn forged_cursors(
                    batches in batches(),
                    question in any_question(),
                    key in proptest::collection::vec(any::<u8>(), 0..600),
                    behind in proptest::prop_oneof![0..3_u32, any::<u32>()],
                ) {
                    answers::forged_cursors_are_places($empty, &batches, &question, &key, behind);
                }

                #[test]
                fn export(batches in batches()) {
                    answers::an_export_reads_back($empty, &batches);
                }
            }

            #[test]
            fn remembered() {
                inputs::all_of_it_is_remembered(&$empty);
            }

            #[test]
            fn other_content() {
                inputs::other_content_under_a_known_name_is_refused(&$empty);
            }

            #[test]
            fn expiry() {
                inputs::what_expires_is_forgotten_when_its_time_has_come(&$empty);
            }

            #[test]
            fn numbers() {
                inputs::numbers_only_rise_and_are_never_forgotten(&$empty);
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::conformance!(memory, Memory::new());
}
