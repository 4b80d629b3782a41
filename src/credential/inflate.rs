//! Compressed content from strangers: what does not end, is larger than any credential, or is followed by something is refused.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// Most bytes of what comes out: the largest real certificate has 30 kB, and a symbol can hold a megabyte of nothing.
pub const BYTES_MAX: usize = 64 * 1024;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// With zlib's header and checksum (RFC 1950).
    Zlib,
    /// Without (RFC 1951).
    Raw,
}

/// What `bytes` were before they were compressed.
pub fn unpack(bytes: &[u8], packing: Packing) -> Option<Vec<u8>> {
    let format = match packing {
        Packing::Zlib => DataFormat::Zlib,
        Packing::Raw => DataFormat::Raw,
    };
    let mut state = InflateState::new_boxed(format);
    let mut out = vec![0; BYTES_MAX];
    let (mut read, mut written) = (0, 0);
    loop {
        let done = inflate(&mut state, &bytes[read..], &mut out[written..], MZFlush::None);
        (read, written) = (read + done.bytes_consumed, written + done.bytes_written);
        match done.status {
            Ok(MZStatus::StreamEnd) if read == bytes.len() => {
                out.truncate(written);
                return Some(out);
            }
            Ok(MZStatus::Ok) if done.bytes_consumed + done.bytes_written > 0 => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    #[test]
    fn what_was_packed_comes_out_and_nothing_else_does() {
        let text = b"kakou ".repeat(500);
        let (zlib, raw) = (compress_to_vec_zlib(&text, 9), compress_to_vec(&text, 9));
        assert_eq!(unpack(&zlib, Packing::Zlib).as_deref(), Some(&text[..]));
        assert_eq!(unpack(&raw, Packing::Raw).as_deref(), Some(&text[..]));
        assert_eq!(unpack(&compress_to_vec(b"", 9), Packing::Raw).as_deref(), Some(&b""[..]));
        assert_eq!(unpack(&raw, Packing::Zlib), None);
        for end in 0..zlib.len() {
            assert_eq!(unpack(&zlib[..end], Packing::Zlib), None, "{end}");
        }
        assert_eq!(unpack(&[&zlib[..], b"x"].concat(), Packing::Zlib), None, "something follows");
        let mut damaged = zlib.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(unpack(&damaged, Packing::Zlib), None, "the checksum does not match");
    }

    #[test]
    fn what_is_larger_than_any_credential_is_refused() {
        let packed = |bytes: usize| unpack(&compress_to_vec_zlib(&vec![0; bytes], 9), Packing::Zlib);
        assert_eq!(packed(BYTES_MAX).map(|bytes| bytes.len()), Some(BYTES_MAX));
        assert_eq!(packed(BYTES_MAX + 1), None);
        assert_eq!(packed(1 << 20), None);
    }
}
