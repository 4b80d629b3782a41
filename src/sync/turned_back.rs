//! What kiosks are told of turn-backs at other kiosks of their hub, and what they keep of it.
//!
//! Whoever is turned back at one gate and tries another is shown to a person there. For that the hub tells each kiosk how
//! passages elsewhere ended, without saying of whom: identifiers are blinded with a key that the kiosks of one hub share and
//! that nothing else is blinded with. The key comes with the news, over TLS and to that kiosk only. News stay in memory; a
//! kiosk that starts asks for all that still counts.
//!
//! # Request
//!
//! `GET /v1/kiosks/{kiosk}/turned-back?after=N&within=H&wait=S&passes=P` answers `200` with a [`Page`] as soon as there are
//! news with a number above N of passages within the last H hours, and `204` when there are none within S seconds. News about
//! the kiosk's own passages are passed over. Where a kiosk says P, it is told as well where passes of the hub were shown
//! within the last P seconds, at most an hour, so that nobody goes in by a copy of one at another gate.
//!
//! # Page
//!
//! CBOR (RFC 8949), arrays by index as `minicbor` derives them:
//!
//! | index | meaning |
//! |---|---|
//! | 0 | the key, 32 bytes |
//! | 1 | number up to which this page goes: what to ask `after` next |
//! | 2 | the news, at most [`NEWS_MAX`] |
//!
//! Each of the news: 0 the passage, 16 bytes that name one subject's outcome for ever; 1 the kiosk; 2 not earlier than and
//! 3 not later than, milliseconds since 1970; 4 how it ended: 0 turned back, 1 otherwise, 2 forget what was said of this
//! passage, 3 that a pass was shown, and nothing more; 5 the blinded identifiers, at most [`IDENTIFIERS_MAX`].
//!
//! A hub that came back from a backup gives higher numbers than it ever gave: they are not below its clock in milliseconds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minicbor::{Decode, Encode};
use ring::digest;

use crate::base::{Epoch, KioskId, Pii, Seq, Stamp, Wall};
use crate::model::blind::{IdentifierKind, normalised};
use crate::model::past::Used;
use crate::model::{Ago, Between, Blinded, Blinder, Elsewhere, End, Whose};

/// Most news on a page: some 40 KiB.
pub const NEWS_MAX: usize = 500;
/// Most identifiers of one subject: an identity number, a telephone number, a pass.
pub const IDENTIFIERS_MAX: usize = 4;
/// How long it is told that a pass was shown.
pub const SHOWN_MAX: Duration = Duration::from_hours(1);
/// Most news that a kiosk keeps, some 15 MB; of more, the oldest go.
const KEPT_MAX: usize = 50_000;

/// One subject's outcome in one record, by a name that is the same wherever it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct OutcomeId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl OutcomeId {
    /// Of subject `who` of a record: 0 for the person or the vehicle, n for occupant n.
    pub fn of(kiosk: &KioskId, epoch: Epoch, seq: Seq, who: usize) -> Self {
        let text = format!("kakou/turned-back {kiosk}/{epoch}/{seq}/{who}");
        let mut short = [0; 16];
        short.copy_from_slice(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..16]);
        Self(short)
    }

    /// The name's bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// What is told of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Told {
    /// They were turned back, or advised not to enter.
    #[n(0)]
    TurnedBack,
    /// They came to another end.
    #[n(1)]
    Otherwise,
    /// What was said of it no longer counts: it was erased.
    #[n(2)]
    Forget,
    /// Their pass was shown.
    #[n(3)]
    Shown,
}

/// How far a kiosk looks back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookBack {
    /// For turn-backs.
    pub turn_backs: Duration,
    /// For passes that were shown elsewhere; at most [`SHOWN_MAX`].
    pub passes: Duration,
}

impl LookBack {
    /// For turn-backs alone.
    pub const fn turn_backs(within: Duration) -> Self {
        Self { turn_backs: within, passes: Duration::ZERO }
    }

    /// Whether nothing is looked for.
    pub const fn is_nothing(&self) -> bool {
        self.turn_backs.is_zero() && self.passes.is_zero()
    }
}

/// A blinded identifier on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Token(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// How one subject's passage ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct News {
    /// Which passage.
    #[n(0)]
    pub outcome: OutcomeId,
    /// Where.
    #[n(1)]
    pub kiosk: KioskId,
    /// Not before; `None` where nothing says.
    #[n(2)]
    pub earliest: Option<Wall>,
    /// Not after.
    #[n(3)]
    pub latest: Wall,
    /// How.
    #[n(4)]
    pub told: Told,
    /// Who, blinded.
    #[n(5)]
    pub tokens: Vec<Token>,
}

/// News, in the order of their numbers.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// What identifiers are blinded with.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// What to ask after next.
    #[n(1)]
    pub through: u64,
    /// The news.
    #[n(2)]
    pub news: Vec<News>,
}

/// Why bytes are no [`Page`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPage {
    /// They are no such CBOR.
    #[error("news of turn-backs do not decode: {0}")]
    Cbor(String),
    /// More than fits.
    #[error("news of turn-backs: {found} {what}, allowed are {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        most: usize,
    },
}

impl Page {
    /// The page as it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![];
        // Writing into memory cannot fail.
        let _ = minicbor::encode(self, &mut bytes);
        bytes
    }

    /// Reads a page.
    ///
    /// # Errors
    ///
    /// [`BadPage`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BadPage> {
        let page: Self = minicbor::decode(bytes).map_err(|error| BadPage::Cbor(error.to_string()))?;
        let most = page.news.iter().map(|news| news.tokens.len()).max().unwrap_or_default();
        for (what, found, most) in
            [("news", page.news.len(), NEWS_MAX), ("identifiers of one subject", most, IDENTIFIERS_MAX)]
        {
            if found > most {
                return Err(BadPage::TooMany { what, found, most });
            }
        }
        Ok(page)
    }
}

