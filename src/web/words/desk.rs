//! What the attendant's face says: plain words for every state, reason and refusal.

pub use super::reason::reason;
use super::{Words, words};
use crate::base::{ClockTrust, NoReading, Slug};
use crate::control::{Aspect, BarrierState, Decision, Direct, Phase, Refused, StepState, Trouble};
use crate::model::{
    AreaMode, Attestation, Class, Direction, ModuleColour, NotMeasured, Role, SubjectKind, Verdict, Zone,
};

/// What a lane is doing.
pub const fn phase(phase: Phase) -> Words {
    match phase {
        Phase::Idle => words("空闲", "Idle"),
        Phase::Steps => words("检查中", "Checking"),
        Phase::Recording => words("正在记录", "Recording"),
        Phase::Referred => words("请您决定", "You decide"),
        Phase::Crossing => words("正在通过", "Crossing"),
        Phase::Ended => words("已结束", "Ended"),
        Phase::OutOfService => words("停用", "Out of service"),
    }
}

/// An outcome.
pub const fn verdict(verdict: Verdict) -> Words {
    match verdict {
        Verdict::Admitted => words("放行", "Admitted"),
        Verdict::AdmittedWithFollowUp => words("放行并跟进", "Admitted, follow-up"),
        Verdict::Advised => words("劝阻", "Advised"),
        Verdict::TurnedBack => words("劝返", "Turned back"),
        Verdict::Referred => words("待人工处理", "Referred"),
        Verdict::Held => words("留置等待", "Held"),
        Verdict::HandedOff => words("移交", "Handed off"),
        Verdict::Abandoned => words("已离开", "Left"),
        Verdict::EmergencyAdmitted => words("紧急放行", "Emergency"),
    }
}

/// What an attendant can decide.
pub const fn decision(decision: Decision) -> Words {
    match decision {
        Decision::Admit => words("放行", "Admit"),
        Decision::AdmitWithFollowUp => words("放行并跟进", "Admit, follow up"),
        Decision::Advise => words("劝阻", "Advise against"),
        Decision::TurnBack => words("劝返", "Turn back"),
        Decision::Hold => words("留置等待", "Hold here"),
        Decision::HandOff => words("移交", "Hand off"),
    }
}

/// What a subject is to the place.
pub const fn class(class: Class) -> Words {
    match class {
        Class::Resident => words("居民", "Resident"),
        Class::Worker => words("工作人员", "Worker"),
        Class::Visitor => words("访客", "Visitor"),
        Class::Transit => words("过境", "Transit"),
        Class::Observed => words("观察人员", "Observed"),
        Class::KeyPerson => words("优先人员", "Key person"),
        Class::Unknown => words("未知", "Unknown"),
    }
}

/// Of somebody who has shown nothing yet.
pub const AWAITING_CODE: Words = words("等待出示", "To be shown");

/// Of a vehicle whose plate nobody has read yet.
pub const AWAITING_PLATE: Words = words("等待车牌", "Plate to come");

/// Of somebody whom the roster does not know.
pub const NOT_ON_ROSTER: Words = words("未登记", "Not registered");

/// Person or vehicle.
pub const fn subject(kind: SubjectKind) -> Words {
    match kind {
        SubjectKind::Person => words("人员", "Person"),
        SubjectKind::Vehicle => words("车辆", "Vehicle"),
    }
}

/// Which way.
pub const fn direction(direction: Direction) -> Words {
    match direction {
        Direction::Inbound => words("进", "In"),
        Direction::Outbound => words("出", "Out"),
    }
}

/// Which traffic a lane takes.
pub const fn direct(direct: Direct) -> Words {
    match direct {
        Direct::Inbound => words("入口", "Inbound"),
        Direct::Outbound => words("出口", "Outbound"),
        Direct::Both => words("双向", "Both ways"),
    }
}

/// How far a step is.
pub const fn step_state(state: &StepState) -> Words {
    match state {
        StepState::Open => words("未做", "To do"),
        StepState::Asked => words("进行中", "Now"),
        StepState::NeedsAttendant { .. } => words("请处理", "Needs you"),
        StepState::Done => words("完成", "Done"),
        StepState::Waived { .. } => words("免做", "Waived"),
        StepState::Failed { .. } => words("未通过", "Not satisfied"),
    }
}

