//! What differs between two bundles, in words that an attendant can check.

use jiff::tz::offset;

use super::{Bundle, Thresholds};
use crate::base::Slug;
use crate::config::profile::Profile;
use crate::model::BodySite;

/// Most lines; what is more than that is said in one line.
const LINES_MAX: usize = 200;

/// What is other in `new` than in `old`, a line each; nothing when both say the same.
pub fn difference(old: &Bundle, new: &Bundle) -> Vec<String> {
    let mut lines = beside_profiles(old, new);
    profiles(old, new, &mut lines);
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!("… 另有 and {more} 处 more"));
    }
    lines
}

/// The same in few lines, for somebody at a gate: of a profile that differs only that it does, and of the times nothing,
/// because they stand above.
pub fn summary(old: &Bundle, new: &Bundle) -> Vec<String> {
    let (mut lines, mut details) = (beside_profiles(old, new), Vec::new());
    let known = ["版本", "起 ", "止 ", "到期后", "方案 profiles"];
    lines.retain(|line| !known.iter().any(|begin| line.starts_with(begin)));
    profiles(old, new, &mut details);
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for line in &details {
        let (profile, what) = line.split_once(": ").unwrap_or((line, ""));
        if !what.starts_with(['−', '+']) {
            lines.push(line.clone());
        } else if let Some((_, count)) = counted.iter_mut().find(|(known, _)| *known == profile) {
            *count += 1;
        } else {
            counted.push((profile, 1));
        }
    }
    lines.extend(counted.iter().map(|(profile, count)| format!("{profile}: {count} 处有改动 changes")));
    lines
}

fn beside_profiles(old: &Bundle, new: &Bundle) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |what: &str, before: String, after: String| {
        if before != after {
            lines.push(format!("{what}: {before} → {after}"));
        }
    };
    say("版本 version", old.version.to_string(), new.version.to_string());
    say("地点 sites", names(&old.sites), names(&new.sites));
    say("起 from", time(Some(old.from)), time(Some(new.from)));
    say("止 until", time(old.until), time(new.until));
    let notice = |bundle: &Bundle| {
        let title = bundle.notice_title().map_or("", |(zh, _)| zh);
        bundle.notice.map_or("none".to_owned(), |number| format!("{number} {title}").trim_end().to_owned())
    };
    say("依据 notice", notice(old), notice(new));
    let notices = |bundle: &Bundle| {
        let one = |notice: &super::Notice| format!("{} {}", notice.number, hex(&notice.sha256));
        bundle.notices.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    say("通告 notices", notices(old), notices(new));
    say("区域状态 area mode", old.mode.name().to_owned(), new.mode.name().to_owned());
    say(
        "到期后区域状态 area mode after the end",
        old.mode_after.name().to_owned(),
        new.mode_after.name().to_owned(),
    );
    for ((what, before), (_, after)) in values(&old.thresholds).into_iter().zip(values(&new.thresholds)) {
        say(what, before, after);
    }
    say("方案 profiles in force", names(&old.profiles), names(&new.profiles));
    let lists = |bundle: &Bundle| {
        let one = |list: &super::List| format!("{} {}", list.name, hex(&list.sha256));
        bundle.lists.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    say("名单 lists", lists(old), lists(new));
    let local = |bundle: &Bundle| {
        let prefixes = bundle.local_plates.iter().flatten();
        prefixes.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    say("本地车牌 local plates", local(old), local(new));
    lines
}

/// Profiles that are in one of them only, and the lines in which those differ that are in both.
fn profiles(old: &Bundle, new: &Bundle, lines: &mut Vec<String>) {
    let of = |bundle: &Bundle| bundle.profiles().unwrap_or_default();
    let (before, after) = (of(old), of(new));
    let find = |list: &[Profile], id: &Slug| list.iter().find(|profile| profile.id == *id).cloned();
    for profile in &before {
        if find(&after, &profile.id).is_none() {
            lines.push(format!("方案 profile {}: 删去 removed", profile.id));
        }
    }
    for profile in &after {
        let Some(earlier) = find(&before, &profile.id) else {
            lines.push(format!("方案 profile {}: 新增 new", profile.id));
            continue;
        };
        let (earlier, later) = (written(&earlier), written(profile));
        for line in earlier.iter().filter(|line| !later.contains(line)) {
            lines.push(format!("方案 profile {}: − {line}", profile.id));
        }
        for line in later.iter().filter(|line| !earlier.contains(line)) {
            lines.push(format!("方案 profile {}: + {line}", profile.id));
        }
    }
}

/// A profile as lines: what it is for, its steps, its rules.
fn written(profile: &Profile) -> Vec<String> {
    let mut lines = vec![
        format!("takes {}", json(&profile.takes)),
        format!("directions {}", json(&profile.directions)),
        format!("classes {}", json(&profile.classes)),
        format!("not admitted {}", json(&profile.not_admitted)),
        format!("title {} {}", profile.title.zh, profile.title.en),
        format!(
            "timeouts {} s, idle {} s",
            profile.session_timeout.as_secs(),
            profile.idle_timeout.as_secs()
        ),
    ];
    lines
        .extend(profile.steps.iter().enumerate().map(|(at, step)| format!("step {} {}", at + 1, json(step))));
    lines.extend(profile.rules.as_slice().iter().map(|rule| format!("rule {}", json(rule))));
    lines
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn values(thresholds: &Thresholds) -> [(&'static str, String); 13] {
    let celsius = |hundredths: i32| format!("{:.2} °C", f64::from(hundredths) / 100.0);
    let rule = thresholds.screening();
    let [low, high] = rule.surroundings;
    [
        ("阈值 threshold temperature", celsius(thresholds.threshold)),
        ("缓冲带 guard band", celsius(thresholds.guard.into())),
        ("修正 correction", celsius(thresholds.correction.into())),
        ("环境系数 surroundings factor", format!("{:.3}", f64::from(thresholds.factor) / 1_000.0)),
        ("过低 too cold below", celsius(thresholds.cold)),
        ("非皮肤 no skin above", celsius(thresholds.hot)),
        ("上限 a person decides from", celsius(rule.ceiling.get())),
        ("不可信 implausible below", celsius(rule.implausible.get())),
        ("室外冷 measured twice from outdoors below", celsius(rule.outdoor.get())),
        (
            "室外热 measured twice from outdoors above",
            rule.outdoor_hot.map_or_else(|| "-".to_owned(), |hot| celsius(hot.get())),
        ),
        ("环境 surroundings", format!("{} to {}", celsius(low.get()), celsius(high.get()))),
        ("部位 place on the body", rule.site.name().to_owned()),
        ("第二部位 second place", rule.second_site.map_or("-", BodySite::name).to_owned()),
    ]
}

fn names(names: &[Slug]) -> String {
    names.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ")
}

/// A time of a bundle, as the clocks in China show it.
pub fn time(at: Option<crate::base::Wall>) -> String {
    let Some(at) = at else { return "never".to_owned() };
    let time =
        jiff::Timestamp::from_millisecond(at.0).map(|time| time.display_with_offset(offset(8)).to_string());
    time.unwrap_or_else(|_| at.0.to_string())
}

/// The first eight bytes of a digest, enough for people to compare.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
