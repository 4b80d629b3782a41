//! A kiosk that is only what a test says: a status that tests set, and a script that answers commands.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use kakou::base::{AttendantId, ClockTrust, Pii, Wall};
use kakou::config::badge::Badge;
use kakou::control::{Command, KioskStatus, LaneStatus, Refused};
use kakou::model::{Class, Decider, Direction, Post, Reason, Role, SubjectKind, Title, Verdict};
use kakou::web::{
    Acknowledge, Ask, Attendance, Attendant, Filter, HandOver, Handle, InsideView, Listed, NoteView,
    PlaceTime, PolicyDesk, PolicyView, Preview, Recent, RecentRow, ShiftView, Thermal, Unsettled, router,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::common::samples;

/// What becomes of a command.
pub type Script = fn(&Command, &mut KioskStatus) -> Result<(), Refused>;

/// A kiosk without a kiosk behind it.
pub struct Fake {
    /// Where it listens.
    pub address: SocketAddr,
    status: Arc<watch::Sender<Arc<KioskStatus>>>,
    commands: Arc<Mutex<Vec<Command>>>,
    preview: watch::Sender<Arc<Preview>>,
    /// What the thermal array of the first lane sees.
    pub thermal: watch::Sender<Option<Thermal>>,
    attendance: Mutex<mpsc::Receiver<Attendance>>,
    hand_overs: Mutex<mpsc::Receiver<HandOver>>,
    /// What is shown of the policy.
    pub policy: watch::Sender<Arc<PolicyView>>,
    /// Who has read it.
    pub read: tokio::sync::Mutex<mpsc::Receiver<Acknowledge>>,
    here: Mutex<mpsc::Receiver<()>>,
    /// The hand-over before whoever signs in.
    pub handed_over: Arc<Mutex<Option<NoteView>>>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Fake {
    /// Serves `status` in China; its first lane has a camera and a thermal array.
    pub async fn start(status: KioskStatus, script: Script) -> Self {
        Self::start_at(480, status, script).await
    }

    /// The same where clocks are so far ahead of UTC.
    pub async fn start_at(utc_offset_minutes: i16, status: KioskStatus, script: Script) -> Self {
        let camera = status.lanes[0].lane.clone();
        let status = Arc::new(watch::Sender::new(Arc::new(status)));
        let preview = watch::Sender::new(Arc::new(Preview::default()));
        let thermal = watch::Sender::new(None);
        let arrays = BTreeMap::from([(camera.clone(), thermal.clone())]);
        let (asks, asked) = mpsc::channel(8);
        let (attendance, attended) = mpsc::channel(8);
        let (hand_overs, written) = mpsc::channel(8);
        let policy = watch::Sender::new(Arc::default());
        let (reads, read) = mpsc::channel(8);
        let (here, acts) = mpsc::channel(1);
        let handed_over = Arc::default();
        let handle = Handle {
            status: status.subscribe(),
            commands: asks,
            previews: BTreeMap::from([(camera, preview.subscribe())]),
            thermals: arrays,
            recent: Arc::new(Past(Arc::clone(&handed_over))),
            attendants: attendants(),
            hand_overs,
            attendance,
            policy: PolicyDesk { view: policy.subscribe(), asks: reads },
            here,
            place_time: PlaceTime { utc_offset_minutes },
            hosts: vec![],
        };
        let commands = Arc::default();
        let lanes = tokio::spawn(answer(asked, Arc::clone(&status), Arc::clone(&commands), script));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router(handle)).await;
        });
        let (attendance, hand_overs) = (Mutex::new(attended), Mutex::new(written));
        let (read, here) = (tokio::sync::Mutex::new(read), Mutex::new(acts));
        Self {
            address,
            status,
            commands,
            preview,
            thermal,
            attendance,
            hand_overs,
            policy,
            read,
            here,
            handed_over,
            tasks: [lanes, server],
        }
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Changes the status.
    pub fn set(&self, change: impl FnOnce(&mut KioskStatus)) {
        self.status.send_modify(|status| change(Arc::make_mut(status)));
    }

    /// Changes the first lane.
    pub fn set_lane(&self, lane: LaneStatus) {
        self.set(|status| status.lanes[0] = lane);
    }

    /// Shows a camera picture.
    pub fn show(&self, preview: Preview) {
        self.preview.send_replace(Arc::new(preview));
    }

    /// The commands so far, taken.
    pub fn commands(&self) -> Vec<Command> {
        std::mem::take(&mut *self.commands.lock().expect("no test panicked here"))
    }

    /// Who came and went so far, taken.
    pub fn attendance(&self) -> Vec<Attendance> {
        let mut attended = self.attendance.lock().expect("no test panicked here");
        std::iter::from_fn(|| attended.try_recv().ok()).collect()
    }

    /// Whether anybody who is signed in was there since the last look.
    pub fn somebody_is_here(&self) -> bool {
        self.here.lock().expect("no test panicked here").try_recv().is_ok()
    }

    /// Hand-over notes so far, taken.
    pub fn hand_overs(&self) -> Vec<HandOver> {
        let mut written = self.hand_overs.lock().expect("no test panicked here");
        std::iter::from_fn(|| written.try_recv().ok()).collect()
    }

    /// Ends everything, as a power cut would.
    pub fn stop(self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn answer(
    mut asked: mpsc::Receiver<Ask>,
    status: Arc<watch::Sender<Arc<KioskStatus>>>,
    commands: Arc<Mutex<Vec<Command>>>,
    script: Script,
) {
    while let Some((command, answer)) = asked.recv().await {
        let mut said = Ok(());
        status.send_modify(|status| said = script(&command, Arc::make_mut(status)));
        commands.lock().expect("no test panicked here").push(command);
        let _ = answer.send(said);
    }
}

/// Three who may sign in: the PIN of `zhou` is 2468, that of `li` 1357, that of `wu`, who looks on for another agency,
/// 9753.
fn attendants() -> Vec<Attendant> {
    let attendant = |id: &str, name: &str, pin| Attendant {
        id: id.parse().expect("a slug"),
        name: name.to_owned(),
        pin: hash(pin),
        badge: None,
        post: None,
    };
    let agency = Some(Title { zh: "卫健".to_owned(), en: "Health".to_owned() });
    let looks_on = Some(Post { role: Role::Observer, agency });
    let wu = Attendant { post: looks_on, ..attendant("wu", "吴医生", "9753") };
    let li = Attendant { badge: Some(badge().hash()), ..attendant("li", "李师傅", "1357") };
    vec![attendant("zhou", "周师傅", "2468"), li, wu]
}

/// The badge of `li`.
pub fn badge() -> Badge {
    Badge::new([0x5A; 16])
}

/// The cheapest hash that Argon2 allows: tests do not guard anything.
fn hash(pin: &str) -> String {
    let params = Params::new(8, 1, 1, None).expect("allowed parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(pin.as_bytes()).expect("a hash").to_string()
}

/// Three past passages, and the last hand-over.
struct Past(Arc<Mutex<Option<NoteView>>>);

impl Recent for Past {
    fn matching(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Vec<RecentRow>, String> {
        let rows = [
            row(41, SubjectKind::Person, Verdict::Admitted),
            row(40, SubjectKind::Person, Verdict::TurnedBack),
            row(38, SubjectKind::Vehicle, Verdict::Admitted),
        ];
        let wanted = |row: &RecentRow| {
            before.is_none_or(|before| row.seq < before)
                && filter.lane.as_ref().is_none_or(|lane| *lane == row.lane)
                && filter.from.is_none_or(|from| from <= row.wall)
        };
        Ok(rows.into_iter().filter(wanted).take(limit).collect())
    }

    fn open_cases(&self, _: usize) -> Result<Vec<RecentRow>, String> {
        Ok(vec![
            row(44, SubjectKind::Person, Verdict::Referred),
            row(43, SubjectKind::Vehicle, Verdict::Held),
        ])
    }

    fn inside(
        &self,
        _: PlaceTime,
        today: Wall,
        which: (Listed, usize),
        before: Option<i64>,
    ) -> Result<InsideView, String> {
        Ok(super::inside::sample(today, which, before))
    }

    fn search(&self, text: &Pii<String>, _: usize) -> Result<Vec<RecentRow>, String> {
        match text.expose().as_str() {
            samples::PLATE => Ok(vec![row(38, SubjectKind::Vehicle, Verdict::Admitted)]),
            "broken" => Err("记录暂时读不出来".to_owned()),
            _ => Ok(vec![]),
        }
    }

    fn unsettled(&self) -> Result<Unsettled, String> {
        Ok(Unsettled { cases: 2, vehicles: 5, people: 31 })
    }

    fn last_hand_over(&self) -> Result<Option<NoteView>, String> {
        Ok(self.0.lock().expect("no test panicked here").clone())
    }

    fn shift(&self, by: &AttendantId, back: usize) -> Result<Option<ShiftView>, String> {
        Ok((back < 2).then(|| super::shift::sample(by, back)))
    }
}

fn row(seq: u64, kind: SubjectKind, verdict: Verdict) -> RecentRow {
    let (subject, occupants) = match kind {
        SubjectKind::Person => (samples::masked_name(), 0),
        SubjectKind::Vehicle => (samples::masked_plate(), 3),
    };
    RecentRow {
        seq,
        wall: Wall::from_secs(1_769_877_000 + i64::try_from(seq).unwrap_or(0) * 60),
        trust: ClockTrust::Synced,
        lane: "in-1".parse().expect("a slug"),
        kind,
        direction: Direction::Inbound,
        class: Class::Resident,
        subject: Some(subject),
        occupants,
        verdict,
        reasons: if verdict == Verdict::TurnedBack { vec![Reason::Declined] } else { vec![] },
        decided_by: Decider::Policy,
    }
}
