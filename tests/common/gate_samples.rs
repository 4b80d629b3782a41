//! What a gate sends, by the batch: for measuring, and for training a dictionary.

use kakou::base::{Random, Wall};
use kakou::journal::{HubOpener, Stored};
use kakou::model::{Body, Direction, SubjectKind};
use kakou::sync::wire::Batch;

use super::kiosk::{Log, NOW};

/// The logs of `gates` gates, of `count` records each, with all that happens at a gate.
pub fn logs(seed: u64, gates: u64, count: usize) -> Vec<Log> {
    (0..gates).map(|gate| log(&mut Random::new(seed ^ (gate << 32)), count)).collect()
}

fn log(random: &mut Random, count: usize) -> Log {
    let place = *random.pick(&["east", "west", "gate", "north", "river", "park", "bei", "dong"]).unwrap();
    let name = format!("{place}-{}", 1 + random.below(40));
    let mut log = Log::new(&name, 1 + random.below(250) as u8);
    log.random = Random::new(random.next_u64());
    random.fill(&mut log.epoch.0);
    let start = Wall(NOW.0 + random.below(300 * 86_400_000) as i64);
    log.append(start, None, Body::Booted { version: "0.1.0".into(), recovered: None, clean: false }, None);
    log.append_key(start, &HubOpener::from_seed([5; 32]).public());
    let attendant = "li-na".parse().unwrap();
    log.append(start, None, Body::Attendance { attendant, signed_in: true, post: None }, None);
    let mut wall = start;
    while log.entries.len() < count {
        let lane = *random.pick(&["in-1", "out-1", "car", "person", "main"]).unwrap();
        wall = Wall(wall.0 + 1_000 + random.below(90_000) as i64);
        log.pass(wall, lane, random);
    }
    log.entries.truncate(count);
    log
}

impl Log {
    /// Somebody comes, is checked, and goes.
    fn pass(&mut self, wall: Wall, lane: &str, random: &mut Random) {
        let vehicle = random.chance(0.3);
        let subject = if vehicle { SubjectKind::Vehicle } else { SubjectKind::Person };
        let direction = if random.chance(0.7) { Direction::Inbound } else { Direction::Outbound };
        let arrival = self.append(wall, Some(lane), Body::Arrived { subject, direction }, None);
        let (passage, mut personal) = self.passage(arrival, subject, direction);
        // As long as real ones are: some give a phone, and where they come from and go to.
        for person in &mut personal.people {
            if random.chance(0.5) {
                person.phone = Some(kakou::base::Pii::new(format!("13{:09}", random.below(1_000_000_000))));
                person.origin = Some(kakou::base::Pii::new("四川省内江市威远县严陵镇".to_owned()));
                person.destination = Some(kakou::base::Pii::new("滨河小区三栋二单元".to_owned()));
            }
        }
        let opens = passage.verdict.opens_barrier();
        let took = i64::from(passage.took_ms);
        self.append(Wall(wall.0 + took), Some(lane), Body::Passage(Box::new(passage)), Some(&personal));
        if opens {
            let crossing = kakou::model::record::Crossing::Passed;
            self.append(
                Wall(wall.0 + took + 3_000),
                Some(lane),
                Body::Crossed { arrival, crossing, counted: None },
                None,
            );
        }
    }
}

/// A log's records in batches of `size`, from the first passage on.
pub fn batches(log: &Log, size: usize) -> Vec<Batch> {
    let first = 3;
    let mut tree = log.frontier(first as u64);
    log.entries[first..]
        .chunks_exact(size)
        .map(|entries: &[Stored]| {
            entries.iter().for_each(|stored| tree.push(stored.leaf_hash()));
            let note = kakou::journal::Note::new(&log.kiosk, log.epoch, &tree).sign(&log.key).to_string();
            Batch { note, entries: entries.to_vec() }
        })
        .collect()
}
