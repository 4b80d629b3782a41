//! A record's public part in plain words, Chinese first.

use crate::base::ClockTrust;
use crate::hub::words::{self, Words};
use crate::journal::{Seal, Stored};
use crate::model::{Body, DriftNote, Entry, Passage, Post};

use super::state::day_and_time;

/// One line: number, time, lane, what happened; a record that cannot be read says so.
pub fn record(number: u64, stored: &Stored) -> String {
    let Ok(entry) = stored.entry() else {
        return format!("{number:>8}  未知格式 of a later version of the program");
    };
    let sealed = match &stored.seal {
        Seal::None => "",
        Seal::Boxed { .. } => "  [个人信息已封存 personal part sealed]",
        Seal::Erased { .. } => "  [个人信息已销毁 personal part erased]",
    };
    format!("{}{sealed}", line(&entry))
}

/// One line without the seal.
pub fn line(entry: &Entry) -> String {
    // What nobody vouches for is marked.
    let mark = if entry.stamp.trust == ClockTrust::None { "?" } else { " " };
    let lane = entry.lane.as_ref().map_or("-", |lane| lane.as_str());
    let at = day_and_time(entry.stamp.wall);
    let detail = detail(&entry.body);
    let what = two(words::body(&entry.body));
    format!("{:>8}  {at}{mark} {lane:<10} {what}  {detail}", entry.seq.get()).trim_end().to_owned()
}

fn two((chinese, english): Words) -> String {
    format!("{chinese} {english}")
}

/// What a record says beyond its kind. No body holds personal data.
fn detail(body: &Body) -> String {
    match body {
        Body::Booted { version, clean, .. } => {
            let clean = if *clean { "上次正常结束 clean" } else { "上次异常结束 unclean" };
            format!("{} {clean}", printable(version))
        }
        Body::Arrived { subject, direction } => {
            format!("{}, {}", two(words::subject(*subject)), two(words::direction(*direction)))
        }
        Body::Passage(passage) => self::passage(passage),
        Body::Crossed { arrival, crossing, .. } => format!("#{arrival} {}", two(words::crossing(*crossing))),
        Body::DeviceHealth { device, fault: Some(fault) } => format!("{device} 故障 {fault}"),
        Body::DeviceHealth { device, fault: None } => format!("{device} 恢复 works again"),
        Body::Attendance { attendant, signed_in: true, post } => {
            let post = post.as_ref().map(post_of).unwrap_or_default();
            format!("{attendant} 签到 signed in{post}")
        }
        Body::Attendance { attendant, signed_in: false, .. } => format!("{attendant} 签退 signed out"),
        Body::Gap { from, through, found } => format!("{from} – {through}: {}", printable(found)),
        Body::KeyOpened { key, .. } | Body::KeyDestroyed { key, log: None } => format!("{key}"),
        Body::KeyDestroyed { key, log: Some(log) } => format!("{key}, 日志 log {log}"),
        Body::ClosedByAttendant { by } | Body::HandOver { attendant: by, .. } => by.to_string(),
        Body::Policy { version, by: Some(by), .. } => format!("第{version}版 version {version}, {by}"),
        Body::Policy { why: Some(why), .. } => printable(why),
        Body::Policy { version, .. } => format!("第{version}版 version {version}"),
        Body::Erased { records, by, reason, .. } => {
            let records: Vec<String> = records.iter().map(ToString::to_string).collect();
            format!("{}, {by}, {}", records.join(" "), two(words::erasure(*reason)))
        }
        Body::SegmentsDropped { from, through } => format!("{from} – {through}"),
        Body::Alarm { epoch: Some(epoch), seq: Some(seq), .. } => format!("#{seq} {epoch}"),
        Body::Alarm { epoch: Some(epoch), seq: None, .. } => epoch.to_string(),
        Body::Alarm { epoch: None, .. } => "未能写入主日志 not in the main log".to_owned(),
        Body::Commanded { number, what, by, .. } => {
            format!("{number}, {}, {}", two(words::ordered(what)), printable(by))
        }
        Body::CommandDone { number, outcome, .. } => {
            format!("{number}, {}", two(words::command_outcome(*outcome)))
        }
        Body::Manned { found } => two(words::manned(*found)),
        Body::Training { event, by } => format!("{}, {by}", two(words::training(*event))),
        Body::DriftNoted { note } => drift_note(note),
        Body::Overdue { entry, vehicles, people, .. } => {
            format!("#{entry}, 车辆 vehicles {vehicles}, 人员 people {people}")
        }
        Body::Stopped | Body::ClockMapped | Body::OpenedByHand | Body::FoundOpen => String::new(),
    }
}

fn drift_note(note: &DriftNote) -> String {
    let degrees = |hundredths: i16| f64::from(hundredths) / 100.0;
    let (skin, residual) = (degrees(note.skin.mean), degrees(note.residual.mean));
    format!(
        "{} 次测温 screenings, 皮肤 skin {skin:.2} °C, 残差 residual {residual:+.2} °C, 修正 correction {:+.2} °C",
        note.screenings,
        degrees(note.correction)
    )
}

/// As what and for whom.
fn post_of(post: &Post) -> String {
    let agency = post.agency.as_ref();
    let agency =
        agency.map(|agency| printable(&format!(", {} {}", agency.zh, agency.en))).unwrap_or_default();
    format!(", {}{agency}", two(words::role(post.role)))
}

fn passage(passage: &Passage) -> String {
    let mut parts = vec![
        format!("#{} {}", passage.arrival, two(words::verdict(passage.verdict))),
        two(words::subject(passage.subject)),
        two(words::direction(passage.direction)),
        two(words::class(passage.class)),
    ];
    parts.extend(passage.reasons.iter().map(|reason| two(words::reason(*reason))));
    parts.push(words::decider(&passage.decided_by));
    parts.join(", ")
}

/// A damaged or forged file must not steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