/// Where a temperature lies.
pub const fn zone(zone: Zone) -> Words {
    match zone {
        Zone::Below => words("低于阈值", "Below threshold"),
        Zone::Recheck => words("需复测", "Measure again"),
        Zone::Refer => words("达到阈值，请复测", "At threshold"),
    }
}

/// Why there is no temperature.
pub const fn not_measured(why: NotMeasured) -> Words {
    match why {
        NotMeasured::NoReading(reason) => no_reading(reason),
        NotMeasured::SensorNotReady => words("没测到：传感器未就绪", "Not measured: sensor not ready"),
        NotMeasured::NobodyThere => words("没测到：没有人靠近", "Not measured: nobody came close"),
        NotMeasured::TooCold => words("没测到：皮肤太凉，进屋稍等", "Not measured: too cold, wait inside"),
        NotMeasured::Unsteady => words("没测到：读数不稳", "Not measured: readings unsteady"),
        NotMeasured::NotSkin => words("没测到：对准的不是皮肤", "Not measured: not skin"),
        NotMeasured::Several => words("没测到：画面里有几个人", "Not measured: several people in view"),
        NotMeasured::TooClose => words("没测到：离得太近", "Not measured: too close"),
        NotMeasured::Acclimatising => words(
            "没测到：刚从冷处进来，等一等再测",
            "Not measured: just in from the cold, measure again later",
        ),
        NotMeasured::Implausible => {
            words("读数低得不可信：露出额头，或用接触式", "Too low to be true: bare forehead, or contact")
        }
        NotMeasured::Surroundings => {
            words("没测到：此处太冷或太热，用接触式", "Not measured: too cold or hot here, use contact")
        }
        NotMeasured::Reference => {
            words("没测到：传感器与基准不符，用接触式", "Not measured: sensor off its reference, use contact")
        }
        NotMeasured::Supply => {
            words("没测到：传感器供电不正常，用接触式", "Not measured: sensor's supply is off, use contact")
        }
        NotMeasured::Covered => words("没测到：额头被遮住", "Not measured: forehead is covered"),
        NotMeasured::Drift => {
            words("没测到：传感器读数偏低，用接触式", "Not measured: sensor reads too low, use contact")
        }
    }
}

/// Why a device gives nothing.
pub const fn no_reading(why: NoReading) -> Words {
    match why {
        NoReading::Absent => words("设备没有应答", "Device does not answer"),
        NoReading::Timeout => words("设备应答超时", "Device answers too late"),
        NoReading::Bus => words("线路传输失败", "Transfer failed"),
        NoReading::Checksum => words("数据校验不符", "Checksum does not match"),
        NoReading::Flagged => words("设备报告数值无效", "Device flags its value"),
        NoReading::Stale => words("数值太旧", "Value is too old"),
        NoReading::WrongPart => words("设备与配置不符", "Not the device that belongs here"),
        NoReading::Starting => words("设备正在启动", "Device is starting"),
        NoReading::MemoryBusy => words("设备正在写存储", "Device writes its memory"),
        NoReading::MemoryDead => words("设备存储损坏，请更换", "Device memory damaged: replace it"),
        NoReading::PowerDip => words("设备供电瞬断", "Device lost power for a moment"),
        NoReading::OffReference => words("设备与基准不符", "Device is off its reference"),
    }
}

/// Where the barrier is.
pub const fn barrier(state: BarrierState) -> Words {
    match state {
        BarrierState::Opening => words("正在打开", "Opening"),
        BarrierState::Open => words("已打开", "Open"),
        BarrierState::StandsOpen => words("开着没关", "Stands open"),
        BarrierState::Closing => words("正在关闭", "Closing"),
        BarrierState::Closed => words("已关闭", "Closed"),
        BarrierState::Stuck => words("卡住", "Stuck"),
    }
}

