//! JPEGs, alone and in a stream.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use kakou::base::Mono;
use kakou::vision::frame::Frame;
use kakou::vision::jpeg::{self, Extent};
use kakou::vision::picture;

use super::watch::watched;

/// Larger pictures are not decoded here: that is a matter of time and memory, not of bytes.
const PIXELS_MAX: usize = 1 << 18;
/// Of a stream so many pictures are decoded.
const DECODED_MAX: usize = 3;

/// The first byte says in what chunks the rest comes.
///
/// A panic of the decoder that is caught counts as a broken picture; see [`watched`].
pub fn jpeg(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    let chunk = [53, 300, 1_111, 4_096][usize::from(steer & 3)];
    watched(|| {
        let pictures = in_stream(bytes, chunk);
        assert_eq!(pictures, in_stream(bytes, bytes.len().max(1)), "whatever the chunks");
        let read = pictures.iter().take(DECODED_MAX).filter(|picture| decoded(picture)).count();
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            let _ = picture::decode(bytes, Mono(3));
        }
        // Whatever comes behind a picture, or where it ends.
        decoded(bytes) || read > 0
    })
}

/// The pictures of a stream that comes in chunks.
fn in_stream(bytes: &[u8], chunk: usize) -> Vec<Vec<u8>> {
    let (mut buffer, mut pictures) = (vec![], vec![]);
    for part in bytes.chunks(chunk) {
        buffer.extend_from_slice(part);
        loop {
            match jpeg::extent(&buffer) {
                Extent::Whole(length) => {
                    assert!(length <= buffer.len(), "{length} of {}", buffer.len());
                    let picture: Vec<u8> = buffer.drain(..length).collect();
                    assert!(picture.starts_with(&[0xFF, 0xD8]) && picture.ends_with(&[0xFF, 0xD9]));
                    pictures.push(picture);
                }
                Extent::Skip(length) => {
                    assert!(length > 0 && length <= buffer.len(), "{length} of {}", buffer.len());
                    let starts = |at: &usize| buffer[*at..].starts_with(&[0xFF, 0xD8]);
                    assert_eq!((1..length).find(starts), None, "a picture may begin there");
                    buffer.drain(..length);
                }
                Extent::More => break,
            }
        }
    }
    pictures
}

/// Decodes it in every way; the ways agree.
fn decoded(bytes: &[u8]) -> bool {
    if is_large(bytes) {
        return false;
    }
    let (grey, luma) = (jpeg::decode(bytes, Mono(3)), jpeg::decode_luma(bytes, Mono(3)));
    let mut used = Frame::new(5, 3, vec![77; 15], Mono(1)).unwrap();
    assert_eq!(jpeg::decode_into(bytes, Mono(3), &mut used).err(), grey.as_ref().err().cloned());
    assert_eq!(used.luma().len(), used.width() * used.height());
    let colour = jpeg::decode_colour(bytes);
    assert_eq!(grey.as_ref().err(), colour.as_ref().err(), "the same bytes");
    let Ok(grey) = grey else { return false };
    assert_eq!((&grey, grey.at), (&used, Mono(3)));
    if let Ok(luma) = &luma {
        assert_eq!((luma.width(), luma.height()), (grey.width(), grey.height()));
    }
    match colour.unwrap() {
        Some((width, height, pixels)) => {
            assert_eq!((width, height), (grey.width(), grey.height()));
            assert!(pixels.len() >= 3 * width * height);
        }
        None => assert_eq!(luma, Ok(grey), "without colour there is luma only"),
    }
    true
}

/// Whether anything in it says so many pixels.
pub fn is_large(bytes: &[u8]) -> bool {
    let is_frame = |marker: u8| (0xC0..0xD0).contains(&marker) && marker != 0xC4;
    bytes.windows(9).any(|at| {
        let number = |high: usize| usize::from(u16::from_be_bytes([at[high], at[high + 1]]));
        at[0] == 0xFF && is_frame(at[1]) && number(5) * number(7) > PIXELS_MAX
    })
}

/// Alone, without tables, in streams between other bytes, and after one that was cut.
pub fn seeds() -> Vec<Vec<u8>> {
    let all = jpegs();
    let mut seeds: Vec<Vec<u8>> = all.iter().map(|jpeg| [&[1], &jpeg[..]].concat()).collect();
    let cut = &all[0][..all[0].len() / 2];
    seeds.push([&[0], &all[1][..], b"--frame\r\n", &all[3], &all[0]].concat());
    seeds.push([&[2], cut, b"\xFF\xD9", &all[2]].concat());
    seeds.push([b"\x03\xFF\xD8 no", &all[0][..]].concat());
    seeds
}

/// A few kinds of one picture.
pub fn jpegs() -> Vec<Vec<u8>> {
    let kind = |color: ColorType, set: fn(&mut Encoder<&mut Vec<u8>>)| {
        let mut file = vec![];
        let mut encoder = Encoder::new(&mut file, 70);
        set(&mut encoder);
        let channels = if color == ColorType::Luma { 1 } else { 3 };
        let value = |at: usize| (at * at / 7 + at % 50 * 4).to_le_bytes()[0];
        let pixels: Vec<u8> = (0..40 * 24 * channels).map(value).collect();
        encoder.encode(&pixels, 40, 24, color).unwrap();
        file
    };
    let colour = kind(ColorType::Ycbcr, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_2));
    let without = without_tables(&colour);
    assert!(without.len() + 400 < colour.len());
    assert_eq!(
        jpeg::decode(&without, Mono(3)),
        jpeg::decode(&colour, Mono(3)),
        "the tables are the usual ones"
    );
    vec![
        colour,
        without,
        kind(ColorType::Luma, |_| {}),
        kind(ColorType::Ycbcr, |encoder| encoder.set_sampling_factor(SamplingFactor::R_4_2_0)),
        kind(ColorType::Ycbcr, |encoder| encoder.set_restart_interval(2)),
        kind(ColorType::Ycbcr, |encoder| encoder.set_progressive(true)),
        kind(ColorType::Ycbcr, |encoder| encoder.set_optimized_huffman_tables(true)),
    ]
}

/// As a camera leaves them out.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let (mut kept, mut at) = (jpeg[..2].to_vec(), 2);
    while jpeg[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != 0xC4 {
            kept.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    kept.extend_from_slice(&jpeg[at..]);
    kept
}
