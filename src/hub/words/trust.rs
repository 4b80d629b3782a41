//! Lists that the hub's file of trust is made of.

use super::Words;
use crate::model::trust_list::{ListAge, TrustListKind};

/// What a list is about.
pub fn kind(kind: TrustListKind) -> Words {
    match kind {
        TrustListKind::HcertKeys => ("HC1 证书签发方公钥", "keys of certificates' issuers"),
        TrustListKind::ShcKeys => ("SMART 健康卡签发方公钥", "keys of cards' issuers"),
        TrustListKind::NzcpKeys => ("新西兰通行证签发方公钥", "keys of New Zealand's passes"),
        TrustListKind::VdsNcKeys => ("各国签发根证书", "countries' signing CAs"),
        TrustListKind::Rules => ("核验规则", "rules"),
        TrustListKind::HcertRevoked => ("已撤销的证书", "revoked certificates"),
        TrustListKind::ShcRevoked => ("已撤销的健康卡", "revoked cards"),
        TrustListKind::PassesRevoked => ("已撤销的通行证", "revoked passes"),
    }
}

/// How old a list is: symbol, tone and words.
pub fn age(age: ListAge) -> (&'static str, &'static str, Words) {
    match age {
        ListAge::Fresh => ("✓", "go", ("按时更新", "up to date")),
        ListAge::Old => ("!", "wait", ("该更新了", "should be fetched again")),
        ListAge::TooOld => ("✕", "stop", ("过旧，不再采用", "too old to go by")),
    }
}