/// What has to be known beside the steps.
pub const fn trouble(trouble: Trouble) -> Words {
    match trouble {
        Trouble::RecordLate => words("记录迟迟没有写完，请看住道闸", "The record is late: watch the barrier"),
        Trouble::NotRecorded => {
            words("记录没有写成，判定不算数，请重新决定", "Not recorded: it does not count, decide again")
        }
        Trouble::NotOpened => {
            words("记录写得太晚，没有开闸，请重新查验", "Recorded too late: not opened, begin again")
        }
    }
}

/// What the lamp shows.
pub const fn aspect(aspect: Aspect) -> Words {
    match aspect {
        Aspect::Stop => words("停", "Stop"),
        Aspect::Wait => words("等", "Wait"),
        Aspect::Go => words("行", "Go"),
    }
}

/// What an attendant confirms.
pub const fn attestation(what: Attestation) -> Words {
    match what {
        Attestation::Mask => words("已戴口罩", "Wears a mask"),
        Attestation::UnverifiedCredential => words("已查看所示的码", "Code shown, looked right"),
        Attestation::TravelRecord => words("已查看行程", "Travel record shown"),
        Attestation::Papers => words("人证相符", "Papers match"),
        Attestation::Companion => words("由陪同人作保", "A companion answers for them"),
        Attestation::PlaceCode => words("已扫场所码", "Place code scanned"),
    }
}

/// The colour of a code that an attendant is to look at.
pub const fn module_colour(colour: ModuleColour) -> Words {
    match colour {
        ModuleColour::Black => words("码呈黑色，不作凭证", "Black code, which proves nothing"),
        ModuleColour::Green => words("码呈绿色，不作凭证", "Green code, which proves nothing"),
        ModuleColour::Yellow => words("码呈黄色，不作凭证", "Yellow code, which proves nothing"),
        ModuleColour::Red => words("码呈红色，不作凭证", "Red code, which proves nothing"),
        ModuleColour::Blue => words("码呈蓝色，不作凭证", "Blue code, which proves nothing"),
    }
}

/// The warning of a clock that nothing vouches for.
pub const CLOCK_NOT_SET: Words = words("时钟未校准，时间可能不对", "Clock not set: times may be wrong");

/// How far the clock is trusted.
pub const fn clock(trust: ClockTrust) -> Words {
    match trust {
        ClockTrust::None => words("未校准，记录中照实注明", "Not vouched for, and records say so"),
        ClockTrust::Rtc => words("电池时钟", "Battery clock"),
        ClockTrust::Synced => words("已校时", "Set by a time service"),
    }
}

/// What a device is, by its driver; a driver that we do not know stands for itself.
pub fn device(driver: &str) -> Option<Words> {
    Some(match driver {
        "mlx90614" | "mlx90614-iio" | "mlx90632" | "thermometer-iio" => words("测温仪", "Thermometer"),
        "scanner" | "keyboard-scanner" => words("扫码器", "Code reader"),
        "id-reader" => words("身份证读卡器", "Identity card reader"),
        "camera" => words("摄像头", "Camera"),
        "barrier" => words("道闸", "Barrier"),
        "lamp" => words("信号灯", "Lamp"),
        "presence" => words("来人感应", "Presence sensor"),
        "presence-inside" => words("里侧感应", "Presence sensor, inside"),
        "beam" => words("防砸光束", "Safety beam"),
        "button" => words("按钮", "Button"),
        _ => return None,
    })
}

/// What is said beside a past time that nothing vouches for.
pub const fn time(trust: ClockTrust) -> Option<Words> {
    match trust {
        ClockTrust::None => Some(words("时钟未校准", "clock not set")),
        ClockTrust::Rtc | ClockTrust::Synced => None,
    }
}

/// A field of the registration.
pub fn field(name: &str) -> Words {
    match name {
        "name" => words("姓名", "Name"),
        "phone" => words("电话", "Phone"),
        "origin" => words("从哪里来", "From"),
        "destination" => words("到哪里去", "To"),
        "host" => words("找谁", "Visits"),
        "answer" => words("回答", "Answer"),
        "area" => words("地区", "Area"),
        "date" => words("日期", "Date"),
        "tag" => words("号牌", "Tag"),
        "escort" => words("接的人", "Who fetches them"),
        _ => words("其他", "Other"),
    }
}

