//! Everybody who waits for a record hears of it: that it is durable, that it never will be, that the journal fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{Random, Seq};
use kakou::control::JournalStatus;
use kakou::daemon::first_records::first_records;
use kakou::daemon::keeper::Rules;
use kakou::daemon::recorder::WAITING_MAX;
use kakou::daemon::recording::{self, Desks, Outlets};
use kakou::daemon::{News, Recorder, Request, Waiter};
use kakou::engine::Ticket;
use kakou::journal::{Disk, Journal, Options, Recovery};
use kakou::model::{Body, Cause, Draft};
use kakou::platform::clock::Clock;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use tokio::sync::{mpsc, watch};

const RULES: Rules = Rules {
    records: Duration::from_hours(90 * 24),
    personal: Duration::from_hours(14 * 24),
    ahead_minutes: 480,
};

pub fn journal(disk: &SimDisk) -> (Journal<SimDisk>, Recovery) {
    let options = Options { segment_len: 1 << 20, ballast_len: 0, ..Options::new("east-1".parse().unwrap()) };
    Journal::open(disk.clone(), options, Box::new(Random::new(disk.operations() + 1))).unwrap()
}

fn break_down(disk: &SimDisk) {
    let (from, count) = (disk.operations(), u64::MAX / 2);
    disk.inject(Some(Fault { from, count, kind: FaultKind::Medium }));
}

/// Requests of one lane, told apart by their tickets.
fn request(clock: &Clock, ticket: u64, version: &str) -> Request {
    let body = Body::Booted { version: version.to_owned(), recovered: None, clean: true };
    Request {
        answer: Some((Waiter::Lane("gate".parse().unwrap()), Ticket(ticket))),
        draft: Box::new(Draft { lane: Some("gate".parse().unwrap()), body, personal: None }),
        stamp: clock.stamp(),
    }
}

fn refused(news: &[News]) -> Vec<Ticket> {
    let ticket = |news: &News| match news {
        News::Refused { ticket, .. } => Some(*ticket),
        News::Durable { .. }
        | News::Inbox { .. }
        | News::Policy { .. }
        | News::Failed(_)
        | News::Restored => None,
    };
    news.iter().filter_map(ticket).collect()
}

fn durable(news: &[News]) -> Vec<Ticket> {
    let ticket = |news: &News| match news {
        News::Durable { ticket, .. } => Some(*ticket),
        News::Refused { .. }
        | News::Inbox { .. }
        | News::Policy { .. }
        | News::Failed(_)
        | News::Restored => None,
    };
    news.iter().filter_map(ticket).collect()
}

#[test]
fn a_record_that_can_never_be_written_is_answered_and_holds_up_no_other() {
    let clock = Clock::new().unwrap();
    let mut recorder = Recorder::new(journal(&SimDisk::new()).0);
    let mut news = Vec::new();
    recorder.hand_in(request(&clock, 1, "first"), &mut news);
    recorder.hand_in(request(&clock, 2, &"x".repeat(100_000)), &mut news);
    recorder.hand_in(request(&clock, 3, "third"), &mut news);
    recorder.commit(&mut news);
    assert_eq!((refused(&news), durable(&news)), (vec![Ticket(2)], vec![Ticket(1), Ticket(3)]));
    assert!(!recorder.has_failed());
}

#[test]
fn what_no_longer_fits_behind_a_failed_journal_is_answered_and_the_rest_is_kept() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    let mut recorder = Recorder::new(journal(&disk).0);
    let mut news = Vec::new();
    break_down(&disk);
    recorder.hand_in(request(&clock, 0, "first"), &mut news);
    recorder.commit(&mut news);
    assert!(recorder.has_failed());
    let kept = WAITING_MAX as u64;
    (1..=kept + 2).for_each(|ticket| recorder.hand_in(request(&clock, ticket, "later"), &mut news));
    assert_eq!(refused(&news), [Ticket(kept + 1), Ticket(kept + 2)]);
    disk.inject(None);
    recorder.retry(&mut news);
    assert_eq!(durable(&news), (0..=kept).map(Ticket).collect::<Vec<_>>());
}

#[test]
fn what_a_failing_medium_lost_is_recorded_once_when_the_journal_works_again() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    let mut recorder = Recorder::new(journal(&disk).0);
    let mut news = Vec::new();
    for ticket in 0..40 {
        recorder.hand_in(request(&clock, ticket, "there"), &mut news);
        recorder.commit(&mut news);
    }
    let file = disk.clone().list().unwrap().into_iter().find(|file| file.ends_with(".seg")).unwrap();
    let content = disk.read(&file).unwrap();
    let frame = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == 7_u64.to_le_bytes();
    disk.flip(&file, content.windows(16).position(frame).unwrap() + 40, 1);
    break_down(&disk);
    recorder.hand_in(request(&clock, 40, "later"), &mut news);
    recorder.commit(&mut news);
    // It can be read again, and fails with the first thing that is written.
    for _ in 0..3 {
        let from = disk.operations();
        disk.inject(Some(Fault { from: from + 1, count: u64::MAX / 2, kind: FaultKind::Medium }));
        recorder.retry(&mut news);
        assert!(recorder.has_failed());
    }
    disk.inject(None);
    recorder.retry(&mut news);
    assert_eq!(durable(&news).len(), 41);
    let mut reader = recorder.journal().reader(disk.clone());
    let stored = reader.read(Seq::new(8).unwrap(), 99, usize::MAX).unwrap();
    let bodies: Vec<Body> = stored.iter().map(|stored| stored.entry().unwrap().body).collect();
    let gaps = bodies.iter().filter(|body| matches!(body, Body::Gap { .. })).collect::<Vec<_>>();
    assert!(matches!(gaps[..], [Body::Gap { from, through, .. }] if (from.get(), through.get()) == (7, 7)));
}

