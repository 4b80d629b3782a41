//! All logs of a kiosk: the one that is being written, and those that ended before everything was with the hub.
//!
//! One request is under way at a time. While the live log has something to send it has every second turn, so that a
//! backlog of ended logs never starves it; they are sent oldest first. What the hub says about its own state (busy,
//! unreachable) holds for all logs.

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

/// Decides what to ask the hub next, over all logs. Does no I/O.
#[derive(Clone, Debug)]
pub struct Link {
    settings: Settings,
    random: Random,
    live: Option<(Epoch, Outbox)>,
    /// Oldest first.
    closed: Vec<(Epoch, Outbox)>,
    /// Which log was asked about last.
    asked: Option<Epoch>,
}

impl Link {
    /// A link that knows of no log yet. `random` spreads the retries of many kiosks.
    pub fn new(settings: Settings, random: Random) -> Self {
        Self { settings, random, live: None, closed: vec![], asked: None }
    }

    /// The log that is being written, once there is one.
    pub fn live(&self) -> Option<Epoch> {
        self.live.as_ref().map(|(epoch, _)| *epoch)
    }

    /// Takes up the logs that there are: `live` is being written, `closed` are not any more, oldest first.
    pub fn take_up(&mut self, live: Epoch, closed: &[Closed]) {
        let mut known: Vec<(Epoch, Outbox)> = self.live.take().into_iter().collect();
        known.append(&mut self.closed);
        let mut outbox = |epoch: Epoch| match known.iter().position(|(known, _)| *known == epoch) {
            Some(index) => known.swap_remove(index).1,
            None => Outbox::new(self.settings, self.random.fork(&epoch.to_string())),
        };
        self.live = Some((live, outbox(live)));
        for Closed { epoch, last } in closed.iter().filter(|log| log.epoch != live) {
            let mut outbox = outbox(*epoch);
            outbox.close(*last);
            self.closed.push((*epoch, outbox));
        }
    }

    /// What to do at `now`, and about which log, when `durable` records of the live one are durable.
    pub fn next(&mut self, now: Mono, durable: u64) -> (Option<Epoch>, Action) {
        let mut wake = now + Duration::from_mins(1);
        let live_was_last = self.asked.is_some() && self.asked == self.live();
        for live in [!live_was_last, live_was_last] {
            let found = if live { self.next_live(now, durable) } else { self.next_closed(now) };
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
        outbox.on_answer(now, wall, answer);
        if about_the_hub {
            let until = outbox.held_until();
            self.all().for_each(|(_, outbox)| outbox.hold(until));
        }
    }

    /// A heartbeat of the live log, and everything that waits, is due now.
    pub fn hurry(&mut self) {
        if let Some((_, live)) = &mut self.live {
            live.hurry();
        }
    }

    /// The outbox of a log.
    pub fn outbox(&self, epoch: Epoch) -> Option<&Outbox> {
        let mut all = self.live.iter().chain(&self.closed);
        all.find(|(known, _)| *known == epoch).map(|(_, outbox)| outbox)
    }

    /// The state of the link over all logs, for a screen.
    pub fn status(&self) -> HubStatus {
        let Some((_, live)) = &self.live else { return HubStatus { enrolled: true, ..HubStatus::default() } };
        let older = self.closed.iter().map(|(_, outbox)| outbox.waiting()).sum::<u64>();
        let errors = self.closed.iter().filter_map(|(_, outbox)| outbox.link().error);
        let link = live.link();
        let error = link.error.clone().or_else(|| errors.into_iter().next());
        HubStatus { waiting: link.waiting + older, error, ..link }
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

    fn all(&mut self) -> impl Iterator<Item = &mut (Epoch, Outbox)> {
        self.live.iter_mut().chain(&mut self.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seq;

    const WALL: Wall = Wall(1_790_000_000_000);
    const LIVE: Epoch = Epoch([9; 16]);

    #[test]
    fn the_live_log_has_every_second_turn_and_the_others_go_oldest_first() {
        let mut link = link(&[(1, 200), (2, 200)]);
        let mut turns = vec![];
        for _ in 0..400 {
            let (Some(epoch), action) = link.next(now(), 5_000) else { break };
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
        let (asked, _) = link.next(now(), 5);
        assert_eq!(asked, Some(LIVE));
        link.on_answer(now(), WALL, Answer::Busy { retry_after: Some(Duration::from_secs(9)) });
        let (None, Action::WaitUntil(until)) = link.next(now(), 5) else { panic!("asks on") };
        assert!(until >= now() + Duration::from_secs(9), "{until}");
    }

    #[test]
    fn a_new_log_is_taken_up_and_the_old_one_closed_with_what_is_known_of_it() {
        let mut link = link(&[]);
        for _ in 0..2 {
            link.next(now(), 50);
            link.on_answer(now(), WALL, Answer::Next(Seq::new(31).unwrap()));
        }
        let fresh = Epoch([10; 16]);
        link.take_up(fresh, &[Closed { epoch: LIVE, last: 50 }]);
        assert_eq!(link.live(), Some(fresh));
        assert_eq!(link.outbox(LIVE).map(Outbox::waiting), Some(20));
        assert_eq!(link.next(now(), 0), (Some(fresh), Action::Head));
        link.on_answer(now(), WALL, Answer::Next(Seq::FIRST));
        assert!(matches!(link.next(now(), 0), (Some(LIVE), Action::Post { .. })));
    }

    fn link(closed: &[(u8, u64)]) -> Link {
        let mut link = Link::new(Settings::default(), Random::new(1));
        let closed: Vec<Closed> =
            closed.iter().map(|(epoch, last)| Closed { epoch: old(*epoch), last: *last }).collect();
        link.take_up(LIVE, &closed);
        link
    }

    fn old(number: u8) -> Epoch {
        Epoch([number; 16])
    }

    fn now() -> Mono {
        Mono::from_millis(1_000)
    }
}
