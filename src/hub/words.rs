//! The words of the hub's pages: Chinese and English.

use crate::base::Epoch;
use crate::ledger::{
    AlarmKind, NotTaken, PersonalState, Refused, SentState, SheetRefused, SheetState, SheetTaken,
};
use crate::model::duty::Manned;
use crate::model::record::{Crossing, Erasure};
use crate::model::{
    AreaMode, Body, Cause, Class, Decider, Direction, Known, Ordered, Outcome, PolicyEvent, Reason, Role,
    Service, StepKind, SubjectKind, Training, Verdict,
};
use crate::sync::parcel;
use crate::sync::sheet::BadSheet;

pub mod screening;
mod steps;
pub mod trust;

pub use steps::{detail, outcome, outcome_by};

/// One meaning in two languages.
pub type Words = (&'static str, &'static str);

pub fn verdict(verdict: Verdict) -> Words {
    match verdict {
        Verdict::Admitted => ("放行", "admitted"),
        Verdict::AdmittedWithFollowUp => ("放行待随访", "admitted, follow up"),
        Verdict::Advised => ("劝阻", "advised"),
        Verdict::TurnedBack => ("劝返", "turned back"),
        Verdict::Referred => ("复核", "referred"),
        Verdict::Held => ("留置", "held"),
        Verdict::HandedOff => ("移交", "handed off"),
        Verdict::Abandoned => ("离开", "left"),
        Verdict::EmergencyAdmitted => ("紧急放行", "emergency"),
    }
}

/// The symbol that goes with a verdict, so that it never depends on colour.
pub fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Admitted => "✓",
        Verdict::AdmittedWithFollowUp => "✓",
        Verdict::EmergencyAdmitted => "✚",
        Verdict::Advised | Verdict::TurnedBack => "↩",
        Verdict::Referred => "?",
        Verdict::Held => "■",
        Verdict::HandedOff => "⇢",
        Verdict::Abandoned => "–",
    }
}

/// The style that goes with a verdict.
pub fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Admitted | Verdict::AdmittedWithFollowUp | Verdict::EmergencyAdmitted => "go",
        Verdict::Referred | Verdict::HandedOff => "wait",
        Verdict::Advised | Verdict::TurnedBack | Verdict::Held => "stop",
        Verdict::Abandoned => "quiet",
    }
}

pub fn subject(subject: SubjectKind) -> Words {
    match subject {
        SubjectKind::Person => ("人员", "person"),
        SubjectKind::Vehicle => ("车辆", "vehicle"),
    }
}

pub fn direction(direction: Direction) -> Words {
    match direction {
        Direction::Inbound => ("进", "in"),
        Direction::Outbound => ("出", "out"),
    }
}

pub fn class(class: Class) -> Words {
    match class {
        Class::Resident => ("居民", "resident"),
        Class::Worker => ("职工", "worker"),
        Class::Visitor => ("访客", "visitor"),
        Class::Transit => ("过境", "transit"),
        Class::Observed => ("观察对象", "observed"),
        Class::KeyPerson => ("保障人员", "key person"),
        Class::Unknown => ("未知", "unknown"),
    }
}

pub fn step(kind: StepKind) -> Words {
    match kind {
        StepKind::Credential => ("查码", "credential"),
        StepKind::Temperature => ("测温", "temperature"),
        StepKind::Registration => ("登记", "registration"),
        StepKind::Attest => ("人工核实", "attested"),
        StepKind::Plate => ("车牌", "plate"),
        StepKind::Occupants => ("随车人员", "occupants"),
        StepKind::Disinfection => ("消毒", "disinfection"),
        StepKind::Question => ("询问", "question"),
        StepKind::Dwell => ("停留", "dwell"),
        StepKind::Pledge => ("承诺", "pledge"),
        StepKind::Custody => ("寄存", "items in custody"),
        StepKind::Escort => ("接送", "escort"),
        StepKind::Count => ("清点", "count"),
        StepKind::SignOff => ("签名", "sign-off"),
        StepKind::Entitlement => ("通行资格", "entitlement"),
    }
}

