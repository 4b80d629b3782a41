//! `kakou enrol`, `kakou enrol --renew`, `kakou hub renew` and `kakou hub revoke` beside a hub that runs.

use super::{Centre, Kiosk, kakou, refused};

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_is_enrolled_renewed_and_revoked_at_terminals() {
    let centre = Centre::start().await;
    let east = Kiosk::new("east-gate", 1);
    let folder = east.folder.path();
    std::fs::write(folder.join("log.key"), [1; 32]).unwrap();
    let state = format!("\nstate = \"{}\"\n", folder.display());
    std::fs::write(folder.join("kiosk.toml"), EXAMPLE.replace("\n#state = \"/var/lib/kakou\"\n", &state))
        .unwrap();
    let (renewed, said) = kakou(&["enrol", "--renew", "--config", "kiosk.toml"], folder).await;
    assert!(!renewed && said.contains("not enrolled"), "{said}");
    let (token, url) = (centre.token("east-gate").await.to_string(), centre.url());
    let enrol = ["enrol", "--hub", &url, "--token", &token, "--config", "kiosk.toml"];
    let (enrolled, said) = kakou(&enrol, folder).await;
    assert!(enrolled, "{said}");
    let first = east.id();
    assert_eq!(centre.pinned(&east).await.map(|pinned| pinned.key), first);
    east.head(&centre.fixed(&east)).await.unwrap();
    let (renewed, said) = kakou(&["enrol", "--renew", "--config", "kiosk.toml"], folder).await;
    assert!(renewed && said.contains(&east.id().unwrap().to_string()), "{said}");
    assert_ne!(east.id(), first);
    // At the hub, whose data another process has open.
    let data = centre.folder.path();
    let asked = kakou(&["hub", "renew", "east-gate", "--data", "."], data).await;
    assert!(asked.0 && asked.1.contains("renewed"), "{}", asked.1);
    assert!(centre.pinned(&east).await.unwrap().asked.is_some());
    let (second, client) = (east.id(), centre.client(&east));
    east.head(&client).await.unwrap();
    assert_ne!(east.id(), second);
    let revoke = ["hub", "revoke", "east-gate", "--data", ".", "--officer", "Chen"];
    let unsaid = kakou(&revoke, data).await;
    assert!(!unsaid.0 && unsaid.1.contains("--reason"), "{}", unsaid.1);
    let revoke = [&revoke[..], &["--reason", "stolen"]].concat();
    assert_eq!(kakou(&revoke, data).await, (true, "已吊销 revoked  east-gate\n".to_owned()));
    refused(east.head(&client).await, "kiosk east-gate is revoked");
    assert!(kakou(&revoke, data).await.1.contains("already"));
    let other =
        kakou(&["hub", "revoke", "nobody", "--data", ".", "--officer", "Chen", "--reason", "gone"], data);
    let other = other.await;
    assert!(!other.0 && other.1.contains("no kiosk nobody"), "{}", other.1);
}
