//! How the thermometers of a kiosk are: readings, residuals and drift of groups of screenings, lane by lane.

use maud::{Markup, html};

use super::super::words::screening as words;
use super::chart::{Chart, Point, drawn};
use super::frame::{full_time, two};
use crate::base::{LaneId, Wall};
use crate::ledger::Noted;
use crate::model::DriftNote;
use crate::model::drift_note::{GROUP, Spread};
use crate::thermometry::decide::REFERENCE_MAX;
use crate::thermometry::drift::{CORRECTION_MAX, LIMIT};

/// Most notes of a lane that are drawn.
pub const NOTES: u32 = 500;

/// Charts of every lane of which there is a note; nothing where there is none.
pub fn charts(lanes: &[(LaneId, Vec<Noted>)]) -> Markup {
    html! {
        @for (lane, notes) in lanes { @if let Some(last) = notes.last() { (of_lane(lane, notes, last)) } }
        @if !lanes.is_empty() {
            p.hint { "每 " (GROUP) " 次未转诊的测温合为一组，只记平均值和标准差，不含任何个人数据。"
                small lang="en" { "Each point is " (GROUP) " screenings that were not referred: mean and standard deviation, nobody's own value." } }
        }
    }
}

/// What one note says, for the page of its record.
pub fn facts(note: &DriftNote) -> Markup {
    let spread =
        |of: Spread| format!("{:.2} ± {:.2} °C", f64::from(of.mean) / 100.0, f64::from(of.deviation) / 100.0);
    let signed = |hundredths: i16| format!("{:+.2} °C", f64::from(hundredths) / 100.0);
    html! {
        dt { (two(("测温次数", "screenings"))) } dd { (note.screenings) " · " (two(words::site(note.site))) }
        dt { (two(("皮肤", "skin"))) } dd { (spread(note.skin)) }
        dt { (two(("环境", "surroundings"))) } dd { (spread(note.surroundings)) }
        dt { (two(("残差", "residual"))) } dd { (spread(note.residual)) }
        dt { (two(("漂移修正", "drift correction"))) } dd { (signed(note.correction)) }
        @if let Some(error) = note.reference { dt { (two(("与基准之差", "off its reference by"))) } dd { (signed(error)) } }
    }
}

fn of_lane(lane: &LaneId, notes: &[Noted], last: &Noted) -> Markup {
    let hundredths = |value: i16| f64::from(value) / 100.0;
    html! {
        section.card.thermometer {
            h2 { (two(("测温仪", "thermometer"))) " " code { (lane) } " · " (verdict(last)) " · " small { (full_time(last.at)) } }
            div.charts {
                figure {
                    figcaption { (two(("皮肤和环境温度（°C）", "skin and surroundings"))) }
                    (drawn(&Chart {
                        title: "皮肤和环境温度 skin and surroundings, °C",
                        band: Some(band(notes, |noted| noted.note.skin)),
                        lines: vec![
                            ("skin", line(notes, |noted| Some(hundredths(noted.note.skin.mean)))),
                            ("air", line(notes, |noted| Some(hundredths(noted.note.surroundings.mean)))),
                        ],
                        limits: vec![],
                        least: 5.0,
                        digits: 0,
                    }))
                }
                figure {
                    figcaption { (two(("残差：核心当量与 36.60 °C 之差", "residual: core equivalent less 36.60 °C"))) }
                    (drawn(&Chart {
                        title: "残差 residual, °C",
                        band: Some(band(notes, |noted| noted.note.residual)),
                        lines: vec![("skin", line(notes, |noted| Some(hundredths(noted.note.residual.mean))))],
                        limits: vec![],
                        least: 1.0,
                        digits: 1,
                    }))
                }
                figure {
                    figcaption { (two(("漂移：修正（实线）与基准板之差（虚线）", "drift: correction, and off the plate (dashed)"))) }
                    (drawn(&Chart {
                        title: "漂移 drift, °C",
                        band: None,
                        lines: vec![
                            ("skin", line(notes, |noted| Some(hundredths(noted.note.correction)))),
                            ("plate", line(notes, |noted| noted.note.reference.map(hundredths))),
                        ],
                        limits: vec![hundredths(CORRECTION_MAX), -hundredths(CORRECTION_MAX)],
                        least: 0.8,
                        digits: 1,
                    }))
                }
                figure {
                    figcaption { (two(("累积和：偏低（实线）偏高（虚线）", "CUSUM: too low, and too high (dashed)"))) }
                    (drawn(&Chart {
                        title: "累积和 CUSUM, σ",
                        band: None,
                        lines: vec![
                            ("skin", line(notes, |noted| Some(f64::from(noted.note.low) / 10.0))),
                            ("plate", line(notes, |noted| Some(f64::from(noted.note.high) / 10.0))),
                        ],
                        limits: vec![LIMIT],
                        least: 12.0,
                        digits: 0,
                    }))
                }
            }
        }
    }
}

/// What the last note says of the sensor, most important first.
fn verdict(Noted { note, .. }: &Noted) -> Markup {
    let over = |tenths: u16| f64::from(tenths) / 10.0 > LIMIT;
    let (tone, symbol, words) = if note.reference.is_some_and(|error| error.saturating_abs() > REFERENCE_MAX)
    {
        ("stop", "✕", ("与基准板不符", "off its reference plate"))
    } else if over(note.low) {
        ("stop", "✕", ("读数偏低", "reads too low"))
    } else if over(note.high) {
        ("wait", "!", ("读数偏高", "reads too high"))
    } else if note.correction.abs() >= CORRECTION_MAX {
        ("wait", "!", ("修正已到上限", "correction at its limit"))
    } else {
        ("go", "✓", ("正常", "as it should be"))
    };
    html! { span class={ "mark " (tone) } { i aria-hidden="true" { (symbol) } (two(words)) } }
}

fn line(notes: &[Noted], value: impl Fn(&Noted) -> Option<f64>) -> Vec<Point> {
    notes.iter().map(|noted| (noted.at, value(noted))).collect()
}

fn band(notes: &[Noted], of: impl Fn(&Noted) -> Spread) -> Vec<(Wall, f64, f64)> {
    let edges = |noted: &Noted| {
        let Spread { mean, deviation } = of(noted);
        let (mean, deviation) = (f64::from(mean), f64::from(deviation));
        (noted.at, (mean - deviation) / 100.0, (mean + deviation) / 100.0)
    };
    notes.iter().map(edges).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BodySite;

    #[test]
    fn a_sensor_that_drifts_is_called_so_by_what_is_worst() {
        let good = DriftNote {
            screenings: GROUP,
            site: BodySite::ForeheadCentre,
            calibration: None,
            skin: Spread { mean: 3_420, deviation: 60 },
            surroundings: Spread { mean: 2_210, deviation: 12 },
            residual: Spread { mean: 4, deviation: 70 },
            correction: -4,
            high: 0,
            low: 11,
            reference: Some(3),
        };
        let said = |note| verdict(&Noted { at: Wall::from_secs(1_795_276_800), note }).into_string();
        assert!(said(good).contains("as it should be"));
        assert!(said(DriftNote { correction: -30, ..good }).contains("at its limit"));
        assert!(said(DriftNote { high: 121, correction: -30, ..good }).contains("too high"));
        assert!(said(DriftNote { low: 121, high: 121, ..good }).contains("too low"));
        assert!(said(DriftNote { reference: Some(-31), low: 121, ..good }).contains("reference plate"));
    }
}
