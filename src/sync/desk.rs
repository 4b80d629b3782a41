//! Turns what a link wants done into what is sent, and what the hub answers into what a link understands.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::BASE64;

use super::dictionary::Packing;
use super::link::{Closed, Durable, Series};
use super::packer::{Error, Packer, Salvaged};
use super::source::{Logs, Source};
use super::wire::{Head, HoleClaim};
use super::{Action, Answer};
use crate::base::{Epoch, KioskId, Seq, Stamp};
use crate::journal::SigningKey;

/// A request, ready to be sent about one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Where does the hub stand?
    Head,
    /// A batch.
    Entries {
        /// Number of its first record.
        from: Seq,
        /// As [`Batch`](super::wire::Batch) encodes it.
        body: Vec<u8>,
    },
    /// A signed note with a beat.
    Heartbeat(String),
    /// Salvaged records.
    Salvage {
        /// As [`salvage`](super::salvage) encodes them.
        body: Vec<u8>,
        /// Everything up to here is in it, or lost.
        through: u64,
    },
    /// Records are lost.
    Hole(HoleClaim),
    /// A log has ended: the signed statement.
    End(String),
}

/// The journal's readers and packers. Everything here may block.
pub struct Desk<L> {
    kiosk: KioskId,
    key: Arc<SigningKey>,
    logs: L,
    urgent: Option<L>,
    open: Vec<OpenLog>,
    lines: Vec<String>,
}

struct OpenLog {
    series: Series,
    packer: Packer,
    source: Box<dyn Source + Send>,
    /// Number of records that may be read; fixed once a log is closed.
    durable: Arc<AtomicU64>,
    is_live: bool,
}

impl<L: Logs> Desk<L> {
    /// A desk for the logs of `kiosk`, which signs with its key.
    pub fn new(kiosk: KioskId, key: impl Into<Arc<SigningKey>>, logs: L) -> Self {
        Self { kiosk, key: key.into(), logs, urgent: None, open: vec![], lines: vec![] }
    }

    /// The same desk, with the kiosk's urgent logs.
    #[must_use]
    pub fn with_urgent(self, urgent: L) -> Self {
        Self { urgent: Some(urgent), ..self }
    }

    /// What the next heartbeat says beside size and root.
    pub fn say(&mut self, lines: Vec<String>) {
        self.lines = lines;
    }

    /// Whose logs.
    pub fn kiosk(&self) -> &KioskId {
        &self.kiosk
    }

    /// Opens the log `live` of a series and everything else there is of it; returns what is closed, oldest first.
    ///
    /// # Errors
    ///
    /// When the live log cannot be read. A closed one that cannot be is left for the next time.
    pub fn take_up(&mut self, series: Series, live: Epoch) -> Result<Vec<Closed>, Error> {
        let logs = match (series, &mut self.urgent) {
            (Series::Main, _) => &mut self.logs,
            (Series::Urgent, Some(urgent)) => urgent,
            (Series::Urgent, None) => return Ok(vec![]),
        };
        let names = logs.names()?;
        let mut closed = vec![];
        self.open.retain(|log| log.series != series);
        for name in names {
            let packer = Packer::new(self.kiosk.clone(), name.epoch, Arc::clone(&self.key));
            let durable = Arc::new(AtomicU64::new(0));
            let is_live = name.epoch == live;
            let source = if is_live {
                logs.live(name, Arc::clone(&durable))?
            } else {
                let Ok((source, last)) = logs.closed(name) else { continue };
                durable.store(last, Ordering::Release);
                closed.push(Closed { epoch: name.epoch, last });
                source
            };
            self.open.push(OpenLog { series, packer, source, durable, is_live });
        }
        Ok(closed)
    }

