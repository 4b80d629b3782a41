//! What a run can fail in.

use kakou::base::Mono;

/// Which check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// After each start: everything that was acknowledged is in the log, as it was.
    JournalHoldsWhatWasAcknowledged,
    /// The log is what was handed in, in order, each record once; a kill loses only the end.
    NothingLostOrDoubled,
    OrderIsKept,
    OneVerdictForEachArrival,
    /// At rest: every personal part can be opened.
    EveryBoxOpens,
    /// Whenever somebody looks, the view lists what was recorded last; at rest it is what one made anew would be.
    ViewIsTheJournal,
    /// After each of the hub's starts: it holds what it answered.
    HubKeepsWhatItAnswered,
    /// Whenever it answers: it holds nothing that is not durable at the kiosk.
    HubHoldsWhatIsDurable,
    /// At rest: it holds every record once, counts each passage once, and has the same root.
    HubHoldsEachRecordOnce,
    BarriersRiseAsRecorded,
    /// At rest: the kiosk says nothing against its hub.
    NoFalseAlarm,
    ComesToRest,
    /// Not a rule of the kiosk: it fell over.
    NoPanic,
}

/// Why a run ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub check: Check,
    pub at: Mono,
    pub what: String,
}
