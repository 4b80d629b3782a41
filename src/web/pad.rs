//! Keypads: big keys for PINs, identity numbers, plates, temperatures and counts.
//!
//! A key is a submit button, so that a pad works without its script: the server puts the key's character behind
//! the text so far and shows the pad again. The script does the same in the page.

use maud::{Markup, html};

use super::page::labelled;
use super::symbol;
use super::words::{Said, words};

/// The provinces that begin a plate (GA 36-2018).
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// Letters and digits of a plate; I and O are not used because they look like 1 and 0.
const PLATE_LETTERS: &str = "1234567890QWERTYUPASDFGHJKLZXCVBNM";

/// Characters that only special plates have.
const PLATE_SPECIAL: &str = "学警港澳挂领使临应急试超";

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An attendant's PIN.
    Pin,
    /// A Chinese identity number.
    IdNumber,
    /// A vehicle's plate.
    Plate,
    /// A contact thermometer's value in tenths of a degree.
    Contact,
    /// A number of people.
    Count,
    /// A larger number, or that of a tag.
    Number,
    /// A day, eight digits.
    Date,
}

impl Kind {
    /// The name for the script and the style sheet.
    const fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::IdNumber => "id",
            Self::Plate => "plate",
            Self::Contact => "contact",
            Self::Count => "count",
            Self::Number => "number",
            Self::Date => "date",
        }
    }

    /// Most characters.
    const fn length_max(self) -> usize {
        match self {
            Self::Pin => 12,
            Self::IdNumber => 18,
            Self::Plate => 8,
            Self::Contact => 3,
            Self::Count => 2,
            Self::Number => 4,
            Self::Date => 8,
        }
    }

    /// Whether `key` is one of the pad's characters.
    fn takes(self, key: char) -> bool {
        match self {
            Self::Pin | Self::Contact | Self::Count | Self::Number | Self::Date => key.is_ascii_digit(),
            Self::IdNumber => key.is_ascii_digit() || key == 'X',
            Self::Plate => {
                PROVINCES.contains(key) || PLATE_LETTERS.contains(key) || PLATE_SPECIAL.contains(key)
            }
        }
    }

    /// `text` after `key` was pressed: a character of the pad, `back` or `clear`.
    pub fn press(self, text: &str, key: &str) -> String {
        let mut text: Vec<char> = text.chars().filter(|c| self.takes(*c)).take(self.length_max()).collect();
        match key {
            "back" => drop(text.pop()),
            "clear" => text.clear(),
            _ => {
                let mut key = key.chars();
                if let (Some(key), None) = (key.next(), key.next())
                    && self.takes(key)
                    && text.len() < self.length_max()
                {
                    text.push(key);
                }
            }
        }
        text.into_iter().collect()
    }
}

/// A keypad.
pub struct Pad<'a> {
    /// What is typed.
    pub kind: Kind,
    /// What it is for.
    pub title: Said,
    /// Where the form goes, for keys and for the whole.
    pub action: &'a str,
    /// Fields that go along.
    pub fields: &'a [(&'a str, &'a str)],
    /// Typed so far.
    pub text: &'a str,
    /// What is wrong with it.
    pub message: Option<(String, String)>,
    /// Where back leads.
    pub back: &'a str,
    /// What else stands beside the display: the emergency button.
    pub corner: Option<Markup>,
    /// Another way to end, beside the keys: no plate.
    pub other: Option<Markup>,
}

