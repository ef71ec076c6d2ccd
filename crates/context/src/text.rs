//! Text from outside: `clean` makes one line of it, and [`is_invisible`] knows what cannot be seen.

/// A text on one line of at most so many characters: control characters, characters without a width and those that change the
/// direction of text are left out, and white space in a row is one space.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for character in text.chars() {
        let character = if character.is_whitespace() { ' ' } else { character };
        if character.is_control()
            || is_invisible(character)
            || (character == ' ' && (out.is_empty() || out.ends_with(' ')))
        {
            continue;
        }
        if length == most {
            break;
        }
        out.push(character);
        length += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether a character has no width of its own, or changes how its neighbours are shown.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_is_one_line_that_shows_what_it_says() {
        assert_eq!(clean("  Example \t\r\n Networks\u{0}\u{202e} Ltd ", 100), "Example Networks Ltd");
        assert_eq!(clean("Přehled 日本", 100), "Přehled 日本");
        assert_eq!(clean("abc def", 4), "abc");
        assert_eq!(clean("\u{1b}[31m", 100), "[31m");
    }

    proptest! {
        #[test]
        fn it_is_bounded_and_stays_as_it_is(text in any::<String>(), most in 0_usize..50) {
            let once = clean(&text, most);
            prop_assert!(once.chars().count() <= most);
            prop_assert!(!once.contains(char::is_control));
            prop_assert_eq!(clean(&once, most), once);
        }
    }
}