    /// Makes what `action` asks for about log `epoch`, at `now`, when so much of the live logs is durable.
    ///
    /// # Errors
    ///
    /// What came of it, when nothing has to be sent.
    pub fn prepare(
        &mut self,
        epoch: Epoch,
        durable: Durable,
        action: Action,
        now: Stamp,
    ) -> Result<Ask, Answer> {
        let lines = std::mem::take(&mut self.lines);
        let log = self.log(epoch)?;
        let durable = durable.of(log.series);
        if log.is_live {
            log.durable.store(durable, Ordering::Release);
        }
        let OpenLog { packer, source, .. } = log;
        match action {
            Action::Head => Ok(Ask::Head),
            Action::Post { from, max_entries, max_bytes } => {
                let body = packer.batch(from, max_entries, max_bytes, source).map_err(failed)?;
                Ok(Ask::Entries { from, body })
            }
            Action::Heartbeat => match packer.heartbeat(durable, now.boot, now.mono, &lines, source) {
                Ok(note) => Ok(Ask::Heartbeat(note)),
                Err(error) => Err(Answer::NoBeat(error.to_string())),
            },
            Action::Salvage { from, through, max_entries, max_bytes } => {
                let most = (max_entries, max_bytes);
                let Salvaged { body, through } =
                    packer.salvage(from, through, most, source).map_err(failed)?;
                body.map(|body| Ask::Salvage { body, through }).ok_or(Answer::Salvaged(through))
            }
            Action::Hole { first, last } => packer.hole(first, last, source).map(Ask::Hole).map_err(failed),
            Action::End { first, last } => packer.end(first, last, source).map(Ask::End).map_err(failed),
            Action::WaitUntil(_) => Err(Answer::Lost("nothing was asked".to_owned())),
        }
    }

    /// What the hub's answer to `ask` about log `epoch` means.
    pub fn understand(&mut self, epoch: Epoch, ask: &Ask, answer: Result<Head, Answer>) -> Answer {
        let head = match answer {
            Ok(head) => head,
            Err(answer) => {
                self.pack_for(epoch, ask, &answer);
                return answer;
            }
        };
        match ask {
            Ask::Head => self.same_tree(epoch, &head).unwrap_or_else(|answer| answer),
            Ask::Entries { .. } | Ask::Heartbeat(_) | Ask::Hole(_) => Answer::Next(head.next),
            Ask::Salvage { through, .. } => Answer::Salvaged(*through),
            Ask::End(_) => Answer::Ended,
        }
    }

    /// A hub that cannot unpack batches gets them without the dictionary; an older one says only that they are broken.
    fn pack_for(&mut self, epoch: Epoch, ask: &Ask, answer: &Answer) {
        if let (Ask::Entries { .. }, Answer::Unpacked | Answer::Refused(_)) = (ask, answer)
            && let Ok(log) = self.log(epoch)
        {
            log.packer.packing = Packing::Plain;
        }
    }

    /// What the hub holds must be what this journal holds, as far as that is still known.
    fn same_tree(&mut self, epoch: Epoch, head: &Head) -> Result<Answer, Answer> {
        let OpenLog { packer, source, durable, is_live, .. } = self.log(epoch)?;
        if head.ended && !*is_live {
            return Ok(Answer::Ended);
        }
        let held = head.next.get() - 1;
        if held > durable.load(Ordering::Acquire) {
            return Ok(Answer::Next(head.next));
        }
        match packer.root_at(held, source).map_err(failed)? {
            Some(root) if BASE64.encode(&root) != head.root => {
                Err(Answer::Fork(format!("hub holds {held} other records under the name of this log")))
            }
            Some(_) | None => Ok(Answer::Next(head.next)),
        }
    }

    fn log(&mut self, epoch: Epoch) -> Result<&mut OpenLog, Answer> {
        let log = self.open.iter_mut().find(|log| log.packer.epoch() == epoch);
        log.ok_or_else(|| Answer::Lost("no log of this epoch".to_owned()))
    }
}

fn failed(error: Error) -> Answer {
    match error {
        Error::Lost { through, resume, .. } => Answer::Gone { through, resume },
        Error::Read(_) | Error::Wire(_) => Answer::Lost(error.to_string()),
    }
}
