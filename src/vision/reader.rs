//! The reader of one camera: fast lane on every frame, turns of the slow lane, one event a presentation.

use super::code::{Attempt, Code, Lane};
use super::fast::{Fast, Glance};
use super::frame::Frame;
use super::guidance::Guide;
use super::preview::Preview;
use super::slow::Rotation;
use super::tracker::{AWAY, Presented, Tracker};
use super::votes::Votes;
use crate::base::Mono;
use crate::model::{CameraView, Symbology};

/// Without anything that looks like a code, only every so many frames get a slow attempt. Where other symbols than QR are looked
/// for as well, they get as many more.
const IDLE_STRIDE: u32 = 4;

/// Attempts at a view in which nothing looks like a code, and which stays as it is: each has had two turns then.
const IDLE_ATTEMPTS: u32 = 14;

/// Where something looks like a QR symbol that is not read, other symbols get one slow attempt of so many: a pattern in the
/// background must not keep them out.
const OTHERS_STRIDE: u32 = 4;

/// A view that stays as it is gets another round of attempts after so many frames, 10 seconds at 30 a second or 20 at rest.
const IDLE_FRAMES: u32 = 300;

/// A view in which nothing was and nothing moved for so many frames rests: a second at 30 a second.
const RESTING_FRAMES: u32 = 30;

/// What one frame gave.
#[derive(Debug, Default)]
pub struct Sight {
    /// Every code in this frame.
    pub codes: Vec<Code>,
    /// Codes that are newly held up.
    pub presented: Vec<Presented>,
    /// The slow attempt that this frame should get; give its answer to [`Reader::late`].
    pub attempt: Option<Attempt>,
}

/// Reads the frames of one camera.
#[derive(Debug)]
pub struct Reader {
    fast: Fast,
    tracker: Tracker,
    rotation: Rotation,
    others: Rotation,
    /// The symbol that is no QR symbol and was read last, and when.
    held: Option<(Attempt, Mono)>,
    guide: Guide,
    votes: Votes,
    /// Frames without a code.
    unread: u32,
    /// Frames since the view changed, and slow attempts since then.
    rested: u32,
    attempts: u32,
    /// Frames in a row in which nothing changed and nothing looked like a code.
    quiet: u32,
}

impl Default for Reader {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Reader {
    /// A reader that looks for `symbologies` beside QR.
    pub fn with(symbologies: &[Symbology]) -> Self {
        Self {
            fast: Fast::default(),
            tracker: Tracker::default(),
            rotation: Rotation::new(Attempt::QR),
            others: Rotation::new(symbologies.iter().copied().map(Attempt::Other)),
            held: None,
            guide: Guide::default(),
            votes: Votes::default(),
            unread: 0,
            rested: 0,
            attempts: 0,
            quiet: 0,
        }
    }

    /// Reads `frame` in the fast lane. Bounded work: 4 to 20 ms on a desktop for 1280 × 720.
    pub fn read(&mut self, frame: &Frame) -> Sight {
        let mut glance = self.fast.read(frame);
        if let Some(unsolved) = &glance.unsolved
            && glance.codes.is_empty()
        {
            glance.codes.extend(self.votes.add(frame.at, unsolved));
        }
        self.held = self.held.filter(|(attempt, at)| frame.at.since(*at) < AWAY && self.others.has(*attempt));
        let is_empty = glance.codes.is_empty() && self.held.is_none();
        let is_quiet = is_empty && !glance.unread && !glance.changed;
        self.quiet = if is_quiet { self.quiet.saturating_add(1) } else { 0 };
        let presented = self.tracker.see(frame.at, &glance.codes);
        self.guide.see(frame, &glance);
        let attempt = if glance.codes.is_empty() { self.slow_turn(frame.at, &glance) } else { None };
        Sight { codes: glance.codes, presented, attempt }
    }

    /// Takes what a slow attempt read in the frame taken at `at`.
    pub fn late(&mut self, at: Mono, codes: &[Code]) -> Vec<Presented> {
        if !codes.is_empty() {
            self.guide.read();
        }
        for code in codes {
            match code.lane {
                Lane::Slow(attempt @ Attempt::Other(_)) => self.held = Some((attempt, at)),
                Lane::Fast | Lane::Frames | Lane::Slow(_) => {}
            }
        }
        self.tracker.see(at, codes)
    }

    /// What would help to read what is held up, and how light it is.
    pub fn view(&self) -> CameraView {
        self.guide.view()
    }

    /// Whether nothing has been in view for a while: half of the frames are enough then.
    pub fn rests(&self) -> bool {
        self.quiet >= RESTING_FRAMES
    }

    /// Leaves `attempt` out of the rotation, because it overran its deadline too often.
    pub fn switch_off(&mut self, attempt: Attempt) {
        self.rotation.switch_off(attempt);
        self.others.switch_off(attempt);
    }

    /// A small picture of `frame` for the screens, with the outlines of what is in view.
    pub fn preview(&self, frame: &Frame) -> Preview {
        Preview::of(frame, &self.tracker.outlines(frame.at))
    }

