//! What the view tells of a subject's earlier passages: to those who know an identifier, and by that alone.

use rusqlite::{Params, Row, params};

use super::{Error, View, query};
use crate::base::{BootId, ClockTrust, Mono, Pii, Stamp, Wall};
use crate::model::blind::IdentifierKind;
use crate::model::past::{PASSAGES_MAX, comparable_name};
use crate::model::{Ago, Blinded, Blinder, EarlierPassage, HostPast, KnownBy, Past, StepRecord, Whose};

/// Identifiers of one subject that are looked up: an identity number or a plate, a pass, a telephone number.
const IDENTIFIERS: usize = 3;

const COLUMNS: &str = "p.seq, p.wall, p.trust, p.boot, p.mono, p.error_ms, p.direction, s.verdict, p.crossing, \
                       s.steps, s.host, p.lane";

impl View {
    /// The earlier passages of `whose`, as of `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn recall(&self, whose: &Whose, now: &Stamp) -> Result<Past, Error> {
        let certain = whose.known.iter().filter(|(kind, _)| *kind != IdentifierKind::Phone);
        let blind = |(kind, value): &(IdentifierKind, Pii<String>)| self.blinder.blind(*kind, value.expose());
        let certain = three(certain.map(blind));
        let all = three(whose.known.iter().map(blind));
        let [c1, c2, c3] = &certain;
        let [a1, a2, a3] = &all;
        let of_them = format!(
            "SELECT {COLUMNS}, s.id IN (SELECT subject FROM identifiers WHERE blinded IN (?1, ?2, ?3)) \
             FROM subjects s JOIN passages p ON p.id = s.passage \
             WHERE s.id IN (SELECT subject FROM identifiers WHERE blinded IN (?4, ?5, ?6)) \
             ORDER BY s.id DESC LIMIT ?7"
        );
        let passages = self.earlier(&of_them, params![c1, c2, c3, a1, a2, a3, PASSAGES_MAX as i64], now)?;
        let host = whose.host.map(|host| self.recall_host(host, &all, now)).transpose()?;
        Ok(Past { passages, host, ..Past::default() })
    }

    fn recall_host(&self, name: Blinded, known: &Three, now: &Stamp) -> Result<HostPast, Error> {
        let [a1, a2, a3] = known;
        // Whoever comes again is not yet another visitor.
        let visitors: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM subjects s WHERE s.host = ?1 AND s.gone IS NULL \
                 AND s.id NOT IN (SELECT subject FROM identifiers WHERE blinded IN (?2, ?3, ?4))",
            )?
            .query_row(params![&name.0[..], a1, a2, a3], |row| row.get(0))?;
        let of_host = format!(
            "SELECT {COLUMNS}, 1 FROM subjects s JOIN passages p ON p.id = s.passage WHERE s.name = ?1 \
             ORDER BY s.id DESC LIMIT ?2"
        );
        let passages = self.earlier(&of_host, params![&name.0[..], PASSAGES_MAX as i64], now)?;
        Ok(HostPast { name, visitors: usize::try_from(visitors).unwrap_or(usize::MAX), passages })
    }

    fn earlier(&self, text: &str, values: impl Params, now: &Stamp) -> Result<Vec<EarlierPassage>, Error> {
        let mut statement = self.connection.prepare_cached(text)?;
        let rows = statement.query_map(values, |row| earlier_row(row, now))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

type Three = [Option<[u8; 16]>; IDENTIFIERS];

fn three(blinded: impl Iterator<Item = Blinded>) -> Three {
    let mut all = [None; IDENTIFIERS];
    for (place, blinded) in all.iter_mut().zip(blinded) {
        *place = Some(blinded.0);
    }
    all
}

fn earlier_row(row: &Row<'_>, now: &Stamp) -> rusqlite::Result<EarlierPassage> {
    let trust: ClockTrust = query::word(row, 2)?;
    let stamp = Stamp {
        boot: BootId(sixteen(row, 3)?.unwrap_or_default()),
        mono: Mono(query::number(row, 4)?),
        wall: Wall(row.get(1)?),
        trust,
        max_error_ms: row.get(5)?,
    };
    let by = if row.get(12)? { KnownBy::Identity } else { KnownBy::Phone };
    let steps: Vec<u8> = row.get(9)?;
    Ok(EarlierPassage {
        seq: query::number(row, 0)?,
        ago: Ago::of(&stamp, now),
        lane: row.get::<_, Option<String>>(11)?.and_then(|lane| lane.parse().ok()),
        by,
        direction: query::word(row, 6)?,
        verdict: query::word(row, 7)?,
        crossing: query::optional(row, 8)?,
        steps: steps_of(&steps),
        host: sixteen(row, 10)?.map(Blinded),
    })
}

fn sixteen(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<[u8; 16]>> {
    let bytes: Option<Vec<u8>> = row.get(index)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
}

/// Steps as a record holds them.
pub(super) fn steps_blob(steps: &[StepRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    let _ = minicbor::encode(steps, &mut bytes);
    bytes
}

/// Those that this version of the program can read.
fn steps_of(bytes: &[u8]) -> Vec<StepRecord> {
    minicbor::decode(bytes).unwrap_or_default()
}

/// A name, so that it can be compared and not read.
pub(super) fn blind_name(blinder: &Blinder, name: &Pii<String>) -> Option<Blinded> {
    let plain = comparable_name(name);
    (!plain.expose().is_empty()).then(|| blinder.blind(IdentifierKind::Name, plain.expose()))
}
