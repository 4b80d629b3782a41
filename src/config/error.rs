//! What is wrong with a configuration file: every mistake at once, each with file, line, key, value and allowed range.

use std::fmt;
use std::ops::Range;

/// One mistake in a configuration file.
///
/// Prints as `boards/x.toml:12: address = 0x80: must be 0x03 to 0x77`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistake {
    /// The file, as the reader named it.
    pub file: String,
    /// Line, counted from 1; `None` when the mistake has no place, such as a missing file.
    pub line: Option<usize>,
    /// The key with the way to it, such as `device[brow].address`.
    pub key: String,
    /// The value as written; `None` when it is missing or is personal data.
    pub value: Option<String>,
    /// What would be right, as the end of a sentence: `must be 1 to 10`, `unknown key; known are a, b`.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, ": {}", self.expected)
    }
}

/// Everything found wrong with one file, in the order of its lines; at least one mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes, at least one.
    pub fn as_slice(&self) -> &[Mistake] {
        &self.0
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

/// One mistake a line.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

/// Collects the mistakes of one file while it is checked, and turns byte spans into line numbers.
#[derive(Debug)]
pub struct Report<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Mistake>,
}

impl<'a> Report<'a> {
    /// Most mistakes kept for one file; further ones are not looked at by anybody.
    pub const MISTAKES_MAX: usize = 64;

    /// A report on `text`, read from `file`.
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// The text that this report is about.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Notes that the value at byte `span` does not fit: quotes it as written, at most its first 64 characters.
    ///
    /// Use [`hidden`](Self::hidden) where the value may be personal data.
    pub fn value(&mut self, span: Range<usize>, key: impl Into<String>, expected: impl Into<String>) {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let value = written.lines().next().unwrap_or_default().chars().take(64).collect();
        self.push(Some(span), key.into(), Some(value), expected.into());
    }

    /// Notes a mistake at byte `span` without quoting what is written there.
    pub fn hidden(&mut self, span: Range<usize>, key: impl Into<String>, expected: impl Into<String>) {
        self.push(Some(span), key.into(), None, expected.into());
    }

    /// Notes a mistake that has no place in the file, such as a key that is missing altogether.
    pub fn whole(&mut self, key: impl Into<String>, expected: impl Into<String>) {
        self.push(None, key.into(), None, expected.into());
    }

    /// Notes what the TOML reader says: a syntax error, an unknown key, a value of the wrong type.
    pub fn toml(&mut self, error: &toml::de::Error) {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        match error.span() {
            Some(span) => self.value(span, "toml", message),
            None => self.whole("toml", message),
        }
    }

    /// Notes a mistake in another file, which this one names.
    pub fn also(&mut self, mistake: Mistake) {
        if self.found.len() < Self::MISTAKES_MAX {
            self.found.push(mistake);
        }
    }

    /// Whether anything was noted so far.
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// `value` if nothing was noted.
    ///
    /// # Errors
    ///
    /// Everything noted, in the order of lines. A `None` without a mistake is a mistake too: the caller gave up
    /// and did not say why.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            Some(_) | None => {
                if self.found.is_empty() {
                    self.whole("", "cannot be used");
                }
                self.found.sort_by_key(|mistake| mistake.line);
                Err(Mistakes(self.found))
            }
        }
    }

    fn push(&mut self, span: Option<Range<usize>>, key: String, value: Option<String>, expected: String) {
        if self.found.len() >= Self::MISTAKES_MAX {
            return;
        }
        let line = span.and_then(|span| self.text.get(..span.start)).map(line_after);
        self.found.push(Mistake { file: self.file.to_owned(), line, key, value, expected });
    }
}

/// Number of the line that begins or goes on where `before` ends, counted from 1.
fn line_after(before: &str) -> usize {
    before.bytes().filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_names_file_line_key_value_and_what_is_allowed() {
        let text = "name = \"x\"\n\naddress = 0x80\n";
        let mut report = Report::new("boards/x.toml", text);
        let start = text.find("0x80").unwrap();
        report.value(start..start + 4, "device[brow].address", "must be 0x03 to 0x77");
        report.whole("name", "missing; must be a name");
        let mistakes = report.finish(Some(())).unwrap_err();
        assert_eq!(
            mistakes.to_string(),
            "boards/x.toml: name: missing; must be a name\n\
             boards/x.toml:3: device[brow].address = 0x80: must be 0x03 to 0x77"
        );
    }

    #[test]
    fn a_hidden_value_is_not_quoted() {
        let mut report = Report::new("roster.csv", "a\n110101199001011234\n");
        report.hidden(2..20, "id", "check digit does not match");
        let said = report.finish::<()>(None).unwrap_err().to_string();
        assert_eq!(said, "roster.csv:2: id: check digit does not match");
    }

    #[test]
    fn nothing_noted_means_the_value_stands_and_no_value_is_a_mistake() {
        assert_eq!(Report::new("f", "").finish(Some(7)), Ok(7));
        assert!(Report::new("f", "").finish::<u8>(None).is_err());
    }

    #[test]
    fn a_syntax_error_has_its_line() {
        let text = "a = 1\nb = = 2\n";
        let mut report = Report::new("f.toml", text);
        report.toml(&toml::from_str::<toml::Table>(text).unwrap_err());
        let mistakes = report.finish::<()>(None).unwrap_err();
        assert_eq!(mistakes.as_slice()[0].line, Some(2), "{mistakes}");
    }

    #[test]
    fn a_file_of_mistakes_does_not_fill_the_memory() {
        let mut report = Report::new("f", "");
        (0..1_000).for_each(|_| report.whole("k", "no"));
        let kept = report.finish::<()>(None).unwrap_err().as_slice().len();
        assert_eq!(kept, Report::MISTAKES_MAX);
    }
}