    fn slow_turn(&mut self, at: Mono, glance: &Glance) -> Option<Attempt> {
        self.unread = self.unread.wrapping_add(1);
        self.rested = if glance.changed { 0 } else { self.rested + 1 };
        // A view that never rests is new in each frame: it has attempts left at every stride.
        if self.rested.is_multiple_of(IDLE_FRAMES) {
            (self.rested, self.attempts) = (0, 0);
        }
        // One that was read stays in view as long as it is read again: otherwise it would count as shown anew.
        if let Some((attempt, seen)) = self.held
            && at.since(seen) >= AWAY / 3
        {
            return Some(attempt);
        }
        let kinds = if self.others.is_empty() { 1 } else { 2 };
        if glance.unread {
            let other = !self.others.is_empty() && self.unread.is_multiple_of(OTHERS_STRIDE);
            return if other { self.others.turn() } else { self.rotation.turn() };
        }
        let stride = IDLE_STRIDE / kinds;
        if self.attempts >= IDLE_ATTEMPTS * kinds || !self.unread.is_multiple_of(stride) {
            return None;
        }
        self.attempts += 1;
        let other = kinds > 1 && !(self.unread / stride).is_multiple_of(2);
        if other { self.others.turn() } else { self.rotation.turn() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::picture;

    #[test]
    fn reads_a_still_picture_once_and_says_where() {
        let frame = picture::decode(&pgm("kakou", 4), Mono::ZERO).unwrap();
        let mut reader = Reader::default();
        let sight = reader.read(&frame);
        assert_eq!(sight.presented.len(), 1);
        assert_eq!(sight.presented[0].payload.expose(), b"kakou");
        assert_eq!((sight.codes[0].modules, sight.codes[0].lane.name()), (Some(21), "fast"));
        let near = |p: crate::vision::Point, x: f32, y: f32| (p.x - x).abs() < 3.0 && (p.y - y).abs() < 3.0;
        let [a, b, c, d] = sight.codes[0].corners;
        assert!(
            near(a, 100.0, 100.0) && near(b, 184.0, 100.0) && near(c, 184.0, 184.0) && near(d, 100.0, 184.0)
        );
        assert!(reader.read(&frame).presented.is_empty());
        assert!(reader.late(Mono::ZERO, &sight.codes).is_empty());
        assert_eq!(reader.preview(&frame).outlines.len(), 1);
    }

    #[test]
    fn an_empty_view_seldom_gets_a_slow_attempt() {
        let frame = Frame::new(64, 64, vec![200; 64 * 64], Mono::ZERO).unwrap();
        let mut reader = Reader::default();
        let mut attempts = |frames| (0..frames).filter(|_| reader.read(&frame).attempt.is_some()).count();
        assert_eq!((attempts(40), attempts(260)), (10, 4), "not again at the same");
        assert_eq!(attempts(40), 10, "again after a while");
        assert_eq!(attempts(60), 4, "and at rest again");
        let other = barred(0);
        assert_eq!((0..40).filter(|_| reader.read(&other).attempt.is_some()).count(), 10, "at another view");
    }

    #[test]
    fn a_view_rests_after_a_second_without_change_and_not_while_a_code_or_part_of_one_is_in_it() {
        let mut reader = Reader::default();
        let rests_after = |reader: &mut Reader, frame: &Frame| {
            (1..100).find(|_| {
                reader.read(frame);
                reader.rests()
            })
        };
        let (wall, other) = (barred(0), barred(1));
        assert_eq!(rests_after(&mut reader, &wall), Some(31), "the first frame is a change");
        reader.read(&other);
        assert!(!reader.rests());
        let code = picture::decode(&pgm("kakou", 4), Mono::ZERO).unwrap();
        assert_eq!(rests_after(&mut reader, &code), None);
        // The lower half of a code: a finder pattern that belongs to nothing.
        let (width, lower) = (code.width(), code.width() * 142);
        let half = Frame::new(width, 120, code.luma()[lower..][..width * 120].to_vec(), Mono::ZERO).unwrap();
        assert!(Fast::default().read(&half).codes.is_empty());
        assert_eq!(rests_after(&mut reader, &half), None);
    }

    #[test]
    fn a_view_that_never_rests_gets_slow_attempts_all_the_same() {
        let mut reader = Reader::default();
        let views = [barred(0), barred(1), barred(2)];
        assert_eq!((0..120).filter(|at| reader.read(&views[at % 3]).attempt.is_some()).count(), 30);
    }

    #[test]
    fn other_symbols_are_looked_for_where_the_reader_is_told_to_and_one_that_was_read_stays_looked_for() {
        let wall = |ms: u64| {
            let mut frame = barred(0);
            frame.at = Mono::from_millis(ms);
            frame
        };
        let turns = |reader: &mut Reader, frames: std::ops::Range<u64>| -> Vec<Attempt> {
            frames.filter_map(|frame| reader.read(&wall(33 * frame)).attempt).collect()
        };
        let others =
            |turns: &[Attempt]| turns.iter().filter(|turn| matches!(turn, Attempt::Other(_))).count();
        let alone = turns(&mut Reader::default(), 0..32);
        let mut reader = Reader::with(&[Symbology::Aztec, Symbology::Pdf417]);
        let both = turns(&mut reader, 0..32);
        // Each as often as QR, which has as many turns as without them.
        assert_eq!((alone.len(), others(&alone)), (8, 0));
        assert_eq!((both.len(), others(&both)), (16, 8));
        turns(&mut reader, 32..400);
        assert_eq!(turns(&mut reader, 400..410).len(), 0, "a view that stays as it is has had its turns");
        // One was read: it is looked for again, half a second later, and no view with it in rests.
        let aztec = Attempt::Other(Symbology::Aztec);
        let at = Mono::from_millis(33 * 409);
        assert_eq!(reader.late(at, &[other(aztec)]).len(), 1);
        let again = (410..455).find(|&frame| reader.read(&wall(33 * frame)).attempt == Some(aztec));
        assert_eq!(again, Some(425));
        assert!(!reader.rests());
        assert!(
            reader.late(Mono::from_millis(33 * 425), &[other(aztec)]).is_empty(),
            "the same presentation"
        );
        reader.switch_off(aztec);
        assert!(!turns(&mut reader, 455..900).contains(&aztec));
    }

    #[test]
    fn what_looks_like_a_qr_symbol_does_not_keep_other_symbols_out() {
        let code = picture::decode(&pgm("kakou", 4), Mono::ZERO).unwrap();
        let (width, lower) = (code.width(), code.width() * 142);
        let half = Frame::new(width, 120, code.luma()[lower..][..width * 120].to_vec(), Mono::ZERO).unwrap();
        let mut reader = Reader::with(&[Symbology::DataMatrix]);
        let turns: Vec<_> = (0..16).filter_map(|_| reader.read(&half).attempt).collect();
        let others = turns.iter().filter(|turn| matches!(turn, Attempt::Other(_))).count();
        assert_eq!((turns.len(), others), (16, 4));
    }

    fn other(attempt: Attempt) -> Code {
        let corners = [crate::vision::Point::default(); 4];
        let payload = crate::base::Pii::new(b"ticket".to_vec());
        Code { payload, corners, modules: None, part: None, lane: Lane::Slow(attempt) }
    }

    #[test]
    fn a_code_that_no_frame_shows_wholly_is_read_from_several() {
        let code = qrcode::QrCode::with_version("flickering", qrcode::Version::Normal(3), qrcode::EcLevel::M)
            .unwrap();
        let (side, colors) = (code.width(), code.to_colors());
        let mut random = crate::base::Random::new(2);
        // A sixth of the modules beside the finder patterns are wrong, others in each frame.
        let mut shown = || {
            let finder = |x: usize, y: usize| (x < 8 || x >= side - 8) && y < 8 || x < 8 && y >= side - 8;
            let dark: Vec<bool> = (0..side * side)
                .map(|at| {
                    let wrong = !finder(at % side, at / side) && random.below(6) == 0;
                    (colors[at] == qrcode::Color::Dark) != wrong
                })
                .collect();
            let module = |v: usize| v.checked_sub(60).map(|v| v / 6).filter(|&v| v < side);
            let pixel = |i: usize| {
                let at = module(i % 300).zip(module(i / 300));
                if at.is_some_and(|(x, y)| dark[y * side + x]) { 30 } else { 220 }
            };
            (0..300 * 300).map(pixel).collect::<Vec<u8>>()
        };
        let (mut reader, mut alone) = (Reader::default(), Fast::default());
        let mut read = None;
        for at in 0..20_u64 {
            let frame = Frame::new(300, 300, shown(), Mono::from_millis(33 * at)).unwrap();
            assert!(alone.read(&frame).codes.is_empty(), "one frame is enough");
            read = read.or_else(|| reader.read(&frame).presented.pop().map(|code| (at, code)));
        }
        let (at, code) = read.unwrap();
        assert_eq!((code.payload.expose().as_slice(), code.lane.name()), (&b"flickering"[..], "frames"));
        assert!(at < 16, "only after {at} frames");
    }

    /// A wall with a dark bar, at one of several places.
    fn barred(at: usize) -> Frame {
        let dark = |i: usize| (40 * at + 100..40 * at + 140).contains(&(i % 320));
        let pixel = |i: usize| if dark(i) { 40 } else { 200 };
        Frame::new(320, 320, (0..320 * 320).map(pixel).collect(), Mono::ZERO).unwrap()
    }

    fn pgm(text: &str, scale: usize) -> Vec<u8> {
        let code = qrcode::QrCode::new(text).unwrap();
        let (width, colors) = (code.width(), code.to_colors());
        let side = width * scale + 200;
        let pixel = |x: usize, y: usize| {
            let module = |v: usize| v.checked_sub(100).map(|v| v / scale).filter(|&v| v < width);
            let dark =
                module(x).zip(module(y)).is_some_and(|(x, y)| colors[y * width + x] == qrcode::Color::Dark);
            if dark { 30 } else { 220 }
        };
        let luma = (0..side * side).map(|i| pixel(i % side, i / side)).collect();
        picture::encode_pgm(&Frame::new(side, side, luma, Mono::ZERO).unwrap())
    }
}