/// A waiver's reason or an agent by its name in the profile; names that we do not know stand for themselves.
pub fn slug(slug: &Slug) -> Option<Words> {
    Some(match slug.as_str() {
        "infant" | "small-child" => words("婴幼儿", "Small child"),
        "child" => words("儿童", "Child"),
        "elderly" => words("老人", "Elderly person"),
        "disability" => words("行动不便", "Disability"),
        "no-phone" => words("没有手机", "No phone"),
        "known-by-sight" | "known-to-attendant" => words("熟人", "Known by sight"),
        "device-fault" => words("设备故障", "Device fault"),
        "companion" => words("由同行人代办", "Companion answers"),
        "medical" | "medical-reason" => words("医疗原因", "Medical reason"),
        "language" => words("语言不通", "Language"),
        "delivery" => words("送货", "Delivery"),
        "forgot-card" => words("忘带卡", "Forgot the card"),
        "paper-ticket" => words("纸质票", "Paper ticket"),
        "skin-condition" => words("皮肤不适", "Skin condition"),
        "goes-alone" => words("独自回家", "Goes home alone"),
        "school-bus" => words("乘校车", "School bus"),
        "work-permit" => words("有工作证明", "Work permit"),
        "urgent-need" => words("急事", "Urgent need"),
        "cleared-by-doctor" => words("有医院证明", "Cleared by a doctor"),
        "vet-allows" => words("兽医同意", "The vet allows it"),
        "seen-inside" => words("确认在内", "Known to be inside"),
        "nurse-allows" => words("护士同意", "The nurse allows it"),
        "breeding-stock" => words("引种", "Breeding stock"),
        "water" => words("清水", "Water"),
        "detergent" => words("洗涤剂", "Detergent"),
        "glutaraldehyde" => words("戊二醛", "Glutaraldehyde"),
        "official" | "on-duty" => words("执行公务", "On official duty"),
        "weather" => words("天气原因", "Weather"),
        "rain" => words("下雨", "Rain"),
        "too-cold-outside" => words("室外太冷", "Too cold outside"),
        "emergency-vehicle" => words("救护、消防、抢险车", "Emergency vehicle"),
        "registered-on-paper" => words("已登记在纸上", "Registered on paper"),
        "queue" => words("排队过长", "Long queue"),
        "chlorine" | "chlorine-500" | "sodium-hypochlorite" => words("含氯消毒液", "Chlorine"),
        "peracetic-acid" => words("过氧乙酸", "Peracetic acid"),
        "quat" | "quaternary-ammonium" => words("季铵盐", "Quaternary ammonium"),
        "hydrogen-peroxide" => words("过氧化氢", "Hydrogen peroxide"),
        "alcohol" | "alcohol-75" | "ethanol" => words("酒精", "Alcohol"),
        _ => return None,
    })
}

/// Why nothing happened, Chinese and English.
pub fn refused(refused: &Refused) -> (String, String) {
    let zh = match refused {
        Refused::NoSuchLane { .. } => "本机没有这条通道".to_owned(),
        Refused::NeedsAttendant => "请先登录".to_owned(),
        Refused::RoleMayNot { role } => format!("{}不能办理", self::role(*role).zh),
        Refused::SignatureOf { wanted } => {
            let roles: Vec<_> = wanted.iter().map(|role| self::role(*role).zh).collect();
            format!("须由{}签名", roles.join("或"))
        }
        Refused::NotNow { .. } => "现在不能这样做".to_owned(),
        Refused::StepNotOpen { step } => format!("“{}”已经处理过", super::face::step(*step, None).zh),
        Refused::StepsOpen { open } => {
            let names: Vec<_> = open.iter().map(|step| super::face::step(*step, None).zh).collect();
            format!("还有未完成的项目：{}", names.join("、"))
        }
        Refused::WaiverNotAllowed { step } => {
            format!("“{}”不能因此免做", super::face::step(*step, None).zh)
        }
        Refused::BadIdNumber { .. } => "身份证号不对".to_owned(),
        Refused::OddPlate => "车牌不常见，请核对".to_owned(),
        Refused::BadField { field: name, .. } => format!("请检查“{}”", field(name).zh),
        Refused::BadEntry { .. } => "请检查填写的内容".to_owned(),
        Refused::TooEarly { seconds_left } => format!("时间还不够，再等 {seconds_left} 秒"),
        Refused::OutOfRange { low, high, .. } => format!("数值应在 {low} 到 {high} 之间"),
        Refused::CannotRecord => "无法写入记录，本通道不放行".to_owned(),
    };
    (zh, refused.to_string())
}

