//! A lane on a bench: a script drives it, the journal answers when the script says so.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{AttendantId, CentiCelsius, Mono, NoReading, Pii, Seq};
use kakou::config::profile_file;
use kakou::config::roster::Roster;
use kakou::config::{Lists, Policy, Profiles};
use kakou::control::{Act, Command, Direct, LaneStatus, Refused};
use kakou::engine::{Context, Drive, Effect, Input, Lane, Settings, Ticket, Times};
use kakou::model::credential::Purpose;
use kakou::model::past::Unknown;
use kakou::model::{
    Admissible, AreaMode, Authenticity, Blinder, Body, Class, Credential, CredentialKind, Currency, Draft,
    Holder, Level, NotMeasured, Passage, Personal, PlatePrefix, Screening, ScreeningRule, Signal,
    SubjectKind, Zone,
};
use kakou::model::{Past, Whose};

pub struct Bench {
    pub lane: Lane,
    /// What it decides by.
    pub policy: Arc<Policy>,
    pub now: Mono,
    /// Everything that was appended, in order.
    pub drafts: Vec<Draft>,
    /// Effects since the last look.
    pub effects: Vec<Effect>,
    /// Whether the journal keeps its answers to itself.
    pub holds: bool,
    /// What is known of earlier passages of whoever is asked about; nobody answers where there is nothing.
    pub earlier: Option<Result<Past, Unknown>>,
    /// What was asked of earlier passages, in order.
    pub recalls: Vec<(Ticket, Whose)>,
    pending: Vec<Ticket>,
    asked: VecDeque<(Ticket, Whose)>,
    durable: u64,
}

/// What a site knows of vehicles and people.
#[derive(Default)]
pub struct Known {
    pub lists: Lists,
    pub roster: Roster,
    pub local_plates: Vec<PlatePrefix>,
}

impl Bench {
    pub fn new(takes: SubjectKind) -> Self {
        let profiles = profile_file::shipped_in("profiles/residential.toml");
        Self::with(takes, profiles.expect("shipped profiles are sound"))
    }

    pub fn with(takes: SubjectKind, profiles: Vec<kakou::config::Profile>) -> Self {
        Self::in_mode(AreaMode::Normal, takes, profiles)
    }

    pub fn in_mode(mode: AreaMode, takes: SubjectKind, profiles: Vec<kakou::config::Profile>) -> Self {
        Self::with_lists(Lists::default(), mode, takes, profiles)
    }

    pub fn with_lists(
        lists: Lists,
        mode: AreaMode,
        takes: SubjectKind,
        profiles: Vec<kakou::config::Profile>,
    ) -> Self {
        Self::knowing(Known { lists, ..Known::default() }, mode, takes, profiles)
    }

    /// A lane of a site that knows so much.
    pub fn knowing(
        Known { lists, roster, local_plates }: Known,
        mode: AreaMode,
        takes: SubjectKind,
        profiles: Vec<kakou::config::Profile>,
    ) -> Self {
        let set = Profiles::new(profiles.clone()).expect("a set");
        let degrees = |value| CentiCelsius::from_degrees(value).expect("a temperature");
        let screening = ScreeningRule {
            threshold: degrees(37.3),
            guard: 30,
            correction: 0,
            factor: 200,
            cold: degrees(33.5),
            hot: degrees(43.0),
            ..ScreeningRule::PLAIN
        };
        let policy = Arc::new(Policy::new(Some(12), screening, profiles).with_local_plates(local_plates));
        let context = Context {
            policy: Arc::clone(&policy),
            profiles: set,
            roster: Arc::new(roster),
            lists: Arc::new(lists),
            blinder: blinder(),
            mode,
        };
        let settings = Settings {
            id: "gate".parse().expect("a name"),
            title: "东门".into(),
            takes,
            direct: Direct::Both,
            barrier: Times {
                travel_max: Duration::from_secs(5),
                pass_within: Duration::from_secs(15),
                clear_for: Duration::from_secs(1),
            },
            utc_offset_minutes: 480,
            leave_after: Duration::from_secs(5),
        };
        Self {
            lane: Lane::new(settings, Arc::new(context)),
            policy,
            now: Mono::from_millis(1_000_000),
            drafts: vec![],
            effects: vec![],
            holds: false,
            earlier: Some(Ok(Past::default())),
            recalls: vec![],
            pending: vec![],
            asked: VecDeque::new(),
            durable: 0,
        }
    }

