//! A text as the content of a code: a mark, and the base45 (RFC 9285) of the text, so that no reader breaks it at a line's end
//! or takes it for another character set.

/// Why a payload is no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTextCode {
    /// It begins otherwise, or what follows is no base45.
    NoCode,
    /// The text would be larger than it may be.
    TooLarge,
}

/// The content of the code for `text`.
pub fn written(mark: &str, text: &str) -> String {
    format!("{mark}{}", base45::encode(text))
}

/// The text of `payload`, which begins with `mark`; at most `bytes_max` long.
///
/// # Errors
///
/// When it is spelt otherwise than [`written`] spells it.
pub fn read(mark: &str, payload: &[u8], bytes_max: usize) -> Result<Vec<u8>, BadTextCode> {
    let text = payload.strip_prefix(mark.as_bytes()).ok_or(BadTextCode::NoCode)?;
    let text = std::str::from_utf8(text).map_err(|_| BadTextCode::NoCode)?;
    if text.len() > bytes_max * 3 / 2 + 3 {
        return Err(BadTextCode::TooLarge);
    }
    base45::decode(text).map_err(|_| BadTextCode::NoCode)
}
