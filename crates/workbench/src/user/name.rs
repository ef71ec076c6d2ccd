//! User names: which ones can be taken, and which ones look alike.
//!
//! The audit trail identifies users only by name. Therefore nobody can take a name that a reader could mistake for another
//! user's, or for one of the names that the program itself uses ([`RESERVED`]). Names look alike if they are confusable
//! according to Unicode Technical Standard 39, ignoring case, and ignoring punctuation at the ends.
//!
//! Only new names are checked: existing users keep their names. [`check`] fails with [`Error::Refused`].

use std::collections::BTreeSet;

use unicode_security::GeneralSecurityProfile as _;

use crate::Error;
use crate::database::PROGRAM;

/// The longest user name, in characters: names appear in tables.
const LONGEST: usize = 64;
/// Actors in the audit trail that are not users, and texts that appear there in place of a user.
const RESERVED: [&str; 11] = [
    PROGRAM,
    "anonymous",
    "new user",
    "nobody",
    "not shown",
    "not signed in",
    "serve",
    "server",
    "system",
    "unknown",
    "unknown user",
];

/// Refuses a name that is empty or too long, contains characters that cannot be distinguished visually, or looks like one of
/// the program's names.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let length = name.chars().take(LONGEST + 1).count();
    let why = if length == 0 {
        "the user name is empty".to_owned()
    } else if length > LONGEST {
        format!("the user name is longer than {LONGEST} characters")
    } else if !name.chars().all(is_plain) {
        "a user name can contain letters and digits of languages in current use and ASCII punctuation, but no spaces"
            .to_owned()
    } else if is_reserved(name) {
        "the name looks like one that Backsight itself uses in the audit trail".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(why))
}

/// The ways in which a name can be read. Two names that have one in common look alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Readings(BTreeSet<String>);

impl Readings {
    pub(super) fn of(name: &str) -> Self {
        Self(read(name).iter().map(|text| without_ends(text).to_owned()).collect())
    }

    pub(super) fn share(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }
}

/// Whether a character is ASCII, or a letter or digit that UTS 39 (section 3.1) recommends for identifiers. That excludes
/// invisible fillers, and variants of letters in full width, in mathematical styles and as small capitals.
fn is_plain(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_graphic();
    }
    character.is_alphanumeric() && character.identifier_allowed()
}

/// The skeleton of a text in lower case. It is computed before and after the conversion to lower case, because both change what
/// letters look like: `I` looks like `l`, and `m` like `rn`.
fn like(text: &str) -> String {
    let shapes: String = unicode_security::skeleton(text).collect();
    let small = shapes.to_lowercase();
    let shapes: String = unicode_security::skeleton(&small).collect();
    // `I` is the capital of `i` and looks like `l`, so all three are treated as one letter.
    shapes.to_lowercase().replace('i', "l")
}

/// The text with each letter replaced by the ASCII letter it resembles. A letter of another script resembles the ASCII letter
/// that it, its lower-case or its upper-case form looks like.
fn by_sight(text: &str) -> String {
    let look = |character: char| {
        let itself = like(&character.to_string());
        let others = [character.to_lowercase().to_string(), character.to_uppercase().to_string()];
        let mut ascii = others.iter().map(|other| like(other)).filter(|other| other.is_ascii());
        if itself.is_ascii() { itself } else { ascii.next().unwrap_or(itself) }
    };
    text.chars().map(look).collect()
}

/// The name with and without punctuation at its ends. An upper-case letter can resemble another letter than its lower-case form
/// does, so both readings are included.
fn read(name: &str) -> [String; 4] {
    let bare = without_ends(name);
    let small = |text: &str| like(&text.to_lowercase());
    [by_sight(name), small(name), by_sight(bare), small(bare)]
}

/// Without punctuation at the ends, unless there is nothing else.
fn without_ends(text: &str) -> &str {
    let bare = text.trim_matches(|character: char| character.is_ascii_punctuation());
    if bare.is_empty() { text } else { bare }
}

