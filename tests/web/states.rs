//! Scenes at a checkpoint, as statuses.

use kakou::base::{CentiCelsius, ClockTrust, Mono, NoReading, Wall};
use kakou::control::{
    Aspect, BarrierState, DeviceStatus, Direct, DisinfectionStatus, FieldStatus, HubStatus, JournalStatus,
    KioskStatus, LaneStatus, ListedStatus, ManifestStatus, NoticeStatus, OccupantStatus, OverdueStatus,
    Phase, PictureStatus, PolicyStatus, PostStatus, Prompt, StepState, StepStatus, TakenOut,
    TemperatureStatus, Trouble, TrustListStatus, VerdictStatus,
};
use kakou::model::manifest::{Listed, Manifest};
use kakou::model::trust_list::{ListAge, TrustListKind};
use kakou::model::{
    AreaMode, Attestation, BodySite, Class, CodeHint, Direction, FieldForm, Guidance, ModuleColour,
    NotMeasured, Overdue, Reason, StepKind, StepWords, SubjectKind, Verdict, Zone, mask,
};
use kakou::web::Preview;

use super::asks;
use super::common::samples;

/// A kiosk with a lane for people and one for vehicles, both idle.
pub fn kiosk() -> KioskStatus {
    let title = "东门 人行入口";
    let person = lane("in-1", title, SubjectKind::Person);
    let mut vehicle = lane("car-1", "东门 车行道", SubjectKind::Vehicle);
    vehicle.direct = Direct::Both;
    let device = |id: &str, driver, lane: &str| DeviceStatus {
        device: id.parse().expect("a slug"),
        lane: Some(lane.parse().expect("a slug")),
        driver,
        fault: None,
    };
    KioskStatus {
        kiosk: "east-gate".parse().expect("a slug"),
        title: "幸福里小区 东门".to_owned(),
        mode: AreaMode::Normal,
        policy: PolicyStatus::default(),
        notice: Some(NoticeStatus {
            number: 12, title: "关于进入本小区人员、车辆查验登记的通告".to_owned()
        }),
        post: PostStatus::Quiet,
        overdue: OverdueStatus::Counted(Overdue::default()),
        place_code: None,
        lanes: vec![person, vehicle],
        practice: vec![],
        journal: JournalStatus { durable: 1_204, ..JournalStatus::default() },
        hub: HubStatus {
            alarm: None,
            enrolled: true,
            online: true,
            last: Some(Wall::from_secs(1_769_877_000)),
            waiting: 0,
            error: None,
        },
        pictures: PictureStatus::default(),
        trust_lists: trust_lists(),
        devices: vec![
            device("brow", "mlx90614", "in-1"),
            device("camera", "camera", "in-1"),
            device("barrier", "barrier", "car-1"),
        ],
        wall: Wall::from_secs(1_769_877_900),
        trust: ClockTrust::Synced,
        simulated: false,
    }
}

/// A list of trust of each age.
fn trust_lists() -> Vec<TrustListStatus> {
    let list = |name: &str, kind, age, days: i64| TrustListStatus {
        name: name.to_owned(),
        kind,
        as_of: Wall::from_secs(1_769_877_000 - days * 86_400),
        age,
    };
    vec![
        list("eu-dsc", TrustListKind::HcertKeys, ListAge::Fresh, 0),
        list("vci", TrustListKind::ShcKeys, ListAge::Old, 3),
        list("revoked", TrustListKind::HcertRevoked, ListAge::TooOld, 9),
    ]
}

/// An idle lane.
pub fn lane(id: &str, title: &str, takes: SubjectKind) -> LaneStatus {
    LaneStatus {
        lane: id.parse().expect("a slug"),
        title: title.to_owned(),
        takes,
        direct: Direct::Inbound,
        phase: Phase::Idle,
        direction: None,
        class: None,
        subject: None,
        plate_origin: None,
        profile: None,
        steps: vec![],
        fields: vec![],
        prepared: None,
        attestations: vec![Attestation::Mask],
        agents: vec!["chlorine".parse().expect("a slug")],
        declared: None,
        manifest: None,
        occupants: vec![],
        prompt: Prompt::Welcome,
        words: StepWords::default(),
        pledge: None,
        guidance: None,
        hint: None,
        temperature: None,
        verdict: None,
        trouble: None,
        disinfecting: None,
        dwelling: None,
        barrier: BarrierState::Closed,
        lamp: Aspect::Stop,
        cards: vec![],
        turned_back: vec![],
        companion: None,
        beam_blocked: false,
        taken_out: None,
        since_ms: None,
        passages: 204,
    }
}

/// The lane for people, idle.
pub fn idle() -> LaneStatus {
    lane("in-1", "东门 人行入口", SubjectKind::Person)
}

