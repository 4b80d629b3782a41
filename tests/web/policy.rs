//! The policy on the attendant's face: what rules, what waits, and that a named person has read it.

use std::sync::Arc;

use kakou::base::{EditionId, PolicyId, Wall};
use kakou::config::list::Named;
use kakou::control::PolicyStatus;
use kakou::model::AreaMode;
use kakou::web::{Acknowledge, NamedList, NotTaken, PolicyPending, PolicyView};

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

/// One rules, and the next waits.
pub fn sample() -> PolicyView {
    let at = |days: i64| Wall::from_secs(1_769_877_900 + days * 86_400);
    PolicyView {
        rules: Some((7, Some(at(3)))),
        expired: None,
        next: None,
        pending: Some(PolicyPending {
            version: 8,
            bundle: PolicyId([7; 16]),
            from: at(2),
            until: Some(at(16)),
            mode: AreaMode::Sealed,
            mode_after: AreaMode::Watch,
            notice: Some((
                13,
                "关于加强出入查验的通告".to_owned(),
                "On closer checks at the gates".to_owned(),
            )),
            lists: vec![
                named("observed", Named::InForce),
                named("returning", Named::Other { edition: EditionId([5; 16]), pushed: at(-1) }),
                named("plates", Named::Absent),
            ],
            differs: vec![
                "版本 version: 7 → 8".to_owned(),
                "区域状态 area mode: watch → sealed".to_owned(),
                "阈值 threshold temperature: 37.30 °C → 37.00 °C".to_owned(),
                "方案 profile residential-person-in: 2 处有改动 changes".to_owned(),
            ],
        }),
        lists: vec![named("observed", Named::InForce)],
        refused: Some("signed by 1 of the trusted signers; at least two different ones must sign".to_owned()),
    }
}

fn named(name: &str, here: Named) -> NamedList {
    NamedList { name: name.parse().unwrap(), sha256: "c0ffee0123456789".repeat(4), here }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_person_reads_what_differs_and_says_so() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    fake.policy.send_replace(Arc::new(sample()));
    fake.set(|status| status.policy = PolicyStatus { version: 7, waits: Some(8), ..PolicyStatus::default() });
    browser.open(&fake.url("/attendant/lane/in-1")).await;
    browser.wait_for_text("#banners", "新策略第8版待阅知").await;
    fake.set(|status| status.policy.lacks = vec!["plates".parse().unwrap()]);
    browser.wait_for_text("#banners .bad", "策略所列名单 plates 本机没有").await;
    // From a lane with keys only: more, records, policy.
    browser.open(&fake.url("/attendant/more")).await;
    browser.keys("\u{E031}").await;
    browser.wait_for_address("/attendant/lists").await;
    browser.keys("\u{E034}").await;
    browser.wait_for_address("/attendant/policy").await;
    browser.wait_for_text(".in-force", "现行：第7版，至").await;
    browser.wait_for_text(".pending", "依据第13号通告").await;
    browser.wait_for_text(".pending", "区域状态：封控").await;
    browser.wait_for_text(".pending", "37.30 °C → 37.00 °C").await;
    browser.wait_for_text(".message", "上一份策略包被拒绝").await;
    let mut desk = fake.read.lock().await;
    browser.wait_for_text(".pending .lists", "observed c0ffee0123456789… 已生效").await;
    browser.wait_for_text(".pending .lists", "returning c0ffee0123456789… 本机是另一版").await;
    browser.wait_for_text(".pending .lists .bad", "plates c0ffee0123456789… 本机没有，请导入").await;
    let answers = [
        (Err(NotTaken::Another), "待阅知的已是另一份"),
        (Err(NotTaken::Lists), "名单与策略所列不符"),
        (Ok(()), "已记录"),
    ];
    for (answer, said) in answers {
        // The page waits for the answer before it goes on.
        let answered = async {
            let Acknowledge { by, version, bundle, reply } = desk.recv().await.unwrap();
            assert_eq!((by.as_str(), version, bundle), ("zhou", 8, PolicyId([7; 16])));
            reply.send(answer).unwrap();
        };
        tokio::join!(browser.keys("\u{E031}"), answered);
        browser.wait_for_text("#flash", said).await;
    }
    fake.policy.send_replace(Arc::new(PolicyView { expired: Some(8), ..PolicyView::default() }));
    browser.open(&fake.url("/attendant/policy")).await;
    browser.wait_for_text(".in-force", "第8版已到期").await;
    assert!(browser.client.find(fantoccini::Locator::Css("[data-key=F1]")).await.is_err(), "nothing waits");
    browser.close().await;
}
