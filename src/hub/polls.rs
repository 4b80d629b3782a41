//! Questions of kiosks that the hub lets wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::base::KioskId;

/// Questions that may wait at once.
const POLLS_MAX: usize = 1_024;
/// Of them those of one kiosk: it asks once at a time, and what it asked on a connection that broke lingers.
const POLLS_OF_ONE: usize = 4;

/// The questions that wait, so that no kiosk takes the room of all others.
#[derive(Debug, Default)]
pub struct Polls(Mutex<BTreeMap<KioskId, usize>>);

/// Room for one question.
pub struct Room<'a> {
    polls: &'a Polls,
    kiosk: &'a KioskId,
}

impl Polls {
    /// Room for a question of `kiosk`, if there is any.
    pub fn enter<'a>(&'a self, kiosk: &'a KioskId) -> Option<Room<'a>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = waiting.values().sum();
        let of_one = waiting.get(kiosk).copied().unwrap_or(0);
        if all >= POLLS_MAX || of_one >= POLLS_OF_ONE {
            return None;
        }
        waiting.insert(kiosk.clone(), of_one + 1);
        Some(Room { polls: self, kiosk })
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut waiting = self.polls.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(self.kiosk) {
            *count = count.saturating_sub(1);
        }
        waiting.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kiosk_takes_the_room_of_all_others() {
        let polls = Polls::default();
        let names: Vec<KioskId> = (0..POLLS_MAX).map(|n| format!("kiosk-{n}").parse().unwrap()).collect();
        let first: Vec<_> = (0..POLLS_OF_ONE).map(|_| polls.enter(&names[0]).unwrap()).collect();
        assert!(polls.enter(&names[0]).is_none());
        let others: Vec<_> = names[1..].iter().map_while(|name| polls.enter(name)).collect();
        assert_eq!(others.len(), POLLS_MAX - POLLS_OF_ONE, "everybody else has the rest");
        assert!(polls.enter(&names[POLLS_MAX - 1]).is_none());
        drop(first);
        assert!(polls.enter(&names[POLLS_MAX - 1]).is_some(), "room is given back");
        drop(others);
        assert!(polls.0.lock().unwrap().is_empty());
    }
}
