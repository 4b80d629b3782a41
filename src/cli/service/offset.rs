//! The site's own correction, from people without fever who are measured beside a reference thermometer.
//!
//! Each person is a line of a CSV file, so that the work can go on tomorrow; `kakou measure` reads the same file. The correction
//! is the median of reference less core equivalent: a few who are ill, or a few bad readings, do not move it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Desk;
use super::sensor::Sensor;
use crate::base::CentiCelsius;
use crate::config::Site;
use crate::model::{Guidance, Screening, ScreeningRule};
use crate::thermometry::{Screener, Sense, Settings, Surroundings, Whose};

/// Fewest people: the median of thirty who differ by 0.6 °C is known to about 0.14 °C.
pub const PEOPLE_MIN: usize = 30;
/// From here on somebody counts as ill and does not count. An oral or ear thermometer's value.
const FEVER_C: f64 = 37.5;
/// Largest correction that is believed: the range of the key in `kiosk.toml`.
const CORRECTION_MAX: f64 = 2.0;
/// Samples that the sensor takes without anybody before the first person.
const EMPTY: usize = 20;
/// Samples that one person may take.
const SAMPLES_MAX: usize = 1_000;
const HEADING: &str = "skin,surroundings,reference,site,core";

/// The rule in force, without the correction that is to be found, and such that everybody has a value.
pub fn rule(site: &Path) -> Result<ScreeningRule> {
    let site = Site::read(site)?;
    Ok(ScreeningRule { correction: 0, ..site.policy.screening })
}

/// Guides through people until nobody more comes; says the correction once they are enough.
pub fn run(
    sensor: &mut Sensor<'_>,
    rule: &ScreeningRule,
    surroundings: Option<f64>,
    file: &Path,
    desk: &mut Desk<'_>,
) -> Result<bool> {
    let mut residuals = earlier(file)?;
    desk.say(&format!("已有 {} 人。so many people are in {}", residuals.len(), file.display()))?;
    let known = surroundings
        .map(|degrees| CentiCelsius::from_degrees(degrees).context("is no temperature"))
        .transpose()?;
    let settings = Settings {
        rule: *rule,
        head: sensor.spot.head(),
        surroundings: known.map_or(Surroundings::Die, Surroundings::Known),
        ..Settings::default()
    };
    let (now, _) = sensor.next()?;
    let mut screener = Screener::new(settings, now);
    desk.say("请离开传感器。Nobody before the sensor, please.")?;
    for _ in 0..EMPTY {
        let (now, reading) = sensor.next()?;
        screener.sense(now, Sense::Spot(Ok(reading)));
    }
    loop {
        let text = format!(
            "第 {} 人：参考体温，回车结束 person {}: reference in °C, empty to end?",
            residuals.len() + 1,
            residuals.len() + 1
        );
        let Some(reference) = desk.degrees(&text, 34.0, 42.0)? else { break };
        let screening = person(sensor, &mut screener, desk)?;
        let Some(residual) = keep(file, &screening, reference, desk)? else { continue };
        residuals.extend((reference < FEVER_C).then_some(residual));
    }
    conclude(&mut residuals, desk)
}

/// Measures whoever stands there.
fn person(sensor: &mut Sensor<'_>, screener: &mut Screener, desk: &mut Desk<'_>) -> Result<Screening> {
    let (now, _) = sensor.next()?;
    screener.begin(now, Whose::New);
    let mut told = None;
    for _ in 0..SAMPLES_MAX {
        let (now, reading) = sensor.next()?;
        let ended = screener.sense(now, Sense::Spot(Ok(reading))).or_else(|| screener.expire(now));
        if let Some(screening) = ended {
            return Ok(screening);
        }
        if screener.guidance() != told {
            told = screener.guidance();
            match told {
                Some(Guidance::ComeCloser) => desk.say("请靠近 come closer")?,
                Some(Guidance::HoldStill) => desk.say("请别动 hold still")?,
                Some(_) | None => {}
            }
        }
    }
    bail!("没有测到 nobody could be measured")
}

/// Adds one person to `file`; what their reference is above the core equivalent, or none where nothing was measured.
fn keep(file: &Path, screening: &Screening, reference: f64, desk: &mut Desk<'_>) -> Result<Option<f64>> {
    let Some(trace) = screening.trace.as_ref() else {
        desk.say(&format!("没有测到，请再来 not measured, once more: {:?}", screening.zone))?;
        return Ok(None);
    };
    let (basis, decision) = (&trace.basis, &trace.decision);
    let residual = reference - decision.core.degrees();
    desk.say(&format!(
        "皮肤 skin {:.2} °C, 相差 reference is {residual:+.2} °C above",
        decision.skin.degrees()
    ))?;
    let begun = file.exists();
    let mut out = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .with_context(|| file.display().to_string())?;
    if !begun {
        writeln!(out, "{HEADING}")?;
    }
    let (skin, surroundings) = (decision.skin.degrees(), basis.surroundings.degrees());
    let (site, core) = (basis.site.name(), decision.core.degrees());
    writeln!(out, "{skin:.2},{surroundings:.2},{reference:.2},{site},{core:.2}")?;
    out.sync_data()?;
    Ok(Some(residual))
}

