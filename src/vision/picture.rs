//! Still pictures: JPEG and PNG (any colour) and binary PGM (`P5`, 8 bit).

use super::frame::{Frame, FrameError, check_size};
use super::{jpeg, png};
use crate::base::Mono;

/// Decodes a still picture by its first bytes.
///
/// # Errors
///
/// [`FrameError::UnknownKind`] for other formats; what is wrong with the picture otherwise.
pub fn decode(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    if bytes.starts_with(&[0xFF, 0xD8]) {
        jpeg::decode(bytes, at)
    } else if bytes.starts_with(&png::START) {
        png::decode(bytes, at)
    } else if bytes.starts_with(b"P5") {
        pgm(bytes, at)
    } else {
        Err(FrameError::UnknownKind)
    }
}

/// Writes `frame` as binary PGM.
pub fn encode_pgm(frame: &Frame) -> Vec<u8> {
    let mut bytes = format!("P5\n{} {}\n255\n", frame.width(), frame.height()).into_bytes();
    bytes.extend_from_slice(frame.luma());
    bytes
}

/// `P5`, width, height and largest value in decimal, each after white space or `#` comments; one white space;
/// the pixels. Source: Netpbm, pgm(5).
fn pgm(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    let mut rest = &bytes[2..];
    let mut number = || -> Option<usize> {
        loop {
            rest = rest.trim_ascii_start();
            let Some(comment) = rest.strip_prefix(b"#") else { break };
            let end = comment.iter().position(|&b| b == b'\n')?;
            rest = &comment[end..];
        }
        let end = rest.iter().position(|b| !b.is_ascii_digit())?;
        let value = std::str::from_utf8(&rest[..end]).ok()?.parse().ok();
        rest = &rest[end..];
        value
    };
    let (Some(width), Some(height), Some(largest)) = (number(), number(), number()) else {
        return Err(FrameError::Truncated { needed: 11, given: bytes.len() });
    };
    check_size(width, height)?;
    if !(1..=255).contains(&largest) {
        return Err(FrameError::Shape { format: "PGM of more than 8 bits", width, height });
    }
    Frame::new(width, height, rest.get(1..).unwrap_or_default().to_vec(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pgm_written_is_read_back() {
        let frame = Frame::new(3, 2, vec![1, 2, 3, 4, 5, 10], Mono(9)).unwrap();
        assert_eq!(decode(&encode_pgm(&frame), Mono(9)).unwrap(), frame);
        assert_eq!(
            decode(b"P5 # made by hand\n# twice\n 3\t2 255\n\x01\x02\x03\x04\x05\x0A", Mono(9)).unwrap(),
            frame
        );
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_reason() {
        for (bytes, reason) in [
            (&b""[..], "neither"),
            (b"\x89PNG", "neither"),
            (b"P5", "needs"),
            (b"P5 0 4 255 ", "empty"),
            (b"P5 4 4 255 abc", "needs 16 bytes and has 3"),
            (b"P5 4 4 65535 abc", "more than 8 bits"),
            (b"P5 99999999999999999999 4 255 abc", "needs"),
            (b"P5 99999 99999 255 abc", "larger"),
            (b"\xFF\xD8\xFF", "jpeg"),
        ] {
            let error = decode(bytes, Mono::ZERO).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
