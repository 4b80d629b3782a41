//! A record never waits for more than one chunk: counted in virtual time on a line so slow that it would be noticed.

use std::time::Duration;

use kakou::base::{BlobId, Epoch, Mono, Random, Seq, Wall};
use kakou::sync::blobs::{self, CHUNK, Queue, Records};
use kakou::sync::{Action, Answer, Durable, Link, Series, Settings};

/// A line of 50 kbit/s.
fn takes(bytes: usize) -> Duration {
    Duration::from_millis(300 + bytes as u64 * 8 / 50)
}

/// What a run came to.
#[derive(Debug, Default)]
struct Run {
    chunks: u32,
    records: u32,
    longest: Duration,
}

/// Which goes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// A look at the records before each chunk.
    Records,
    /// Planted: a picture that was begun is sent to its end.
    Pictures,
}

/// Hours in which a picture waits the whole time and a record comes every minute or so.
fn hours(order: Order) -> Run {
    let (mut now, mut random, wall) = (Mono::from_millis(1_000), Random::new(3), Wall(1_790_000_000_000));
    let mut link = Link::new(Settings::default(), Random::new(1));
    link.take_up(Series::Main, Epoch([1; 16]), &[]);
    let (mut queue, mut run) = (Queue::new(Random::new(2)), Run::default());
    let end = now + Duration::from_hours(6);
    let (mut durable, mut at_hub, mut blob, mut offset) = (0_u64, 0_u64, 0_u8, 0_u32);
    let mut next_record = now;
    let mut since: Option<Mono> = None;
    while now < end {
        if now >= next_record {
            durable += 1;
            since = since.or(Some(next_record));
            next_record = next_record + Duration::from_millis(random.below(120_000));
        }
        if queue.waiting() == 0 {
            (blob, offset) = (blob.wrapping_add(1), 0);
            queue.take_up([BlobId([blob; 32])]);
        }
        let is_begun = order == Order::Pictures && offset > 0;
        let action = if is_begun { Action::WaitUntil(now) } else { link.next(now, Durable::main(durable)).1 };
        let Action::WaitUntil(until) = action else {
            now = now + takes(700);
            if let Action::Post { .. } = action {
                at_hub = durable;
                run.records += 1;
                run.longest = run.longest.max(since.take().map_or(Duration::ZERO, |since| now.since(since)));
            }
            link.on_answer(now, wall, Answer::Next(Seq::new(at_hub + 1).unwrap()));
            continue;
        };
        let all_sent = link.status().waiting == 0 || is_begun;
        let records = if all_sent { Records::Sent } else { Records::Waiting };
        let answer = match queue.next(now, records) {
            blobs::Action::WaitUntil(blobs) => {
                now = until.min(blobs).min(next_record).max(now + Duration::from_millis(1));
                continue;
            }
            blobs::Action::Forget(_) => blobs::Answer::Forgotten,
            blobs::Action::Ask(_) => {
                now = now + takes(300);
                blobs::Answer::At(offset)
            }
            blobs::Action::Put { length, .. } => {
                run.chunks += 1;
                now = now + takes(length);
                offset += length as u32;
                let whole = offset >= 8 * CHUNK as u32;
                if whole { blobs::Answer::Whole } else { blobs::Answer::At(offset) }
            }
        };
        queue.on_answer(now, answer);
    }
    run
}

#[test]
fn a_record_never_waits_for_more_than_one_chunk() {
    // The chunk or the heartbeat that was under way, and its own way.
    let most = takes(CHUNK) + takes(700) + takes(700);
    let run = hours(Order::Records);
    assert!(run.chunks > 1_000 && run.records > 200, "both had something to do: {run:?}");
    assert!(run.longest <= most, "{run:?}, allowed are {most:?}");
    let planted = hours(Order::Pictures);
    assert!(planted.longest > 4 * most, "a kiosk that does not look is noticed: {planted:?}");
}
