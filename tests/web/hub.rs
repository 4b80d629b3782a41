//! The hub's pages in a real browser: nothing is wider than the screen that it is read on.

use std::sync::Arc;

use fantoccini::Locator;
use kakou::base::{KioskId, Mono, Pii, Random, Seq, Wall};
use kakou::credential::trusted::file::Contents;
use kakou::hub::{Options, Running, start};
use kakou::journal::picture;
use kakou::ledger::Officer;
use kakou::model::trust_list::{REFUSE_AFTER_H, TrustList, TrustListKind, WARN_AFTER_H};
use kakou::model::{Body, Cause, Direction, Passage, Personal, Service, SubjectKind, Verdict};
use kakou::platform::entropy::OsEntropy;
use kakou::sync::command::What;
use kakou::vision::{Frame, Preview};
use ring::signature::Ed25519KeyPair;

use super::common::kiosk::{Log, NOW};
use super::harness::Browser;

/// The longest name that a kiosk can have.
const LONG: &str = "lakeside-industrial-park-gate-07";

/// A hub with two kiosks that have sent records, and a folder that lives as long.
pub struct Centre {
    running: Running,
    folder: tempfile::TempDir,
}

impl Centre {
    /// Starts it.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().to_path_buf();
        let options = Options { listen: "127.0.0.1:0".parse().unwrap(), data, names: vec![] };
        let now = Wall(NOW.0 + 600_000);
        let running = start(options, Arc::new(move || now), Box::new(OsEntropy::new())).await.unwrap();
        let centre = Self { running, folder };
        centre.trust();
        centre.hear(Log::new("east-1", 7), 60).await;
        centre.hear(Log::new(LONG, 8), 40).await;
        centre
    }

    /// Enrols the kiosk of `log` and takes in what happened at it.
    async fn hear(&self, mut log: Log, records: usize) {
        let hub = &self.running.hub;
        log.append_key(NOW, &hub.keys().seal_key());
        log.append_traffic(NOW, records);
        self.picture(&mut log);
        let token = hub.make_token(Some(log.kiosk.clone())).await.unwrap().digest();
        let (now, key) = (hub.now(), log.key.verifying());
        hub.write(move |ledger| ledger.enrol(&token, None, key, now)).await.unwrap().unwrap();
        let (kiosk, epoch, note) = (log.kiosk.clone(), log.epoch, log.note(log.size()));
        let other = forked(&log);
        let (name, alarms) = (kiosk.clone(), alarms(&log));
        let entries = log.entries;
        let raised = (alarms.epoch, alarms.note(alarms.size()), alarms.entries);
        hub.write(move |ledger| ledger.apply(&name, epoch, Seq::FIRST, &note, &entries, now))
            .await
            .unwrap()
            .unwrap();
        let name = kiosk.clone();
        hub.write(move |ledger| ledger.apply(&name, raised.0, Seq::FIRST, &raised.1, &raised.2, now))
            .await
            .unwrap()
            .unwrap();
        self.command(&kiosk).await;
        // A second version of the log raises an alarm with a long text.
        let _ = hub.write(move |ledger| ledger.heartbeat(&kiosk, epoch, &other, now)).await.unwrap();
        assert!(!hub.read(|ledger| ledger.alarms(9)).await.unwrap().unwrap().is_empty());
    }

    /// A file of trust is here, with lists of every kind, state and length of name.
    fn trust(&self) {
        let hub = &self.running.hub;
        let names = TrustListKind::ALL.map(TrustListKind::name).into_iter().chain([LONG]);
        let list = |(at, name): (usize, &str)| TrustList {
            name: name.to_owned(),
            kind: TrustListKind::ALL[at % TrustListKind::ALL.len()],
            as_of: Wall(NOW.0 - [1, 40, 400][at % 3] * 3_600_000),
            entries: 1_234_567,
            warn_after_s: WARN_AFTER_H * 3_600,
            refuse_after_s: REFUSE_AFTER_H * 3_600,
        };
        let lists = names.enumerate().map(list).collect();
        let signer = Ed25519KeyPair::from_seed_unchecked(&hub.keys().pass_seed()[..]).unwrap();
        let mut file = vec![];
        Contents { version: 1_800_000_000_000, built: NOW, lists, ..Contents::default() }
            .write(&signer, &mut file)
            .unwrap();
        std::fs::write(self.folder.path().join("trust.kkt"), file).unwrap();
    }

    /// Somebody is turned back, and a picture of that is here.
    fn picture(&self, log: &mut Log) {
        let luma = (0..320 * 240_u32).map(|at| u8::try_from((at % 320 + at / 320) % 251).unwrap()).collect();
        let frame = Frame::new(320, 240, luma, Mono::ZERO).unwrap();
        let sealed = picture::seal(&Preview::of(&frame, &[]).bmp, &mut Random::new(7)).unwrap();
        let (person, inbound, wall) = (SubjectKind::Person, Direction::Inbound, Wall(NOW.0 + 599_000));
        let arrived = Body::Arrived { subject: person, direction: inbound };
        let arrival = log.append(wall, Some("person"), arrived, None);
        let (passage, personal) = log.passage(arrival, person, inbound);
        let (verdict, picture) = (Verdict::TurnedBack, Some(sealed.picture));
        let passage = Passage { verdict, picture, ..passage };
        let personal = Personal { picture: Some(Pii::new(sealed.key)), ..personal };
        log.append(wall, Some("person"), Body::Passage(Box::new(passage)), Some(&personal));
        let folder = self.folder.path().join("blobs");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}.{}", log.kiosk, sealed.picture.sha256)), &sealed.bytes)
            .unwrap();
    }

    /// Somebody asks it for what takes the most room on a page.
    async fn command(&self, kiosk: &KioskId) {
        let notice = What::Notice {
            number: 31, text: "凭码通行，请戴口罩，听从值守人员安排。".repeat(10)
        };
        let lane = What::LaneService { lane: LONG.parse().unwrap(), service: Service::Out };
        let hub = &self.running.hub;
        for (what, limit) in [(notice, None), (lane, Some(Wall(NOW.0))), (What::RenewKey, None)] {
            let officer = Officer::new("王建国站长", "道路施工，至今晚二十二时，按区指挥部电话通知").unwrap();
            hub.command(kiosk.clone(), what, officer, limit).await.unwrap().unwrap();
        }
    }

    /// Signs `browser` in.
    pub async fn sign_in(&self, browser: &Browser) {
        browser.open(&self.running.sign_in_url).await;
        browser.wait_for("#gates").await;
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }
}

