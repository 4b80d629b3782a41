//! Lists that a hub's file of trust is made of: what each is about, and how old it is.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::base::Wall;

/// Lists that are fetched daily are a day old every day: people are told once one is older than a day and a half, in hours.
pub const WARN_AFTER_H: u32 = 36;
/// It counts for a week, in hours.
pub const REFUSE_AFTER_H: u32 = 7 * 24;

/// What a list is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum TrustListKind {
    /// Keys of issuers of `HC1:` certificates.
    #[n(0)]
    HcertKeys,
    /// Keys of issuers of SMART Health Cards.
    #[n(1)]
    ShcKeys,
    /// Keys of New Zealand's passes.
    #[n(2)]
    NzcpKeys,
    /// Certificates of the authorities whose countries seal with ICAO's seals.
    #[n(3)]
    VdsNcKeys,
    /// Rules, and the sets of values that they go by.
    #[n(4)]
    Rules,
    /// Certificates that were revoked.
    #[n(5)]
    HcertRevoked,
    /// SMART Health Cards that were revoked.
    #[n(6)]
    ShcRevoked,
    /// Passes of the hub that were revoked.
    #[n(7)]
    PassesRevoked,
}

impl TrustListKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::HcertKeys,
        Self::ShcKeys,
        Self::NzcpKeys,
        Self::VdsNcKeys,
        Self::Rules,
        Self::HcertRevoked,
        Self::ShcRevoked,
        Self::PassesRevoked,
    ];

    /// Its name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HcertKeys => "hcert-keys",
            Self::ShcKeys => "shc-keys",
            Self::NzcpKeys => "nzcp-keys",
            Self::VdsNcKeys => "vds-nc-keys",
            Self::Rules => "rules",
            Self::HcertRevoked => "hcert-revoked",
            Self::ShcRevoked => "shc-revoked",
            Self::PassesRevoked => "passes-revoked",
        }
    }
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TrustList {
    /// What it is called.
    #[n(0)]
    pub name: String,
    /// What it is about.
    #[n(1)]
    pub kind: TrustListKind,
    /// As of when it was fetched. A fetch that failed does not make it younger.
    #[n(2)]
    pub as_of: Wall,
    /// How many entries it has.
    #[n(3)]
    pub entries: u64,
    /// From which age on people are told, in seconds.
    #[n(4)]
    pub warn_after_s: u32,
    /// From which age on nothing is believed by it, in seconds.
    #[n(5)]
    pub refuse_after_s: u32,
}

/// How old a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListAge {
    /// As young as it should be.
    Fresh,
    /// Older than it should be.
    Old,
    /// So old that nothing is believed by it.
    TooOld,
}

impl ListAge {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Old => "old",
            Self::TooOld => "too-old",
        }
    }
}

impl TrustList {
    /// How old it is at `now`.
    pub fn age(&self, now: Wall) -> ListAge {
        let seconds = now.as_secs().saturating_sub(self.as_of.as_secs());
        if seconds >= i64::from(self.refuse_after_s) {
            ListAge::TooOld
        } else if seconds >= i64::from(self.warn_after_s) {
            ListAge::Old
        } else {
            ListAge::Fresh
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_fresh_then_old_then_too_old() {
        let list = TrustList {
            name: "eu".to_owned(),
            kind: TrustListKind::HcertKeys,
            as_of: Wall::from_secs(1_000),
            entries: 1,
            warn_after_s: 10,
            refuse_after_s: 20,
        };
        let ages = [0, 1_000, 1_009, 1_010, 1_019, 1_020, i64::MAX / 1_000]
            .map(|now| list.age(Wall::from_secs(now)));
        assert_eq!(
            ages,
            [
                ListAge::Fresh,
                ListAge::Fresh,
                ListAge::Fresh,
                ListAge::Old,
                ListAge::Old,
                ListAge::TooOld,
                ListAge::TooOld
            ]
        );
    }
}
