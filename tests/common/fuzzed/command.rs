//! Commands of a hub, and what a kiosk keeps of them.

use std::sync::LazyLock;

use kakou::base::{ClockTrust, Mono, Random, Wall};
use kakou::model::{Body, Outcome, Service};
use kakou::sync::command::{Asked, Bad, Command, What};
use kakou::sync::inbox::{Action, Deed, Event, Identity, Inbox, LENGTH_MAX, Memory, Now};

use super::seeds::{NOW, hub_key, kiosk, own_key};

/// More steps than any command takes.
const STEPS: usize = 40;

/// By the first byte: a signed command, the order within one (which is signed then), or the kiosk's file.
pub fn command(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    match steer % 3 {
        0 => {
            let read = Command::verify(bytes, &hub_key().verifying(), (&kiosk(), identity().series()));
            static GENUINE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(seeds);
            let genuine = GENUINE.iter().any(|seed| seed[0] == 0 && seed[1..] == *bytes);
            assert_eq!(read != Err(Bad::Forged), genuine, "nobody else can sign");
            carry_out(Memory::default(), bytes)
        }
        1 => {
            let Ok(order) = minicbor::decode::<Command>(bytes) else { return false };
            let Some(signed) = order.sign(&hub_key()) else { return false };
            carry_out(Memory::default(), &signed)
        }
        _ => {
            let crc = crc32c::crc32c(bytes);
            let file = [bytes, &crc.to_le_bytes()].concat();
            let Some(memory) = Memory::decode(&file).filter(|_| file.len() <= LENGTH_MAX) else {
                return false;
            };
            assert_eq!(Memory::decode(&memory.encode()).as_ref(), Some(&memory));
            carry_out(memory, &[]);
            true
        }
    }
}

/// Offers `signed` until it is settled or refused; says whether it was taken.
fn carry_out(memory: Memory, signed: &[u8]) -> bool {
    let mut inbox = Inbox::new(identity(), memory, (None, None), Random::new(1));
    let mut mono = Mono::from_millis(1_000);
    let (mut taken, mut done, mut asked) = (false, 0, 0);
    for _ in 0..STEPS {
        let now = Now { mono, wall: NOW, trust: ClockTrust::Synced, passed: Wall(0) };
        let event = match inbox.next(&now) {
            Action::WaitUntil(until) => {
                mono = until;
                continue;
            }
            Action::Poll { .. } if asked == 0 => {
                asked += 1;
                Event::Command(signed.to_vec())
            }
            Action::Poll { .. } => return taken,
            Action::Keep(bytes) => {
                assert!(bytes.len() <= LENGTH_MAX, "what is kept can be read again");
                Event::Kept
            }
            Action::Record(draft) => {
                assert!(matches!(draft.body, Body::Commanded { .. } | Body::CommandDone { .. }));
                taken |= matches!(draft.body, Body::Commanded { .. });
                Event::Recorded
            }
            Action::Do(deed) => {
                done += 1;
                assert!(done == 1 || deed == Deed::SendNow, "done twice");
                Event::Did(Outcome::Done)
            }
        };
        inbox.on(&now, event);
    }
    panic!("never settles");
}

/// Real ones of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let notice = What::Notice { number: 12, text: "第12号通告：凭码通行".to_owned() };
    let lane = |service| What::LaneService { lane: "in-1".parse().unwrap(), service };
    let all = [notice, lane(Service::Out), lane(Service::In), What::RenewKey, What::SendNow];
    let order = |what: &What| Command {
        kiosk: kiosk(),
        series: identity().series(),
        number: 1,
        issued: NOW,
        not_after: Some(Wall(NOW.0 + 60_000)),
        asked: Asked::from(what),
        by: "王站长".to_owned(),
        reason: "演练".to_owned(),
    };
    let mut seeds = vec![];
    for order in all.iter().map(order) {
        let signed = order.sign(&hub_key()).unwrap();
        seeds.push([&[1], &minicbor::to_vec(&order).unwrap()[..]].concat());
        // The file as it is while this one is under way.
        let now =
            Now { mono: Mono::from_millis(1_000), wall: NOW, trust: ClockTrust::Synced, passed: Wall(0) };
        let mut inbox = Inbox::new(identity(), Memory::default(), (None, None), Random::new(1));
        inbox.next(&now);
        inbox.on(&now, Event::Command(signed.clone()));
        if let Action::Keep(file) = inbox.next(&now) {
            seeds.push([&[2], &file[..file.len() - 4]].concat());
        }
        seeds.push([&[0], &signed[..]].concat());
    }
    seeds
}

fn identity() -> Identity {
    Identity {
        kiosk: kiosk(),
        own: own_key().verifying(),
        hub: hub_key().verifying(),
        lanes: vec!["in-1".parse().unwrap()],
    }
}
