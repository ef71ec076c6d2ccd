//! An execution on a ThreatQ as the server remembers it: [`Executing`], with the [`Answer`] of the operation.

use std::fmt::Write as _;
use std::sync::Arc;

use cof::Record;
use platform::threatq::executing::{Executed, Ready};
use platform::threatq::json as shapes;
use platform::threatq::records::Recognised;
use serde_json::Value;
use workbench::json::threatq as json;

/// How much of a result is kept for programs, in bytes.
const KEPT: usize = 1 << 20;
/// How much of it a page shows, in bytes.
const SHOWN: usize = 64 << 10;
/// How many records are kept.
const RECORDS: usize = 1_000;

/// An execution that goes on, or has ended lately.
#[derive(Clone, Debug)]
pub(crate) struct Executing {
    pub(crate) id: i64,
    pub(crate) actor: String,
    pub(crate) platform: String,
    pub(crate) ready: Arc<Ready>,
    pub(crate) began_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) state: State,
}

/// How far an execution is.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Running,
    Done(Arc<Answer>),
    Failed {
        reason: String,
        /// Whether it may have been executed all the same.
        may_have_acted: bool,
    },
}

/// What an operation returned.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The result for reading: indented, without characters that change how others are shown.
    pub(crate) text: String,
    /// Whether the text is cut off.
    pub(crate) is_cut: bool,
    /// The result for programs; `None` if it is larger than [`KEPT`].
    compact: Option<String>,
    /// The first records.
    pub(crate) records: Vec<Record>,
    /// How many records were recognised.
    pub(crate) count: usize,
    /// How many objects look like records, but are none.
    pub(crate) damaged: u64,
    /// Whether there may be more records.
    pub(crate) is_more: bool,
}

impl Answer {
    pub(crate) fn new(executed: Executed) -> Self {
        let Executed { result, recognised } = executed;
        let Recognised { mut records, damaged, is_cut: is_more } = recognised;
        // It consists of JSON, which always can be written.
        let mut text = visible(&serde_json::to_string_pretty(&result).unwrap_or_default());
        let is_cut = text.len() > SHOWN;
        text.truncate(text.floor_char_boundary(SHOWN));
        let compact = Some(result.to_string()).filter(|compact| compact.len() <= KEPT);
        let count = records.len();
        records.truncate(RECORDS);
        Self { text, is_cut, compact, is_more: is_more || count > RECORDS, count, records, damaged }
    }

    /// The result as it was returned, as far as it is kept.
    fn executed(&self) -> Executed {
        let result = self.compact.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let (records, damaged) = (self.records.clone(), self.damaged);
        Executed {
            result: result.unwrap_or(Value::Null),
            recognised: Recognised { records, damaged, is_cut: self.is_more },
        }
    }
}

impl Executing {
    /// For programs.
    pub(crate) fn shown(&self) -> json::ExecutionShown {
        let (state, result, reason, may_have_acted) = match &self.state {
            State::Running => ("running", None, None, true),
            State::Done(answer) => {
                ("done", Some(shapes::executed(&self.ready, &answer.executed())), None, true)
            }
            State::Failed { reason, may_have_acted } => {
                ("failed", None, Some(reason.clone()), *may_have_acted)
            }
        };
        json::ExecutionShown {
            action: self.ready.action.name.clone(),
            actor: self.actor.clone(),
            began_at: json::time(self.began_at),
            ended_at: self.ended_at.map(json::time),
            id: self.id,
            indicator: shapes::indicator(&self.ready.indicator),
            may_have_acted,
            operation: shapes::operation(&self.ready.operation),
            platform: self.platform.clone(),
            reason,
            result,
            state,
        }
    }

    pub(crate) fn goes_on(&self) -> bool {
        matches!(self.state, State::Running)
    }
}

/// JSON with escapes for characters that are not seen, or change the order in which others are shown.
fn visible(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    text
}

fn is_hidden(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_large_result_is_cut_for_reading_and_not_kept_for_programs() {
        let result = json!({"text": "\u{fc}".repeat(KEPT)});
        let answer = Answer::new(Executed { result, recognised: Recognised::default() });
        assert!(answer.is_cut && answer.text.len() <= SHOWN && answer.compact.is_none());
        assert_eq!(answer.executed().result, Value::Null);
        let small = Answer::new(Executed { result: json!({"a": 1}), recognised: Recognised::default() });
        assert_eq!((small.text.as_str(), small.is_cut), ("{\n  \"a\": 1\n}", false));
        assert_eq!(small.executed().result, json!({"a": 1}));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_the_same_json_without_hidden_characters(text in ".{0,40}", hidden in "[\u{202e}\u{2066}\u{7f}\u{85}\u{feff}]{1,4}") {
            let value = json!({ "x": [text, hidden] });
            let shown = visible(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert!(!shown.contains(is_hidden));
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
