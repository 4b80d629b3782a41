//! What stands between a verdict and an open barrier: `cargo bench --bench gate`.
//!
//! `verdict_to_barrier` is the whole way of the shipped code: the last step is settled, the passage is sealed,
//! appended, synced, acknowledged, and the barrier's output driven. `sync_alone` beside it writes and syncs a block of the
//! same size, which no durable record can do without.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use divan::Bencher;
use kakou::base::{BootId, ClockTrust, Mono, NoReading, Pii, Stamp, Wall};
use kakou::config::roster::Roster;
use kakou::config::{Policy, Profiles, profile_file};
use kakou::control::{Act, Aspect, Command, Direct};
use kakou::credential::{Claims, Trust, check, issue};
use kakou::daemon::{Append, LaneRunner, News, Outputs, Recorder, Request};
use kakou::drivers::barrier::{End, Position};
use kakou::engine::{Context, Settings, Times};
use kakou::journal::{Journal, Options};
use kakou::model::credential::Purpose;
use kakou::model::{
    AreaMode, Attestation, Blinder, Class, Level, Observation, Observed, Scan, ScreeningRule, SubjectKind,
    Via,
};
use kakou::platform::disk::DirDisk;
use kakou::platform::entropy::OsEntropy;
use kakou::thermometry;
use kakou::vision::{Frame, Reader};
use ring::signature::{Ed25519KeyPair, KeyPair};

fn main() {
    divan::main();
}

/// From the last settled step to the driven output, with one sync in between.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn verdict_to_barrier(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Rc::new(RefCell::new(recorder(folder.path())));
    bencher.with_inputs(|| Gate::ready(&mut recorder.borrow_mut())).bench_local_values(|mut gate| {
        let mut recorder = recorder.borrow_mut();
        gate.act(Act::Attest(Attestation::Mask));
        gate.settle(&mut recorder);
        assert!(gate.opened.load(Ordering::Relaxed), "the barrier was driven");
    });
}

/// A write and fdatasync of as many bytes, in a file that was laid out before.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn sync_alone(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = File::create(folder.path().join("block")).expect("a file");
    file.write_all_at(&vec![0; 4 << 20], 0).expect("room");
    file.sync_all().expect("synced");
    let mut at = 0;
    bencher.bench_local(|| {
        file.write_all_at(&[7; 512], at).expect("written");
        file.sync_data().expect("synced");
        at = (at + 512) % (4 << 20);
    });
}

/// One camera frame with a pass in it: found, decoded, signature and validity checked.
#[divan::bench]
fn decode_and_verify_a_frame(bencher: Bencher<'_, '_>) {
    let (pass, trust) = pass();
    let frame = picture(&pass);
    bencher.bench_local(|| {
        let sight = Reader::default().read(&frame);
        let code = sight.codes.first().expect("the pass is read");
        check(code.payload.expose(), &trust, NOW, ClockTrust::Synced)
    });
}

/// The same signature check without the picture.
#[divan::bench]
fn verify_a_pass(bencher: Bencher<'_, '_>) {
    let (pass, trust) = pass();
    bencher.bench_local(|| check(pass.as_bytes(), &trust, NOW, ClockTrust::Synced));
}

const NOW: Wall = Wall(1_795_276_800_000);

struct Gate {
    runner: LaneRunner,
    opened: Arc<AtomicBool>,
    appends: Vec<Append>,
}

impl Gate {
    /// A resident at the gate with everything done but the mask.
    fn ready(recorder: &mut Recorder<DirDisk>) -> Self {
        let (pass, trust) = pass();
        let opened = Arc::new(AtomicBool::new(false));
        let outputs = Box::new(Pins { opened: Arc::clone(&opened) });
        let screening = thermometry::Settings::default();
        let runner = LaneRunner::new(settings(), Arc::new(context()), screening, Arc::new(trust), outputs);
        let mut gate = Self { runner, opened, appends: vec![] };
        let payload = Pii::new(pass.into_bytes());
        let what = Observed::Code(Scan { payload, via: Via::Scanner, others: 0, colour: None });
        let device = "reader".parse().expect("a name");
        gate.runner.observe(&stamp(), Observation { device, at: stamp().mono, what }, &mut gate.appends);
        gate.settle(recorder);
        gate.act(Act::Waive {
            step: "temperature".parse().expect("a name"),
            reason: "device-fault".parse().expect("a name"),
        });
        gate.settle(recorder);
        gate
    }

    fn act(&mut self, act: Act) {
        let by = "li-na".parse().ok();
        let command = Command { lane: "in".parse().expect("a name"), by, act };
        self.runner.command(stamp().mono, &command, &mut self.appends).expect("not refused");
    }

