//! `kakou journal shift`: what the attendant's page of a shift says, counted from the journal alone.

use std::io::Write;

use anyhow::{Context as _, Result, anyhow, bail};
use data_encoding::BASE64;

use super::state::day_and_time;
use super::{Where, choose};
use crate::base::{AttendantId, Epoch, Seq, Wall};
use crate::hub::words::{self, Words};
use crate::journal::Reader;
use crate::journal::view::shift::{Counted, between, count, duties};
use crate::model::Verdict;
use crate::model::leak::Leak;
use crate::model::shift::{LaneCounts, Practised, Shift, ShiftSheet, scheduled, shifts};
use crate::platform::disk::DirDisk;

/// Minutes that China's clocks are ahead of UTC.
const CHINA: i16 = 480;

/// Arguments of `kakou journal shift`. Exit code 0: counted; 1: records are missing in it; 2: there is no such shift.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    at: Where,
    /// Which log, where there are several; without it the newest.
    #[arg(long)]
    epoch: Option<Epoch>,
    /// Whose shift; without it whoever signed in last.
    #[arg(long, conflicts_with_all = ["from", "to", "schedule"])]
    attendant: Option<AttendantId>,
    /// How many shifts before that one.
    #[arg(long, default_value_t = 0, conflicts_with_all = ["from", "to", "schedule"])]
    back: usize,
    /// Records made from this time on in China, such as 2026-11-26T08:00, instead of a shift by sign-in and sign-out.
    #[arg(long, requires = "to")]
    from: Option<String>,
    /// Records made before this time.
    #[arg(long, requires = "from")]
    to: Option<String>,
    /// When shifts change by a fixed schedule, such as 08:00,20:00: the shift that runs at the time `--at`.
    #[arg(long, value_delimiter = ',', requires = "at_time", conflicts_with_all = ["from", "to"])]
    schedule: Vec<String>,
    /// A time within the shift of a fixed schedule.
    #[arg(long = "at", id = "at_time", requires = "schedule")]
    at_time: Option<String>,
}

/// Prints a shift's sheet; good when no record of it is missing.
pub fn shift(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let mut disk = arguments.at.open()?;
    let log = choose(&mut disk, arguments.epoch)?;
    let mut reader = Reader::open(disk, log)?;
    let times = times(arguments)?;
    let (heading, first, last) = match times {
        None => by_attendance(arguments, &mut reader)?,
        Some((from, to)) => {
            let found = between(&mut reader, from, to)?;
            let (first, last) = found.ok_or_else(|| {
                anyhow!(
                    "这段时间没有记录 there is no record from {} to {}",
                    day_and_time(from),
                    day_and_time(to)
                )
            })?;
            (format!("{} – {}", day_and_time(from), day_and_time(to)), first, Some(last))
        }
    };
    let counted = count(&mut reader, first, last)?;
    writeln!(out, "交接班 shift  {heading}")?;
    print(&counted, out)?;
    Ok(counted.sheet.missing.is_empty())
}

/// The bounds in time that are asked for, if any.
fn times(arguments: &Arguments) -> Result<Option<(Wall, Wall)>> {
    if let (Some(from), Some(to)) = (&arguments.from, &arguments.to) {
        return Ok(Some((time(from)?, time(to)?)));
    }
    let Some(at) = &arguments.at_time else { return Ok(None) };
    let changes: Vec<u16> = arguments.schedule.iter().map(|change| minute(change)).collect::<Result<_>>()?;
    let shift = scheduled(&changes, CHINA, time(at)?);
    shift.map(Some).context("--schedule 没有交班时间 names no change of shifts")
}

fn by_attendance(arguments: &Arguments, reader: &mut Reader<DirDisk>) -> Result<(String, Seq, Option<Seq>)> {
    let mut all = shifts(duties(reader)?);
    all.retain(|shift| arguments.attendant.as_ref().is_none_or(|by| *by == shift.attendant));
    let Some(Shift { attendant, first, last, begun, ended }) = all.into_iter().rev().nth(arguments.back)
    else {
        bail!("没有这个班次 there is no such shift; --from and --to count without sign-ins");
    };
    let ended = ended.map_or_else(|| "未签退 not signed out".to_owned(), day_and_time);
    Ok((format!("{attendant}  {} – {ended}", day_and_time(begun)), first, last))
}

