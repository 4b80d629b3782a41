//! Who is signed in on which browser, and how often a PIN was wrong.
//!
//! A session is a random number in a cookie and lives in memory only: a restart signs everybody out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use super::handle::Attendant;
use super::theme::Theme;
use crate::base::AttendantId;

/// Name of the session's cookie.
pub const COOKIE: &str = "kakou-session";

/// Name of the cookie with the theme of one attendant's screen.
pub const THEME_COOKIE: &str = "kakou-theme";

/// A session unused for longer than a shift is over.
const IDLE_MAX: Duration = Duration::from_secs(12 * 3_600);

/// Most sessions at once; the one unused longest gives way.
const SESSIONS_MAX: usize = 32;

/// Wrong PINs in a row before an attendant has to wait.
const TRIES: u32 = 5;

/// How long they wait then, and twice as long after each further wrong one.
const WAIT: Duration = Duration::from_mins(1);

/// Longest wait: whoever guesses all day tries a hundred of 10,000 PINs, and nobody who is needed at the gate is kept out
/// for long by somebody else's guesses.
const WAIT_MAX: Duration = Duration::from_mins(15);

/// How long to wait after so many wrong PINs in a row.
fn wait(wrong: u32) -> Duration {
    let Some(more) = wrong.checked_sub(TRIES) else { return Duration::ZERO };
    WAIT.saturating_mul(1 << more.min(16)).min(WAIT_MAX)
}

/// What a session is found by.
pub type Token = [u8; 16];

/// Said once on the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<(String, String)> for Flash {
    fn from((zh, en): (String, String)) -> Self {
        Self { zh, en }
    }
}

struct Session {
    by: Attendant,
    used: Instant,
    flash: Option<Flash>,
}

#[derive(Default)]
struct Tries {
    wrong: u32,
    last: Option<Instant>,
}

/// Every session and every count of wrong PINs.
#[derive(Default)]
pub struct Sessions {
    sessions: Mutex<BTreeMap<Token, Session>>,
    /// Of PINs by whose they should be; of badges, which say so themselves, together.
    tries: Mutex<BTreeMap<Option<AttendantId>, Tries>>,
}

impl Sessions {
    /// Signs `by` in; `None` when the system gives no random numbers.
    pub fn open(&self, by: Attendant, now: Instant) -> Option<Token> {
        let mut token = Token::default();
        SystemRandom::new().fill(&mut token).ok()?;
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(token, _)| *token);
            oldest.and_then(|token| sessions.remove(&token));
        }
        sessions.insert(token, Session { by, used: now, flash: None });
        Some(token)
    }

    /// Who is signed in under `token`; counts as use.
    pub fn touch(&self, token: &Token, now: Instant) -> Option<Attendant> {
        let mut sessions = lock(&self.sessions);
        if now.duration_since(sessions.get(token)?.used) > IDLE_MAX {
            sessions.remove(token);
        }
        let session = sessions.get_mut(token)?;
        session.used = now;
        Some(session.by.clone())
    }

    /// Whether `token` still is a session; does not count as use.
    pub fn is_open(&self, token: &Token) -> bool {
        lock(&self.sessions).contains_key(token)
    }

    /// Signs out; tells who it was.
    pub fn close(&self, token: &Token) -> Option<AttendantId> {
        lock(&self.sessions).remove(token).map(|session| session.by.id)
    }

    /// Leaves a message for the next page.
    pub fn leave(&self, token: &Token, flash: Flash) {
        if let Some(session) = lock(&self.sessions).get_mut(token) {
            session.flash = Some(flash);
        }
    }

    /// Takes the message for this page.
    pub fn take(&self, token: &Token) -> Option<Flash> {
        lock(&self.sessions).get_mut(token)?.flash.take()
    }

    /// A try at `id`'s PIN begins, and counts as wrong until it is known to be [`right`](Self::right): several at once are
    /// several.
    ///
    /// # Errors
    ///
    /// How long to wait, after too many wrong ones.
    pub fn try_pin(&self, id: &AttendantId, now: Instant) -> Result<(), Duration> {
        self.try_as(Some(id), now)
    }

    /// A try with a badge begins; the same holds for it.
    ///
    /// # Errors
    ///
    /// How long to wait, after too many that nobody here has.
    pub fn try_badge(&self, now: Instant) -> Result<(), Duration> {
        self.try_as(None, now)
    }

    fn try_as(&self, id: Option<&AttendantId>, now: Instant) -> Result<(), Duration> {
        let mut tries = lock(&self.tries);
        let tries = tries.entry(id.cloned()).or_default();
        let until = tries.last.map(|last| last + wait(tries.wrong));
        if let Some(left) =
            until.and_then(|until| until.checked_duration_since(now)).filter(|left| !left.is_zero())
        {
            return Err(left);
        }
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = Some(now);
        Ok(())
    }

    /// The PIN was right: what was wrong before counts no more.
    pub fn right(&self, id: &AttendantId) {
        lock(&self.tries).remove(&Some(id.clone()));
    }

    /// The badge was somebody's here. Wrong PINs of theirs still count: they may be somebody else's guesses.
    pub fn right_badge(&self) {
        lock(&self.tries).remove(&None);
    }
}

