//! All logs of a kiosk: the one that is being written, and those that ended before everything was with the hub; and
//! beside them the urgent log, which overtakes them all.
//!
//! One request is under way at a time. What there is of urgent logs is sent before anything else: weeks of backlog never
//! delay an alarm by more than the one request under way. While the live log has something to send it has every second
//! turn, so that a backlog of ended logs never starves it; they are sent oldest first. What the hub says about its own
//! state (busy, unreachable) holds for all logs. Urgent logs have no heartbeats: they are asked about now and then, and
//! whenever the hub turns out to expect less of another log than it did, which is one that was restored from a backup.

use std::time::Duration;

use super::outbox::{Action, Answer, Outbox, Settings};
use crate::base::{Epoch, Mono, Random, Wall};
use crate::control::HubStatus;

/// A log as it lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub epoch: Epoch,
    /// Its last record; 0 when there is none.
    pub last: u64,
}

/// Which of a kiosk's two series of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// Its records.
    Main,
    /// Its alarms.
    Urgent,
}

/// How many records of the logs that are being written are durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// Of the main one.
    pub main: u64,
    /// Of the urgent one.
    pub urgent: u64,
}

impl Durable {
    /// Of a kiosk that has no urgent log.
    pub const fn main(main: u64) -> Self {
        Self { main, urgent: 0 }
    }

    /// Of the log of one series.
    pub const fn of(self, series: Series) -> u64 {
        match series {
            Series::Main => self.main,
            Series::Urgent => self.urgent,
        }
    }
}

/// The logs of one series.
#[derive(Clone, Debug, Default)]
struct Logs {
    live: Option<(Epoch, Outbox)>,
    /// Oldest first.
    closed: Vec<(Epoch, Outbox)>,
}

impl Logs {
    fn all(&mut self) -> impl Iterator<Item = &mut (Epoch, Outbox)> {
        self.live.iter_mut().chain(&mut self.closed)
    }

    fn outbox(&self, epoch: Epoch) -> Option<&Outbox> {
        let mut all = self.live.iter().chain(&self.closed);
        all.find(|(known, _)| *known == epoch).map(|(_, outbox)| outbox)
    }

    fn next_live(&mut self, now: Mono, durable: u64) -> Option<(Epoch, Action)> {
        let (epoch, outbox) = self.live.as_mut()?;
        Some((*epoch, outbox.next(now, durable)))
    }

    fn next_closed(&mut self, now: Mono) -> Option<(Epoch, Action)> {
        let mut wake: Option<(Epoch, Mono)> = None;
        for (epoch, outbox) in &mut self.closed {
            let action = outbox.next(now, 0);
            // One that has to wait, for a medium that cannot be read, does not hold up the ones after it.
            let Action::WaitUntil(until) = action else { return Some((*epoch, action)) };
            wake = wake.filter(|(_, earlier)| *earlier <= until).or(Some((*epoch, until)));
        }
        wake.map(|(epoch, until)| (epoch, Action::WaitUntil(until)))
    }
}

/// Decides what to ask the hub next, over all logs. Does no I/O.
#[derive(Clone, Debug)]
pub struct Link {
    settings: Settings,
    random: Random,
    main: Logs,
    urgent: Logs,
    /// Which log was asked about last.
    asked: Option<Epoch>,
}

impl Link {
    /// A link that knows of no log yet. `random` spreads the retries of many kiosks.
    pub fn new(settings: Settings, random: Random) -> Self {
        Self { settings, random, main: Logs::default(), urgent: Logs::default(), asked: None }
    }

    /// The log of a series that is being written, once there is one.
    pub fn live(&self, series: Series) -> Option<Epoch> {
        let logs = match series {
            Series::Main => &self.main,
            Series::Urgent => &self.urgent,
        };
        logs.live.as_ref().map(|(epoch, _)| *epoch)
    }

    /// Takes up the logs of a series that there are: `live` is being written, `closed` are not any more, oldest first.
    pub fn take_up(&mut self, series: Series, live: Epoch, closed: &[Closed]) {
        let logs = match series {
            Series::Main => &mut self.main,
            Series::Urgent => &mut self.urgent,
        };
        let mut known: Vec<(Epoch, Outbox)> = logs.live.take().into_iter().collect();
        known.append(&mut logs.closed);
        let mut outbox = |epoch: Epoch| match known.iter().position(|(known, _)| *known == epoch) {
            Some(index) => known.swap_remove(index).1,
            None => {
                let outbox = Outbox::new(self.settings, self.random.fork(&epoch.to_string()));
                if series == Series::Urgent { outbox.without_heartbeats() } else { outbox }
            }
        };
        logs.live = Some((live, outbox(live)));
        for Closed { epoch, last } in closed.iter().filter(|log| log.epoch != live) {
            let mut outbox = outbox(*epoch);
            outbox.close(*last);
            logs.closed.push((*epoch, outbox));
        }
    }