fn is_reserved(name: &str) -> bool {
    let letters = |name: &str| read(name).iter().map(|text| spelled(text)).collect::<BTreeSet<_>>();
    let wanted = letters(name);
    RESERVED.iter().any(|reserved| !letters(reserved).is_disjoint(&wanted))
}

/// The letters of a reading, with digits and signs replaced by the letters that they stand for. Users may differ in a digit;
/// the program's own names contain none.
fn spelled(text: &str) -> String {
    let letter = |character: char| match character {
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '!' => 'l',
        other => other,
    };
    text.chars().map(letter).filter(|character| character.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alike(one: &str, other: &str) -> bool {
        Readings::of(one).share(&Readings::of(other))
    }

    #[test]
    fn what_cannot_be_told_apart_by_looking_is_alike() {
        for (known, name) in [
            ("alice", "aIice"),
            ("alice", "a1ice"),
            ("alice", "a|ice"),
            ("alice", "\u{430}lic\u{435}"),
            ("alice", "Alice."),
            ("bob", "bo\u{42c}"),
            ("bob", "b0b"),
            ("bob", "BOB"),
            ("bob", "-bob-"),
            ("bob", "\u{412}ob"),
            ("bob", "\u{432}ob"),
            ("robert", "ro\u{42c}ert"),
            ("bill", "biII"),
            ("bill", "BlLL"),
            ("bill", "B1ll"),
            ("mike", "rnike"),
            ("Mike", "RNIKE"),
            ("NINA", "\u{39d}I\u{39d}\u{391}"),
            ("\u{39d}\u{399}\u{39a}\u{39f}\u{3a3}", "\u{3bd}\u{3b9}\u{3ba}\u{3bf}\u{3c2}"),
            ("peter", "\u{440}\u{435}ter"),
            ("tom", "\u{442}om"),
        ] {
            assert!(alike(known, name), "{known} {name}");
            assert!(alike(name, known), "{known} {name}");
        }
    }

    #[test]
    fn what_can_be_told_apart_is_not_alike() {
        for (known, name) in [
            ("alice", "alicia"),
            ("alice", "alic\u{e9}"),
            ("alice", "al.ice"),
            ("ann", "anna"),
            ("bob", "rob"),
            ("nina", "viva"),
            ("user3", "usere"),
            ("team1", "team2"),
            ("-", "_"),
        ] {
            assert!(!alike(known, name), "{known} {name}");
        }
    }

    #[test]
    fn the_programs_own_names_are_nobodys() {
        for name in [
            "serve",
            "S\u{395}RVE",
            "serve.",
            "@serve",
            "s3rve",
            "$3rv3",
            "\u{455}erve",
            "ser-ve",
            "SERVER",
            "backs1ght",
            "b@cksight",
            "8acksight",
            "Backs\u{456}ght",
            "not-signed-in",
            "unknown.user",
            "n0b0dy",
            "sy5tem!",
        ] {
            assert!(is_reserved(name), "{name}");
            assert!(matches!(check(name), Err(Error::Refused(_))), "{name}");
        }
        for name in [
            "ann",
            "serves",
            "severin",
            "systems-team",
            "B\u{f3}b.o'Neil@example",
            "\u{418}\u{432}\u{430}\u{43d}",
            "-",
        ] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn letters_that_show_nothing_or_repeat_others_are_refused() {
        for name in [
            "ann\u{3164}",
            "ann\u{ffa0}",
            "\u{ff21}nn",
            "\u{1d5ae}nn",
            "\u{299}ob",
            "ann\u{2d0}",
            "a b",
            "a\n",
            "\u{7f}",
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_looks_like_itself_in_any_case(name in "\\PC{1,64}") {
            prop_assert!(alike(&name, &name));
            prop_assert!(alike(&name, &name.to_lowercase()));
        }

        #[test]
        fn ascii_names_look_like_themselves_in_capitals(name in "[a-z0-9._-]{1,64}") {
            prop_assert!(alike(&name, &name.to_uppercase()));
        }
    }
}