/// Blinds an identifier for other kiosks.
pub fn token(blinder: &Blinder, kind: IdentifierKind, value: &str) -> Token {
    let Blinded(bytes) = blinder.blind(kind, &normalised(value));
    Token(bytes)
}

/// What a kiosk knows of passages elsewhere.
#[derive(Debug)]
pub struct TurnedBackElsewhere {
    key: [u8; 32],
    blinder: Blinder,
    look: LookBack,
    after: u64,
    outcomes: BTreeMap<OutcomeId, Outcome>,
    by_token: BTreeSet<([u8; 16], OutcomeId)>,
}

#[derive(Debug)]
struct Outcome {
    kiosk: KioskId,
    earliest: Option<Wall>,
    latest: Wall,
    /// How it ended; none where it is known only that a pass was shown.
    end: Option<End>,
    tokens: Vec<Token>,
}

impl TurnedBackElsewhere {
    /// Nothing yet; later, what was as long ago as `look` says.
    pub fn new(look: LookBack) -> Self {
        let (outcomes, by_token) = Default::default();
        Self { key: [0; 32], blinder: Blinder::new(&[0; 32]), look, after: 0, outcomes, by_token }
    }

    /// Looks back so far from now on. What was not asked for before is asked for when that is farther.
    pub fn look_back(&mut self, look: LookBack) {
        if look.turn_backs > self.look.turn_backs || look.passes > self.look.passes {
            self.after = 0;
        }
        self.look = look;
    }

    /// Above which number news are asked for.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// How many passages are known.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Takes a page, and forgets what is too old as of `now`. Returns how many had to go for want of room.
    pub fn learn(&mut self, page: Page, now: &Between) -> usize {
        if page.key != self.key {
            // What was blinded with another key can never be found again.
            (self.key, self.blinder) = (page.key, Blinder::new(&page.key));
            self.outcomes.clear();
            self.by_token.clear();
        }
        self.after = self.after.max(page.through);
        for news in page.news {
            self.forget(news.outcome);
            let end = match news.told {
                Told::TurnedBack => Some(End::TurnedBack),
                Told::Otherwise => Some(End::Otherwise),
                Told::Shown => None,
                Told::Forget => continue,
            };
            let News { outcome, kiosk, earliest, latest, told: _, tokens } = news;
            self.by_token.extend(tokens.iter().map(|token| (token.0, outcome)));
            self.outcomes.insert(outcome, Outcome { kiosk, earliest, latest, end, tokens });
        }
        self.expire(now);
        self.shed()
    }

    /// Forgets what was certainly longer ago than it counts.
    pub fn expire(&mut self, now: &Between) {
        // How they ended counts for passes too.
        let ends = now.earliest() - self.look.turn_backs.max(self.look.passes);
        let shown = now.earliest() - self.look.passes;
        let since = |outcome: &Outcome| if outcome.end.is_some() { ends } else { shown };
        let over =
            self.outcomes.iter().filter(|(_, outcome)| outcome.latest < since(outcome)).map(|(id, _)| *id);
        for id in over.collect::<Vec<_>>() {
            self.forget(id);
        }
    }

    /// How passages of `whose` ended elsewhere, as of `now`.
    pub fn of(&self, whose: &Whose, now: &Stamp) -> Vec<Elsewhere> {
        let now = Between::of(now, Wall::EARLIEST);
        let ended = |outcome: &Outcome| {
            let ago = Ago::between((outcome.earliest, outcome.latest), &now);
            Some(Elsewhere { kiosk: outcome.kiosk.clone(), ago, end: outcome.end? })
        };
        self.by(whose.known.iter()).filter_map(ended).collect()
    }

    /// Where else the pass of `whose` was shown, as of `now`.
    pub fn passes_of(&self, whose: &Whose, now: &Stamp) -> Vec<Used> {
        let now = Between::of(now, Wall::EARLIEST);
        let passes = whose.known.iter().filter(|(kind, _)| *kind == IdentifierKind::Pass);
        let used = |outcome: &Outcome| Used {
            kiosk: outcome.kiosk.clone(),
            ago: Ago::between((outcome.earliest, outcome.latest), &now),
        };
        self.by(passes).map(used).collect()
    }

    /// What is known of whoever has one of these identifiers.
    fn by<'a>(
        &'a self,
        known: impl Iterator<Item = &'a (IdentifierKind, Pii<String>)>,
    ) -> impl Iterator<Item = &'a Outcome> {
        let mut found = BTreeSet::new();
        for (kind, value) in known {
            let Token(token) = token(&self.blinder, *kind, value.expose());
            let same = self.by_token.range((token, OutcomeId([0; 16]))..=(token, OutcomeId([0xFF; 16])));
            found.extend(same.map(|(_, id)| *id));
        }
        found.into_iter().filter_map(|id| self.outcomes.get(&id))
    }

    fn forget(&mut self, id: OutcomeId) {
        if let Some(outcome) = self.outcomes.remove(&id) {
            for token in outcome.tokens {
                self.by_token.remove(&(token.0, id));
            }
        }
    }

    /// Makes room, oldest first.
    fn shed(&mut self) -> usize {
        let over = self.outcomes.len().saturating_sub(KEPT_MAX);
        if over > 0 {
            let mut ages: Vec<_> = self.outcomes.iter().map(|(id, outcome)| (outcome.latest, *id)).collect();
            ages.sort_unstable();
            ages.truncate(over);
            ages.into_iter().for_each(|(_, id)| self.forget(id));
        }
        over
    }
}

#[cfg(test)]
mod tests;