pub fn reason(reason: Reason) -> Words {
    match reason {
        Reason::NoCredential => ("未出示凭证", "no credential"),
        Reason::CredentialUnverified => ("凭证无法核验", "credential not verifiable"),
        Reason::CredentialForged => ("凭证签名不符", "signature does not match"),
        Reason::CredentialUnknownIssuer => ("签发方不受信任", "unknown issuer"),
        Reason::CredentialExpired => ("凭证过期", "credential expired"),
        Reason::CredentialNotYetValid => ("凭证尚未生效", "credential not valid yet"),
        Reason::CredentialWrongSite => ("非本卡口凭证", "credential of another site"),
        Reason::ClockUntrusted => ("时钟不可信", "clock not trusted"),
        Reason::TemperatureElevated => ("体表温度偏高", "skin temperature elevated"),
        Reason::TemperatureUnclear => ("体温读数不明确", "temperature unclear"),
        Reason::TemperatureNotMeasured => ("未测得体温", "temperature not measured"),
        Reason::NotOnRoster => ("不在名册", "not on roster"),
        Reason::ClassNotAdmitted => ("该类人员不准入", "class not admitted"),
        Reason::PlateMismatch => ("车牌与通行证不符", "plate differs from pass"),
        Reason::OccupantReferred => ("随车人员待复核", "an occupant was referred"),
        Reason::Declined => ("拒绝配合", "declined a step"),
        Reason::AttendantDecision => ("值守人员决定", "attendant's decision"),
        Reason::MedicalEmergency => ("紧急就医", "medical emergency"),
        Reason::Left => ("自行离开", "left"),
        Reason::TimedOut => ("超时", "timed out"),
        Reason::KioskRestarted => ("终端重启", "kiosk restarted"),
        Reason::ClearedByContactThermometer => ("接触式体温计复测正常", "cleared by contact thermometer"),
        Reason::AnswerToConfirm => ("回答待核实", "answer to be looked into"),
        Reason::AnswerNotAccepted => ("回答不符合规定", "answer not accepted"),
        Reason::CountOutOfRange => ("数量超出规定", "count out of range"),
        Reason::DwellInterrupted => ("停留中断", "dwell interrupted"),
        Reason::QuotaUsed => ("通行次数已用完", "quota used"),
        Reason::OutsideHours => ("不在通行时段", "outside hours"),
        Reason::TooSoon => ("间隔时间不够", "too soon"),
        Reason::NotCleared => ("暂离后未获准返回", "not cleared"),
        Reason::HostVisited => ("受访人已有访客", "host is visited already"),
        Reason::HostLeft => ("受访人已离开", "host has left"),
        Reason::NoEntry => ("没有进入记录", "no entry on record"),
        Reason::OtherHost => ("此前探访过别人", "visited another host before"),
        Reason::CannotTell => ("无法查清以往记录", "earlier records unknown"),
        Reason::TurnedBackBefore => ("不久前被劝返", "turned back before"),
        Reason::CredentialRevoked => ("凭证已撤销", "credential revoked"),
        Reason::CredentialNotAdmissible => ("凭证不符合规定", "credential not admissible"),
        Reason::ListsTooOld => ("核验名单过旧", "lists too old"),
        Reason::CredentialOutOfWindow => ("动态码已过时", "code not of now"),
        Reason::CredentialUsedElsewhere => ("通行证刚在别处出示", "pass just shown elsewhere"),
        Reason::IssuerUnanswered => ("签发方无法核验", "issuer not reached"),
        Reason::UnderObservation => ("观察对象", "under observation"),
    }
}

pub fn crossing(crossing: Crossing) -> Words {
    match crossing {
        Crossing::Passed => ("已通过", "passed"),
        Crossing::DidNotPass => ("未通过", "did not pass"),
        Crossing::Followed => ("有人尾随", "followed"),
        Crossing::BarrierStuck => ("道闸故障", "barrier stuck"),
    }
}

pub fn erasure(reason: Erasure) -> Words {
    match reason {
        Erasure::Requested => ("本人要求", "the person asked for it"),
        Erasure::Mistaken => ("误登记", "recorded by mistake"),
        Erasure::Ordered => ("上级要求", "ordered by an authority"),
    }
}

pub fn personal(state: PersonalState) -> Words {
    match state {
        PersonalState::None => ("无个人信息", "no personal data"),
        PersonalState::Waiting => ("待密钥", "key not here yet"),
        PersonalState::Indexed => ("已封存", "sealed"),
        PersonalState::Unreadable => ("无法打开", "does not open"),
        PersonalState::Erased => ("已销毁", "erased"),
    }
}