fn step(kind: StepKind, state: StepState, waivers: &[&str]) -> StepStatus {
    let waivers = waivers.iter().map(|name| name.parse().expect("a slug")).collect();
    let attest = (kind == StepKind::Attest).then_some(Attestation::Mask);
    let id = attest.map_or(kind.name(), Attestation::name).parse().expect("a slug");
    StepStatus { attest, waivers, ..StepStatus::plain(id, kind, state) }
}

fn field(name: &str, required: bool) -> FieldStatus {
    let form = if name == "phone" { FieldForm::Phone } else { FieldForm::Text };
    FieldStatus {
        name: name.parse().expect("a slug"),
        title: None,
        known: None,
        coded: None,
        form,
        length_max: 80,
        required,
    }
}

/// A person of whom a code is asked.
pub fn asking_code() -> LaneStatus {
    LaneStatus {
        phase: Phase::Steps,
        direction: Some(Direction::Inbound),
        class: Some(Class::Unknown),
        steps: vec![
            step(StepKind::Credential, StepState::Asked, &["no-phone", "infant", "known-by-sight"]),
            step(
                StepKind::Temperature,
                StepState::Open,
                &["infant", "device-fault", "medical", "elderly", "language"],
            ),
            step(StepKind::Registration, StepState::Open, &[]),
            step(StepKind::Attest, StepState::Open, &["medical"]),
        ],
        fields: ["name", "phone", "origin", "host"].map(|name| field(name, name != "host")).to_vec(),
        prompt: Prompt::ShowCode,
        lamp: Aspect::Wait,
        since_ms: Some(4_000),
        ..idle()
    }
}

/// The same, whose code was read: the forehead is asked for.
pub fn temperature(guidance: Guidance) -> LaneStatus {
    let mut lane = asking_code();
    lane.subject = Some(samples::masked_name());
    lane.class = Some(Class::Resident);
    lane.steps[0].state = StepState::Done;
    lane.steps[1].state = StepState::Asked;
    lane.prompt = Prompt::ShowForehead;
    lane.guidance = Some(guidance);
    if guidance == Guidance::WaitInside {
        lane.temperature = Some(TemperatureStatus { zone: Err(NotMeasured::TooCold), skin: None });
    }
    lane
}

/// The verdict is being written.
pub fn recording() -> LaneStatus {
    let mut lane = temperature(Guidance::HoldStill);
    settle(&mut lane.steps);
    lane.guidance = None;
    lane.temperature = Some(TemperatureStatus { zone: Ok(Zone::Below), skin: CentiCelsius::new(3_430) });
    lane.phase = Phase::Recording;
    lane.prompt = Prompt::OneMoment;
    lane.verdict =
        Some(VerdictStatus { verdict: Verdict::Admitted, reasons: vec![], durable: false, seq: None });
    lane
}

/// The barrier is open.
pub fn go() -> LaneStatus {
    LaneStatus {
        phase: Phase::Crossing,
        prompt: Prompt::Go,
        barrier: BarrierState::Open,
        lamp: Aspect::Go,
        verdict: Some(VerdictStatus {
            verdict: Verdict::Admitted,
            reasons: vec![],
            durable: true,
            seq: Some(1_205),
        }),
        ..recording()
    }
}

/// Skin at or above the threshold: a person decides.
pub fn referred() -> LaneStatus {
    let mut lane = temperature(Guidance::HoldStill);
    lane.guidance = None;
    lane.steps[1].state = StepState::NeedsAttendant { reason: Reason::TemperatureElevated };
    lane.steps[2].state = StepState::Done;
    lane.steps[3].state = StepState::Waived { by: "zhou".parse().expect("a slug") };
    lane.temperature = Some(TemperatureStatus { zone: Ok(Zone::Refer), skin: CentiCelsius::new(3_760) });
    lane.phase = Phase::Referred;
    lane.prompt = Prompt::SeeAttendant;
    lane.verdict = Some(VerdictStatus {
        verdict: Verdict::Referred,
        reasons: vec![Reason::TemperatureElevated],
        durable: true,
        seq: Some(1_206),
    });
    lane
}

/// Turned back.
pub fn turned_back() -> LaneStatus {
    let reasons = vec![Reason::TemperatureElevated];
    LaneStatus {
        phase: Phase::Ended,
        prompt: Prompt::TurnBack,
        verdict: Some(VerdictStatus {
            verdict: Verdict::TurnedBack,
            reasons,
            durable: true,
            seq: Some(1_207),
        }),
        ..referred()
    }
}

/// Held until somebody comes.
pub fn held() -> LaneStatus {
    let reasons = vec![Reason::TemperatureElevated];
    LaneStatus {
        phase: Phase::Ended,
        prompt: Prompt::WaitHere,
        verdict: Some(VerdictStatus { verdict: Verdict::Held, reasons, durable: true, seq: Some(1_208) }),
        ..referred()
    }
}

