//! Files that are handed to a kiosk, and what a hub tells it of others.

use kakou::base::{BootId, ClockTrust, IssuerId, Mono, Slug, Stamp, Wall};
use kakou::config::bundle::{Bundle, Signature, Signed, check, read_draft, signed_bytes};
use kakou::config::list::change::Push;
use kakou::config::list::csv::{self, Reading};
use kakou::config::list::{KINDS, ListFile, ListRule};
use kakou::config::roster::Roster;
use kakou::config::roster_csv;
use kakou::model::blind::IdentifierKind;
use kakou::model::{Between, Blinder, Class, Title};
use kakou::sync::turned_back::{LookBack, News, OutcomeId, Page, Told, TurnedBackElsewhere, token};

use super::seeds::{NOW, hub_key, own_key};

const PEOPLE: &str = "class,id_number,plate\nresident,11010519491231002X,\nworker,,京A12345\n";
const LISTED: &str = "身份证号,截止日期\n11010519491231002X,2026-10-01\n";
const DRAFT: &str = "version = 7\nsites = [\"xiyuan\"]\nfrom = \"2026-12-01T00:00:00+08:00\"\n\
    until = \"2026-12-15T00:00:00+08:00\"\nmode = \"watch\"\nmode_after = \"sealed\"\nshipped = [\"canteen\"]\n";

/// By the first byte: a policy bundle or its content, a list's file, a roster's, a table of either, news of other kiosks.
pub fn handed(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    match steer % 6 {
        0 => {
            let Ok(signed) = Signed::decode(bytes) else { return false };
            assert_eq!(signed.encode(), bytes, "a bundle has one form");
            true
        }
        1 => {
            let Ok(bundle) = minicbor::decode::<Bundle>(bytes) else { return false };
            let again = minicbor::decode::<Bundle>(&bundle.content()).unwrap();
            assert_eq!(again.digest(), bundle.digest());
            check(&bundle).is_ok()
        }
        2 => {
            let Ok(file) = ListFile::decode(bytes, &rule(), &site(), &blinder()) else { return false };
            assert_eq!(file.encode(&rule(), &site(), &blinder()), bytes, "a list's file has one form");
            true
        }
        3 => {
            let mended = [bytes, &crc32c::crc32c(bytes).to_le_bytes()].concat();
            let Ok(roster) = Roster::decode(&mended, &blinder()) else { return false };
            assert_eq!(Roster::decode(&roster.encode(&blinder()), &blinder()), Ok(roster));
            true
        }
        4 => {
            let (blinder, rule) = (blinder(), rule());
            let reading = Reading { rule: &rule, blinder: &blinder, now: NOW, ahead_minutes: 480 };
            let (people, listed) = (roster_csv::import(bytes, &blinder), csv::import(bytes, &reading));
            let people = people.is_ok_and(|read| {
                assert!(read.faults.len() <= read.skipped && read.skipped <= read.rows);
                !read.people.is_empty()
            });
            let listed = listed.is_ok_and(|read| {
                assert!(read.faults.len() <= read.faulty && read.faulty <= read.rows);
                !read.entries.is_empty()
            });
            people || listed
        }
        _ => {
            let Ok(page) = Page::decode(bytes) else { return false };
            let (told, through) = (page.news.len(), page.through);
            let mut known =
                TurnedBackElsewhere::new(LookBack::turn_backs(std::time::Duration::from_hours(24)));
            known.learn(page, &now());
            assert!(known.len() <= told && known.after() == through);
            true
        }
    }
}

/// Real ones of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let bundle = read_draft("draft.toml", DRAFT, &mut |name| Err(format!("{name} is not there"))).unwrap();
    let message = signed_bytes(&bundle);
    let sign = |key: kakou::journal::SigningKey| Signature {
        key: key.verifying().0,
        signature: key.sign(&message).try_into().unwrap(),
    };
    let content = bundle.content();
    let signed = Signed { bundle, signatures: [hub_key(), own_key()].map(sign).to_vec() }.encode();
    let (rule, blinder) = (rule(), blinder());
    let reading = Reading { rule: &rule, blinder: &blinder, now: NOW, ahead_minutes: 480 };
    let entries = csv::import(LISTED.as_bytes(), &reading).unwrap().entries;
    let push = Push { entries: &entries, issuers: &rule.issuers[..1], now: NOW, source: None };
    let (list, ..) = ListFile::default().push(&rule, &push).unwrap();
    let people = (0..3).map(|n| (blinder.blind(IdentifierKind::Phone, &n.to_string()), Class::Resident));
    let roster = Roster::new(people, Wall(5)).encode(&blinder);
    let news = |number, told| News {
        outcome: OutcomeId::from_bytes([number; 16]),
        kiosk: "north".parse().unwrap(),
        earliest: Some(NOW),
        latest: NOW,
        told,
        tokens: vec![token(&blinder, IdentifierKind::Plate, "京A12345")],
    };
    let page =
        Page { key: [7; 32], through: 9, news: vec![news(1, Told::TurnedBack), news(2, Told::Otherwise)] };
    let with = |steer: u8, bytes: &[u8]| [&[steer], bytes].concat();
    vec![
        with(0, &signed),
        with(1, &content),
        with(2, &list.encode(&rule, &site(), &blinder)),
        with(3, &roster[..roster.len() - 4]),
        with(4, PEOPLE.as_bytes()),
        with(4, LISTED.as_bytes()),
        with(5, &page.encode()),
    ]
}

fn now() -> Between {
    let stamp =
        Stamp { boot: BootId([1; 16]), mono: Mono(0), wall: NOW, trust: ClockTrust::Synced, max_error_ms: 1 };
    Between::of(&stamp, Wall::EARLIEST)
}

fn site() -> Slug {
    "xiyuan".parse().unwrap()
}

fn blinder() -> Blinder {
    Blinder::new(&[7; 32])
}

fn rule() -> ListRule {
    let title = || Title { zh: "观察".to_owned(), en: "Observed".to_owned() };
    ListRule {
        id: "observed".parse().unwrap(),
        title: title(),
        purpose: title(),
        advice: title(),
        holds: KINDS.map(|(_, kind)| kind).to_vec(),
        direction: None,
        issuers: ["health", "street"].map(|name| name.parse::<IssuerId>().unwrap()).to_vec(),
        cap: 100,
        bulk: 50,
        days_max: 30,
    }
}
