//! What kiosks are told of turn-backs at other kiosks; see [`crate::sync::turned_back`].
//!
//! A subject's outcome is told when it was a turn-back, and when it was another end of somebody whose turn-back has been
//! told. Identifiers stand here blinded with the key that the kiosks share, for as long as any profile may look back, and go
//! with the record's personal part.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, params};

use super::record::record_key;
use super::schema::{Error, Ledger};
use crate::base::{KioskId, Wall};
use crate::journal::{Seal, Stored};
use crate::model::blind::IdentifierKind;
use crate::model::outcome::outcomes;
use crate::model::{Body, End, Passage, Personal, Placed};
use crate::sync::turned_back::{
    IDENTIFIERS_MAX, LookBack, NEWS_MAX, News, OutcomeId, Page, SHOWN_MAX, Token, Told, token,
};

/// Step of the ledger: turn-backs.
pub(super) const TABLE: &str = "
-- What kiosks are told of passages at others.
CREATE TABLE turn_backs (
    number INTEGER PRIMARY KEY,     -- in the order of telling; not below the hub's clock
    outcome BLOB NOT NULL UNIQUE,   -- names one subject's outcome
    record INTEGER NOT NULL REFERENCES entries,
    kiosk TEXT NOT NULL,
    earliest INTEGER,
    latest INTEGER NOT NULL,
    told INTEGER NOT NULL           -- 0 turned back, 1 otherwise, 2 forget it
) STRICT;
CREATE INDEX turn_backs_record ON turn_backs (record);
CREATE INDEX turn_backs_latest ON turn_backs (latest);

