//! Pictures of symbols of other kinds than QR that were scratched, turned and shaken.

use kakou::model::Symbology;
use kakou::vision::Attempt;
use kakou::vision::slow::attempt;
use rxing::aztec::AztecWriter;
use rxing::common::BitMatrix;
use rxing::datamatrix::DataMatrixWriter;
use rxing::pdf417::PDF417Writer;
use rxing::{BarcodeFormat, EncodeHints, Writer};

use super::picture::{Shaken, check_codes};
use super::watch::watched;

/// Pictures are hardly larger than this each way.
const PIXELS: usize = 320;

/// What changes a symbol, before the bits that turn its modules round.
const HEAD: usize = 8;

/// The first bytes say which symbol, of what it is said to be, size and edge, how it is turned and by how much it is noisy; the
/// bits that follow turn its modules round, and what is left of the bytes is the noise.
pub fn others(bytes: &[u8]) -> bool {
    let Some((head, bytes)) = bytes.split_first_chunk::<HEAD>() else { return false };
    let [kind, told, size, a, b, c, d, amplitude] = *head;
    let symbology = Symbology::ALL[usize::from(kind) % 3];
    let text = "k".repeat(1 + usize::from(kind / 3) % 40);
    let modules = square(&symbol(symbology, &text));
    let shaken = Shaken { size, skew: [a, b, c, d], amplitude };
    let (frame, whole) = shaken.drawn(modules, bytes, PIXELS);
    // Told to look for another kind, it finds nothing, or what another kind would say.
    let told = if told < 128 { symbology } else { Symbology::ALL[usize::from(told) % 3] };
    let codes = watched(|| attempt(Attempt::Other(told), &frame));
    check_codes(&codes);
    let said = codes.iter().all(|code| code.payload.expose() == text.as_bytes());
    assert!(said || !whole, "a whole symbol says something else");
    !codes.is_empty()
}

fn symbol(symbology: Symbology, text: &str) -> BitMatrix {
    let hints = EncodeHints { Margin: Some("0".to_owned()), ..EncodeHints::default() };
    let drawn = match symbology {
        Symbology::DataMatrix => {
            DataMatrixWriter.encode_with_hints(text, &BarcodeFormat::DATA_MATRIX, 0, 0, &hints)
        }
        Symbology::Pdf417 => PDF417Writer.encode_with_hints(text, &BarcodeFormat::PDF_417, 0, 0, &hints),
        Symbology::Aztec => AztecWriter.encode_with_hints(text, &BarcodeFormat::AZTEC, 0, 0, &hints),
    };
    drawn.unwrap()
}

/// Its modules in the middle of a light square.
fn square(symbol: &BitMatrix) -> Vec<bool> {
    let (width, height) = (symbol.getWidth(), symbol.getHeight());
    let side = width.max(height);
    let (left, top) = ((side - width) / 2, (side - height) / 2);
    let dark = |at: u32| {
        let (x, y) = ((at % side).wrapping_sub(left), (at / side).wrapping_sub(top));
        x < width && y < height && symbol.get(x, y)
    };
    (0..side * side).map(dark).collect()
}

/// Of each kind and several sizes, whole, scratched, noisy and slanted.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![];
    for kind in [0, 1, 2, 12, 31, 44, 63, 64, 65] {
        for (skew, size) in [([0, 0, 0, 0], 0x22), ([6, 3, 253, 5], 0x23)] {
            seeds
                .push([&[kind, 0, size][..], &skew, &[9], &[0; 110], &[3, 250, 7, 120, 130, 9, 77]].concat());
        }
    }
    seeds
}
