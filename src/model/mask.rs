//! Masked forms of personal data: enough for two people to agree whom they mean, not enough to know who it is.

use crate::base::Pii;

/// The family name and a star: `王*`; the first letter and a star for other scripts.
pub fn name(name: &Pii<String>) -> String {
    let mut masked: String = name.expose().trim().chars().take(1).collect();
    masked.push('*');
    masked
}

/// Province, authority and the last two characters: `川K***76`.
pub fn plate(plate: &Pii<String>) -> String {
    keep(plate.expose(), 2, 2)
}

/// The region's first three digits and the last four: `110***********002X`.
pub fn id_number(number: &Pii<String>) -> String {
    keep(number.expose(), 3, 4)
}

/// The first three and the last four digits: `138****1234`.
pub fn phone(phone: &Pii<String>) -> String {
    keep(phone.expose(), 3, 4)
}

/// Keeps `first` and `last` characters, never more than half of the text.
fn keep(text: &str, first: usize, last: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len();
    let (first, last) =
        if (first + last) * 2 <= length + 3 { (first, last) } else { (length / 4, length / 4) };
    let masked = |(index, character): (usize, &char)| {
        if index < first || index >= length - last { *character } else { '*' }
    };
    characters.iter().enumerate().map(masked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pii(text: &str) -> Pii<String> {
        Pii::new(text.to_owned())
    }

    #[test]
    fn masks_keep_what_a_screen_may_show() {
        assert_eq!(name(&pii("王小明")), "王*");
        assert_eq!(name(&pii("Alice")), "A*");
        assert_eq!(name(&pii("")), "*");
        assert_eq!(plate(&pii("川KA3476")), "川K***76");
        assert_eq!(id_number(&pii("11010519491231002X")), "110***********002X");
        assert_eq!(phone(&pii("13812341234")), "138****1234");
    }

    #[test]
    fn short_texts_are_not_given_away() {
        assert_eq!(phone(&pii("1234")), "1**4");
        assert_eq!(plate(&pii("A")), "*");
        assert_eq!(id_number(&pii("")), "");
    }
}