    fn settle(&mut self, recorder: &mut Recorder<DirDisk>) {
        let lane: kakou::base::LaneId = "in".parse().expect("a name");
        loop {
            // A gate whose view holds nobody's earlier passage answers at once.
            for (ticket, whose) in self.runner.recalls() {
                self.runner.recalled(stamp().mono, (ticket, Ok(whose.nothing())), &mut self.appends);
            }
            if self.appends.is_empty() {
                return;
            }
            let mut news = vec![];
            for Append { ticket, draft } in self.appends.drain(..) {
                let answer = ticket.map(|ticket| (lane.clone().into(), ticket));
                recorder.hand_in(Request { answer, draft, stamp: stamp() }, &mut news);
            }
            recorder.commit(&mut news);
            for news in news {
                let News::Durable { ticket, seq, .. } = news else { panic!("{news:?}") };
                self.runner.durable(stamp().mono, ticket, seq, &mut self.appends);
            }
        }
    }
}

struct Pins {
    opened: Arc<AtomicBool>,
}

impl Outputs for Pins {
    fn barrier(&mut self, _: Mono, end: End) -> Result<(), NoReading> {
        self.opened.store(end == End::Open, Ordering::Relaxed);
        Ok(())
    }

    fn switch(&mut self, _: End, _: Level) {}

    fn position(&self) -> Position {
        Position::Between
    }

    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        Ok(())
    }
    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        Ok(())
    }

    fn due(&self) -> Option<Mono> {
        None
    }

    fn expire(&mut self, _: Mono) -> Result<(), NoReading> {
        Ok(())
    }

    fn park(&mut self) {}
}

fn recorder(folder: &std::path::Path) -> Recorder<DirDisk> {
    let disk = DirDisk::open(folder).expect("a journal folder");
    let options = Options { ballast_len: 0, ..Options::new("bench".parse().expect("a name")) };
    let (journal, _) = Journal::open(disk, options, Box::new(OsEntropy::new())).expect("a journal");
    Recorder::new(journal)
}

fn settings() -> Settings {
    Settings {
        id: "in".parse().expect("a name"),
        title: "bench".into(),
        takes: SubjectKind::Person,
        direct: Direct::Inbound,
        barrier: Times {
            travel_max: Duration::from_secs(5),
            pass_within: Duration::from_secs(15),
            clear_for: Duration::from_secs(1),
        },
        utc_offset_minutes: 480,
        leave_after: Duration::from_secs(5),
    }
}

fn context() -> Context {
    let degrees = |value| kakou::base::CentiCelsius::from_degrees(value).expect("a temperature");
    let screening = ScreeningRule {
        threshold: degrees(37.3),
        guard: 30,
        correction: 0,
        factor: 200,
        cold: degrees(33.5),
        hot: degrees(43.0),
        ..ScreeningRule::PLAIN
    };
    let profiles = profile_file::shipped_in("profiles/residential.toml").expect("shipped profiles");
    Context {
        policy: Arc::new(Policy::new(Some(12), screening, profiles.clone())),
        profiles: Profiles::new(profiles).expect("a set"),
        roster: Arc::new(Roster::default()),
        lists: Arc::default(),
        blinder: Blinder::new(&[1; 32]),
        mode: AreaMode::Normal,
    }
}

fn pass() -> (String, Trust) {
    let signer = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).expect("a key");
    let site: kakou::base::Slug = "jinhe-garden".parse().expect("a name");
    let claims = Claims {
        pass: [1; 8],
        subject: SubjectKind::Person,
        class: Class::Resident,
        site: site.clone(),
        not_before: Wall(NOW.0 - 86_400_000),
        expires: Wall(NOW.0 + 86_400_000),
        name: Some(Pii::new("王*".into())),
        plate: None,
        lanes: vec![],
        purpose: Purpose::Entry,
        anchor: None,
    };
    let key = signer.public_key().as_ref().try_into().expect("32 bytes");
    (issue(&claims, &signer).expect("a pass"), Trust::new(site, vec![key]))
}

/// 640 × 480 with the pass at 4 pixels a module.
fn picture(pass: &str) -> Frame {
    let code = qrcode::QrCode::new(pass).expect("fits a symbol");
    let (side, colors) = (code.width(), code.to_colors());
    let dark = |x: usize, y: usize| {
        let at = |v: usize, from: usize| v.checked_sub(from).map(|v| v / 4).filter(|v| *v < side);
        at(x, 180).zip(at(y, 100)).is_some_and(|(x, y)| colors[y * side + x] == qrcode::Color::Dark)
    };
    let luma = (0..640 * 480).map(|i| if dark(i % 640, i / 640) { 40 } else { 210 }).collect();
    Frame::new(640, 480, luma, Mono::ZERO).expect("a frame")
}

fn stamp() -> Stamp {
    Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(90_000),
        wall: NOW,
        trust: ClockTrust::Synced,
        max_error_ms: 0,
    }
}
