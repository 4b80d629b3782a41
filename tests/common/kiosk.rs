//! A kiosk's log without a kiosk: records, their tree and its notes, made up from a seed.

use kakou::base::{
    BootId, CentiCelsius, ClockTrust, Epoch, KioskId, Mono, Pii, PolicyId, Random, Seq, Stamp, Wall,
};
use std::collections::BTreeMap;
use std::io;

use kakou::journal::{Disk, Frontier, Note, Seal, Sealer, SigningKey, Stored};
use kakou::model::record::Occupant;
use kakou::model::{
    Body, Class, Decider, Direction, Entry, Evidence, Passage, Person, Personal, Reason, StepKind,
    StepOutcome, StepRecord, SubjectKind, Vehicle, Verdict, Zone,
};

/// A time at which everything here happens: 2026-11-22 10:00 in China.
pub const NOW: Wall = Wall(1_795_312_800_000);

/// The log of one kiosk in one epoch.
pub struct Log {
    pub kiosk: KioskId,
    pub epoch: Epoch,
    pub key: SigningKey,
    pub sealer: Sealer,
    pub entries: Vec<Stored>,
    pub random: Random,
    beats: u64,
}

impl Log {
    pub fn new(name: &str, epoch: u8) -> Self {
        let (kiosk, epoch_id) = (name.parse().unwrap(), Epoch([epoch; 16]));
        let entropy = Box::new(Random::new(u64::from(epoch) + 1));
        let sealer = Sealer::open(&mut Memory::default(), &kiosk, epoch_id, entropy).unwrap();
        Self {
            kiosk,
            epoch: epoch_id,
            key: SigningKey::from_seed(&[name.len() as u8; 32]),
            sealer,
            entries: vec![],
            random: Random::new(u64::from(epoch)),
            beats: 0,
        }
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn next(&self) -> Seq {
        Seq::new(self.size() + 1).unwrap()
    }

    /// The edge of the tree over the first `size` records.
    pub fn frontier(&self, size: u64) -> Frontier {
        let mut frontier = Frontier::new();
        self.entries.iter().take(size as usize).for_each(|stored| frontier.push(stored.leaf_hash()));
        frontier
    }

    /// The signed note over the first `size` records.
    pub fn note(&self, size: u64) -> String {
        Note::new(&self.kiosk, self.epoch, &self.frontier(size)).sign(&self.key).to_string()
    }

    /// A heartbeat that differs from every earlier one.
    pub fn beat(&mut self, size: u64) -> String {
        self.beats += 1;
        let line = format!("beat 00 {}", self.beats);
        Note::new(&self.kiosk, self.epoch, &self.frontier(size))
            .with_extension(&line)
            .sign(&self.key)
            .to_string()
    }

    /// Records `from` to `through`, both included.
    pub fn slice(&self, from: u64, through: u64) -> Vec<Stored> {
        self.entries[from as usize - 1..through as usize].to_vec()
    }

    /// Appends a record at `wall`.
    pub fn append(&mut self, wall: Wall, lane: Option<&str>, body: Body, personal: Option<&Personal>) -> Seq {
        self.append_stamped(stamp(wall), lane, body, personal)
    }

    /// Appends a record with this stamp.
    pub fn append_stamped(
        &mut self,
        stamp: Stamp,
        lane: Option<&str>,
        body: Body,
        personal: Option<&Personal>,
    ) -> Seq {
        let seq = self.next();
        let seal = personal.map_or(Seal::None, |personal| self.sealer.seal(personal).unwrap());
        let entry = Entry { seq, stamp, lane: lane.map(|lane| lane.parse().unwrap()), body };
        self.entries.push(Stored::new(&entry, seal).unwrap());
        seq
    }

    /// Appends the record that gives the hub with this public key the sealing key.
    pub fn append_key(&mut self, wall: Wall, hub: &[u8; 32]) {
        let body = self.sealer.key_opened(hub).unwrap();
        self.append(wall, None, body, None);
    }

    /// Appends `count` records of a made-up gate: arrivals, passages, crossings, seconds apart.
    pub fn append_traffic(&mut self, start: Wall, count: usize) {
        let mut wall = start;
        while self.entries.len() < count {
            wall = Wall(wall.0 + 1_000 + i64::try_from(self.random.below(20_000)).unwrap());
            let vehicle = self.random.chance(0.3);
            let subject = if vehicle { SubjectKind::Vehicle } else { SubjectKind::Person };
            let direction = if self.random.chance(0.7) { Direction::Inbound } else { Direction::Outbound };
            let lane = if vehicle { "car" } else { "person" };
            let arrival = self.append(wall, Some(lane), Body::Arrived { subject, direction }, None);
            let (passage, personal) = self.passage(arrival, subject, direction);
            let opens = passage.verdict.opens_barrier();
            let wall = Wall(wall.0 + i64::from(passage.took_ms));
            self.append(wall, Some(lane), Body::Passage(Box::new(passage)), Some(&personal));
            if opens {
                let crossing = kakou::model::record::Crossing::Passed;
                self.append(
                    Wall(wall.0 + 3_000),
                    Some(lane),
                    Body::Crossed { arrival, crossing, counted: None },
                    None,
                );
            }
        }
        self.entries.truncate(count);
    }

    /// A made-up verdict on an arrival, and who it was about.
    pub fn passage(
        &mut self,
        arrival: Seq,
        subject: SubjectKind,
        direction: Direction,
    ) -> (Passage, Personal) {
        let kinds = [
            (Verdict::Admitted, None),
            (Verdict::Admitted, None),
            (Verdict::Admitted, None),
            (Verdict::Admitted, None),
            (Verdict::Admitted, None),
            (Verdict::Referred, Some(Reason::TemperatureElevated)),
            (Verdict::TurnedBack, Some(Reason::CredentialExpired)),
            (Verdict::TurnedBack, Some(Reason::NotOnRoster)),
            (Verdict::Abandoned, Some(Reason::Left)),
            (Verdict::Advised, Some(Reason::AttendantDecision)),
        ];
        let (verdict, reason) = *self.random.pick(&kinds).unwrap();
        let class =
            *self.random.pick(&[Class::Resident, Class::Resident, Class::Worker, Class::Visitor]).unwrap();
        let person = self.person();
        let people = if subject == SubjectKind::Vehicle { vec![person, self.person()] } else { vec![person] };
        let vehicle = (subject == SubjectKind::Vehicle).then(|| {
            let plate = format!("川K{}", 10_000 + self.random.below(90_000));
            Vehicle { plate: Some(Pii::new(plate)), ..Vehicle::default() }
        });
        let occupant =
            Occupant { class, verdict, reasons: vec![], steps: steps(verdict), grounds: None, apart: None };
        let occupants = if vehicle.is_some() { vec![occupant; people.len()] } else { vec![] };
        let passage = Passage {
            arrival,
            follows: None,
            subject,
            direction,
            class,
            verdict,
            reasons: reason.into_iter().collect(),
            decided_by: if verdict == Verdict::Advised {
                Decider::Attendant("li-na".parse().unwrap())
            } else {
                Decider::Policy
            },
            profile: "residential".parse().unwrap(),
            policy: PolicyId([3; 16]),
            notice: Some(12),
            steps: steps(verdict),
            occupants,
            took_ms: 2_000 + u32::try_from(self.random.below(9_000)).unwrap(),
            picture: None,
            grounds: None,
            stay: None,
        };
        (passage, Personal { people, vehicle, note: None, picture: None })
    }

    fn person(&mut self) -> Person {
        let family = *self.random.pick(&["王", "李", "张", "刘", "陈", "杨"]).unwrap();
        let given = *self.random.pick(&["小明", "秀英", "伟", "静", "强", "洋"]).unwrap();
        let number = format!("5110{:014}", self.random.below(100_000_000_000_000));
        Person {
            name: Some(Pii::new(format!("{family}{given}"))),
            id_number: Some(Pii::new(number)),
            skin: CentiCelsius::new(3_750).map(Pii::new),
            ..Person::default()
        }
    }
}

/// A stamp of a trusted clock.
pub fn stamp(wall: Wall) -> Stamp {
    let mono = Mono::from_millis(u64::try_from(wall.0 - 1_790_000_000_000).unwrap());
    Stamp { boot: BootId([1; 16]), mono, wall, trust: ClockTrust::Synced, max_error_ms: 12 }
}

fn steps(verdict: Verdict) -> Vec<StepRecord> {
    let zone = if verdict == Verdict::Referred { Zone::Refer } else { Zone::Below };
    let temperature = Evidence::Temperature { zone, attempts: 1 };
    vec![
        StepRecord {
            kind: StepKind::Credential,
            outcome: StepOutcome::Done(Evidence::RosterEntry),
            id: None,
        },
        StepRecord { kind: StepKind::Temperature, outcome: StepOutcome::Done(temperature), id: None },
    ]
}

/// Files in memory, just enough for sealing keys.
#[derive(Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    fn file(&mut self, file: &str) -> io::Result<&mut Vec<u8>> {
        self.0.get_mut(file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for Memory {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn len(&mut self, file: &str) -> io::Result<u64> {
        Ok(self.file(file)?.len() as u64)
    }

    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let content = &self.file(file)?[offset as usize..];
        let length = content.len().min(bytes.len());
        bytes[..length].copy_from_slice(&content[..length]);
        Ok(length)
    }

    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        self.0.insert(file.to_owned(), vec![0; size as usize]);
        Ok(())
    }

    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(file)?[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let content = self.0.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.0.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.0.remove(file).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
