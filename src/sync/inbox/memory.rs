//! What an inbox must know after a crash.
//!
//! # Format
//!
//! A file that is replaced whole: `KKI1`, the CBOR of [`Memory`], the CRC-32C of both, four bytes, little-endian. Where it
//! is missing or damaged the records say most of it: [`Seen`].

use minicbor::{Decode, Encode};

use super::super::command::{Command, What};
use super::super::source::{Logs, Trouble};
use crate::base::{CommandId, CommandSeries, LaneId, Seq, Wall};
use crate::model::{AreaMode, Body, Ordered, Outcome, Service};

const MAGIC: &[u8] = b"KKI1";

/// Longest file, in bytes.
pub const LENGTH_MAX: usize = 64 << 10;

/// What an inbox must know after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Memory {
    /// Which commands are numbered.
    #[n(0)]
    pub(super) series: Option<CommandSeries>,
    /// The last number that is used up.
    #[n(1)]
    pub(super) last: u64,
    /// The command that is under way.
    #[n(2)]
    pub(super) pending: Option<Pending>,
    /// What is in force.
    #[n(3)]
    pub(super) in_force: InForce,
}

/// How far a command got.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Pending {
    /// It will be recorded that it was taken; nothing is done yet.
    #[n(0)]
    Taken(#[n(0)] Box<Held>),
    /// It may have been begun.
    #[n(1)]
    Acting(#[n(0)] Box<Held>),
    /// It is over; what became of it will be recorded.
    #[n(2)]
    Acted {
        /// Its number.
        #[n(0)]
        number: u64,
        /// Its identity.
        #[n(1)]
        id: CommandId,
        /// What became of it.
        #[n(2)]
        outcome: Outcome,
    },
}

/// A command whose signature was checked and whose kind is known.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Held {
    #[n(0)]
    pub id: CommandId,
    #[n(1)]
    pub number: u64,
    #[n(2)]
    pub not_after: Option<Wall>,
    #[n(3)]
    pub what: What,
    #[n(4)]
    pub by: String,
    #[n(5)]
    pub reason: String,
}

impl Held {
    pub fn new(id: CommandId, what: What, command: Command) -> Self {
        let Command { number, not_after, by, reason, .. } = command;
        Self { id, number, not_after, what, by, reason }
    }

    pub fn names(&self) -> (u64, CommandId) {
        (self.number, self.id)
    }
}

/// What is in force by order of a hub, until it is ordered otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct InForce {
    /// The public notice that the idle screens show in place of the site's own.
    #[n(0)]
    pub notice: Option<Notice>,
    /// Lanes that are out of service.
    #[n(1)]
    pub out_of_service: Vec<OutOfService>,
    /// How strictly the area is guarded.
    #[n(2)]
    #[cbor(default)]
    pub mode: AreaMode,
}

/// A public notice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Notice {
    /// Its number.
    #[n(0)]
    pub number: u32,
    /// What it says.
    #[n(1)]
    pub text: String,
}

/// A lane that was taken out of service.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OutOfService {
    /// Which.
    #[n(0)]
    pub lane: LaneId,
    /// Who asked.
    #[n(1)]
    pub by: String,
    /// Why; empty where only the records tell of it.
    #[n(2)]
    pub reason: String,
}

/// What the records of all logs tell of commands of `series`.
///
/// Takes as long as reading the whole journal. Records that are lost or no longer kept tell nothing.
///
/// # Errors
///
/// When the medium fails: what it did not show may be what counts.
pub fn recall(logs: &mut impl Logs, series: CommandSeries) -> Result<Memory, Trouble> {
    const STRIDE: usize = 1_000;
    const STRIDE_BYTES: usize = 1 << 20;
    let mut seen = Seen::new(series);
    for log in logs.names()? {
        let (mut source, last) = logs.closed(log)?;
        let mut from = 1;
        while let Some(next) = Seq::new(from).filter(|next| next.get() <= last) {
            from = match source.read(next, STRIDE, STRIDE_BYTES) {
                Ok(records) if records.is_empty() => break,
                Ok(records) => {
                    let entries = records.iter().filter_map(|stored| stored.entry().ok());
                    entries.for_each(|entry| seen.note(&entry.body));
                    from + records.len() as u64
                }
                Err(Trouble::Missing { through, .. }) => from.max(through) + 1,
                Err(Trouble::Failed(why)) => return Err(Trouble::Failed(why)),
            };
        }
    }
    Ok(seen.memory())
}

