//! Parcels as they come in: from a file on this machine, or from a browser.

use super::state::{Error, Hub};
use super::words;
use crate::base::KioskId;
use crate::ledger::{self, Delivered, Intake};
use crate::sync::parcel::{self, Decoder, Item, Rest};
use crate::sync::receipt::Receipt;

/// Bytes that are read from a file at a time.
pub const CHUNK: usize = 256 << 10;

/// Takes in one parcel as its bytes come. Holds one batch at most, and the ledger only while that is applied.
#[derive(Debug, Default)]
pub struct Carrier {
    decoder: Decoder,
    intake: Intake,
    damage: Option<parcel::Error>,
}

/// What became of a parcel.
#[derive(Debug)]
pub struct Carried {
    /// What was taken and what was not.
    pub intake: Intake,
    /// Why the file could not be read to its end; everything before it was taken.
    pub damage: Option<parcel::Error>,
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Somebody has to do something.
    Bad,
}

/// One thing to say, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// How it is meant.
    pub tone: Tone,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Carrier {
    /// Takes the next bytes of the file. False when no more of it can be of use.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used, or the hub is busy; bringing the same parcel again goes on from there.
    pub async fn feed(&mut self, hub: &Hub, bytes: &[u8]) -> Result<bool, Error> {
        if self.damage.is_some() {
            return Ok(false);
        }
        self.decoder.push(bytes);
        loop {
            match self.decoder.take() {
                Ok(Some(item)) => self.take(hub, item).await?,
                Ok(None) => return Ok(true),
                Err(error) => {
                    self.damage = Some(error);
                    return Ok(false);
                }
            }
        }
    }

    async fn take(&mut self, hub: &Hub, item: Item) -> Result<(), Error> {
        let received = hub.now();
        let mut intake = std::mem::take(&mut self.intake);
        let done = hub.write(move |ledger| {
            let taken = intake.take(ledger, item, received);
            (intake, taken)
        });
        let (intake, taken) = done.await?;
        self.intake = intake;
        Ok(taken?)
    }

    /// What became of it, when there are no more bytes.
    pub fn finish(self) -> Carried {
        let damage = self.damage.or_else(|| self.decoder.finish().err());
        Carried { intake: self.intake, damage }
    }
}

impl Carried {
    /// Whether everything in the file is here now.
    pub fn is_whole(&self) -> bool {
        self.damage.is_none()
            && self.intake.unknown == 0
            && self.intake.logs.iter().all(|log| log.refused.is_none())
    }

    /// What was new, what was here already, what was refused and why, in plain words.
    pub fn said(&self) -> Vec<Said> {
        let Self { intake, damage } = self;
        let good = |zh, en| Said { tone: Tone::Good, zh, en };
        let bad = |zh, en| Said { tone: Tone::Bad, zh, en };
        let mut said = vec![];
        if let Some(kiosk) = &intake.kiosk {
            said.push(good(format!("终端 {kiosk}"), format!("kiosk {kiosk}")));
        }
        for log in &intake.logs {
            let Delivered { epoch, new, known, size, refused } = log;
            let short: String = epoch.to_string().chars().take(8).collect();
            if new + known > 0 {
                said.push(good(
                    format!("日志 {short}：新收 {new} 条，已有 {known} 条，现有至第 {size} 条"),
                    format!(
                        "log {short}: {new} records are new, {known} were here already, {size} are here now"
                    ),
                ));
            }
            if let Some((from, why)) = refused {
                let (zh, en) = words::not_taken(why, *epoch);
                said.push(bad(
                    format!("日志 {short}：自第 {from} 条起未收：{zh}"),
                    format!("log {short}: nothing was taken from record {from} on: {en}"),
                ));
            }
        }
        if intake.unknown > 0 {
            said.push(bad(
                format!("有 {} 部分是更新版本写的，未收", intake.unknown),
                format!("{} parts were written by a later version and passed over", intake.unknown),
            ));
        }
        if intake.end == Some(Rest::Follows) {
            said.push(good(
                "还有后续文件，请继续导入".to_owned(),
                "another file follows: bring it too".to_owned(),
            ));
        }
        if let Some(error) = damage {
            let (zh, en) = words::parcel_error(error);
            said.push(bad(zh, en));
        }
        said
    }
}

/// The receipt for everything that is here of a kiosk; `None` when nothing is.
///
/// # Errors
///
/// When the ledger cannot be read.
pub async fn receipt(hub: &Hub, kiosk: KioskId) -> Result<Option<Receipt>, Error> {
    let notes = hub.read(move |ledger| ledger.cosigned_notes(&kiosk)).await?;
    let notes = notes.map_err(|error: ledger::Error| Error::Ledger(error))?;
    Ok((!notes.is_empty()).then(|| Receipt::new(notes)))
}
