//! What the hub's HTTP face makes of requests and refusals, without HTTP.

use data_encoding::BASE64;
use kakou::base::{Epoch, KioskId, Wall};
use kakou::ledger::{Error, Ledger, Refused};
use kakou::sync::wire::{Batch, Head};
use kakou::sync::{Answer, Ask, salvage};

/// Does what a kiosk asks; returns how many records were new.
pub fn apply(
    ledger: &mut Ledger,
    kiosk: &KioskId,
    epoch: Epoch,
    ask: &Ask,
    wall: Wall,
) -> Result<u64, Refused> {
    let damaged = |_| Refused::Storage(Error::Damaged("the body"));
    match ask {
        Ask::Head => Ok(0),
        Ask::Heartbeat(note) => ledger.heartbeat(kiosk, epoch, note, wall).map(|_| 0),
        Ask::Entries { from, body } => {
            let batch = Batch::decode(body).map_err(damaged)?;
            let applied = ledger.apply(kiosk, epoch, *from, &batch.note, &batch.entries, wall)?;
            Ok(applied.new)
        }
        Ask::Salvage { body, .. } => {
            let (statement, records) = salvage::decode(body).map_err(damaged)?;
            ledger.salvage(kiosk, epoch, &statement, &records, wall)
        }
        Ask::Hole(claim) => ledger.declare_hole(kiosk, epoch, claim, wall).map(|_| 0),
        Ask::End(statement) => ledger.end(kiosk, epoch, statement, wall).map(|()| 0),
    }
}

/// Where the hub stands with a log.
pub fn head(ledger: &Ledger, kiosk: &KioskId, epoch: Epoch) -> Head {
    let (next, root, cosigned) = ledger.head(kiosk, epoch).unwrap();
    let ended = ledger.has_ended(kiosk, epoch).unwrap();
    Head { next, root: BASE64.encode(&root), ended, cosigned, wall: 0 }
}

/// How what came of a request reaches the kiosk.
pub fn answer<T>(done: Result<T, Refused>) -> Result<T, Answer> {
    match done {
        Ok(done) => Ok(done),
        Err(Refused::Gap { next }) => Err(Answer::Rewind(next)),
        Err(refused @ (Refused::Root { .. } | Refused::Fork { .. } | Refused::Record { .. })) => {
            Err(Answer::Fork(refused.to_string()))
        }
        Err(refused) => Err(Answer::Refused(refused.to_string())),
    }
}