    /// Feeds an input; the journal answers at once.
    pub fn put(&mut self, input: Input) -> &mut Self {
        self.put_undurable(input);
        self.flush();
        self
    }

    /// Feeds an input; nothing appended becomes durable.
    pub fn put_undurable(&mut self, input: Input) -> &mut Self {
        let mut effects = vec![];
        self.lane.step(self.now, input, &mut effects);
        self.take(effects);
        self
    }

    /// Lets the journal answer for everything appended so far, and whoever knows earlier passages before it.
    pub fn flush(&mut self) {
        self.recall();
        while !self.holds && !self.pending.is_empty() {
            let ticket = self.pending.remove(0);
            self.durable += 1;
            let seq = Seq::new(self.durable).expect("not zero");
            self.put_undurable(Input::Durable { ticket, seq });
        }
    }

    fn recall(&mut self) {
        while let Some((ticket, whose)) = self.asked.pop_front() {
            let Some(past) = self.earlier.clone() else { continue };
            let host = whose.nothing().host;
            let past = past.map(|past| Past { host: host.map(|empty| past.host.unwrap_or(empty)), ..past });
            self.put_undurable(Input::Recalled { ticket, past });
        }
    }

    /// The journal answers again, first for what waits.
    pub fn release(&mut self) -> &mut Self {
        self.holds = false;
        self.flush();
        self
    }

    /// The journal says of the last record that waits that it can never be written.
    pub fn refuse(&mut self) -> &mut Self {
        let ticket = self.pending.pop().expect("something waits for the journal");
        self.put_undurable(Input::NotRecorded { ticket })
    }

    pub fn last_body(&self) -> &Body {
        &self.drafts.last().expect("something was recorded").body
    }

    pub fn act_by(&mut self, by: Option<&str>, act: Act) -> Result<(), Refused> {
        let by = by.map(|name| name.parse::<AttendantId>().expect("a name"));
        let command = Command { lane: "gate".parse().expect("a name"), by, act };
        let mut effects = vec![];
        let done = self.lane.command(self.now, &command, &mut effects);
        self.take(effects);
        self.flush();
        done
    }

    /// Acts as the attendant `wang`, who must not be refused.
    pub fn act(&mut self, act: Act) -> &mut Self {
        self.act_by(Some("wang"), act).expect("not refused");
        self
    }

    /// Lets time pass, acting on every deadline on the way.
    pub fn wait(&mut self, seconds: u64) -> &mut Self {
        let (end, mut late) = (self.now + Duration::from_secs(seconds), 0_u32);
        while let Some((at, _)) = self.lane.deadline().filter(|(at, _)| *at <= end) {
            // A deadline that has passed and stays would be acted upon for ever.
            late += u32::from(at <= self.now);
            assert!(late < 1_000, "nothing comes of the deadline {:?}", self.lane.deadline());
            self.now = self.now.max(at);
            let mut effects = vec![];
            self.lane.expire(self.now, &mut effects);
            self.take(effects);
            self.flush();
        }
        self.now = end;
        self
    }

    pub fn line(&mut self, signal: Signal, level: Level) -> &mut Self {
        self.put(Input::Line { signal, level })
    }

    /// The subject goes through an opened barrier, which then closes.
    pub fn cross(&mut self) -> &mut Self {
        self.line(Signal::BarrierClosed, Level::Idle).line(Signal::BarrierOpen, Level::Active);
        self.line(Signal::Beam, Level::Active).wait(1).line(Signal::Beam, Level::Idle).wait(2);
        self.line(Signal::BarrierOpen, Level::Idle).line(Signal::BarrierClosed, Level::Active)
    }

