//! What an evaluation says, for a terminal.

use std::io::Write;

use anyhow::Result;

use crate::model::NotMeasured;
use crate::thermometry::study::area::Area;
use crate::thermometry::study::evaluation::{Evaluation, Point, Ruled, Split};
use crate::thermometry::study::fit::Fit;
use crate::thermometry::study::share::Share;

/// Fewer degrees of surroundings than this say little of a correction for them.
const SPAN_MIN: i32 = 5;

/// Prints the evaluation of one site.
pub fn print(site: &str, of: &Evaluation, out: &mut impl Write) -> Result<()> {
    let Split { febrile, afebrile, unknown } = of.people;
    writeln!(out, "\nsite         {site}")?;
    writeln!(
        out,
        "  fever      reference at or above {:.2} °C: {febrile} febrile, {afebrile} afebrile, {unknown} without a reference",
        of.fever_c
    )?;
    writeln!(
        out,
        "             (37.5 °C is the oral convention, 37.3 °C an axillary one: as the reference was taken)"
    )?;
    for (degrees, split) in &of.surroundings {
        writeln!(out, "  at {degrees:>3} °C  {:>5} people, {} of them febrile", split.all(), split.febrile)?;
    }
    if let Some((low, high)) = of.surroundings.keys().next().zip(of.surroundings.keys().last())
        && high - low < SPAN_MIN
    {
        writeln!(
            out,
            "  note       only {} °C apart: a correction for surroundings changes little among these people",
            high - low
        )?;
    }
    print_spreads(of, out)?;
    if let Some(fit) = &of.fit {
        print_fit(fit, out)?;
    }
    if of.skin_area.is_some() {
        writeln!(out, "  AUC        Mann–Whitney, ties half, 95 % interval after DeLong")?;
        writeln!(out, "    skin             {}", area(of.skin_area))?;
        writeln!(out, "    core equivalent  {}", area(of.core_area))?;
    }
    print_rule(&of.rule, out)?;
    print_points("skin", &of.skin_points, out)?;
    print_points("core equivalent", &of.core_points, out)
}

/// Prints what a rule says.
pub fn print_rule(rule: &Ruled, out: &mut impl Write) -> Result<()> {
    writeln!(out, "  rule       threshold {:.2} °C, guard band ± {:.2} °C", rule.threshold_c, rule.guard_c)?;
    writeln!(out, "    {:12} {:>7} {:>8} {:>7} {:>13}", "", "refer", "recheck", "below", "not measured")?;
    let columns = [&rule.refer, &rule.recheck, &rule.below, &rule.not_measured];
    let rows = [
        ("febrile", columns.map(|split| split.febrile)),
        ("afebrile", columns.map(|split| split.afebrile)),
        ("unknown", columns.map(|split| split.unknown)),
    ];
    for (name, [refer, recheck, below, not]) in rows {
        if name != "unknown" || refer + recheck + below + not > 0 {
            writeln!(out, "    {name:12} {refer:>7} {recheck:>8} {below:>7} {not:>13}")?;
        }
    }
    for (why, split) in &rule.reasons {
        let Split { febrile, afebrile, unknown } = split;
        writeln!(
            out,
            "    not measured, {}: {febrile} febrile, {afebrile} afebrile, {unknown} unknown",
            reason(*why)
        )?;
    }
    writeln!(out, "    of those who were measured, with 95 % intervals after Wilson:")?;
    writeln!(out, "    sensitivity  referred {}", share(&rule.sensitivity))?;
    if rule.guard_c > 0.0 {
        writeln!(
            out,
            "                 referred or measured again {}",
            share(&rule.sensitivity_with_recheck)
        )?;
        writeln!(out, "    specificity  not referred at once {}", share(&rule.specificity_with_recheck))?;
        writeln!(out, "                 neither referred nor measured again {}", share(&rule.specificity))?;
    } else {
        writeln!(out, "    specificity  not referred {}", share(&rule.specificity))?;
    }
    Ok(())
}

/// Prints factor and offset of a fit.
pub fn print_fit(fit: &Fit, out: &mut impl Write) -> Result<()> {
    let (low, high) = fit.interval;
    let high = high.map_or("no bound".to_owned(), |high| format!("{high:.3}"));
    writeln!(
        out,
        "  fit        F = {:.3} ({low:.3} to {high}), offset {:+.2} °C, SD between people {:.2} °C; {} afebrile",
        fit.factor, fit.offset, fit.spread, fit.people
    )?;
    writeln!(
        out,
        "             least squares of reference − skin over surroundings, slope m: F = −m/(1 + m)"
    )?;
    Ok(())
}

fn print_spreads(of: &Evaluation, out: &mut impl Write) -> Result<()> {
    if let Some([mean, deviation]) = of.gap {
        writeln!(out, "  gap        reference − skin {mean:.2} °C, SD {deviation:.2} °C, everybody")?;
    }
    if let Some([skin, core]) = of.between {
        writeln!(
            out,
            "  between    SD between afebrile people: skin {skin:.2} °C, core equivalent {core:.2} °C"
        )?;
    }
    if let Some((within, people)) = of.within {
        writeln!(
            out,
            "  within     SD of one person's readings {within:.2} °C, {people} people with several"
        )?;
    }
    Ok(())
}

fn print_points(what: &str, points: &[Point], out: &mut impl Write) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  thresholds of {what}, everybody with a reference, whether the rule measures them or not"
    )?;
    writeln!(out, "      at °C  sensitivity                        specificity")?;
    for point in points {
        writeln!(
            out,
            "      {:.1}   {:34} {}",
            point.threshold_c,
            share(&point.sensitivity),
            share(&point.specificity)
        )?;
    }
    Ok(())
}

/// A share with its interval and its numbers.
pub fn share(of: &Share) -> String {
    let Share { count, of: all, share, interval: [low, high] } = of;
    match share {
        Some(share) => format!("{share:.3} ({low:.3} to {high:.3}) {count}/{all}"),
        None => "of nobody".to_owned(),
    }
}

fn area(of: Option<Area>) -> String {
    match of {
        Some(Area { value, interval: Some([low, high]) }) => format!("{value:.3} ({low:.3} to {high:.3})"),
        Some(Area { value, interval: None }) => format!("{value:.3}"),
        None => "none".to_owned(),
    }
}

/// The name of a reason in files.
pub fn reason(why: NotMeasured) -> String {
    match serde_json::to_value(why) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => format!("{why:?}"),
    }
}
