//! `trust.toml`: the example with every key.

use std::collections::BTreeSet;

use kakou::config::trust_file::TrustSources;
use kakou::model::trust_list::TrustListKind;

const EXAMPLE: &str = include_str!("../../systemd/trust.toml");

/// The example with the keys that it shows as comments switched on.
fn with_every_key() -> String {
    let is_key = |line: &str| line.starts_with("#[") || (line.starts_with('#') && line.contains(" = "));
    let switched = |line: &'static str| line.strip_prefix('#').filter(|_| is_key(line)).unwrap_or(line);
    EXAMPLE.lines().map(switched).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_as_it_is_says_that_it_names_no_list() {
    let said = TrustSources::parse("trust.toml", EXAMPLE).unwrap_err().to_string();
    assert!(said.contains("list"), "{said}");
}

#[test]
fn every_key_that_the_example_shows_is_known_and_every_kind_of_list_is_shown() {
    let sources = TrustSources::parse("trust.toml", &with_every_key()).unwrap();
    let kinds: BTreeSet<TrustListKind> = sources.lists.iter().map(|list| list.kind).collect();
    assert_eq!(kinds, TrustListKind::ALL.into());
    assert_eq!((sources.lists.len(), sources.blocked.len()), (kinds.len(), 1));
    let first = &sources.lists[0];
    assert!(first.as_of.is_some());
    // What it shows as defaults are the defaults.
    let plain = sources.lists.iter().find(|list| list.kind == TrustListKind::Rules).unwrap();
    assert_eq!(
        (first.warn_after_h, first.refuse_after_h),
        (plain.warn_after_h, plain.refuse_after_h),
        "defaults"
    );
    assert!(sources.lists.iter().any(|list| list.issuer.is_some()));
    for key in ["as_of", "warn_after_h", "refuse_after_h", "issuer", "blocked"] {
        assert!(EXAMPLE.lines().any(|line| line.starts_with(&format!("#{key} = "))), "{key}");
    }
}
