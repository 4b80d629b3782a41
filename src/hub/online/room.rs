//! Calls to issuers that are under way, and issuers that give no usable answer.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use crate::base::{KioskId, Slug};

/// Calls to one issuer at once.
const OF_ADAPTER_MAX: usize = 8;
/// Calls for one kiosk at once: it has a lane in and one out.
const OF_KIOSK_MAX: usize = 2;

/// The calls that are under way, so that neither an issuer nor a kiosk has too many.
#[derive(Debug, Default)]
pub struct Calls(Mutex<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    adapters: BTreeMap<Slug, usize>,
    kiosks: BTreeMap<KioskId, usize>,
}

/// Room for one call; given back when it is dropped, also with a request that is broken off.
#[derive(Debug)]
pub struct Call<'a> {
    calls: &'a Calls,
    adapter: &'a Slug,
    kiosk: &'a KioskId,
}

impl Calls {
    /// Room for a call to `adapter` for `kiosk`, if there is any.
    pub fn enter<'a>(&'a self, adapter: &'a Slug, kiosk: &'a KioskId) -> Option<Call<'a>> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_adapter = under_way.adapters.get(adapter).copied().unwrap_or(0);
        let of_kiosk = under_way.kiosks.get(kiosk).copied().unwrap_or(0);
        if of_adapter >= OF_ADAPTER_MAX || of_kiosk >= OF_KIOSK_MAX {
            return None;
        }
        under_way.adapters.insert(adapter.clone(), of_adapter + 1);
        under_way.kiosks.insert(kiosk.clone(), of_kiosk + 1);
        Some(Call { calls: self, adapter, kiosk })
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut under_way = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        let UnderWay { adapters, kiosks } = &mut *under_way;
        one_less(adapters, self.adapter);
        one_less(kiosks, self.kiosk);
    }
}

fn one_less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
    }
    counts.retain(|_, count| *count > 0);
}

/// Since when issuers give no usable answer: said when it begins and when it ends.
#[derive(Debug, Default)]
pub struct Failing(Mutex<BTreeMap<Slug, u64>>);

impl Failing {
    /// Takes note that `adapter` gave none.
    pub fn failed(&self, adapter: &Slug, error: &dyn Display) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failing.entry(adapter.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            tracing::warn!(%adapter, %error, "an issuer gives no usable answer");
        } else {
            tracing::debug!(%adapter, %error, "an issuer gives no usable answer still");
        }
    }

    /// Takes note that `adapter` gave one.
    pub fn answered(&self, adapter: &Slug) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = failing.remove(adapter) {
            tracing::info!(%adapter, count, "an issuer answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_an_issuer_nor_a_kiosk_has_too_many_calls_under_way() {
        let calls = Calls::default();
        let adapters: Vec<Slug> = ["a", "b"].map(|name| name.parse().unwrap()).into();
        let kiosks: Vec<KioskId> = (0..9).map(|n| format!("kiosk-{n}").parse().unwrap()).collect();
        let first: Vec<_> = (0..2).map(|_| calls.enter(&adapters[0], &kiosks[0]).unwrap()).collect();
        assert!(calls.enter(&adapters[1], &kiosks[0]).is_none(), "of all issuers together");
        let others: Vec<_> = kiosks[1..]
            .iter()
            .flat_map(|kiosk| [kiosk, kiosk])
            .map_while(|kiosk| calls.enter(&adapters[0], kiosk))
            .collect();
        assert_eq!(first.len() + others.len(), OF_ADAPTER_MAX);
        assert!(calls.enter(&adapters[0], &kiosks[8]).is_none());
        assert!(calls.enter(&adapters[1], &kiosks[8]).is_some(), "another issuer has its own room");
        drop(first);
        assert!(calls.enter(&adapters[0], &kiosks[8]).is_some(), "room is given back");
        drop(others);
        let left = calls.0.lock().unwrap();
        assert!(left.adapters.is_empty() && left.kiosks.is_empty());
    }
}