-- Of whom, blinded.
CREATE TABLE turn_back_tokens (
    token BLOB NOT NULL,
    number INTEGER NOT NULL REFERENCES turn_backs,
    PRIMARY KEY (token, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_back_tokens_number ON turn_back_tokens (number);
";

/// Step of the ledger: passes that were shown, which are cleared away sooner.
pub(super) const SHOWN: &str = "
-- turn_backs.told is 3 where a pass was shown, and nothing more.
CREATE INDEX turn_backs_shown ON turn_backs (latest) WHERE told = 3;
CREATE INDEX turn_backs_ends ON turn_backs (number) WHERE told <> 3;
";

/// Longest time that a profile may look back.
const KEPT: Duration = Duration::from_hours(672);

/// Rows that are cleared away with each new one, so that no commit takes long.
const CLEARED_AT_ONCE: i64 = 64;

impl Ledger {
    /// The largest number of news that this writer has given.
    pub fn newest_told(&self) -> u64 {
        self.told.get()
    }

    /// What kiosk `kiosk` is told that has a number above `after` and is of the last `within`; `None` when there is nothing.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn told_after(
        &self,
        kiosk: &KioskId,
        after: u64,
        look: LookBack,
        now: Wall,
    ) -> Result<Option<Page>, Error> {
        // By an index of their own for whoever asks for turn-backs alone: of passes there are many more.
        let (by, which) = if look.passes.is_zero() {
            ("INDEXED BY turn_backs_ends", "told <> 3 AND latest >= ?2 AND ?4 <> 0")
        } else {
            ("", "latest >= CASE told WHEN 3 THEN ?4 ELSE ?2 END")
        };
        let mut query = self.db.prepare_cached(&format!(
            "SELECT number, outcome, kiosk, earliest, latest, told FROM turn_backs {by}
             WHERE number > ?1 AND {which} ORDER BY number LIMIT ?3"
        ))?;
        // What ended elsewhere says too that a pass was shown there.
        let since = now - look.turn_backs.max(look.passes).min(KEPT);
        let shown = now - look.passes.min(SHOWN_MAX);
        let limit = i64::try_from(NEWS_MAX).unwrap_or(i64::MAX);
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows = query.query_map(params![after, since.0, limit, shown.0], news_row)?;
        let mut through = 0;
        let mut news = vec![];
        for row in rows {
            let (number, mut one) = row?;
            through = u64::try_from(number).unwrap_or(0);
            if one.kiosk != *kiosk {
                one.tokens = self.tokens_of(number)?;
                news.push(one);
            }
        }
        let key = *self.keys.sharing_key();
        Ok((through > 0).then_some(Page { key, through, news }))
    }

    /// Tells of a passage that has just been stored.
    pub(super) fn tell(
        &self,
        record: i64,
        passage: &Passage,
        personal: &Personal,
        placed: &Placed,
        received: Wall,
    ) -> Result<(), Error> {
        let latest = placed.latest.unwrap_or(received);
        if latest < received - KEPT {
            return Ok(());
        }
        for (who, outcome) in outcomes(passage, Some(personal)).into_iter().enumerate() {
            let blind = |(kind, value): (_, &str)| token(&self.keys.sharing, kind, value);
            let pass = outcome.pass().map(|pass| blind((IdentifierKind::Pass, pass)));
            let mut tokens: Vec<_> = outcome.identifiers().into_iter().map(blind).collect();
            // A vehicle is known again by its plate, and its pass may be shown in another one.
            tokens.extend(pass.filter(|pass| !tokens.contains(pass)));
            tokens.truncate(IDENTIFIERS_MAX);
            let (told, tokens) = match (End::of(outcome.verdict), pass) {
                (Some(End::TurnedBack), _) if !tokens.is_empty() => (0, tokens),
                (Some(End::Otherwise), _) if self.is_told_of(&tokens)? => (1, tokens),
                // Of whoever was never turned back, that their pass was shown, and no longer than that matters.
                (_, Some(pass)) if latest >= received - SHOWN_MAX => (3, vec![pass]),
                (Some(_) | None, _) => continue,
            };
            let id = self.record_id(record)?;
            let outcome = OutcomeId::of(&id.kiosk, id.epoch, id.seq, who);
            let earliest = placed.earliest.map(|earliest| earliest.0);
            let values = params![outcome.bytes(), record, id.kiosk.as_str(), earliest, latest.0, told];
            self.add_news(values, &tokens, received)?;
            self.clear_told(received)?;
        }
        Ok(())
    }

    /// The same for a passage whose personal part could not be read before now.
    pub(super) fn tell_late(&self, record: i64, personal: &Personal, received: Wall) -> Result<(), Error> {
        let mut query = self.db.prepare_cached("SELECT public, received FROM entries WHERE record = ?1")?;
        let (public, arrived) = query.query_row([record], |row| Ok((row.get(0)?, Wall(row.get(1)?))))?;
        let Ok(entry) = (Stored { public, seal: Seal::None }).entry() else { return Ok(()) };
        let Body::Passage(passage) = &entry.body else { return Ok(()) };
        let placed = self.place_salvaged(record, &entry.stamp, arrived)?;
        self.tell(record, passage, personal, &placed, received)
    }

    /// Takes back what was told of a record: its identifiers go, and kiosks are told to forget it.
    pub(super) fn untell(&self, log: i64, seq: u64) -> Result<(), Error> {
        let record = record_key(log, seq);
        let mut query = self.db.prepare_cached("SELECT number FROM turn_backs WHERE record = ?1")?;
        let numbers: Vec<i64> =
            query.query_map([record], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for number in numbers {
            self.db.execute("DELETE FROM turn_back_tokens WHERE number = ?1", [number])?;
            let next = self.next_told(Wall(0))?;
            // Told anew, so that whoever heard of it before hears this as well.
            self.db.execute(
                "UPDATE turn_backs SET number = ?2, told = 2 WHERE number = ?1",
                params![number, next],
            )?;
            self.told.set(u64::try_from(next).unwrap_or(0));
        }
        Ok(())
    }

    fn add_news(
        &self,
        values: &[&dyn rusqlite::ToSql],
        tokens: &[Token],
        received: Wall,
    ) -> Result<(), Error> {
        let number = self.next_told(received)?;
        let all: Vec<&dyn rusqlite::ToSql> =
            [&number as &dyn rusqlite::ToSql].into_iter().chain(values.iter().copied()).collect();
        self.db
            .prepare_cached(
                "INSERT INTO turn_backs (number, outcome, record, kiosk, earliest, latest, told)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(&all[..])?;
        let mut insert = self.db.prepare_cached("INSERT OR IGNORE INTO turn_back_tokens VALUES (?1, ?2)")?;
        for token in tokens {
            insert.execute(params![token.0, number])?;
        }
        self.told.set(u64::try_from(number).unwrap_or(0));
        Ok(())
    }

    /// Above every number before, and above those that a backup of this file has forgotten.
    fn next_told(&self, received: Wall) -> Result<i64, Error> {
        let mut query = self.db.prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM turn_backs")?;
        let next: i64 = query.query_row([], |row| row.get(0))?;
        Ok(next.max(received.0))
    }

    /// Whether a turn-back of one of these has been told.
    fn is_told_of(&self, tokens: &[Token]) -> Result<bool, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT 1 FROM turn_back_tokens JOIN turn_backs USING (number)
             WHERE token = ?1 AND told = 0 LIMIT 1",
        )?;
        for token in tokens {
            if query.query_row([token.0], |_| Ok(())).optional()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tokens_of(&self, number: i64) -> Result<Vec<Token>, Error> {
        let mut query = self.db.prepare_cached("SELECT token FROM turn_back_tokens WHERE number = ?1")?;
        let tokens = query.query_map([number], |row| row.get(0).map(Token))?;
        Ok(tokens.collect::<rusqlite::Result<_>>()?)
    }

    /// Clears away what no profile looks back to any more.
    fn clear_told(&self, received: Wall) -> Result<(), Error> {
        for (which, before) in [("", received - KEPT), ("told = 3 AND", received - SHOWN_MAX)] {
            let old =
                format!("(SELECT number FROM turn_backs WHERE {which} latest < ?1 ORDER BY latest LIMIT ?2)");
            for table in ["turn_back_tokens", "turn_backs"] {
                let text = format!("DELETE FROM {table} WHERE number IN {old}");
                self.db.prepare_cached(&text)?.execute(params![before.0, CLEARED_AT_ONCE])?;
            }
        }
        Ok(())
    }
}

fn news_row(row: &Row<'_>) -> rusqlite::Result<(i64, News)> {
    let kiosk: String = row.get(2)?;
    let wrong = |column, why: &'static str| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
    };
    let told = match row.get(5)? {
        0 => Told::TurnedBack,
        1 => Told::Otherwise,
        2 => Told::Forget,
        3 => Told::Shown,
        _ => return Err(wrong(5, "what was told")),
    };
    let news = News {
        outcome: OutcomeId::from_bytes(row.get(1)?),
        kiosk: kiosk.parse().map_err(|_| wrong(2, "a kiosk's name"))?,
        earliest: row.get::<_, Option<i64>>(3)?.map(Wall),
        latest: Wall(row.get(4)?),
        told,
        tokens: vec![],
    };
    Ok((row.get(0)?, news))
}