/// Nothing can be recorded.
pub fn out_of_service() -> LaneStatus {
    LaneStatus { phase: Phase::OutOfService, prompt: Prompt::OutOfService, ..idle() }
}

/// The hub took the lane out of service.
pub fn taken_out() -> LaneStatus {
    let taken_out = TakenOut { by: "王站长".to_owned(), reason: "道路施工".to_owned() };
    LaneStatus { taken_out: Some(taken_out), ..out_of_service() }
}

/// Several codes are in view.
pub fn several_codes() -> LaneStatus {
    LaneStatus { prompt: Prompt::OneCode, ..asking_code() }
}

/// Nobody is here, and the barrier stands open.
pub fn stands_open() -> LaneStatus {
    LaneStatus { barrier: BarrierState::StandsOpen, ..idle() }
}

/// The verdict could not be written, and the barrier is stuck.
pub fn not_recorded() -> LaneStatus {
    let barrier = BarrierState::Stuck;
    LaneStatus { verdict: None, trouble: Some(Trouble::NotRecorded), barrier, ..referred() }
}

/// A list that was offered, as a lane shows it.
pub fn offered(manifest: &Manifest) -> ManifestStatus {
    let row = |listed: &Listed| ListedStatus {
        name: mask::name(&listed.name),
        number: listed.id_number.as_ref().map(mask::id_number),
    };
    ManifestStatus { offer: 1, rows: manifest.rows().iter().map(row).collect(), fault: None }
}

/// A vehicle with three people in it, of whom one is done.
pub fn vehicle() -> LaneStatus {
    let person =
        |name: Option<&str>, class, credential: StepState, temperature: StepState, settled| OccupantStatus {
            name: name.map(str::to_owned),
            class,
            steps: vec![
                step(StepKind::Credential, credential, &["infant"]),
                step(StepKind::Temperature, temperature, &["infant"]),
            ],
            settled,
            apart: None,
            only_listed: false,
        };
    LaneStatus {
        direct: Direct::Both,
        phase: Phase::Steps,
        direction: Some(Direction::Inbound),
        class: Some(Class::Visitor),
        subject: Some(samples::masked_plate()),
        steps: vec![
            step(StepKind::Plate, StepState::Done, &[]),
            step(StepKind::Occupants, StepState::Asked, &[]),
            step(StepKind::Disinfection, StepState::Open, &["weather"]),
        ],
        declared: Some(3),
        occupants: vec![
            person(Some("李*"), Class::Visitor, StepState::Done, StepState::Done, true),
            person(Some("赵*"), Class::Resident, StepState::Done, StepState::Asked, false),
            person(None, Class::Unknown, StepState::Open, StepState::Open, false),
        ],
        prompt: Prompt::ShowForehead,
        guidance: Some(Guidance::ComeCloser),
        temperature: Some(TemperatureStatus { zone: Ok(Zone::Below), skin: CentiCelsius::new(3_395) }),
        lamp: Aspect::Wait,
        since_ms: Some(71_000),
        ..lane("car-1", "东门 车行道", SubjectKind::Vehicle)
    }
}

/// The same, all checked, while it is disinfected: so many milliseconds until that may be stopped, and until it ends.
pub fn disinfecting(may_stop_ms: u64, ends_ms: u64) -> LaneStatus {
    let mut lane = vehicle();
    lane.occupants.iter_mut().for_each(|person| {
        settle(&mut person.steps);
        person.settled = true;
    });
    lane.steps[1].state = StepState::Done;
    lane.steps[2].state = StepState::Asked;
    LaneStatus {
        disinfecting: Some(DisinfectionStatus { may_stop_ms, ends_ms }),
        prompt: Prompt::ShutWindows,
        guidance: None,
        ..lane
    }
}

