//! What the screenings of one person rest on, and whether they come out the same again.

use maud::{Markup, html};

use super::super::words::screening as words;
use super::frame::two;
use crate::base::{CentiCelsius, Pii};
use crate::model::trace::Trace;
use crate::thermometry::decide::{agrees, corrected};

/// Every screening of a person, oldest first.
pub fn screenings(traces: &[Pii<Trace>]) -> Markup {
    html! {
        @for (index, trace) in traces.iter().enumerate() { (screening(index + 1, trace.expose())) }
    }
}

fn screening(number: usize, trace: &Trace) -> Markup {
    let (basis, decision) = (&trace.basis, &trace.decision);
    let degrees = |value: CentiCelsius| format!("{:.2} °C", value.degrees());
    let hundredths = |value: i32| format!("{:+.2} °C", f64::from(value) / 100.0);
    let outcome = match decision.zone {
        Ok(zone) => words::zone(zone),
        Err(why) => words::not_measured(why),
    };
    let measured = [
        (("部位", "place"), two(words::site(basis.site))),
        (("皮肤", "skin"), html! { (degrees(decision.skin)) " · " (basis.samples.len()) " × " }),
        (
            ("环境", "surroundings"),
            html! { (degrees(basis.surroundings)) " · " (two(words::surroundings(basis.surroundings_from))) },
        ),
        (("环境修正", "correction"), html! { (hundredths(decision.core - decision.skin)) }),
        (
            ("核心当量", "core equivalent"),
            html! { (degrees(corrected(trace))) " ± " (format!("{:.2}", f64::from(decision.uncertainty) / 100.0)) " °C" },
        ),
        (
            ("达到阈值的概率", "probability at threshold"),
            html! { (format!("{:.1} %", f64::from(decision.probability) / 10.0)) " · ≥ " (degrees(basis.rule.threshold)) },
        ),
    ];
    html! {
        dt { (two(("测温", "screening"))) " " (number) }
        dd {
            (two(outcome)) " "
            @if agrees(trace) { span.ok { "✓ " (two(("重算一致", "comes out the same again"))) } }
            @else { span.bad { "✕ " (two(("重算不一致", "comes out otherwise"))) } }
            details {
                summary { (two(("依据", "what it rests on"))) }
                dl {
                    @for (what, value) in measured { dt { (two(what)) } dd { (value) } }
                    (instrument(trace))
                }
                p.hint { "核心当量不是体温：人与人之间的差别大于传感器的误差。只作筛查。"
                    small lang="en" { "A core equivalent is no body temperature: people differ by more than any sensor's error. Screening only." } }
            }
        }
    }
}

/// The instrument and what stood beside it.
fn instrument(trace: &Trace) -> Markup {
    let basis = &trace.basis;
    let head = &basis.head;
    html! {
        dt { (two(("供电", "supply"))) } dd { (head.supply_mv) " mV" }
        @if let Some(distance) = basis.distance_mm { dt { (two(("距离", "distance"))) } dd { (distance) " mm" } }
        @if let Some(outdoor) = basis.outdoor { dt { (two(("室外", "outdoors"))) } dd { (format!("{:.1} °C", outdoor.degrees())) } }
        @if let Some(earlier) = basis.earlier {
            dt { (two(("此前", "earlier"))) } dd { (format!("{:.2} °C", earlier.skin.degrees())) " · " (earlier.seconds) " s" }
        }
        @if basis.drift != 0 { dt { (two(("漂移修正", "drift correction"))) } dd { (format!("{:+.2} °C", f64::from(basis.drift) / 100.0)) } }
        @if let Some(error) = basis.reference { dt { (two(("与基准之差", "off its reference by"))) } dd { (format!("{:+.2} °C", f64::from(error) / 100.0)) } }
        dt { (two(("校准", "calibration"))) }
        dd { @match head.calibration { Some(calibration) => code { (calibration.id.to_hex()) }, None => "—" } }
        dt { (two(("寄存器", "registers"))) }
        dd { @for sample in &basis.samples { code { (sample.raw) } " " } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thermometry::decide::tests::example;

    #[test]
    fn a_screening_says_what_it_rests_on_and_whether_it_comes_out_the_same_again() {
        let trace = example();
        let page = screenings(&[Pii::new(trace.clone())]).into_string();
        for said in ["comes out the same again", "34.50 °C", "48 mm", "0x3a98", "air thermometer", "± 0."] {
            assert!(page.contains(said), "{said} in {page}");
        }
        let mut altered = trace;
        altered.decision.probability += 1;
        assert!(screenings(&[Pii::new(altered)]).into_string().contains("comes out otherwise"));
    }
}