fn print(counted: &Counted, out: &mut impl Write) -> Result<()> {
    let Counted { epoch, sheet, root } = counted;
    for ((lane, direction), counts) in &sheet.lanes {
        let lane = lane.as_ref().map_or("-", |lane| lane.as_str());
        writeln!(out, "{lane} {}", two(words::direction(*direction)))?;
        lane_counts(counts, out)?;
    }
    writeln!(out, "合计 total")?;
    lane_counts(&sheet.total(), out)?;
    incidents(sheet, out)?;
    if let (Some(first), Some(last)) = (sheet.first, sheet.last) {
        writeln!(out, "记录 records {first} – {last}, 共 in all {}", sheet.records)?;
    }
    let root = root.map_or_else(|| "无法得知 cannot be known".to_owned(), |root| BASE64.encode(&root));
    writeln!(out, "日志 log {epoch}\n根 root {root}")?;
    Ok(())
}

fn lane_counts(counts: &LaneCounts, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "  车辆 vehicles {}, 步行 on foot {}, 人员 people {}, 接上一班 taken over {}, 在场未决 undecided {}",
        counts.vehicles, counts.on_foot, counts.people, counts.taken_over, counts.waiting
    )?;
    for verdict in Verdict::ALL.into_iter().filter(|verdict| counts.with(*verdict) > 0) {
        writeln!(out, "  {} {}", two(words::verdict(verdict)), counts.with(verdict))?;
    }
    if counts.referred > 0 {
        write!(out, "  待人工处理 referred {}: 未处理 open {}", counts.referred, counts.referrals_open())?;
        for (verdict, count) in &counts.referrals_ended {
            write!(out, ", {} {count}", two(words::verdict(*verdict)))?;
        }
        writeln!(out)?;
    }
    for (waiver, count) in &counts.waivers {
        let step = two(words::step(waiver.step));
        writeln!(out, "  免做 waived {step}, {}, {}: {count}", waiver.reason, waiver.by)?;
    }
    if counts.unsure > 0 {
        writeln!(out, "  其中时间未经授时 of these {} with untrusted time", counts.unsure)?;
    }
    Ok(())
}

fn incidents(sheet: &ShiftSheet, out: &mut impl Write) -> Result<()> {
    for (lane, barrier) in &sheet.barriers {
        let lane = lane.as_ref().map_or("-", |lane| lane.as_str());
        writeln!(
            out,
            "道闸 barrier {lane}: 手动打开 by hand {}, 开机时开着 found open {}, 值守关闭 closed by attendant {}",
            barrier.opened_by_hand, barrier.found_open, barrier.closed_by_attendant
        )?;
        if let Some(leak) = barrier.crossings.leak() {
            let (rate, Leak { openings, likely, low, high }) = (leak.rate(leak.likely), leak);
            writeln!(
                out,
                "  漏登估计 went unrecorded {likely} ({low}–{high}, 95 %), 放行 openings {openings}, {}.{:02} %",
                rate / 100,
                rate % 100
            )?;
        }
    }
    for (device, counts) in &sheet.devices {
        let now = counts.fault.map_or_else(|| "已恢复 works again".to_owned(), |fault| fault.to_string());
        writeln!(out, "设备 device {device}: 故障 failed {}, {now}", counts.failures)?;
    }
    if sheet.overdue > 0 {
        writeln!(out, "超时未出 overdue {}", sheet.overdue)?;
    }
    let Practised { times, span, cut, running } = sheet.practised;
    if times > 0 {
        let minutes = span.as_secs().div_ceil(60);
        write!(out, "练习 training {times} 次 times, {minutes} 分钟 minutes")?;
        writeln!(out, ", 仍在练习 still going on {running}, 断电中止 cut short {cut}")?;
    }
    for (from, through) in &sheet.missing {
        writeln!(out, "缺失 missing records {from} – {through}")?;
    }
    if sheet.starts > 0 {
        writeln!(out, "终端启动 kiosk starts {}, 异常 unclean {}", sheet.starts, sheet.unclean)?;
    }
    for seq in &sheet.hand_overs {
        writeln!(out, "交班留言 hand-over note #{seq} (个人信息已封存 sealed)")?;
    }
    Ok(())
}

fn two((chinese, english): Words) -> String {
    format!("{chinese} {english}")
}

