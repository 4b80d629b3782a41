//! How a TLS key is brought the first time, renewed, and found again after whatever was lost.

use kakou::journal::{SigningKey, TlsPin};
use kakou::platform::http::Keyring;
use kakou::sync::tls_keys::{RENEW_AFTER, SUPERSEDED_LIFE};

use super::{Centre, DAY, NOW};
use crate::place::{not_renewed, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_from_before_brings_its_first_key_and_only_its_log_key_can() {
    let centre = Centre::start().await;
    let east = centre.enrol_as_before("east-1", 1).await;
    refused(east.head(&centre.stranger()).await, "presents none");
    assert_eq!(centre.pinned(&east).await, None);
    // Somebody with another log key.
    let thief = tempfile::tempdir().unwrap();
    let keys = kakou::platform::own_key::OwnKeys::within(thief.path());
    let ring = Keyring::new(east.name.clone(), SigningKey::from_seed(&[9; 32]).into(), keys);
    let thief = centre.stranger().keeping(ring).unwrap();
    not_renewed(thief.renew_tls_key().await, "not signed by the log key");
    let said = east.head(&thief).await.unwrap_err();
    assert!(format!("{said:?}").contains("not signed by the log key"), "{said:?}");
    assert_eq!(centre.pinned(&east).await, None);
    // The kiosk, which has no key yet, is answered at its first request.
    let client = centre.client(&east);
    east.beat(&client).await.unwrap();
    let first = east.id();
    assert!(first.is_some());
    assert_eq!(centre.pinned(&east).await.map(|pinned| pinned.key), first);
    for _ in 0..3 {
        east.beat(&client).await.unwrap();
    }
    assert_eq!(east.id(), first, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_due_is_renewed_between_two_requests_and_the_one_before_fades_out() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let (first, before) = (east.id(), centre.fixed(&east));
    let client = centre.client(&east);
    east.head(&client).await.unwrap();
    assert_eq!(east.id(), first, "it is not due");
    centre.at(NOW + RENEW_AFTER);
    east.head(&client).await.unwrap();
    assert_ne!(east.id(), first);
    let pinned = centre.pinned(&east).await.unwrap();
    assert_eq!((Some(pinned.key), pinned.pinned), (east.id(), NOW + RENEW_AFTER));
    let end = NOW + RENEW_AFTER + SUPERSEDED_LIFE;
    centre.at(end);
    east.head(&before).await.unwrap();
    centre.at(end + DAY);
    refused(east.head(&before).await, "superseded more than 180 days ago");
    // Years later, without a word in between, the new one still lets it in.
    centre.at(end + 2_000 * DAY);
    east.head(&centre.fixed(&east)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_asks_gets_another_key() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let (first, name) = (east.id(), east.name.clone());
    let asked = centre.running.hub.write(move |ledger| ledger.ask_for_tls_key(&name, NOW));
    assert!(asked.await.unwrap().unwrap());
    let client = centre.client(&east);
    east.head(&client).await.unwrap();
    let second = east.id();
    assert_ne!(second, first);
    east.head(&client).await.unwrap();
    assert_eq!(east.id(), second, "it asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_a_key_from_a_backup_on_either_side_heal_by_themselves() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let first = east.current();
    // The hub pinned the next key, and the kiosk never heard of it.
    let next = east.keys().next().unwrap();
    let pin = TlsPin { kiosk: east.name.clone(), key: next.id(), follows: Some(first.id()) };
    let (name, statement, id) = (east.name.clone(), pin.sign(&east.key()), next.id());
    let pinned = centre.running.hub.write(move |ledger| ledger.pin_tls_key(&name, &statement, Some(id), NOW));
    pinned.await.unwrap().unwrap();
    east.head(&centre.client(&east)).await.unwrap();
    assert_eq!(east.id(), Some(id), "it was brought again and taken up");
    // The hub was restored from a backup: it knows nothing of the key that the kiosk has.
    let unheard = east.keys().next().unwrap();
    east.keys().take_up(&unheard).unwrap();
    east.beat(&centre.client(&east)).await.unwrap();
    assert_eq!(centre.pinned(&east).await.map(|pinned| pinned.key), east.id());
    assert_ne!(east.id(), Some(unheard.id()));
    // The kiosk was restored from a backup: it speaks with the first key.
    east.keys().take_up(&first).unwrap();
    let latest = centre.pinned(&east).await;
    east.head(&centre.client(&east)).await.unwrap();
    assert_ne!(east.id(), Some(first.id()));
    assert_ne!(centre.pinned(&east).await, latest);
    assert_eq!(centre.pinned(&east).await.map(|pinned| pinned.key), east.id());
    // Its keys are lost altogether, and somebody left half a file.
    for name in ["tls.key", "tls.key.next"] {
        std::fs::write(east.folder.path().join(name), b"half a ke").unwrap();
    }
    east.head(&centre.client(&east)).await.unwrap();
    assert_eq!(centre.pinned(&east).await.map(|pinned| pinned.key), east.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_card_does_not_speak_for_two_kiosks() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let west = centre.enrol_as_before("west-1", 2).await;
    for name in ["tls.key", "tls.key.next"] {
        std::fs::copy(east.folder.path().join("tls.key"), west.folder.path().join(name)).unwrap();
    }
    std::fs::remove_file(west.folder.path().join("tls.key")).unwrap();
    let client = centre.client(&west);
    not_renewed(client.renew_tls_key().await, "is another kiosk's");
    west.head(&client).await.unwrap();
    assert_ne!(west.id(), east.id(), "it made its own");
    refused(east.head(&client).await, "not pinned for this kiosk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_renewed_at_a_terminal_is_taken_up_by_the_kiosk_that_runs() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let running = centre.client(&east);
    east.head(&running).await.unwrap();
    let renewed = centre.client(&east).renew_tls_key().await.unwrap();
    assert_eq!(east.id(), Some(renewed));
    east.head(&running).await.unwrap();
    assert_eq!(east.id(), Some(renewed), "and no third one is made");
    centre.at(NOW + SUPERSEDED_LIFE + DAY);
    let head = east.head(&running).await;
    assert!(head.is_ok(), "it speaks with that one: {head:?}");
}
