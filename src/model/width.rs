//! Characters: full-width ones, as Chinese input methods type them, to their ordinary forms; those that a screen obeys.

/// The ordinary form of a full-width ASCII character or space; any other character as it is.
///
/// Source: Unicode 16, Halfwidth and Fullwidth Forms: U+FF01…U+FF5E are U+0021…U+007E, U+3000 is the wide space.
pub fn narrow(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFF01 + 0x21).unwrap_or(character),
        other => other,
    }
}

/// Whether a screen obeys a character rather than showing it: controls, and marks that nobody sees or that turn what follows
/// round, by which one name is made to look like another.
pub fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(character, '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::narrow;

    #[test]
    fn wide_digits_letters_and_spaces_become_ordinary_and_the_rest_stays() {
        let narrowed: String = "ＡｚＯ０９！～　京é".chars().map(narrow).collect();
        assert_eq!(narrowed, "AzO09!~ 京é");
    }
}