/// As what somebody is at the post.
pub fn role(role: Role) -> Words {
    match role {
        Role::Attendant => words("值守", "Attendant"),
        Role::Lead => words("带班", "Lead"),
        Role::Observer => words("观察", "Observer"),
    }
}

/// How strictly the area is guarded; nothing while it is as usual.
pub fn mode(mode: AreaMode) -> Option<Words> {
    match mode {
        AreaMode::Normal => None,
        AreaMode::Watch => Some(words("加强", "Watch")),
        AreaMode::Sealed => Some(words("封控", "Sealed")),
        AreaMode::Drill => Some(words("演练", "Drill")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ask;
    use crate::config::profile_file::shipped;
    use crate::model::StepKind;

    #[test]
    fn every_table_says_something_in_both_languages() {
        let verdicts = Verdict::ALL.map(verdict);
        let phases = [
            Phase::Idle,
            Phase::Steps,
            Phase::Recording,
            Phase::Referred,
            Phase::Crossing,
            Phase::Ended,
            Phase::OutOfService,
        ]
        .map(phase);
        let readings = [
            NoReading::Absent,
            NoReading::Timeout,
            NoReading::Bus,
            NoReading::Checksum,
            NoReading::Flagged,
            NoReading::Stale,
            NoReading::WrongPart,
            NoReading::Starting,
            NoReading::MemoryBusy,
            NoReading::MemoryDead,
            NoReading::PowerDip,
            NoReading::OffReference,
        ]
        .map(no_reading);
        let unmeasured = [
            NotMeasured::SensorNotReady,
            NotMeasured::NobodyThere,
            NotMeasured::TooCold,
            NotMeasured::Unsteady,
            NotMeasured::NotSkin,
            NotMeasured::Several,
            NotMeasured::TooClose,
            NotMeasured::Acclimatising,
            NotMeasured::Implausible,
            NotMeasured::Surroundings,
            NotMeasured::Reference,
            NotMeasured::Supply,
            NotMeasured::Covered,
            NotMeasured::Drift,
        ];
        let classes = [
            Class::Resident,
            Class::Worker,
            Class::Visitor,
            Class::Transit,
            Class::Observed,
            Class::KeyPerson,
            Class::Unknown,
        ];
        let all = verdicts
            .into_iter()
            .chain(phases)
            .chain(readings)
            .chain(unmeasured.map(not_measured))
            .chain(classes.map(class));
        for Words { zh, en } in all {
            assert!(!zh.is_empty() && !en.is_empty() && zh != en, "{zh} {en}");
        }
    }

    #[test]
    fn every_waiver_and_agent_of_the_shipped_profiles_has_words() {
        for profile in shipped().unwrap() {
            for step in &profile.steps {
                let agents =
                    if let Ask::Disinfection { agents, .. } = &step.ask { agents.as_slice() } else { &[] };
                for name in step.waivers.iter().chain(agents) {
                    assert!(slug(name).is_some(), "{} {}: {name}", profile.id, step.id);
                }
            }
        }
    }

    #[test]
    fn what_could_not_be_measured_is_never_called_normal() {
        let cold = not_measured(NotMeasured::TooCold);
        assert!(cold.zh.starts_with("没测到") && cold.en.starts_with("Not measured"));
    }

    #[test]
    fn a_refusal_names_the_steps_that_are_open() {
        let open = vec![StepKind::Temperature, StepKind::Registration];
        let (zh, en) = refused(&Refused::StepsOpen { open });
        assert_eq!(zh, "还有未完成的项目：测体温、登记");
        assert!(en.contains("Temperature"), "{en}");
    }
}