/// A time of day in minutes.
fn minute(text: &str) -> Result<u16> {
    let (hours, minutes) = text.split_once(':').context("时刻如 08:00 a time of day is such as 08:00")?;
    let (hours, minutes): (u16, u16) = (hours.parse()?, minutes.parse()?);
    if hours > 23 || minutes > 59 {
        bail!("{text}: 不是时刻 is no time of day");
    }
    Ok(hours * 60 + minutes)
}

/// A day and time in China.
fn time(text: &str) -> Result<Wall> {
    let at: jiff::civil::DateTime =
        text.parse().with_context(|| format!("{text}: 时间如 2026-11-26T08:00"))?;
    let china = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    Ok(Wall(at.to_zoned(china)?.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;
    use crate::base::{BootId, ClockTrust, Mono, Stamp};
    use crate::model::{Body, Direction, Draft, SubjectKind, Training};

    #[test]
    fn a_shift_is_printed_by_sign_in_by_time_and_by_schedule() {
        let folder = Folder::empty();
        fill(&folder);
        let (good, text) = said(|out| shift(&asked(&folder), out));
        assert!(good, "{text}");
        for line in [
            "li  2026-11-25 23:10:00 – 2026-11-26 07:50:00",
            "在场未决 undecided 1",
            "records 2 – 9",
            "超时未出 overdue 1",
            "练习 training 1 次 times, 25 分钟 minutes, 仍在练习 still going on 0, 断电中止 cut short 0",
            "手动打开 by hand 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let within = |text: &str| Some(text.to_owned());
        let times =
            Arguments { from: within("2026-11-26T02:00"), to: within("2026-11-26T07:50"), ..asked(&folder) };
        let (_, text) = said(|out| shift(&times, out));
        assert!(text.contains("records 4 – 8"), "{text}");
        let schedule = vec!["08:00".to_owned(), "20:00".to_owned()];
        let fixed = Arguments { schedule, at_time: within("2026-11-26T03:00"), ..asked(&folder) };
        let (_, text) = said(|out| shift(&fixed, out));
        assert!(
            text.contains("2026-11-25 20:00:00 – 2026-11-26 08:00:00") && text.contains("records 1 – 9"),
            "{text}"
        );
        let other = Arguments { attendant: Some("zhou".parse().unwrap()), ..asked(&folder) };
        assert!(shift(&other, &mut Vec::new()).is_err());
        assert!(shift(&Arguments { back: 1, ..asked(&folder) }, &mut Vec::new()).is_err());
        assert!(
            shift(&Arguments { from: within("x"), to: within("y"), ..asked(&folder) }, &mut Vec::new())
                .is_err()
        );
    }

    fn asked(folder: &Folder) -> Arguments {
        Arguments {
            at: folder.at(),
            epoch: None,
            attendant: None,
            back: 0,
            from: None,
            to: None,
            schedule: vec![],
            at_time: None,
        }
    }

    /// Records of a night: started 23:00, li from 23:10 to 07:50, an arrival, opened by hand, and one after.
    fn fill(folder: &Folder) {
        let mut journal = folder.journal();
        let duty = |signed_in| Body::Attendance { attendant: "li".parse().unwrap(), signed_in, post: None };
        let arrived = Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound };
        let training = |event| Body::Training { event, by: "li".parse().unwrap() };
        let overdue = Body::Overdue { log: Epoch([1; 16]), entry: Seq::FIRST, vehicles: 0, people: 1 };
        let bodies = [
            (0, Body::FoundOpen),
            (10, duty(true)),
            (100, arrived),
            (200, Body::OpenedByHand),
            (300, Body::ClockMapped),
            (310, training(Training::Begun)),
            (335, training(Training::TimedOut)),
            (340, overdue),
            (530, duty(false)),
            (600, Body::Stopped),
        ];
        for (minutes, body) in bodies {
            let stamp = Stamp {
                boot: BootId([1; 16]),
                mono: Mono::from_millis(minutes * 60_000),
                wall: Wall(time("2026-11-25T23:00").unwrap().0 + i64::try_from(minutes).unwrap() * 60_000),
                trust: ClockTrust::Synced,
                max_error_ms: 0,
            };
            journal
                .append(Draft { lane: Some("in-1".parse().unwrap()), body, personal: None }, stamp)
                .unwrap();
            journal.commit().unwrap();
        }
        journal.close().unwrap();
    }
}