impl Memory {
    /// What is in force.
    pub fn in_force(&self) -> &InForce {
        &self.in_force
    }

    /// The file's content.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        // Writing into memory cannot fail; should it, the file is refused and the records tell the rest.
        bytes.extend(minicbor::to_vec(self).unwrap_or_default());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the file's content; `None` when it is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk()?;
        let cbor = body.strip_prefix(MAGIC).filter(|_| crc32c::crc32c(body) == u32::from_le_bytes(*crc))?;
        minicbor::decode(cbor).ok()
    }

    /// The same, if it is of this series; else numbers begin anew. What is in force stays so: the lanes of a kiosk that
    /// gets another hub do not open by that.
    pub(super) fn of_series(self, series: CommandSeries) -> Self {
        if self.series == Some(series) {
            return self;
        }
        Self { series: Some(series), last: 0, pending: None, in_force: self.in_force }
    }

    /// The same with a command over.
    pub(super) fn acted(&self, (number, id): (u64, CommandId), outcome: Outcome) -> Self {
        let pending = Pending::Acted { number, id, outcome };
        Self { pending: Some(pending), ..self.clone() }
    }
}

/// What records tell of commands, read in their order: for a kiosk whose memory is lost.
#[derive(Clone, Debug)]
pub struct Seen {
    series: CommandSeries,
    last: u64,
    open: Option<Open>,
    out_of_service: Vec<OutOfService>,
    mode: AreaMode,
}

/// A command of which it is not recorded what became of it.
#[derive(Clone, Debug)]
struct Open {
    number: u64,
    id: CommandId,
    what: Ordered,
    by: String,
}

impl Seen {
    /// Nothing yet of a series.
    pub fn new(series: CommandSeries) -> Self {
        Self { series, last: 0, open: None, out_of_service: vec![], mode: AreaMode::default() }
    }

    /// Takes in a record.
    pub fn note(&mut self, body: &Body) {
        if let Body::Commanded { number, what, by, command, series } = body
            && *series == self.series
        {
            self.last = self.last.max(*number);
            self.open = Some(Open { number: *number, id: *command, what: what.clone(), by: by.clone() });
        }
        if let Body::CommandDone { number, outcome, command, series } = body
            && *series == self.series
            && outcome.settles()
        {
            self.last = self.last.max(*number);
            let over = self.open.take_if(|open| open.id == *command).filter(|_| *outcome == Outcome::Done);
            match over.map(|open| (open.what, open.by)) {
                Some((Ordered::LaneService { lane, service }, by)) => self.serve(lane, service, by),
                Some((Ordered::Mode { mode }, _)) => self.mode = mode,
                Some((Ordered::Notice { .. } | Ordered::RenewKey | Ordered::SendNow, _)) | None => {}
            }
        }
    }

    /// What is known by that. A lane stays out of service when nobody knows whether it came back.
    pub fn memory(mut self) -> Memory {
        let pending = self.open.take().map(|Open { number, id, what, by }| {
            match what {
                Ordered::LaneService { lane, service: Service::Out } => self.serve(lane, Service::Out, by),
                // The stricter of the two, when nobody knows which it is.
                Ordered::Mode { mode } => self.mode = self.mode.max(mode),
                Ordered::LaneService { service: Service::In, .. }
                | Ordered::Notice { .. }
                | Ordered::RenewKey
                | Ordered::SendNow => {}
            }
            Pending::Acted { number, id, outcome: Outcome::Interrupted }
        });
        let in_force = InForce { notice: None, out_of_service: self.out_of_service, mode: self.mode };
        Memory { series: Some(self.series), last: self.last, pending, in_force }
    }

    fn serve(&mut self, lane: LaneId, service: Service, by: String) {
        self.out_of_service.retain(|out| out.lane != lane);
        match service {
            Service::In => {}
            Service::Out => self.out_of_service.push(OutOfService { lane, by, reason: String::new() }),
        }
    }
}