impl Pad<'_> {
    /// The pad.
    pub fn markup(&self) -> Markup {
        let kind = self.kind;
        html! {
            main.pad-page {
                form.pad method="post" action=(self.action) data-pad=(kind.name()) data-max=(kind.length_max())
                    autocomplete="off" {
                    @for (name, value) in self.fields { input type="hidden" name=(name) value=(value); }
                    input type="hidden" name="text" value=(self.text);
                    header {
                        a.act.back href=(self.back) { (labelled(symbol::BACK, words("返回", "Back"))) }
                        div.display {
                            h1 { (self.title) }
                            (self.boxes())
                            @if let Some((zh, en)) = &self.message {
                                p.message role="alert" { (symbol::ATTENTION) span { b lang="zh" { (zh) } " " (en) } }
                            }
                        }
                        @if kind == Kind::Plate {
                            button.act type="submit" name="key" value="special" { span.label { "特" br; "学警港" } }
                        }
                    }
                    @if kind == Kind::Plate { (self.plate_keys()) } @else { (self.digit_keys()) }
                }
                @if let Some(other) = &self.other { (other) }
                @if let Some(corner) = &self.corner { (corner) }
            }
        }
    }

    /// One box a character: what is typed, and how much is still to come.
    fn boxes(&self) -> Markup {
        let typed: Vec<char> = self.text.chars().collect();
        let shown = |index: usize| match typed.get(index) {
            Some(_) if self.kind == Kind::Pin => "•".to_owned(),
            Some(c) => c.to_string(),
            None => String::new(),
        };
        let count = if self.kind == Kind::Pin { typed.len().max(4) } else { self.kind.length_max() };
        html! {
            output.boxes.{ "of-" (self.kind.name()) } aria-live="polite" {
                @for index in 0..count { span.box { (shown(index)) } }
                @if self.kind == Kind::Contact { span.unit { "°C" } }
            }
        }
    }

    fn digit_keys(&self) -> Markup {
        let key = |key: &str| html! { button.key type="submit" name="key" value=(key) { (key) } };
        let (back, clear) = (words("退格", "Delete"), words("清空", "Clear"));
        html! {
            div.keys.digits {
                @for digit in ["1", "2", "3"] { (key(digit)) }
                button.key.word type="submit" name="key" value="back" { (back) }
                @for digit in ["4", "5", "6"] { (key(digit)) }
                button.key.word type="submit" name="key" value="clear" { (clear) }
                @for digit in ["7", "8", "9"] { (key(digit)) }
                (enter())
                @if self.kind == Kind::IdNumber { (key("X")) } @else { span.gap {} }
                (key("0"))
                span.gap {}
            }
        }
    }

    /// Three sheets, one shown: provinces first, then letters and digits; special characters on demand.
    fn plate_keys(&self) -> Markup {
        let sheet = if self.text.is_empty() { "province" } else { "letters" };
        let sheets = [("province", PROVINCES), ("letters", PLATE_LETTERS), ("special", PLATE_SPECIAL)];
        html! {
            @for (name, keys) in sheets {
                div.keys.plate data-sheet=(name) hidden[name != sheet] {
                    @for key in keys.chars() {
                        button.key type="submit" name="key" value=(key) { (key) }
                    }
                    button.key.word type="submit" name="key" value="back" { (words("退格", "Delete")) }
                    (enter())
                }
            }
        }
    }
}

fn enter() -> Markup {
    html! {
        button.key.enter type="submit" name="key" value="enter" {
            (labelled(symbol::TICK, words("确定", "OK")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_add_what_the_pad_takes_and_nothing_else() {
        let table = [
            (Kind::Pin, "12", "3", "123"),
            (Kind::Pin, "12", "X", "12"),
            (Kind::IdNumber, "1", "X", "1X"),
            (Kind::Plate, "", "川", "川"),
            (Kind::Plate, "川", "O", "川"),
            (Kind::Plate, "川A1234", "警", "川A1234警"),
            (Kind::Contact, "365", "1", "365"),
            (Kind::Count, "4", "back", ""),
            (Kind::Count, "", "back", ""),
            (Kind::Count, "41", "clear", ""),
            (Kind::Pin, "1<b>", "12", "1"),
            (Kind::Number, "9999", "1", "9999"),
            (Kind::Date, "2026030", "1", "20260301"),
        ];
        for (kind, text, key, after) in table {
            assert_eq!(kind.press(text, key), after, "{kind:?} {text} {key}");
        }
        assert_eq!(Kind::Pin.press(&"1".repeat(9_999), "1").len(), 12);
    }

    #[test]
    fn there_are_31_provinces_and_34_letters_and_digits() {
        assert_eq!((PROVINCES.chars().count(), PLATE_LETTERS.len()), (31, 34));
        assert!(!PLATE_LETTERS.contains(['I', 'O']));
    }
}