pub fn alarm(kind: AlarmKind) -> Words {
    match kind {
        AlarmKind::Fork => ("日志分叉", "two versions of one log"),
        AlarmKind::Shrunk => ("终端记录减少", "kiosk lost records"),
        AlarmKind::Hole => ("记录缺失", "records missing"),
        AlarmKind::Unreadable => ("记录格式未知", "records of a later version"),
        AlarmKind::Sealed => ("封存密钥不属于本中心", "sealed for another hub"),
        AlarmKind::Sheet => ("日报与记录不符", "a day's sheet differs"),
        AlarmKind::Disk => ("终端存储异常", "the kiosk's disk"),
        AlarmKind::Count => ("开闸次数多于记录", "more openings than records"),
        AlarmKind::Command => ("终端拒绝指令", "a command refused"),
    }
}

/// What an urgent alarm is about.
pub fn cause(cause: Cause) -> Words {
    match cause {
        Cause::Begun => ("告警日志开始", "the urgent log begins"),
        Cause::Held => ("留置", "somebody is held"),
        Cause::ForgedPass => ("凭证签名不符", "a forged pass"),
        Cause::Emergency => ("紧急放行", "emergency admission"),
        Cause::OpenedByHand => ("道闸被手动开启", "barrier opened without a record"),
        Cause::FoundOpen => ("启动时道闸开着", "barrier found open"),
        Cause::BarrierStuck => ("道闸故障", "barrier stuck"),
        Cause::RecordsLost => ("记录丢失", "records are lost"),
        Cause::LogEnded => ("日志中止，另起新日志", "the log ended, another one begins"),
        Cause::DiskLow => ("存储空间不足", "the disk is nearly full"),
        Cause::WriteFailed => ("记录无法写入", "records cannot be written"),
        Cause::DeviceDead => ("设备无响应", "a device does not answer"),
        Cause::NobodyAtPost => ("岗位无人", "nobody at the post"),
        Cause::Overdue => ("超时未出", "somebody has not come out in time"),
        Cause::Followed => ("有人尾随通过", "somebody went through behind another"),
    }
}

/// What a time rests on.
pub fn known(known: Known) -> Words {
    match known {
        Known::Synced => ("已同步时钟", "synced clock"),
        Known::Mapped => ("由同次开机的校时推算", "from a synced record of the same boot"),
        Known::Battery => ("电池时钟", "battery clock"),
        Known::Bounded => ("由前后记录限定", "between the records around it"),
        Known::Received => ("不晚于到达中心", "not after it arrived here"),
        Known::Unknown => ("时钟未校准", "clock not set"),
    }
}

/// What kind of record it is.
pub fn body(body: &Body) -> Words {
    match body {
        Body::Booted { .. } => ("终端启动", "kiosk started"),
        Body::Stopped => ("终端关闭", "kiosk stopped"),
        Body::KeyOpened { .. } => ("封存密钥", "sealing key"),
        Body::Arrived { .. } => ("到达", "arrival"),
        Body::Passage(_) => ("通行判定", "passage"),
        Body::Crossed { .. } => ("过闸", "crossing"),
        Body::DeviceHealth { .. } => ("设备状态", "device health"),
        Body::Attendance { .. } => ("签到签退", "attendance"),
        Body::ClockMapped => ("校时", "clock set"),
        Body::Gap { .. } => ("缺失声明", "gap"),
        Body::Erased { .. } => ("个人信息销毁", "personal data erased"),
        Body::KeyDestroyed { .. } => ("终端销毁密钥", "sealing key destroyed on the kiosk"),
        Body::SegmentsDropped { .. } => ("终端清除旧记录", "old records dropped on the kiosk"),
        Body::HandOver { .. } => ("交班留言", "hand-over note"),
        Body::Policy { event, .. } => policy_event(*event),
        Body::Alarm { kind, .. } => cause(*kind),
        Body::Commanded { .. } => ("收到中心指令", "command taken"),
        Body::CommandDone { .. } => ("中心指令结果", "result of a command"),
        Body::Manned { found } => manned(*found),
        Body::Training { event, .. } => training(*event),
        Body::DriftNoted { .. } => ("测温仪状况", "state of a thermometer"),
        Body::Overdue { .. } => cause(Cause::Overdue),
        Body::OpenedByHand => ("道闸手动开启", "barrier opened by hand"),
        Body::FoundOpen => ("启动时道闸开着", "barrier found open"),
        Body::ClosedByAttendant { .. } => ("值守人员关闸", "barrier closed by attendant"),
    }
}

/// What happened to a policy bundle.
fn policy_event(event: PolicyEvent) -> Words {
    match event {
        PolicyEvent::HandedIn => ("收到策略包，待阅知", "policy bundle waits to be read"),
        PolicyEvent::Refused => ("策略包被拒绝", "policy bundle refused"),
        PolicyEvent::Acknowledged => ("策略已阅知", "policy acknowledged"),
        PolicyEvent::Began => ("策略生效", "policy in force"),
        PolicyEvent::Ended => ("策略到期", "policy ended"),
    }
}

