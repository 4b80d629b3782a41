//! The kiosk's side of the way to the hub: the link decides, the desk makes and understands, nothing is kept.

use kakou::base::{Epoch, Seq};
use kakou::sync::wire::Head;
use kakou::sync::{Action, Answer, Ask, Desk, Durable, Link, Series};

use crate::disk::Mortal;
use crate::kiosk::Kiosk;
use crate::net::Net;
use crate::planted::Plant;
use crate::scythe::Point;
use crate::site::Site;

/// A request under way.
struct Asked {
    id: u64,
    epoch: Epoch,
    ask: Ask,
}

pub struct Uplink {
    link: Link,
    desk: Desk<Mortal>,
    asked: Option<Asked>,
    /// Heartbeats that were answered in this run.
    pub beats: u32,
}

impl Uplink {
    pub fn new(link: Link, desk: Desk<Mortal>) -> Self {
        Self { link, desk, asked: None, beats: 0 }
    }

    /// Records that the screens say are not with the hub.
    pub fn waiting(&self) -> u64 {
        self.link.status().waiting
    }

    pub fn error(&self) -> Option<String> {
        self.link.status().error
    }
}

impl Kiosk {
    /// Sends what the link wants sent, as the daemon's task does.
    pub fn send(&mut self, site: &mut Site, net: &mut Net) {
        if site.scythe.struck().is_some() {
            return;
        }
        let (epoch, durable) = (self.recorder.epoch(), self.durable());
        let now = self.mono(site.now);
        let stamp = site.stamp(self.boot_id(), now);
        let lines = self.lines();
        let uplink = &mut self.uplink;
        if uplink.link.live(Series::Main) != Some(epoch) {
            let closed = uplink.desk.take_up(Series::Main, epoch).unwrap();
            uplink.link.take_up(Series::Main, epoch, &closed);
        }
        let (Some(log), action) = uplink.link.next(now, Durable::main(durable)) else { return };
        site.say(&action);
        if !site.scythe.spares(Point::Ask) {
            return;
        }
        if action == Action::Heartbeat {
            uplink.desk.say(lines);
        }
        let ask = match uplink.desk.prepare(log, Durable::main(durable), action, stamp) {
            Ok(ask) => ask,
            Err(answer) => return uplink.link.on_answer(now, stamp.wall, answer),
        };
        if !site.scythe.spares(Point::Send) {
            return;
        }
        site.ids += 1;
        net.send(site.now, site.ids, log, ask.clone());
        if site.scythe.spares(Point::Sent) {
            let id = site.ids;
            uplink.asked = Some(Asked { id, epoch: log, ask });
            if site.plant == Some(Plant::TakesSentForReceived)
                && let Action::Post { from, max_entries, .. } = action
            {
                site.believed = durable.min(from.get() - 1 + max_entries as u64);
            }
        }
    }

    /// Takes the answer to request `id`; one to an earlier request, or to an earlier process, reaches nobody.
    pub fn heard(&mut self, site: &mut Site, id: u64, answer: Result<Head, Answer>) {
        let Some(asked) = self.uplink.asked.take_if(|asked| asked.id == id) else { return };
        if !site.scythe.spares(Point::Answer) {
            return;
        }
        let now = self.mono(site.now);
        if let Ok(head) = &answer {
            self.hear(head);
        }
        let uplink = &mut self.uplink;
        uplink.beats += u32::from(answer.is_ok() && matches!(asked.ask, Ask::Heartbeat(_)));
        let understood = uplink.desk.understand(asked.epoch, &asked.ask, answer);
        let understood = match (site.plant, understood) {
            (Some(Plant::TakesSentForReceived), Answer::Next(next) | Answer::Rewind(next)) => {
                Answer::Next(next.max(Seq::new(site.believed + 1).unwrap()))
            }
            (_, understood) => understood,
        };
        uplink.link.on_answer(now, site.wall(), understood);
        site.scythe.spares(Point::Noted);
    }
}
