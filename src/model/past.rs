//! What is on record of a subject's earlier passages: in a kiosk's own log, and in short of other kiosks.
//!
//! How long ago something was is known only as far as the clocks vouch for it: `least` has certainly passed, and `most` is
//! there only where no more can have. A permission counts from `most`, a restriction from `least`, so that a doubtful clock
//! neither grants nor forgets anything.

use std::time::Duration;

use super::blind::{Blinded, IdentifierKind};
use super::record::Crossing;
use super::step::StepRecord;
use super::subject::Direction;
use super::verdict::Verdict;
use super::width::narrow;
use crate::base::{KioskId, LaneId, Pii, Stamp, Wall};
use crate::model::Between;

/// Most earlier passages of one subject that are looked at.
pub const PASSAGES_MAX: usize = 64;

/// Who is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// What is known of the subject; at least one. Whoever answers blinds it with a key of their own.
    pub known: Vec<(IdentifierKind, Pii<String>)>,
    /// Whom they visit, as a name.
    pub host: Option<Blinded>,
}

/// How long ago something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ago {
    /// So long at least.
    pub least: Duration,
    /// So long at most; `None` where the clocks do not say.
    pub most: Option<Duration>,
}

/// By what an earlier passage is known to be of the same subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// An identity number, a pass or a plate.
    Identity,
    /// A telephone number only, which several people may share: nothing is granted by it.
    Phone,
}

/// One earlier passage of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierPassage {
    /// Number of its record within its log.
    pub seq: u64,
    /// When.
    pub ago: Ago,
    /// At which lane.
    pub lane: Option<LaneId>,
    /// How it is known to be theirs.
    pub by: KnownBy,
    /// Which way.
    pub direction: Direction,
    /// The subject's own outcome.
    pub verdict: Verdict,
    /// What was seen under the barrier afterwards.
    pub crossing: Option<Crossing>,
    /// The subject's own steps.
    pub steps: Vec<StepRecord>,
    /// Whom they visited then.
    pub host: Option<Blinded>,
}

/// What is known of whom a subject visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPast {
    /// The name, blinded.
    pub name: Blinded,
    /// How many others are inside who visit the same.
    pub visitors: usize,
    /// The host's own passages by that name, newest first.
    pub passages: Vec<EarlierPassage>,
}

/// How a passage ended, in as many words as other kiosks are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// They were turned back, or advised not to enter.
    TurnedBack,
    /// They were admitted, held or handed off.
    Otherwise,
}

/// How a passage of the same subject ended at another kiosk, as the hub tells it. A person looks because of it; nothing is
/// granted by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Where.
    pub kiosk: KioskId,
    /// When.
    pub ago: Ago,
    /// How.
    pub end: End,
}

/// That the pass of a subject was shown at another kiosk, whatever came of it, as the hub tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Where.
    pub kiosk: KioskId,
    /// When.
    pub ago: Ago,
}

/// That somebody was turned back not long ago, and came to no other end since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedBack {
    /// Where; `None` for here.
    pub kiosk: Option<KioskId>,
    /// When.
    pub ago: Ago,
}

/// A subject's earlier passages, newest first, at most [`PASSAGES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Theirs.
    pub passages: Vec<EarlierPassage>,
    /// What other kiosks say, in no order.
    pub elsewhere: Vec<Elsewhere>,
    /// Where else their pass was shown, in no order.
    pub used: Vec<Used>,
    /// Of whom they visit, where somebody was named.
    pub host: Option<HostPast>,
}

/// Nobody can say what was earlier: the records cannot be read, or no answer came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody can say what was earlier")]
pub struct Unknown;

impl Whose {
    /// That nothing is known of them, nor of whom they visit: where nobody has been before.
    pub fn nothing(&self) -> Past {
        let host = self.host.map(|name| HostPast { name, visitors: 0, passages: Vec::new() });
        Past { host, ..Past::default() }
    }
}

impl EarlierPassage {
    /// Whether the subject went through.
    pub fn went_through(&self) -> bool {
        self.verdict.opens_barrier() && self.crossing != Some(Crossing::DidNotPass)
    }

    /// Whether it came to an end: nobody left before a decision or waits for one.
    pub fn is_decided(&self) -> bool {
        End::of(self.verdict).is_some() || self.verdict == Verdict::EmergencyAdmitted
    }
}

impl End {
    /// The end that `verdict` is. None where nothing was decided, nor for an emergency: being let in for one settles nothing
    /// of why they were sent away.
    pub fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::TurnedBack | Verdict::Advised => Some(Self::TurnedBack),
            Verdict::Admitted | Verdict::AdmittedWithFollowUp | Verdict::Held | Verdict::HandedOff => {
                Some(Self::Otherwise)
            }
            Verdict::Referred | Verdict::Abandoned | Verdict::EmergencyAdmitted => None,
        }
    }
}