    /// What to do at `now`, and about which log, when so much of the live ones is durable.
    pub fn next(&mut self, now: Mono, durable: Durable) -> (Option<Epoch>, Action) {
        let mut wake = now + Duration::from_mins(1);
        let live_was_last = self.asked.is_some() && self.asked == self.live(Series::Main);
        let order = [
            (Series::Urgent, true),
            (Series::Urgent, false),
            (Series::Main, !live_was_last),
            (Series::Main, live_was_last),
        ];
        for (series, live) in order {
            let logs = match series {
                Series::Main => &mut self.main,
                Series::Urgent => &mut self.urgent,
            };
            let found = if live { logs.next_live(now, durable.of(series)) } else { logs.next_closed(now) };
            match found {
                Some((_, Action::WaitUntil(until))) => wake = wake.min(until),
                Some((epoch, action)) => {
                    self.asked = Some(epoch);
                    return (Some(epoch), action);
                }
                None => {}
            }
        }
        (None, Action::WaitUntil(wake))
    }

    /// Takes in what came of the last action.
    pub fn on_answer(&mut self, now: Mono, wall: Wall, answer: Answer) {
        let about_the_hub = match &answer {
            Answer::Busy { .. } | Answer::Lost(_) => true,
            Answer::Next(_)
            | Answer::Rewind(_)
            | Answer::Ended
            | Answer::Fork(_)
            | Answer::Gone { .. }
            | Answer::Salvaged(_)
            | Answer::NoBeat(_)
            | Answer::TooLarge
            | Answer::Unpacked
            | Answer::Refused(_) => false,
        };
        let Some(asked) = self.asked else { return };
        let Some((_, outbox)) = self.all().find(|(epoch, _)| *epoch == asked) else { return };
        let before = outbox.known();
        outbox.on_answer(now, wall, answer);
        let forgot = outbox.known() < before;
        if about_the_hub {
            let until = outbox.held_until();
            self.all().for_each(|(_, outbox)| outbox.hold(until));
        }
        if forgot {
            let others = self.urgent.all().filter(|(epoch, _)| *epoch != asked);
            others.for_each(|(_, outbox)| outbox.ask_again());
        }
    }

    /// A heartbeat of the live log, and everything that waits, is due now.
    pub fn hurry(&mut self) {
        if let Some((_, live)) = &mut self.main.live {
            live.hurry();
        }
    }

    /// The outbox of a log.
    pub fn outbox(&self, epoch: Epoch) -> Option<&Outbox> {
        self.main.outbox(epoch).or_else(|| self.urgent.outbox(epoch))
    }