/// What was found out about the post.
pub fn manned(found: Manned) -> Words {
    match found {
        Manned::Unanswered => ("询问在岗无人应答", "nobody answered at the post"),
        Manned::Unstaffed => ("应有人值守而无人签到", "nobody signed in at the post"),
        Manned::Back => ("岗位有人", "somebody at the post again"),
    }
}

/// What became of a lane's training.
pub fn training(event: Training) -> Words {
    match event {
        Training::Begun => ("练习开始", "training begun"),
        Training::Ended => ("练习结束", "training ended"),
        Training::TimedOut => ("练习无人操作，自动结束", "training ended by itself"),
        Training::Emergency => ("紧急放行，练习结束", "training ended by an emergency"),
        Training::Stopped => ("终端关闭，练习结束", "training ended as the kiosk stopped"),
    }
}

/// As what somebody is at the post.
pub fn role(role: Role) -> Words {
    match role {
        Role::Attendant => ("值守", "attendant"),
        Role::Lead => ("带班", "lead"),
        Role::Observer => ("观察", "observer"),
    }
}

/// What a command asks for.
pub fn ordered(what: &Ordered) -> Words {
    match what {
        Ordered::Notice { number: 0 } => ("撤下中心通告", "hub's notice taken away"),
        Ordered::Notice { .. } => ("更换通告", "another public notice"),
        Ordered::LaneService { service: Service::Out, .. } => ("通道停用", "lane out of service"),
        Ordered::LaneService { service: Service::In, .. } => ("通道恢复", "lane back in service"),
        Ordered::RenewKey => ("更换连接密钥", "renew the connection key"),
        Ordered::SendNow => ("立即上报", "send at once"),
        Ordered::Mode { mode } => area_mode(*mode),
    }
}

/// The mode that an area is in.
pub fn mode(mode: AreaMode) -> Words {
    match mode {
        AreaMode::Normal => ("平时", "as usual"),
        AreaMode::Watch => ("加强", "watch"),
        AreaMode::Sealed => ("封控", "sealed"),
        AreaMode::Drill => ("演练", "drill"),
    }
}

/// What an area is put into.
fn area_mode(mode: AreaMode) -> Words {
    match mode {
        AreaMode::Normal => ("转为平时", "area as usual"),
        AreaMode::Watch => ("转为加强", "area under watch"),
        AreaMode::Sealed => ("转为封控", "area sealed"),
        AreaMode::Drill => ("转为演练", "a drill in the area"),
    }
}

/// How far a command got, with the style and the symbol that go with it.
pub fn sent_state(state: SentState) -> (&'static str, &'static str, Words) {
    match state {
        SentState::Waiting => ("quiet", "○", ("等待终端领取", "waits for the kiosk")),
        SentState::Sent => ("wait", "⇢", ("已送达", "sent")),
        SentState::Taken => ("wait", "…", ("已接收，执行中", "taken, under way")),
        SentState::Expired => ("stop", "■", ("已过时限", "too late")),
        SentState::Settled(Outcome::Done) => ("go", "✓", command_outcome(Outcome::Done)),
        SentState::Settled(outcome) => ("stop", "■", command_outcome(outcome)),
    }
}

/// What became of a command.
pub fn command_outcome(outcome: Outcome) -> Words {
    match outcome {
        Outcome::Done => ("已执行", "done"),
        Outcome::Interrupted => ("执行中断，结果不明", "interrupted, nobody knows how far it got"),
        Outcome::Expired => ("已过时限，未执行", "refused: too late"),
        Outcome::ClockUnsure => ("终端时钟不可信，未执行", "refused: the kiosk's clock is not trusted"),
        Outcome::Unable => ("终端无法执行", "cannot be done there"),
        Outcome::Failed => ("未能完成", "tried, and did not succeed"),
        Outcome::Unknown => ("终端版本不识别", "refused: the kiosk does not know it"),
        Outcome::Forged => ("签名不符，拒绝", "refused: not signed by this hub"),
        Outcome::OtherKiosk => ("不是发给该终端的，拒绝", "refused: for another kiosk"),
        Outcome::OutOfOrder => ("编号不连续，拒绝", "refused: one before it is missing"),
        Outcome::Repeated => ("重复指令，拒绝", "refused: was there before"),
    }
}