impl Ago {
    /// How long before `now` something was that was stamped `then`.
    ///
    /// Within one boot the monotonic clock tells. Across boots the wall clocks do, each as far as [`Between`] vouches for it.
    pub fn of(then: &Stamp, now: &Stamp) -> Self {
        if then.boot == now.boot {
            let passed = now.mono.since(then.mono);
            return Self { least: passed, most: Some(passed) };
        }
        // Certain whatever the clocks show: this boot began after the other one.
        let since_boot = Duration::from_nanos(now.mono.0);
        let [before, after] = [then, now].map(|stamp| Between::of(stamp, Wall::EARLIEST));
        let from = before.latest().map(|latest| between(latest, after.earliest()));
        let until = after.latest().map(|latest| between(before.earliest(), latest));
        // What nobody vouches for may be of any age.
        let until = until.filter(|_| before.latest().is_some());
        Self { least: from.unwrap_or_default().max(since_boot), most: until.map(|most| most.max(since_boot)) }
    }

    /// How long before `now` something was that was not before and not after these times.
    pub fn between((earliest, latest): (Option<Wall>, Wall), now: &Between) -> Self {
        let most = earliest.zip(now.latest()).map(|(earliest, now)| between(earliest, now));
        Self { least: between(latest, now.earliest()), most }
    }

    /// The same, `span` later.
    pub fn later(self, span: Duration) -> Self {
        Self { least: self.least.saturating_add(span), most: self.most.map(|most| most.saturating_add(span)) }
    }
}

fn between(from: Wall, to: Wall) -> Duration {
    Duration::from_millis(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

/// A name as it is compared: without spaces, in one width and one case.
pub fn comparable_name(name: &Pii<String>) -> Pii<String> {
    let plain = name.expose().chars().map(narrow).filter(|character| !character.is_whitespace());
    Pii::new(plain.flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, ClockTrust, Mono};

    const HOUR: u64 = 3_600;

    #[test]
    fn within_a_boot_the_time_passed_is_known_whatever_the_wall_clock_says() {
        for trust in [ClockTrust::None, ClockTrust::Rtc, ClockTrust::Synced] {
            let ago = Ago::of(&stamp(1, 10, 900_000, trust), &stamp(1, 15, 500_000, trust));
            assert_eq!(ago, Ago { least: hours(5), most: Some(hours(5)) });
        }
    }

    #[test]
    fn across_boots_a_clock_that_nobody_vouches_for_says_neither_how_much_nor_how_little() {
        let at = |trust| stamp(1, 10, 500_000, trust);
        let sure = Ago::of(&at(ClockTrust::Synced), &stamp(2, 1, 500_005, ClockTrust::Synced));
        assert_eq!(sure.least, hours(5) - Duration::from_secs(2), "less the error of both clocks");
        assert_eq!(sure.most, Some(hours(5) + Duration::from_secs(2)));
        let battery = Ago::of(&at(ClockTrust::Rtc), &stamp(2, 1, 500_005, ClockTrust::Synced));
        assert_eq!((battery.least, battery.most.map(|most| most > hours(29))), (hours(1), Some(true)));
        for (then, now) in [(ClockTrust::None, ClockTrust::Synced), (ClockTrust::Synced, ClockTrust::None)] {
            let unsure = Ago::of(&at(then), &stamp(2, 1, 500_005, now));
            assert_eq!(unsure, Ago { least: hours(1), most: None }, "{then:?} {now:?}");
        }
        let back = Ago::of(&at(ClockTrust::Synced), &stamp(2, 3, 499_000, ClockTrust::Synced));
        assert_eq!(back, Ago { least: hours(3), most: Some(hours(3)) }, "a clock that went back");
    }

    #[test]
    fn a_name_is_compared_without_spaces_width_or_case() {
        let same = |name: &str| comparable_name(&Pii::new(name.to_owned())).expose().clone();
        assert_eq!(same(" 王　芳 "), "王芳");
        assert_eq!(same("Ｌi Ming"), same("LIMING"));
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * HOUR)
    }

    fn stamp(boot: u8, mono_h: u64, wall_h: i64, trust: ClockTrust) -> Stamp {
        let mono = Mono::from_millis(mono_h * HOUR * 1_000);
        Stamp { boot: BootId([boot; 16]), mono, wall: Wall(wall_h * 3_600_000), trust, max_error_ms: 0 }
    }
}