    /// The state of the link over all logs, for a screen.
    pub fn status(&self) -> HubStatus {
        let Some((_, live)) = &self.main.live else {
            return HubStatus { enrolled: true, ..HubStatus::default() };
        };
        let others = || self.main.closed.iter().chain(&self.urgent.live).chain(&self.urgent.closed);
        let waiting = others().map(|(_, outbox)| outbox.waiting()).sum::<u64>();
        let errors = others().filter_map(|(_, outbox)| outbox.link().error);
        let link = live.link();
        let error = link.error.clone().or_else(|| errors.into_iter().next());
        HubStatus { waiting: link.waiting + waiting, error, ..link }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut (Epoch, Outbox)> {
        self.urgent.all().chain(self.main.all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seq;

    const WALL: Wall = Wall(1_790_000_000_000);
    const LIVE: Epoch = Epoch([9; 16]);
    const URGENT: Epoch = Epoch([8; 16]);

    #[test]
    fn the_live_log_has_every_second_turn_and_the_others_go_oldest_first() {
        let mut link = link(&[(1, 200), (2, 200)]);
        let mut turns = vec![];
        for _ in 0..400 {
            let (Some(epoch), action) = link.next(now(), Durable::main(5_000)) else { break };
            if let Action::Post { from, max_entries, .. } = action {
                turns.push(epoch);
                link.on_answer(now(), WALL, Answer::Next(Seq::new(from.get() + max_entries as u64).unwrap()));
            } else {
                let done = matches!(action, Action::End { .. });
                link.on_answer(now(), WALL, if done { Answer::Ended } else { Answer::Next(Seq::FIRST) });
            }
        }
        let of = |epoch: Epoch| turns.iter().filter(move |turn| **turn == epoch).count();
        assert!(of(LIVE) > 9 && of(old(1)) > 1 && of(old(2)) > 1, "{turns:?}");
        assert!(
            turns.windows(2).all(|pair| pair.contains(&LIVE)),
            "the live log never waits for two: {turns:?}"
        );
        let last_of_1 = turns.iter().rposition(|turn| *turn == old(1));
        let first_of_2 = turns.iter().position(|turn| *turn == old(2));
        assert!(last_of_1 < first_of_2, "{turns:?}");
        assert_eq!(link.status().waiting, 0);
    }

    #[test]
    fn a_hub_that_is_busy_is_left_alone_about_every_log() {
        let mut link = link(&[(1, 20)]);
        let (asked, _) = link.next(now(), Durable::main(5));
        assert_eq!(asked, Some(LIVE));
        link.on_answer(now(), WALL, Answer::Busy { retry_after: Some(Duration::from_secs(9)) });
        let (None, Action::WaitUntil(until)) = link.next(now(), Durable::main(5)) else { panic!("asks on") };
        assert!(until >= now() + Duration::from_secs(9), "{until}");
    }

    #[test]
    fn a_new_log_is_taken_up_and_the_old_one_closed_with_what_is_known_of_it() {
        let mut link = link(&[]);
        for _ in 0..2 {
            link.next(now(), Durable::main(50));
            link.on_answer(now(), WALL, Answer::Next(Seq::new(31).unwrap()));
        }
        let fresh = Epoch([10; 16]);
        link.take_up(Series::Main, fresh, &[Closed { epoch: LIVE, last: 50 }]);
        assert_eq!(link.live(Series::Main), Some(fresh));
        assert_eq!(link.outbox(LIVE).map(Outbox::waiting), Some(20));
        assert_eq!(link.next(now(), Durable::main(0)), (Some(fresh), Action::Head));
        link.on_answer(now(), WALL, Answer::Next(Seq::FIRST));
        assert!(matches!(link.next(now(), Durable::main(0)), (Some(LIVE), Action::Post { .. })));
    }

    #[test]
    fn an_alarm_is_sent_before_any_backlog_and_costs_no_request_when_there_is_none() {
        let mut link = link(&[(1, 5_000)]);
        link.take_up(Series::Urgent, URGENT, &[Closed { epoch: old(3), last: 1 }]);
        let durable = Durable { main: 100_000, urgent: 2 };
        assert_eq!(link.next(now(), durable), (Some(URGENT), Action::Head));
        link.on_answer(now(), WALL, Answer::Next(Seq::FIRST));
        let (Some(URGENT), Action::Post { max_entries: 2, .. }) = link.next(now(), durable) else { panic!() };
        link.on_answer(now(), WALL, Answer::Next(Seq::new(3).unwrap()));
        assert_eq!(link.next(now(), durable), (Some(old(3)), Action::Head), "then an urgent log that ended");
        link.on_answer(now(), WALL, Answer::Ended);
        let (mut asked, mut held) = (vec![], std::collections::BTreeMap::new());
        for turn in 0..24 {
            let (Some(epoch), action) = link.next(now(), durable) else { panic!() };
            asked.push(epoch);
            let next = held.entry(epoch).or_insert(1);
            if let Action::Post { from, max_entries, .. } = action {
                *next = from.get() + max_entries as u64;
            }
            link.on_answer(now(), WALL, Answer::Next(Seq::new(*next).unwrap()));
            if turn == 15 {
                // One is raised in the middle of the backlog.
                let raised = Durable { urgent: 3, ..durable };
                let (Some(URGENT), Action::Post { max_entries: 1, .. }) = link.next(now(), raised) else {
                    panic!("the backlog goes first")
                };
                link.on_answer(now(), WALL, Answer::Next(Seq::new(4).unwrap()));
            }
        }
        assert!(!asked.contains(&URGENT) && !asked.contains(&old(3)), "{asked:?}");
    }

    #[test]
    fn urgent_logs_are_asked_about_again_when_the_hub_forgot_and_now_and_then() {
        let mut link = link(&[]);
        link.take_up(Series::Urgent, URGENT, &[]);
        let durable = Durable { main: 50, urgent: 1 };
        let answer = |link: &mut Link, at, expected: (Epoch, Action), next| {
            let (epoch, action) = link.next(at, durable);
            let same = std::mem::discriminant(&action) == std::mem::discriminant(&expected.1);
            assert!(epoch == Some(expected.0) && same, "{epoch:?} {action:?}, not {expected:?}");
            link.on_answer(at, WALL, Answer::Next(Seq::new(next).unwrap()));
        };
        let post = Action::Post { from: Seq::FIRST, max_entries: 1, max_bytes: 1 };
        answer(&mut link, now(), (URGENT, Action::Head), 2);
        answer(&mut link, now(), (LIVE, Action::Head), 31);
        answer(&mut link, now(), (LIVE, Action::Heartbeat), 31);
        answer(&mut link, now(), (LIVE, post), 51);
        let beat = now() + Duration::from_mins(1);
        // It was restored from a backup.
        answer(&mut link, beat, (LIVE, Action::Heartbeat), 11);
        answer(&mut link, beat, (URGENT, Action::Head), 1);
        answer(&mut link, beat, (URGENT, post), 2);
        answer(&mut link, beat, (LIVE, post), 51);
        answer(&mut link, beat + Duration::from_hours(1), (URGENT, Action::Head), 2);
    }

    fn link(closed: &[(u8, u64)]) -> Link {
        let mut link = Link::new(Settings::default(), Random::new(1));
        let closed: Vec<Closed> =
            closed.iter().map(|(epoch, last)| Closed { epoch: old(*epoch), last: *last }).collect();
        link.take_up(Series::Main, LIVE, &closed);
        link
    }

    fn old(number: u8) -> Epoch {
        Epoch([number; 16])
    }

    fn now() -> Mono {
        Mono::from_millis(1_000)
    }
}