pub fn decider(decider: &Decider) -> String {
    match decider {
        Decider::Policy => "规则 policy".to_owned(),
        Decider::Attendant(attendant) => format!("值守 {attendant}"),
    }
}

/// Why a parcel's batch was not taken, and what to do.
pub fn not_taken(why: &NotTaken, epoch: Epoch) -> (String, String) {
    use crate::journal::note::Error as Note;
    let (zh, hint) = match why {
        NotTaken::Form(_) => ("批次无法解读".to_owned(), ""),
        NotTaken::TooMany => ("文件中的日志过多".to_owned(), ""),
        NotTaken::Refused(refused) => match refused {
            Refused::UnknownKiosk(_) => ("本中心没有登记该终端".to_owned(), "; enrol it first"),
            Refused::Revoked(_) => (
                "该终端已吊销，重新登记后可收".to_owned(),
                "; once it is enrolled again its records are taken",
            ),
            Refused::Note(Note::Unsigned | Note::Forged) => {
                ("签名不是该终端登记的密钥所签".to_owned(), "; it is not the key that was enrolled")
            }
            Refused::Note(_) => ("签名说明无法解读".to_owned(), ""),
            Refused::OtherLog { .. } => ("签名说明属于另一日志".to_owned(), ""),
            Refused::Size { .. } => ("签名说明与批次不符".to_owned(), ""),
            Refused::Gap { next } => {
                let again = format!("kakou journal carry --epoch {epoch} --from {next}");
                let zh = format!("缺少此前记录，需从第 {next} 条起：{again}");
                return (zh, format!("needs records from {next} on: {again}"));
            }
            Refused::Fork { .. } => ("与已有记录不同，须查明".to_owned(), "; somebody must look at this"),
            Refused::Root { .. } => ("记录与签名的根不符，须查明".to_owned(), "; somebody must look at this"),
            Refused::Record { .. } => ("记录编号不符".to_owned(), ""),
            Refused::Hole { .. } => ("缺失声明不成立".to_owned(), ""),
            Refused::Storage(_) => ("台账无法写入".to_owned(), "; try again"),
        },
    };
    (zh, format!("{why}{hint}"))
}

/// Why a parcel could not be read to its end.
pub fn parcel_error(error: &parcel::Error) -> (String, String) {
    use parcel::Error;
    let (zh, hint) = match error {
        Error::Foreign => ("这不是卡口的离线文件".to_owned(), ""),
        Error::Version(version) => (format!("文件格式 {version} 较新，请升级本中心"), ""),
        Error::Damaged { at, .. } => (
            format!("文件在第 {at} 字节处损坏，此前各批已收；请重新拷贝"),
            "; the batches before it were taken: copy the file again",
        ),
        Error::Truncated { at, .. } => (
            format!("文件在第 {at} 字节处中断，此前各批已收；请重新拷贝"),
            "; the batches before it were taken: copy the file again",
        ),
        Error::Trailing { at } => (format!("文件末尾（第 {at} 字节）之后还有内容，已忽略"), ""),
    };
    (zh, format!("{error}{hint}"))
}

/// What the records say about a day's sheet.
pub fn sheet_state(state: SheetState) -> Words {
    match state {
        SheetState::Waiting => ("凭日报，记录待补", "by sheet, records to follow"),
        SheetState::Confirmed => ("已与记录核对", "confirmed by the records"),
        SheetState::Contradicted => ("与记录不符", "differs from the records"),
    }
}

/// What became of a day's sheet.
pub fn sheet_taken(taken: SheetTaken) -> Words {
    match taken {
        SheetTaken::New => ("已收日报", "sheet taken"),
        SheetTaken::Replaced => ("已收，替换当天较早的日报", "sheet taken in place of an earlier one"),
        SheetTaken::Known => ("这份日报已有", "this sheet was here already"),
        SheetTaken::Older => ("已有当天更晚的日报", "a later sheet of that day is here"),
    }
}

/// Why a day's sheet was refused.
pub fn sheet_refused(refused: &SheetRefused) -> &'static str {
    match refused {
        SheetRefused::Bad(BadSheet::Forged) => "签名不是该终端的密钥所签",
        SheetRefused::Bad(_) => "不是卡口日报，或识读有误",
        SheetRefused::UnknownKiosk(_) => "本中心没有登记该终端",
        SheetRefused::Revoked(_) => "该终端已吊销",
        SheetRefused::Contradiction { .. } => "已有同样条数的另一份日报，内容不同，须查明",
        SheetRefused::Storage(_) => "台账无法写入",
    }
}