/// The token in a request's cookies.
pub fn token(headers: &HeaderMap) -> Option<Token> {
    let bytes = HEXLOWER.decode(cookie(headers, COOKIE)?.as_bytes()).ok()?;
    bytes.try_into().ok()
}

/// The theme in a request's cookies.
pub fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME_COOKIE).and_then(Theme::named).unwrap_or_default()
}

/// The value of a `Set-Cookie` header that opens the session `token`.
pub fn set_cookie(token: &Token) -> String {
    format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", HEXLOWER.encode(token))
}

/// The value of a `Set-Cookie` header that ends any session.
pub fn clear_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A poisoned lock still guards a whole map: each change above is one insert or one remove.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn wrong_pins_make_an_attendant_wait_ever_longer_and_nobody_else() {
        let (sessions, zhou, li, mut now) =
            (Sessions::default(), named("zhou").id, named("li").id, Instant::now());
        for _ in 0..TRIES {
            assert_eq!(sessions.try_pin(&zhou, now), Ok(()), "five at once are five");
        }
        for minutes in [1, 2, 4, 8, 15, 15] {
            let left = Duration::from_mins(minutes);
            assert_eq!(sessions.try_pin(&zhou, now), Err(left));
            assert_eq!(sessions.try_pin(&zhou, now + left / 2), Err(left / 2), "asking does not prolong it");
            assert_eq!(sessions.try_pin(&li, now), Ok(()));
            sessions.right(&li);
            now += left;
            assert_eq!(sessions.try_pin(&zhou, now), Ok(()));
        }
        now += WAIT_MAX;
        assert_eq!(sessions.try_pin(&zhou, now), Ok(()));
        sessions.right(&zhou);
        assert_eq!(sessions.try_pin(&zhou, now), Ok(()), "a right one starts the count afresh");
    }

    #[test]
    fn badges_that_nobody_has_make_badges_wait_and_no_pin() {
        let (sessions, zhou, now) = (Sessions::default(), named("zhou").id, Instant::now());
        assert!((0..TRIES).all(|_| sessions.try_badge(now).is_ok()));
        assert_eq!(sessions.try_badge(now), Err(WAIT));
        assert_eq!(sessions.try_pin(&zhou, now), Ok(()));
        assert_eq!(sessions.try_badge(now + WAIT), Ok(()));
        sessions.right_badge();
        assert_eq!(sessions.try_badge(now + WAIT), Ok(()), "a right one starts the count afresh");
        assert!((1..TRIES).all(|_| sessions.try_pin(&zhou, now).is_ok()));
        sessions.right_badge();
        assert_eq!(sessions.try_pin(&zhou, now), Err(WAIT), "and not that of PINs");
    }

    #[test]
    fn a_session_ends_by_sign_out_or_after_a_shift_unused() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let token = sessions.open(named("zhou"), start).unwrap();
        let used = start + IDLE_MAX;
        assert_eq!(sessions.touch(&token, used).unwrap().id, named("zhou").id);
        assert!(sessions.touch(&token, used + IDLE_MAX + Duration::from_secs(1)).is_none());
        let token = sessions.open(named("zhou"), start).unwrap();
        assert_eq!(sessions.close(&token), Some(named("zhou").id));
        assert!(sessions.touch(&token, start).is_none() && !sessions.is_open(&token));
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let tokens: Vec<_> = (0..=SESSIONS_MAX).map(|_| sessions.open(named("zhou"), now).unwrap()).collect();
        assert_eq!(tokens.iter().filter(|token| sessions.is_open(token)).count(), SESSIONS_MAX);
    }

    #[test]
    fn a_cookie_is_read_among_others_and_rubbish_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers), None);
        let line = format!("a=b; {}; c", set_cookie(&[7; 16]).split(';').next().unwrap());
        headers.insert(header::COOKIE, HeaderValue::from_str(&line).unwrap());
        assert_eq!(token(&headers), Some([7; 16]));
        headers.insert(header::COOKIE, HeaderValue::from_static("kakou-session=zz; kakou-theme=night"));
        assert_eq!((token(&headers), theme(&headers)), (None, Theme::Night));
    }

    fn named(id: &str) -> Attendant {
        Attendant {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            pin: String::new(),
            badge: None,
            post: None,
        }
    }
}