#[test]
fn the_inbox_hears_of_its_records_only_once_they_are_durable_and_lanes_do_not() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    let mut recorder = Recorder::new(journal(&disk).0);
    let of_inbox = |ticket, version: &str| Request {
        answer: Some((Waiter::Inbox, Ticket(ticket))),
        ..request(&clock, ticket, version)
    };
    let heard = |news: &[News]| -> Vec<(Ticket, bool)> {
        let inbox = news.iter().filter_map(|news| match news {
            News::Inbox { ticket, outcome } => Some((*ticket, outcome.is_ok())),
            News::Durable { .. }
            | News::Refused { .. }
            | News::Policy { .. }
            | News::Failed(_)
            | News::Restored => None,
        });
        inbox.collect()
    };
    let mut news = Vec::new();
    break_down(&disk);
    recorder.hand_in(of_inbox(1, "first"), &mut news);
    recorder.commit(&mut news);
    assert!(recorder.has_failed() && heard(&news).is_empty(), "{news:?}");
    disk.inject(None);
    recorder.retry(&mut news);
    recorder.hand_in(of_inbox(2, &"x".repeat(100_000)), &mut news);
    recorder.commit(&mut news);
    assert_eq!(heard(&news), [(Ticket(1), true), (Ticket(2), false)]);
    assert!(durable(&news).is_empty() && refused(&news).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_fails_at_the_start_is_said_to_every_lane_and_on_the_screens() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    let (journal, recovery) = journal(&disk);
    break_down(&disk);
    let log = watch::Sender::new(journal.open_log());
    let begun = first_records(journal, &recovery, None, &clock, (&RULES, vec![]));
    assert!(begun.0.has_failed() && begun.1.iter().any(|news| matches!(news, News::Failed(_))));

    let (mut lanes, mut heard) = (BTreeMap::new(), Vec::new());
    for lane in ["in", "out"] {
        let (news, hears) = mpsc::channel(16);
        lanes.insert(lane.parse().unwrap(), news);
        heard.push(hears);
    }
    let (status, mut seen) = watch::channel(JournalStatus::default());
    let chores = std::sync::mpsc::sync_channel(1).1;
    let durable = watch::Sender::new((log.borrow().epoch(), 0));
    let progress = Arc::default();
    let (inbox, _) = mpsc::channel(1);
    let desks = Desks { inbox, policy: mpsc::channel(1).0 };
    let outlets = Outlets { lanes, desks, durable, log, status, progress, chores, alarms: None };
    let (requests, for_recorder) = mpsc::channel(16);
    recording::start(begun, for_recorder, outlets, clock, mpsc::channel(1).0).unwrap();
    for lane in &mut heard {
        assert!(matches!(lane.recv().await, Some(News::Failed(_))));
    }
    seen.wait_for(|status| status.failed.is_some()).await.unwrap();
    drop(requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lane_waits_for_an_alarm_and_each_is_handed_over_after_its_record() {
    let clock = Clock::new().unwrap();
    let (journal, recovery) = journal(&SimDisk::new());
    let log = watch::Sender::new(journal.open_log());
    let begun = first_records(journal, &recovery, None, &clock, (&RULES, vec![]));
    let (news, mut hears) = mpsc::channel(64);
    let lanes = BTreeMap::from([("gate".parse().unwrap(), news)]);
    // There is room for two, and nobody takes them.
    let (alarms, raised) = std::sync::mpsc::sync_channel(2);
    let durable = watch::Sender::new((log.borrow().epoch(), 0));
    let (status, _seen) = watch::channel(JournalStatus::default());
    let chores = std::sync::mpsc::sync_channel(1).1;
    let epoch = log.borrow().epoch();
    let outlets = Outlets {
        lanes,
        desks: Desks { inbox: mpsc::channel(1).0, policy: mpsc::channel(1).0 },
        durable,
        log,
        status,
        progress: Arc::default(),
        chores,
        alarms: Some(alarms),
    };
    let (requests, for_recorder) = mpsc::channel(16);
    recording::start(begun, for_recorder, outlets, clock.clone(), mpsc::channel(1).0).unwrap();
    for ticket in 0..6 {
        let opened = Request {
            draft: Box::new(Draft {
                lane: Some("gate".parse().unwrap()),
                body: Body::OpenedByHand,
                personal: None,
            }),
            ..request(&clock, ticket, "")
        };
        requests.send(opened).await.unwrap();
        let heard = hears.recv().await.unwrap();
        assert!(matches!(heard, News::Durable { ticket: Ticket(known), .. } if known == ticket), "{heard:?}");
    }
    let pointed = |raised: Request| {
        let Body::Alarm { kind: Cause::OpenedByHand, epoch, seq } = raised.draft.body else {
            panic!("{raised:?}")
        };
        (epoch, seq.map(Seq::get))
    };
    let pointed: Vec<_> = raised.try_iter().map(pointed).collect();
    assert_eq!(pointed, [(Some(epoch), Some(2)), (Some(epoch), Some(3))]);
}
