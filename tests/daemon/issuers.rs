//! From the code that is held up at a lane through the hub to its issuer and back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use kakou::base::{KioskId, Pii, Wall};
use kakou::config::{Ask, profile_file};
use kakou::control::StepState;
use kakou::daemon::LaneRunner;
use kakou::daemon::issuers::Issuers;
use kakou::drivers::barrier::End;
use kakou::hub::{Options, Running, start};
use kakou::journal::SigningKey;
use kakou::model::{Observation, Observed, Reason, Scan, Via};
use kakou::platform::clock::Clock;
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::sync::enrolment::{PublicKey, Request};
use serde_json::json;

use crate::issuer::{MockIssuer, Reply, SECRET};
use crate::lane::runner_with;
use crate::walk::Swings;

/// 2026-11-22 10:00 in China.
const NOW: Wall = Wall(1_795_312_800_000);
const CODE: &str = "https://code.example/1?t=abc";

struct Place {
    _running: Running,
    issuer: MockIssuer,
    hub: (HubClient, KioskId),
    _folder: tempfile::TempDir,
}

async fn place() -> Place {
    let (issuer, folder) = (MockIssuer::start().await, tempfile::tempdir().unwrap());
    private(&folder.path().join("gate-api.secret"), SECRET);
    let text = include_str!("../../systemd/online.toml");
    let text = text.replace("https://issuer.example/health/decode", &issuer.url);
    fs::write(folder.path().join("online.toml"), text).unwrap();
    let (listen, data) = ("127.0.0.1:0".parse().unwrap(), folder.path().to_path_buf());
    let options = Options { listen, data, names: vec![] };
    let running = start(options, Arc::new(|| NOW), Box::new(OsEntropy::new())).await.unwrap();
    let client = HubClient::at(&running.url, None).unwrap();
    let kiosk: KioskId = "east-1".parse().unwrap();
    let token = running.hub.make_token(Some(kiosk.clone())).await.unwrap();
    let key = PublicKey(SigningKey::from_seed(&[1; 32]).verifying().0);
    let request = Request { token: token.to_string(), kiosk: None, key, tls_key: None };
    client.enrol(&request).await.unwrap();
    Place { _running: running, issuer, hub: (client, kiosk), _folder: folder }
}

/// What becomes of the credential step when `code` is held up.
async fn held_up(code: &str, hub: Option<(HubClient, KioskId)>) -> (LaneRunner, StepState) {
    let mut profiles = profile_file::shipped_in("profiles/residential.toml").unwrap();
    for rule in profiles.iter_mut().flat_map(|profile| &mut profile.steps) {
        if let Ask::Credential { ask_hub, .. } = &mut rule.ask {
            *ask_hub = vec!["https://code.example/".to_owned()];
        }
    }
    let mut runner = runner_with(profiles, Box::new(Swings(End::Closed)));
    let mut issuers = Issuers::new(hub);
    let (stamp, mut appends) = (Clock::new().unwrap().stamp(), vec![]);
    let payload = Pii::new(code.as_bytes().to_vec());
    let scan = Scan { payload, via: Via::Scanner, others: 0, colour: None };
    let what = Observed::Code(scan);
    let device = "scanner".parse().unwrap();
    runner.observe(&stamp, Observation { device, at: stamp.mono, what }, &mut appends);
    let lane = runner.id().clone();
    for question in runner.questions() {
        issuers.ask(&lane, question);
        let answer = issuers.answered().await.unwrap();
        runner.issuer_answered(stamp.mono, answer, &mut appends);
    }
    let state = runner.status(stamp.mono).steps[0].state.clone();
    (runner, state)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_when_its_issuer_says_so_now_and_nobody_is_asked_about_another() {
    let place = place().await;
    let hub = || Some(place.hub.clone());
    let answer = |grade: &str, expired: bool| {
        let until = "2026-11-22 23:00:00";
        let data = json!({ "name": "王小明", "risk_assessment_grade": grade, "report_expired": expired,
                           "report_valid_date": until });
        place.issuer.replies(Reply::Json(json!({ "errcode": 0, "data": data })));
    };
    let refused = |reason| StepState::Failed { reason };
    let looked_at = |reason| StepState::NeedsAttendant { reason };
    answer("00", false);
    let (runner, state) = held_up(CODE, hub()).await;
    assert_eq!(state, StepState::Done);
    assert_eq!(runner.status(kakou::base::Mono::ZERO).subject.as_deref(), Some("王*"), "masked by the hub");
    answer("10", false);
    assert_eq!(held_up(CODE, hub()).await.1, refused(Reason::CredentialNotAdmissible));
    answer("00", true);
    assert_eq!(held_up(CODE, hub()).await.1, refused(Reason::CredentialExpired));
    assert_eq!(place.issuer.asked().len(), 3);
    let (_, state) = held_up("https://elsewhere.example/1", hub()).await;
    assert_eq!(state, looked_at(Reason::CredentialUnverified));
    assert_eq!(held_up(CODE, None).await.1, looked_at(Reason::IssuerUnanswered), "a kiosk without a hub");
    assert_eq!(place.issuer.asked().len(), 3, "nothing else left the kiosk");
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