/// What the kiosk of `log` raised: about a record that is here, about one that is not yet, about none.
fn alarms(log: &Log) -> Log {
    let mut urgent = Log::new(log.kiosk.as_str(), log.epoch.0[0] + 50);
    let wall = Wall(NOW.0 + 599_500);
    let about = |seq| Some((log.epoch, Seq::new(seq)));
    for (cause, lane, record) in [
        (Cause::Begun, None, about(0)),
        (Cause::OpenedByHand, Some("person"), about(3)),
        (Cause::Emergency, Some("person"), about(9_000)),
        (Cause::WriteFailed, None, None),
    ] {
        let body = cause.draft(None, record).body;
        urgent.append(Wall(wall.0 + urgent.size() as i64), lane, body, None);
    }
    urgent
}

/// A note over as many records with another root.
fn forked(log: &Log) -> String {
    let mut other = Log::new(log.kiosk.as_str(), log.epoch.0[0]);
    other.append_traffic(Wall(NOW.0 + 1), log.entries.len());
    other.beat(log.size())
}

/// Opens every page of the hub, one after the other, and looks at it.
pub async fn every_page(centre: &Centre, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
    for (path, name) in [
        ("/", "overview"),
        ("/ledger", "ledger"),
        ("/tallies", "tallies"),
        ("/passes", "passes"),
        ("/kiosks/east-1/revoke", "revoke"),
        ("/alarms", "alarms"),
        ("/alarms/1", "alarm"),
        ("/kiosks/east-1", "commands"),
        ("/kiosks", "kiosks"),
    ] {
        browser.open(&centre.url(path)).await;
        look(name).await;
    }
    browser.fill("input[name=name]", "west-1").await;
    browser.click("form.filters button").await;
    browser.wait_for(".token .qr svg").await;
    look("token").await;
    browser.open(&centre.url("/passes")).await;
    browser.fill("input[name=site]", "jinhe-garden").await;
    browser.fill("input[name=plate]", "川A12345").await;
    browser.click("form.filters button").await;
    browser.wait_for(".pass .qr svg").await;
    look("pass").await;
    browser.open(&centre.url("/ledger")).await;
    browser.click("table.passages tbody tr:has(.stop) td a").await;
    browser.wait_for(".personal form").await;
    look("record").await;
    browser.fill("input[name=officer]", "陈建国").await;
    browser.fill("input[name=reason]", "走失儿童").await;
    browser.click(".personal button").await;
    browser.wait_for_text(".personal", "姓名").await;
    // The browser was given leave to draw it, and drew it.
    browser.wait_until("document.querySelector('figure.picture img').naturalWidth === 320").await;
    look("record-opened").await;
    browser.open(&centre.url("/access")).await;
    look("access").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_hub_is_wider_than_its_screen() {
    let centre = Centre::start().await;
    for (width, height) in [(1_024, 600), (360, 740)] {
        let browser = Browser::sized(width, height).await;
        centre.sign_in(&browser).await;
        let mut wide = vec![];
        every_page(&centre, &browser, async |name| wide.extend(too_wide(&browser, name, width).await)).await;
        assert!(wide.is_empty(), "at {width} px: {wide:#?}");
        browser.close().await;
    }
}

/// What of a page reaches over the right edge, or has to be moved to be read.
pub async fn too_wide(browser: &Browser, name: &str, width: u32) -> Option<String> {
    let script = "const over = (e) => e.getBoundingClientRect().right > innerWidth + 1
            || (e.scrollWidth > e.clientWidth + 1 && e.matches('section, table, td, th, dd, .tile, main, body'));
        const wide = [...document.querySelectorAll('body, body *:not(option)')].filter((e) => e.offsetParent && over(e));
        return [document.documentElement.scrollWidth, innerWidth,
            wide.slice(0, 4).map((e) => `${e.tagName}.${e.className} ${e.textContent.slice(0, 30)}`).join('; ')]";
    let found = browser.script(script).await;
    let fits = [0, 1].iter().all(|index| found[*index].as_u64() == Some(width.into())) && found[2] == "";
    (!fits).then(|| format!("{name}: {found}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_every_number_of_a_gate_says_what_it_is() {
    let centre = Centre::start().await;
    let browser = Browser::sized(360, 740).await;
    centre.sign_in(&browser).await;
    let cells = "return [...document.querySelectorAll('#gates tbody tr td')].filter((e) => e.offsetParent)
        .map((e) => getComputedStyle(e, '::before').content)";
    let labels = browser.script(cells).await;
    let labels = labels.as_array().unwrap();
    assert!(labels.len() > 20);
    assert!(labels.iter().all(|label| label.as_str().is_some_and(|label| label.len() > 4)), "{labels:?}");
    let gates = browser.client.find_all(Locator::Css("#gates table:not(.passages) tbody th")).await.unwrap();
    assert!(gates.len() >= 2);
    browser.close().await;
}