    pub fn passages(&self) -> Vec<&Passage> {
        fn passage(draft: &Draft) -> Option<&Passage> {
            match &draft.body {
                Body::Passage(passage) => Some(passage.as_ref()),
                Body::Booted { .. }
                | Body::Stopped
                | Body::KeyOpened { .. }
                | Body::Arrived { .. }
                | Body::Crossed { .. }
                | Body::DeviceHealth { .. }
                | Body::Attendance { .. }
                | Body::Manned { .. }
                | Body::Training { .. }
                | Body::DriftNoted { .. }
                | Body::Overdue { .. }
                | Body::ClockMapped
                | Body::Gap { .. }
                | Body::OpenedByHand
                | Body::FoundOpen
                | Body::ClosedByAttendant { .. }
                | Body::Erased { .. }
                | Body::KeyDestroyed { .. }
                | Body::SegmentsDropped { .. }
                | Body::Alarm { .. }
                | Body::HandOver { .. }
                | Body::Policy { .. }
                | Body::Commanded { .. }
                | Body::CommandDone { .. } => None,
            }
        }
        self.drafts.iter().filter_map(passage).collect()
    }

    pub fn last_passage(&self) -> &Passage {
        self.passages().last().expect("a verdict was recorded")
    }

    pub fn last_personal(&self) -> &Personal {
        let sealed = self.drafts.iter().rev().find_map(|draft| draft.personal.as_ref());
        sealed.expect("a personal part")
    }

    pub fn opened(&self) -> bool {
        self.effects.contains(&Effect::Barrier(Drive::Open))
    }

    pub fn status(&self) -> LaneStatus {
        self.lane.status(self.now)
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Append { ticket, draft } = &effect {
                self.pending.push(*ticket);
                self.drafts.push((**draft).clone());
            }
            if let Effect::Recall { ticket, whose } = &effect {
                self.recalls.push((*ticket, whose.clone()));
                self.asked.push_back((*ticket, whose.clone()));
            }
            self.effects.push(effect);
        }
    }
}

/// How the bench's site blinds identifiers.
pub fn blinder() -> Blinder {
    Blinder::new(&[1; 32])
}

pub fn pass(class: Class) -> Input {
    Input::Presented(credential(SubjectKind::Person, class, Authenticity::Genuine, Currency::Current, None))
}

pub fn vehicle_pass(class: Class, plate: &str) -> Input {
    let plate = Some(plate);
    Input::Presented(credential(SubjectKind::Vehicle, class, Authenticity::Genuine, Currency::Current, plate))
}

/// A vehicle's pass that the hub signed, whatever became of it.
pub fn vehicle_pass_that_is(authentic: Authenticity, current: Currency) -> Input {
    let pass =
        credential(SubjectKind::Vehicle, Class::Resident, Authenticity::Genuine, current, Some("京A12345"));
    Input::Presented(Credential { authentic, ..pass })
}

pub fn code(authentic: Authenticity, current: Currency) -> Input {
    Input::Presented(credential(SubjectKind::Person, Class::Resident, authentic, current, None))
}

/// A certificate of another issuer, as it was judged.
pub fn certificate(authentic: Authenticity, current: Currency, admissible: Admissible) -> Input {
    let kind = CredentialKind::HealthCertificate;
    Input::Presented(Credential {
        kind,
        authentic,
        current,
        admissible,
        holder: None,
        manifest: None,
        online: None,
        colour: None,
    })
}

fn credential(
    subject: SubjectKind,
    class: Class,
    authentic: Authenticity,
    current: Currency,
    plate: Option<&str>,
) -> Credential {
    let genuine = authentic == Authenticity::Genuine;
    let holder = Holder {
        subject,
        class,
        pass: Pii::new("0011223344556677".into()),
        name: Some(Pii::new("王小明".into())),
        plate: plate.map(|plate| Pii::new(plate.into())),
        purpose: Purpose::Entry,
        screened: None,
    };
    let kind = if genuine { CredentialKind::HubPass } else { CredentialKind::Url };
    let (holder, admissible) = (genuine.then_some(holder), Admissible::Unknown);
    Credential { kind, authentic, current, admissible, holder, manifest: None, online: None, colour: None }
}

pub fn temperature(zone: Zone) -> Input {
    screening(Ok(zone))
}

pub fn not_measured() -> Input {
    screening(Err(NotMeasured::NoReading(NoReading::Absent)))
}

fn screening(zone: Result<Zone, NotMeasured>) -> Input {
    let degrees = zone.ok().map(|zone| match zone {
        Zone::Below => 36.2,
        Zone::Recheck => 37.3,
        Zone::Refer => 37.8,
    });
    let skin = degrees.and_then(CentiCelsius::from_degrees);
    Input::Screened(Screening { zone, skin, compared: skin, die: skin, samples: 5, trace: None })
}
