//! The reference plate in an array's picture: compared in every frame in which nothing stands before it.

use super::ThermalReading;
use crate::base::CentiCelsius;
use crate::model::{FrameArea, RawWords, ThermalFrame};

/// Greatest difference between pixels of a plate, in hundredths of a degree: more is an edge of something before it. Noise of
/// 0.2 °C rms gives some 0.8 °C in 30 pixels.
const UNIFORM: i16 = 150;

/// What `frame` shows of the plate in `area`: the median of its pixels; `None` where something else is in it, or the frame does
/// not hold it. The register words are the supply.
pub fn seen(frame: &ThermalFrame, area: FrameArea) -> Option<ThermalReading> {
    let mut pixels = area.of(frame)?;
    pixels.sort_unstable();
    let (coldest, hottest) = (*pixels.first()?, *pixels.last()?);
    if hottest.saturating_sub(coldest) > UNIFORM {
        return None;
    }
    let object = CentiCelsius::new(pixels[pixels.len() / 2].into())?;
    Some(ThermalReading { object, die: frame.die, raw: RawWords::new(&[frame.supply_mv]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: FrameArea = FrameArea { left: 26, top: 0, right: 31, bottom: 4 };

    #[test]
    fn a_plate_is_seen_where_it_is_and_not_behind_somebody() {
        let plate = |x: usize, y: usize| x >= 26 && y <= 4;
        let with = |pixel: &dyn Fn(usize, usize) -> i16| {
            let pixels = (0..24).flat_map(|y| (0..32).map(move |x| (x, y))).map(|(x, y)| pixel(x, y));
            seen(&ThermalFrame::new(32, 24, pixels, CentiCelsius::ABSOLUTE_ZERO, 3_300).unwrap(), AREA)
        };
        let noise = |x: usize, y: usize| i16::try_from((x * 7 + y * 13) % 41).unwrap();
        let alone = with(&|x, y| if plate(x, y) { 2_180 + noise(x, y) } else { 3_400 });
        assert!((2_195..=2_205).contains(&alone.unwrap().object.get()), "{alone:?}");
        assert_eq!(with(&|x, y| if plate(x, y) && x < 31 { 2_200 } else { 3_400 }), None, "half covered");
        let small = ThermalFrame::new(16, 12, [2_200; 192], CentiCelsius::ABSOLUTE_ZERO, 3_300).unwrap();
        assert_eq!(seen(&small, AREA), None, "of another array");
    }
}