/// Every scene of the subject's face, with its name.
pub fn scenes() -> Vec<(&'static str, LaneStatus)> {
    vec![
        ("idle", idle()),
        ("asking-code", asking_code()),
        ("code-closer", hinted(CodeHint::ComeCloser)),
        ("code-further", hinted(CodeHint::HoldFurther)),
        ("code-dark", hinted(CodeHint::TooDark)),
        ("code-lit", hinted(CodeHint::LightComing)),
        ("code-glare", hinted(CodeHint::Glare)),
        ("code-still", hinted(CodeHint::HoldStill)),
        ("code-dim", hinted(CodeHint::BrighterScreen)),
        ("one-code", several_codes()),
        ("stands-open", stands_open()),
        ("not-recorded", not_recorded()),
        ("come-closer", temperature(Guidance::ComeCloser)),
        ("hold-still", temperature(Guidance::HoldStill)),
        ("wait-inside", temperature(Guidance::WaitInside)),
        ("warming-up", temperature(Guidance::WarmingUp)),
        ("step-back", temperature(Guidance::StepBack)),
        ("one-at-a-time", temperature(Guidance::OneAtATime)),
        ("bare-forehead", temperature(Guidance::BareForehead)),
        ("no-measuring-here", temperature(Guidance::TooCold)),
        ("measured", temperature(Guidance::Measured)),
        ("show-neck", temperature(Guidance::Show(BodySite::Neck))),
        ("show-wrist", temperature(Guidance::Show(BodySite::Wrist))),
        ("recording", recording()),
        ("go", go()),
        ("see-attendant", referred()),
        ("turn-back", turned_back()),
        ("wait-here", held()),
        ("out-of-service", out_of_service()),
        ("vehicle", at_first_lane(vehicle())),
        (
            "stop-vehicle",
            at_first_lane(LaneStatus { prompt: Prompt::StopVehicle, guidance: None, ..vehicle() }),
        ),
        ("shut-windows", at_first_lane(disinfecting(12_000, 37_000))),
        ("shut-windows-long", at_first_lane(disinfecting(0, 600_000))),
        ("answer", asks::question()),
        ("stay-here", asks::drying()),
        ("pledge", asks::pledge()),
        ("leave-items", asks::custody()),
        ("wait-for-escort", asks::escort()),
    ]
}

/// A code was shown that nothing can verify, in a colour.
pub fn unverified(colour: ModuleColour) -> LaneStatus {
    let mut lane = asking_code();
    lane.steps[0].state = StepState::NeedsAttendant { reason: Reason::CredentialUnverified };
    lane.steps[0].colour = Some(colour);
    lane.prompt = Prompt::WaitForAttendant;
    lane
}

/// A code is held up that cannot be read.
pub fn hinted(hint: CodeHint) -> LaneStatus {
    LaneStatus { hint: Some(hint), ..asking_code() }
}

/// A scene of the vehicles' lane where the first lane is.
fn at_first_lane(lane: LaneStatus) -> LaneStatus {
    LaneStatus { lane: "in-1".parse().expect("a slug"), ..lane }
}

/// Marks every step as done.
pub fn settle(steps: &mut [StepStatus]) {
    for step in steps {
        step.state = StepState::Done;
    }
}

/// Takes the hub away, the clock too, and breaks a thermometer.
pub fn trouble(status: &mut KioskStatus) {
    status.hub.online = false;
    status.hub.waiting = 37;
    status.trust = ClockTrust::None;
    status.devices[0].fault = Some(NoReading::Absent);
}

/// A camera picture with a code in it, held a little askew.
pub fn picture() -> Preview {
    const WIDTH: u16 = 160;
    const HEIGHT: u16 = 120;
    let code = qrcode::QrCode::new(b"KAKOU").expect("a code");
    let (side, colors) = (i32::try_from(code.width()).expect("small"), code.to_colors());
    let luma = |x: u16, y: u16| {
        let (x, y) = (i32::from(x) - 44, i32::from(y) - 22 - i32::from(x) / 12);
        let (column, row) = (x.div_euclid(3), y.div_euclid(3));
        let inside = (0..side).contains(&column) && (0..side).contains(&row);
        let index = usize::try_from(row * side + column).unwrap_or(0);
        if inside && colors[index] == qrcode::Color::Dark {
            40
        } else if (-2..side + 2).contains(&column) && (-2..side + 2).contains(&row) {
            225
        } else {
            95
        }
    };
    let corner = |x: u16, y: u16| (x, y + x / 12);
    let end = 3 * u16::try_from(side).expect("small");
    let outline = [corner(44, 22), corner(44 + end, 22), corner(44 + end, 22 + end), corner(44, 22 + end)];
    Preview {
        at: Mono::from_millis(7),
        width: WIDTH,
        height: HEIGHT,
        bmp: bmp(WIDTH, HEIGHT, luma),
        outlines: vec![outline],
    }
}

/// A BMP file of 8-bit grey: file header, info header, palette, rows from the bottom up.
fn bmp(width: u16, height: u16, luma: impl Fn(u16, u16) -> u8) -> Vec<u8> {
    let (w, h, start) = (u32::from(width), u32::from(height), 54 + 1_024_u32);
    let mut file = b"BM".to_vec();
    for word in [start + w * h, 0, start, 40, w, h, 1 | 8 << 16, 0, w * h, 2_835, 2_835, 256, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend((0..=255_u8).flat_map(|grey| [grey, grey, grey, 0]));
    for y in (0..height).rev() {
        file.extend((0..width).map(|x| luma(x, y)));
    }
    file
}