/// What references were above core equivalents, of the people without fever who are in `file` already.
fn earlier(file: &Path) -> Result<Vec<f64>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_path(file).with_context(|| file.display().to_string())?;
    if reader.headers()?.iter().collect::<Vec<_>>().join(",") != HEADING {
        bail!("{}: must begin with {HEADING}", file.display());
    }
    let mut residuals = Vec::new();
    for (row, line) in reader.records().zip(2..) {
        let row = row?;
        let number = |column: usize| -> Result<f64> {
            let text = row.get(column).unwrap_or_default();
            text.parse().with_context(|| format!("{}:{line}: {text:?} is no number", file.display()))
        };
        let (reference, core) = (number(2)?, number(4)?);
        residuals.extend((reference < FEVER_C).then_some(reference - core));
    }
    Ok(residuals)
}

fn conclude(residuals: &mut [f64], desk: &mut Desk<'_>) -> Result<bool> {
    let people = residuals.len();
    if people < PEOPLE_MIN {
        desk.say(&format!("{people} 人，至少需要 {PEOPLE_MIN} 人；文件已保存。people are too few: {PEOPLE_MIN} are needed. The file is kept."))?;
        return Ok(false);
    }
    residuals.sort_by(f64::total_cmp);
    let median = middle(residuals);
    let mut deviations: Vec<f64> = residuals.iter().map(|residual| (residual - median).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let spread = 1.4826 * middle(&deviations);
    #[expect(clippy::cast_precision_loss, reason = "a number of people")]
    let sure = 1.96 * 1.2533 * spread / (people as f64).sqrt();
    desk.say(&format!("{people} 人 people: 修正 correction {median:+.2} °C ± {sure:.2} (95 %), 个体差 they differ by {spread:.2} °C"))?;
    if median.abs() > CORRECTION_MAX {
        desk.say("超过 2 °C：传感器、距离或参考体温计有误。More than 2 °C: sensor, distance or reference is wrong.")?;
        return Ok(false);
    }
    desk.say("写入 kiosk.toml 的 [thermometry]：Put this into kiosk.toml under [thermometry]:")?;
    desk.say(&format!("correction_c = {median:.2}"))?;
    Ok(true)
}

/// The median of sorted numbers.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::service::chip::tests::Bench;

    #[test]
    fn thirty_people_over_two_days_give_the_correction_and_a_fever_does_not_move_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("people.csv");
        // Everybody's core equivalent is 0.35 °C below their reference, in air of 23 °C: 1.2 · skin − 4.6 = reference − 0.35.
        let mut bench = Bench::new();
        bench.looks =
            |reference| crate::thermometry::radiometry::seen((reference - 0.35 + 4.6) / 1.2, 23.0, 0.98);
        let day = |bench: &mut Bench, people: &[&str]| {
            let mut answers = people.to_vec();
            answers.push("");
            bench.run(&answers, |sensor, desk| run(sensor, &ScreeningRule::PLAIN, Some(23.0), &file, desk))
        };
        let (done, said) = day(&mut bench, &["36.6"; 20]);
        assert!(!done.unwrap() && said.contains("30 are needed"), "{said}");
        let (done, said) = day(
            &mut bench,
            &["36.4", "36.9", "39.2", "36.7", "36.2", "36.5", "36.8", "36.6", "36.6", "36.5", "36.6"],
        );
        assert!(done.unwrap(), "{said}");
        assert!(said.contains("已有 20 人") && said.contains("30 人 people"), "{said}");
        let correction: f64 =
            said.lines().last().unwrap().strip_prefix("correction_c = ").unwrap().parse().unwrap();
        assert!((correction - 0.35).abs() < 0.06, "{correction}");
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(kept.lines().count(), 32, "{kept}");
    }

    #[test]
    fn a_file_of_something_else_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("people.csv");
        std::fs::write(&file, "a,b\n1,2\n").unwrap();
        assert!(format!("{:#}", earlier(&file).unwrap_err()).contains("people.csv: must begin with skin,"));
        std::fs::write(&file, format!("{HEADING}\n34.2,23,36.6,neck,36.4\n34.2,23,warm,neck,36.4\n"))
            .unwrap();
        assert!(format!("{:#}", earlier(&file).unwrap_err()).contains("people.csv:3: \"warm\" is no number"));
    }
}
