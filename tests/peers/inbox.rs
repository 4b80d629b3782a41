//! Commands over TLS: to the kiosk that they are for, and one new key for all of its tasks.

use std::time::Duration;

use kakou::ledger::{NotIssued, Officer};
use kakou::platform::http::{Error, HubClient};
use kakou::sync::command::What;
use kakou::sync::tls_keys::AT_CERTIFICATE;

use super::{Centre, Kiosk};

impl Centre {
    async fn order(&self, kiosk: &Kiosk) -> Result<u64, NotIssued> {
        let officer = Officer::new("王站长", "演练").unwrap();
        self.running.hub.command(kiosk.name.clone(), What::SendNow, officer, None).await.unwrap()
    }
}

async fn ask(client: &HubClient, about: &Kiosk) -> Result<Option<Vec<u8>>, Error> {
    client.command_after(&about.name, 0, Duration::ZERO).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_handed_to_the_kiosk_that_it_is_for_and_to_nobody_else() {
    let centre = Centre::start().await;
    let (east, west) = (centre.enrol("east-1", 1).await, centre.enrol("west-1", 2).await);
    assert_eq!(centre.order(&east).await.unwrap(), 1);
    for client in [centre.fixed(&west), centre.stranger()] {
        let answer = ask(&client, &east).await;
        assert!(matches!(&answer, Err(Error::Refused(why)) if why.at == AT_CERTIFICATE), "{answer:?}");
    }
    let sent = |hub: &kakou::ledger::Ledger| hub.commands(None, 9).unwrap()[0].sent.is_some();
    assert!(!centre.running.hub.read(sent).await.unwrap(), "nobody has it");
    assert!(ask(&centre.client(&east), &east).await.unwrap().is_some());
    assert!(ask(&centre.client(&west), &west).await.unwrap().is_none());
    let officer = Officer::new("Chen", "stolen").unwrap();
    let (name, now) = (east.name.clone(), centre.running.hub.now());
    centre.running.hub.write(move |ledger| ledger.revoke(&name, &officer, now)).await.unwrap().unwrap();
    assert!(matches!(centre.order(&east).await, Err(NotIssued::Revoked(_))));
    let answer = ask(&centre.client(&east), &east).await;
    assert!(matches!(&answer, Err(Error::Refused(why)) if why.what.contains("revoked")), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_are_kept_out_at_once_bring_one_key_between_them() {
    let centre = Centre::start().await;
    for round in 1..=8 {
        let kiosk = centre.enrol_as_before(&format!("east-{round}"), round).await;
        let client = centre.client(&kiosk);
        let (first, second, third) =
            tokio::join!(ask(&client, &kiosk), kiosk.head(&client), ask(&client, &kiosk));
        assert!(first.unwrap().is_none() && third.unwrap().is_none());
        second.unwrap();
        assert_eq!(centre.pinned(&kiosk).await.map(|pinned| pinned.key), kiosk.id());
    }
    let ledger = rusqlite::Connection::open(centre.folder.path().join("hub.db")).unwrap();
    let keys: u32 = ledger.query_row("SELECT count(*) FROM tls_keys", [], |row| row.get(0)).unwrap();
    assert_eq!(keys, 8, "one for each kiosk");
}
