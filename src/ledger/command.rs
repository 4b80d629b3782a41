//! Commands to kiosks: issued here, handed out one by one, and what the kiosks' records say became of them.
//!
//! Numbers of a series are gapless, whatever a backup of this file has forgotten: records tell of commands that are not
//! here, and the next number follows the largest one known.

use rusqlite::{OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::access::Officer;
use super::record::{signed, unsigned};
use super::report::{AlarmKind, kiosk_name};
use super::schema::{Error, Ledger, name_of, named};
use crate::base::{CommandId, CommandSeries, Epoch, KioskId, Wall};
use crate::model::{Body, Ordered, Outcome};
use crate::sync::command::{self, Asked, Command, What};

/// Step of the ledger: commands.
pub(super) const TABLE: &str = "
CREATE TABLE commands (
    kiosk TEXT NOT NULL REFERENCES kiosks,
    series BLOB NOT NULL,           -- as sync::command has it: under which keys
    number INTEGER NOT NULL,
    command BLOB NOT NULL,          -- its identity
    signed BLOB,                    -- as it is handed out; NULL: only records tell of it
    ordered BLOB,                   -- CBOR of model::Ordered; NULL: a record tells only of its end
    text TEXT,                      -- of a notice
    officer TEXT NOT NULL,
    reason TEXT NOT NULL,
    issued INTEGER NOT NULL,
    not_after INTEGER,              -- NULL: it may be late
    sent INTEGER,                   -- first handed out
    taken INTEGER,                  -- the record of that arrived
    settled INTEGER,                -- the record of what became of it arrived
    outcome TEXT,
    PRIMARY KEY (kiosk, series, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_issued ON commands (issued);
";

/// Commands of one kiosk that may be open at once.
const OPEN_MAX: i64 = 64;

/// A command, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To which kiosk.
    pub kiosk: KioskId,
    /// Its number.
    pub number: u64,
    /// Its identity.
    pub command: CommandId,
    /// What was asked; `None` where only its end is known.
    pub ordered: Option<Ordered>,
    /// A notice's text.
    pub text: Option<String>,
    /// Who asked.
    pub officer: String,
    /// Why.
    pub reason: String,
    /// Whether this hub issued it; else only the kiosk's records tell of it, as after a backup was restored.
    pub is_ours: bool,
    /// When it was issued, or first heard of.
    pub issued: Wall,
    /// Until when it may be begun.
    pub not_after: Option<Wall>,
    /// When the kiosk first fetched it.
    pub sent: Option<Wall>,
    /// When the record arrived that the kiosk took it.
    pub taken: Option<Wall>,
    /// When the record arrived of what became of it, and what.
    pub settled: Option<(Wall, Outcome)>,
}

/// How far a command got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentState {
    /// The kiosk has not asked for it yet.
    Waiting,
    /// The kiosk has fetched it.
    Sent,
    /// The kiosk has recorded that it took it.
    Taken,
    /// Its time is over and nothing says that it was begun.
    Expired,
    /// It is over.
    Settled(Outcome),
}

impl Sent {
    /// How far it got by `now`.
    pub fn state(&self, now: Wall) -> SentState {
        match (self.settled, self.taken, self.not_after) {
            (Some((_, outcome)), _, _) => SentState::Settled(outcome),
            (None, Some(_), _) => SentState::Taken,
            (None, None, Some(limit)) if now > limit => SentState::Expired,
            (None, None, _) if self.sent.is_some() => SentState::Sent,
            (None, None, _) => SentState::Waiting,
        }
    }
}

/// Why a command was not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotIssued {
    /// No such kiosk is enrolled.
    #[error("no kiosk {0} is enrolled")]
    UnknownKiosk(KioskId),
    /// The kiosk is revoked: it would never fetch it.
    #[error("kiosk {0} is revoked")]
    Revoked(KioskId),
    /// Too many wait already.
    #[error("{OPEN_MAX} commands wait for this kiosk already")]
    TooMany,
    /// Its records tell of the last number that there can be.
    #[error("no number is left; with a new key the kiosk begins anew")]
    NoNumber,
    /// A text is too long, or has more than one line.
    #[error("a text has at most {} characters and one line", command::TEXT_MAX)]
    Text,
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl From<rusqlite::Error> for NotIssued {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// A command that waits to be handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub number: u64,
    pub signed: Vec<u8>,
    /// Whether it was handed out before.
    pub sent: bool,
}

impl Ledger {
    /// Issues a command, with who asked and why in the access log; returns its number.
    ///
    /// # Errors
    ///
    /// [`NotIssued`]; nothing has changed then.
    pub fn issue_command(
        &mut self,
        kiosk: &KioskId,
        what: &What,
        officer: &Officer,
        not_after: Option<Wall>,
        now: Wall,
    ) -> Result<u64, NotIssued> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let series = self.series_of(kiosk)?.ok_or_else(|| NotIssued::UnknownKiosk(kiosk.clone()))?;
        if self.revoked(kiosk)?.is_some() {
            return Err(NotIssued::Revoked(kiosk.clone()));
        }
        let (last, open): (Option<i64>, i64) = tx.query_row(
            "SELECT max(number), count(*) FILTER (WHERE settled IS NULL) FROM commands
             WHERE kiosk = ?1 AND series = ?2",
            params![kiosk.as_str(), series.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if open >= OPEN_MAX {
            return Err(NotIssued::TooMany);
        }
        let number = last.unwrap_or(0).checked_add(1).ok_or(NotIssued::NoNumber)?;
        let number = unsigned(number)?;
        let (by, reason) = (officer.name().to_owned(), officer.reason().to_owned());
        let asked = Asked::from(what);
        let command =
            Command { kiosk: kiosk.clone(), series, number, issued: now, not_after, asked, by, reason };
        let bytes = command.sign(&self.keys.command).ok_or(NotIssued::Text)?;
        let text = match what {
            What::Notice { text, .. } => Some(text),
            What::LaneService { .. } | What::RenewKey | What::SendNow | What::Mode { .. } => None,
        };
        let ordered = minicbor::to_vec(what.ordered()).map_err(|_| NotIssued::Text)?;
        tx.execute(
            "INSERT INTO commands (kiosk, series, number, command, signed, ordered, text, officer, reason,
                                   issued, not_after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                kiosk.as_str(),
                series.0,
                signed(number),
                command::id_of(&bytes).0,
                bytes,
                ordered,
                text,
                officer.name(),
                officer.reason(),
                now.0,
                not_after.map(|at| at.0),
            ],
        )?;
        self.log_access(officer, &format!("command {number} to {kiosk}"), now)?;
        tx.commit()?;
        Ok(number)
    }

    /// The command that `kiosk` is to get when `after` is the last number that it has used up.
    ///
    /// # Errors
    ///
    /// [`NotIssued::UnknownKiosk`], or when the ledger cannot be used.
    pub(crate) fn command_after(&self, kiosk: &KioskId, after: u64) -> Result<Option<Due>, NotIssued> {
        let series = self.series_of(kiosk)?.ok_or_else(|| NotIssued::UnknownKiosk(kiosk.clone()))?;
        let mut query = self.db.prepare_cached(
            "SELECT number, signed, sent IS NOT NULL FROM commands
             WHERE kiosk = ?1 AND series = ?2 AND number > ?3 AND signed IS NOT NULL AND settled IS NULL
             ORDER BY number LIMIT 1",
        )?;
        let due = query.query_row(params![kiosk.as_str(), series.0, signed(after)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        });
        let Some((number, signed, sent)) = due.optional()? else { return Ok(None) };
        Ok(Some(Due { number: unsigned(number)?, signed, sent }))
    }

    /// Notes that a command was handed out.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub(crate) fn command_sent(&mut self, kiosk: &KioskId, number: u64, now: Wall) -> Result<(), Error> {
        let Some(series) = self.series_of(kiosk)? else { return Ok(()) };
        self.db.execute(
            "UPDATE commands SET sent = coalesce(sent, ?4) WHERE kiosk = ?1 AND series = ?2 AND number = ?3",
            params![kiosk.as_str(), series.0, signed(number), now.0],
        )?;
        Ok(())
    }

    /// Commands, newest first: of one kiosk, or of all.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn commands(&self, kiosk: Option<&KioskId>, max: u32) -> Result<Vec<Sent>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT kiosk, number, ordered, text, officer, reason, issued, not_after, sent, taken, settled, outcome,
                    command, signed IS NOT NULL FROM commands WHERE ?1 IS NULL OR kiosk = ?1 ORDER BY issued DESC, number DESC LIMIT ?2",
        )?;
        let mut rows = query.query(params![kiosk.map(KioskId::as_str), max])?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            found.push(sent(row)?);
        }
        Ok(found)
    }

    /// Takes in what a kiosk recorded about a command.
    pub(super) fn command_recorded(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        body: &Body,
        received: Wall,
    ) -> Result<(), Error> {
        if let Body::Commanded { number, what, by, command, series } = body {
            let ordered = minicbor::to_vec(what).ok();
            let by: String = by.chars().take(command::TEXT_MAX).collect();
            self.command_known(kiosk, epoch, (*series, *number, *command), (ordered, &by), received)?;
            self.db.execute(
                "UPDATE commands SET taken = coalesce(taken, ?5), sent = coalesce(sent, ?5)
                 WHERE kiosk = ?1 AND series = ?2 AND number = ?3 AND command = ?4",
                params![kiosk.as_str(), series.0, signed(*number), command.0, received.0],
            )?;
        }
        if let Body::CommandDone { number, outcome, command, series } = body {
            if !outcome.settles() {
                let detail = format!("kiosk refused command {number} ({command}): {}", name_of(outcome));
                return self.alarm(received, kiosk, epoch, AlarmKind::Command, &detail);
            }
            self.command_known(kiosk, epoch, (*series, *number, *command), (None, ""), received)?;
            self.db.execute(
                "UPDATE commands SET settled = ?5, outcome = ?6, sent = coalesce(sent, ?5)
                 WHERE kiosk = ?1 AND series = ?2 AND number = ?3 AND command = ?4 AND settled IS NULL",
                params![kiosk.as_str(), series.0, signed(*number), command.0, received.0, name_of(outcome)],
            )?;
        }
        Ok(())
    }

    /// Sees to it that a command that a record tells of is here, and that another one under its number waits no longer:
    /// a hub that was restored from a backup may have given the number twice.
    fn command_known(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        (series, number, command): (CommandSeries, u64, CommandId),
        (ordered, by): (Option<Vec<u8>>, &str),
        received: Wall,
    ) -> Result<(), Error> {
        // What another hub ordered is that one's affair.
        if self.series_of(kiosk)? == Some(series) {
            self.db.execute(
                "INSERT INTO commands (kiosk, series, number, command, ordered, officer, reason, issued)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', ?7) ON CONFLICT DO NOTHING",
                params![kiosk.as_str(), series.0, signed(number), command.0, ordered, by, received.0],
            )?;
        }
        let overtaken = self.db.execute(
            "UPDATE commands SET settled = ?5, outcome = ?6
             WHERE kiosk = ?1 AND series = ?2 AND number = ?3 AND command != ?4 AND settled IS NULL",
            params![
                kiosk.as_str(),
                series.0,
                signed(number),
                command.0,
                received.0,
                name_of(&Outcome::Repeated)
            ],
        )?;
        if overtaken > 0 {
            let detail = format!("kiosk got another command {number} before: {command}");
            self.alarm(received, kiosk, epoch, AlarmKind::Command, &detail)?;
        }
        Ok(())
    }

    fn series_of(&self, kiosk: &KioskId) -> Result<Option<CommandSeries>, Error> {
        let key = self.key_of(kiosk)?;
        Ok(key.map(|key| command::series(&self.keys.command_key(), &key)))
    }
}

fn sent(row: &Row<'_>) -> Result<Sent, Error> {
    let wall = |column: usize| row.get::<_, Option<i64>>(column).map(|at| at.map(Wall));
    let ordered: Option<Vec<u8>> = row.get(2)?;
    let outcome: Option<String> = row.get(11)?;
    let outcome = outcome.map(|name| named(&name)).transpose()?;
    Ok(Sent {
        kiosk: kiosk_name(&row.get::<_, String>(0)?)?,
        number: unsigned(row.get(1)?)?,
        command: CommandId(row.get(12)?),
        ordered: ordered.and_then(|bytes| minicbor::decode(&bytes).ok()),
        text: row.get(3)?,
        officer: row.get(4)?,
        reason: row.get(5)?,
        is_ours: row.get(13)?,
        issued: Wall(row.get(6)?),
        not_after: wall(7)?,
        sent: wall(8)?,
        taken: wall(9)?,
        settled: wall(10)?.zip(outcome),
    })
}
