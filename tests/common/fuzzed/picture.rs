//! Pictures of symbols, and what is true of whatever is read in a picture.

use kakou::base::Mono;
use kakou::vision::{Code, Frame};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// More bytes than any symbol of another kind has.
const OTHER_MAX: usize = 3_832;

/// How a symbol is shown.
pub struct Drawn<'a> {
    /// Modules, row by row; dark ones are true.
    pub modules: Vec<bool>,
    /// Pixels a module.
    pub scale: u8,
    /// Modules around it.
    pub quiet: u8,
    /// What places are multiplied by, row by row, beyond the identity.
    pub skew: [f32; 4],
    /// Added to pixels, as far as it reaches over and over.
    pub noise: &'a [i8],
}

impl Drawn<'_> {
    /// As a printer would.
    pub fn clean(version: i16, text: &[u8]) -> Self {
        Self { modules: modules(version, EcLevel::M, text), scale: 3, quiet: 4, skew: [0.0; 4], noise: &[] }
    }
}

/// What changes a symbol, before the bits that turn its modules round.
pub struct Shaken {
    /// Size of its modules, and of the white around it.
    pub size: u8,
    /// How it is turned.
    pub skew: [u8; 4],
    /// How noisy it is.
    pub amplitude: u8,
}

impl Shaken {
    /// A picture of about `pixels` each way of `modules`, of which the first of `bytes` turn some round and the rest is noise; and
    /// whether none was turned round.
    pub fn drawn(&self, mut modules: Vec<bool>, bytes: &[u8], pixels: usize) -> (Frame, bool) {
        let (turned, noise) = bytes.split_at(bytes.len().min(modules.len().div_ceil(8)));
        for (at, dark) in modules.iter_mut().enumerate() {
            *dark ^= turned.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        }
        let amplitude = i16::from(self.amplitude % 25);
        let shaken = |byte: &u8| i8::try_from(i16::from(byte.cast_signed()) * amplitude / 128).unwrap();
        let noise: Vec<i8> = noise.iter().map(shaken).collect();
        let skew = self.skew.map(|value| f32::from(value.cast_signed()) / 512.0);
        let quiet = self.size >> 4 << 1;
        let across = modules.len().isqrt() + 2 * usize::from(quiet);
        let scale = (2 + self.size % 4).min(u8::try_from(pixels / across).unwrap()).max(2);
        let whole = turned.iter().all(|byte| *byte == 0);
        (drawn(&Drawn { modules, scale, quiet, skew, noise: &noise }), whole)
    }
}

/// The modules of a symbol, dark ones true.
pub fn modules(version: i16, level: EcLevel, text: &[u8]) -> Vec<bool> {
    let code = QrCode::with_version(text, Version::Normal(version), level).unwrap();
    code.to_colors().into_iter().map(|color| color == Color::Dark).collect()
}

/// Its picture, with an even number of pixels each way.
pub fn drawn(symbol: &Drawn<'_>) -> Frame {
    let side = symbol.modules.len().isqrt();
    let size = (side + 2 * usize::from(symbol.quiet)) * usize::from(symbol.scale) / 2 * 2;
    let [a, b, c, d] = symbol.skew;
    let number = |value: usize| f32::from(u16::try_from(value).unwrap());
    let (half, middle) = (number(size) / 2.0, number(side) / 2.0);
    let module = |value: f32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and small"
        )]
        let module = (value >= 0.0).then_some(value as usize);
        module.filter(|module| *module < side)
    };
    let pixel = |at: usize| {
        let (x, y) = (number(at % size) + 0.5 - half, number(at / size) + 0.5 - half);
        let scale = f32::from(symbol.scale);
        let (u, v) = ((x + a * x + b * y) / scale + middle, (y + c * x + d * y) / scale + middle);
        let dark = module(u).zip(module(v)).is_some_and(|(x, y)| symbol.modules[y * side + x]);
        let noise = symbol.noise.get(at % symbol.noise.len().max(1)).copied().unwrap_or_default();
        if dark { 40_u8 } else { 215 }.saturating_add_signed(noise)
    };
    Frame::new(size, size, (0..size * size).map(pixel).collect(), Mono(5)).unwrap()
}

/// Of a size that there is, no more than it holds, and somewhere.
pub fn check_codes(codes: &[Code]) {
    for code in codes {
        let payload = code.payload.expose().len();
        let most = code.modules.map_or(OTHER_MAX, |modules| {
            assert!((21..=177).contains(&modules) && modules % 4 == 1, "{modules} modules");
            let version = Version::Normal(i16::try_from((modules - 17) / 4).unwrap());
            // Digits take least room: three in ten bits.
            Bits::new(version).max_len(EcLevel::L).unwrap() * 3 / 10
        });
        assert!((1..=most).contains(&payload), "{payload} bytes in {:?} modules", code.modules);
        assert!(code.corners.iter().all(|at| at.x.is_finite() && at.y.is_finite()), "{:?}", code.corners);
        assert!(code.part.is_none_or(|part| part.index < part.count && part.count <= 16), "{:?}", code.part);
    }
}
