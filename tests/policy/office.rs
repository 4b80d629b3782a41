//! The task that takes bundles: what it records before what has an effect, and whom it tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::{PolicyId, Seq};
use kakou::config::profile_file::shipped_in;
use kakou::config::{Policy, Profiles};
use kakou::daemon::lists::Watched;
use kakou::daemon::policy::{Office, Own, PolicyParts, Ruling};
use kakou::daemon::{News, Request};
use kakou::model::{AreaMode, Body, PolicyEvent};
use kakou::platform::clock::Clock;
use kakou::platform::passed::Passed;
use kakou::sim::disk::SimDisk;
use kakou::web::{Acknowledge, NotTaken, PolicyView};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::bundle::{DRAFT, draft};
use crate::desk::{AFTER, BEFORE, WITHIN, hand_in, open};
use crate::fixtures::blinder;

/// Waits until what is shown is such, and not for ever.
pub async fn seen<T>(shown: &mut watch::Receiver<Arc<T>>, such: impl FnMut(&Arc<T>) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), shown.wait_for(such)).await;
    assert!(waited.is_ok_and(|shown| shown.is_ok()), "waited in vain");
}

pub struct Gate {
    pub disk: SimDisk,
    pub passed: Passed,
    pub ruling: watch::Receiver<Arc<Ruling>>,
    pub view: watch::Receiver<Arc<PolicyView>>,
    asks: mpsc::Sender<Acknowledge>,
    pub records: Arc<Mutex<Vec<Body>>>,
    _tasks: JoinSet<&'static str>,
}

impl Gate {
    /// A kiosk whose recorder takes everything, or nothing for good.
    fn new(takes: bool) -> Self {
        Self::with(takes, None)
    }

    /// The same with a folder of lists that nobody has read yet.
    pub fn with(takes: bool, watched: Option<Watched>) -> Self {
        let disk = SimDisk::new();
        let passed = Passed::default();
        let profiles = shipped_in("profiles/residential.toml").unwrap();
        let screening = draft(DRAFT).thresholds.screening();
        let lanes = BTreeMap::from([("gate".parse().unwrap(), Profiles::new(profiles.clone()).unwrap())]);
        let policy = Arc::new(Policy::new(None, screening, profiles));
        let lists = Arc::default();
        let bundle = draft(&DRAFT.replace("\"watch\"", "\"normal\""));
        let own = Own { lists, policy, lanes, bundle, blinder: blinder() };
        // As often as the machine likes: nothing here waits for a number of looks.
        let look_every = Duration::from_millis(5);
        let office = Office::new(PolicyParts {
            store: open(&disk),
            own,
            passed: passed.clone(),
            lists: watched,
            noted: BTreeSet::new(),
            look_every,
        });
        let (requests, mut taken) = mpsc::channel::<Request>(8);
        let (ends, records) = (office.ends.clone(), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = JoinSet::new();
        office.spawn(requests, Clock::new().unwrap(), &mut tasks);
        let (news, written) = (ends.news.clone(), Arc::clone(&records));
        tasks.spawn(async move {
            while let Some(Request { answer: Some((_, ticket)), draft, .. }) = taken.recv().await {
                let outcome = if takes { Ok(Seq::FIRST) } else { Err("the disk is full".to_owned()) };
                if takes {
                    written.lock().unwrap().push(draft.body);
                }
                let _ = news.send(News::Policy { ticket, outcome }).await;
            }
            "recorder"
        });
        let (ruling, view, asks) = (ends.ruling, ends.view, ends.asks);
        Self { disk, passed, ruling, view, asks, records, _tasks: tasks }
    }

    pub async fn read(&self, version: u64, bundle: PolicyId) -> Result<(), NotTaken> {
        let (reply, answer) = oneshot::channel();
        let by = "wang".parse().unwrap();
        self.asks.send(Acknowledge { by, version, bundle, reply }).await.unwrap();
        answer.await.unwrap()
    }

    pub fn events(&self) -> Vec<(PolicyEvent, u64, Option<String>)> {
        let records = self.records.lock().unwrap();
        let events = records.iter().map(|body| {
            let Body::Policy { event, version, by, .. } = body else { panic!("{body:?}") };
            (*event, *version, by.as_ref().map(ToString::to_string))
        });
        events.collect()
    }
}

#[tokio::test]
async fn a_policy_is_recorded_acknowledged_and_then_rules_until_its_end() {
    let mut gate = Gate::new(true);
    gate.passed.learn(BEFORE);
    assert_eq!(gate.ruling.borrow().status.version, 0);
    let bundle = hand_in(&gate.disk, 7, &[1, 2]);
    seen(&mut gate.view, |view| view.pending.is_some()).await;
    let pending = gate.view.borrow().pending.clone().unwrap();
    assert_eq!((pending.version, pending.mode_after), (7, AreaMode::Sealed));
    assert_eq!(pending.differs, ["区域状态 area mode: normal → watch"]);
    assert_eq!(gate.ruling.borrow().status.waits, Some(7), "the screens say so");
    assert_eq!(gate.read(7, PolicyId([0; 16])).await, Err(NotTaken::Another));
    gate.passed.learn(WITHIN);
    assert_eq!(gate.read(7, bundle.digest()).await, Ok(()));
    let ruling = Arc::clone(&gate.ruling.borrow());
    assert_eq!((ruling.status.version, ruling.mode, ruling.status.waits), (7, AreaMode::Watch, None));
    assert_eq!(ruling.policy.id, bundle.policy().unwrap().id);
    assert_eq!(ruling.notice.as_ref().map(|notice| notice.title.as_str()), Some("第十二号通告"));
    gate.passed.learn(AFTER);
    seen(&mut gate.ruling, |ruling| ruling.status.expired == Some(7)).await;
    let ruling = Arc::clone(&gate.ruling.borrow());
    assert_eq!((ruling.status.version, ruling.mode), (0, AreaMode::Sealed), "the named safe default");
    let wang = Some("wang".to_owned());
    let expected = [
        (PolicyEvent::HandedIn, 7, None),
        (PolicyEvent::Acknowledged, 7, wang),
        (PolicyEvent::Began, 7, None),
        (PolicyEvent::Ended, 7, None),
    ];
    assert_eq!(gate.events(), expected);
}

#[tokio::test]
async fn what_is_refused_is_on_record_with_the_reason_and_changes_nothing() {
    let mut gate = Gate::new(true);
    hand_in(&gate.disk, 7, &[1]);
    seen(&mut gate.view, |view| view.refused.is_some()).await;
    assert!(gate.view.borrow().refused.as_ref().unwrap().contains("at least two"));
    assert_eq!((gate.ruling.borrow().status.version, gate.ruling.borrow().status.waits), (0, None));
    let records = gate.records.lock().unwrap();
    let [Body::Policy { event: PolicyEvent::Refused, why: Some(why), .. }] = records.as_slice() else {
        panic!("{records:?}")
    };
    assert!(why.starts_with("signed by 1 "), "{why}");
}

#[tokio::test]
async fn an_acknowledgement_that_cannot_be_recorded_has_no_effect() {
    let mut gate = Gate::new(false);
    gate.passed.learn(WITHIN);
    let bundle = hand_in(&gate.disk, 7, &[1, 2]);
    seen(&mut gate.view, |view| view.pending.is_some()).await;
    assert_eq!(gate.read(7, bundle.digest()).await, Err(NotTaken::NotRecorded));
    assert_eq!(gate.ruling.borrow().status.version, 0);
    assert_eq!(open(&gate.disk).pending().map(|pending| pending.version), Some(7), "it can be read again");
}
