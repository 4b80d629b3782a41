//! `kakou measure --fit` and `--apply`: a factor, an offset and thresholds, frozen in a file.
//!
//! # Format
//!
//! TOML, version 1: where it is from (`file`, its `sha256`, `half`, people), what it was to hold (`fever_c`, `specificity`,
//! `assurance`), `site`; `[corrected]` with what a `[thermometry]` takes, `[uncorrected]` with thresholds of the skin as it is. Of two
//! thresholds, `threshold_c` holds the specificity by the assurance; `threshold_even_c` is as likely too low as too high.
//! Comments at the end are lines for `kiosk.toml`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::people::People;
use super::report::{print_fit, print_rule, share};
use super::{Arguments, Source, json};
use crate::base::CentiCelsius;
use crate::model::{BodySite, ScreeningRule};
use crate::platform::files;
use crate::thermometry::study::evaluation::Point;
use crate::thermometry::study::freeze::{self, Design, Frozen, Thresholds};
use crate::thermometry::study::{Condition, Person};

/// Largest file that is read.
const FILE_BYTES_MAX: usize = 64 << 10;
const VERSION: u32 = 1;
/// Thresholds that a site's file takes.
const THRESHOLD_C: std::ops::RangeInclusive<f64> = 36.0..=40.0;

/// What to freeze, or to apply.
#[derive(Debug, clap::Args)]
pub struct Freezing {
    /// Fits factor, offset and threshold to the file, and writes them frozen.
    #[arg(long, value_name = "FITTED.toml", conflicts_with_all = ["apply", "blackbody"])]
    fit: Option<PathBuf>,
    /// Applies what was frozen, with nothing fitted.
    #[arg(long, value_name = "FITTED.toml", conflicts_with = "blackbody")]
    apply: Option<PathBuf>,
    /// Share of people without a fever who are not to be referred.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = design_share)]
    specificity: f64,
    /// How sure one may be that other people keep to it: an order statistic, without interpolation. 0.5 is as likely too low as too high.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = design_share)]
    assurance: f64,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FittedFile {
    version: u32,
    kakou: String,
    file: String,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    half: Option<String>,
    people: usize,
    febrile: usize,
    afebrile: usize,
    site: BodySite,
    fever_c: f64,
    specificity: f64,
    assurance: f64,
    corrected: Corrected,
    uncorrected: Uncorrected,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrected {
    surroundings_factor: f64,
    correction_c: f64,
    threshold_c: f64,
    threshold_even_c: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Uncorrected {
    threshold_c: f64,
    threshold_even_c: f64,
}

impl Freezing {
    /// Whether something is to be fitted.
    pub fn fits(&self) -> bool {
        self.fit.is_some()
    }

    /// What is to be applied.
    pub fn applied(&self) -> Result<Option<Frozen>> {
        let Some(path) = &self.apply else { return Ok(None) };
        let file = path.display().to_string();
        let bytes = files::read_if_there(path, FILE_BYTES_MAX).with_context(|| file.clone())?;
        let bytes = bytes.with_context(|| format!("{file}: there is no such file"))?;
        let text = std::str::from_utf8(&bytes).with_context(|| file.clone())?;
        let fitted: FittedFile = toml::from_str(text).with_context(|| file.clone())?;
        if fitted.version != VERSION {
            bail!("{file}: is of version {}, this program reads {VERSION}", fitted.version);
        }
        fitted.frozen().with_context(|| format!("{file}: a number is out of its range")).map(Some)
    }
}

/// Fits `people`, and says how that does among themselves.
pub fn fit(
    arguments: &Arguments,
    source: &Source,
    people: &People,
    rule: &ScreeningRule,
    out: &mut impl Write,
) -> Result<()> {
    let Freezing { fit: Some(path), specificity, assurance, .. } = &arguments.freezing else { return Ok(()) };
    let mut sites = people.by_site.iter();
    let (Some((site, people)), None) = (sites.next(), sites.next()) else {
        let names: Vec<&str> = people.by_site.keys().map(|site| site.name()).collect();
        bail!("{}: is of several sites ({}); choose by --site", source.file, names.join(", "));
    };
    let design = Design { fever: arguments.fever, specificity: *specificity, assurance: *assurance };
    let frozen = freeze::freeze(people, *site, rule, design);
    let (frozen, fit) = frozen.with_context(|| source.file.clone())?;
    let file = FittedFile::new(source, people, &frozen);
    let lines = kiosk_lines(&frozen, rule);
    let text =
        format!("# Fitted by kakou measure; changes nothing by itself.\n{}\n", toml::to_string(&file)?);
    let commented: String = lines.lines().map(|line| format!("# {line}\n")).collect();
    let text = format!("{text}# For kiosk.toml:\n{commented}");
    files::write_atomically(path, text.as_bytes()).with_context(|| path.display().to_string())?;
    let applied = freeze::apply(&frozen, people, rule);
    if arguments.json {
        return json(
            out,
            &serde_json::json!({ "source": source, "fitted": file, "fit": fit, "in_sample": applied }),
        );
    }
    source.print(out)?;
    writeln!(out, "\nsite         {}", site.name())?;
    print_fit(&fit, out)?;
    writeln!(out, "  frozen in  {}", path.display())?;
    print_design(&frozen, out)?;
    writeln!(out, "  among the people who were fitted, which flatters:")?;
    print_applied(&applied, out)?;
    writeln!(out, "\n{lines}")?;
    Ok(())
}

/// Applies `frozen` to people of another file.
pub fn apply(
    arguments: &Arguments,
    source: &Source,
    frozen: &Frozen,
    people: &People,
    rule: &ScreeningRule,
    out: &mut impl Write,
) -> Result<()> {
    let people: &[Person] = people.by_site.get(&frozen.site).map_or(&[], Vec::as_slice);
    let applied = freeze::apply(frozen, people, rule);
    if arguments.json {
        return json(out, &serde_json::json!({ "source": source, "applied": applied }));
    }
    source.print(out)?;
    writeln!(out, "\nsite         {}", frozen.site.name())?;
    print_design(frozen, out)?;
    print_applied(&applied, out)?;
    print_rule(&applied.rule, out)
}

fn print_design(frozen: &Frozen, out: &mut impl Write) -> Result<()> {
    let Design { fever, specificity, assurance } = frozen.design;
    writeln!(
        out,
        "  design     of people below {:.2} °C, {specificity} not referred, with an assurance of {assurance}",
        fever.degrees()
    )?;
    writeln!(
        out,
        "             (the lowest reading that promises it, not interpolated; even: as likely too low as too high)"
    )?;
    let (factor, correction) = (f64::from(frozen.factor) / 1_000.0, f64::from(frozen.correction) / 100.0);
    Ok(writeln!(out, "             F = {factor:.3}, correction {correction:+.2} °C, frozen")?)
}

fn print_applied(applied: &freeze::Applied, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "  {:12} at °C   {:34} sensitivity; everybody with a reference",
        "threshold", "specificity"
    )?;
    let rows = [
        ("corrected", &applied.corrected),
        ("  even", &applied.corrected_even),
        ("uncorrected", &applied.uncorrected),
        ("  even", &applied.uncorrected_even),
    ];
    for (name, point) in rows {
        let Point { threshold_c, sensitivity, specificity } = point;
        writeln!(out, "  {name:12} {threshold_c:.2}   {:34} {}", share(specificity), share(sensitivity))?;
    }
    Ok(())
}

/// What a `[thermometry]` of `kiosk.toml` takes.
fn kiosk_lines(frozen: &Frozen, rule: &ScreeningRule) -> String {
    let degrees = CentiCelsius::degrees;
    let fitted = frozen.rule(rule);
    if !THRESHOLD_C.contains(&degrees(fitted.threshold)) {
        let (low, high) = (THRESHOLD_C.start(), THRESHOLD_C.end());
        return format!(
            "threshold {:.2} °C: no kiosk takes it, which is {low} to {high} °C; these people are not like those of other studies",
            degrees(fitted.threshold)
        );
    }
    let mut lines = format!(
        "[thermometry]\nsite = \"{}\"\nsurroundings_factor = {:.3}\ncorrection_c = {:.2}\nthreshold_c = {:.2}\nguard_c = 0.0  \
         # as measured: one cut; whoever is within a guard band is measured again, and then a person decides",
        frozen.site.name(),
        f64::from(frozen.factor) / 1_000.0,
        f64::from(frozen.correction) / 100.0,
        degrees(fitted.threshold),
    );
    if fitted.ceiling != rule.ceiling {
        lines += &format!("\nceiling_c = {:.2}", degrees(fitted.ceiling));
    }
    lines
}

impl FittedFile {
    fn new(source: &Source, people: &[Person], frozen: &Frozen) -> Self {
        let of =
            |condition| people.iter().filter(|one| one.condition(frozen.design.fever) == condition).count();
        let degrees = CentiCelsius::degrees;
        Self {
            version: VERSION,
            kakou: env!("CARGO_PKG_VERSION").to_owned(),
            // Its name only: where it lay is nobody's business.
            file: Path::new(&source.file)
                .file_name()
                .map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            sha256: source.sha256.clone(),
            half: source.half.map(str::to_owned),
            people: people.len(),
            febrile: of(Condition::Febrile),
            afebrile: of(Condition::Afebrile),
            site: frozen.site,
            fever_c: degrees(frozen.design.fever),
            specificity: frozen.design.specificity,
            assurance: frozen.design.assurance,
            corrected: Corrected {
                surroundings_factor: f64::from(frozen.factor) / 1_000.0,
                correction_c: f64::from(frozen.correction) / 100.0,
                threshold_c: degrees(frozen.corrected.assured),
                threshold_even_c: degrees(frozen.corrected.even),
            },
            uncorrected: Uncorrected {
                threshold_c: degrees(frozen.uncorrected.assured),
                threshold_even_c: degrees(frozen.uncorrected.even),
            },
        }
    }

    /// What it holds; none when a number is out of its range.
    fn frozen(&self) -> Option<Frozen> {
        let Corrected { surroundings_factor, correction_c, threshold_c, threshold_even_c } = self.corrected;
        let within = (0.0..=1.0).contains(&surroundings_factor) && (-10.0..=10.0).contains(&correction_c);
        let temperature = |degrees: f64| {
            (20.0..=50.0).contains(&degrees).then(|| CentiCelsius::from_degrees(degrees)).flatten()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
        let (factor, correction) = within.then(|| {
            ((surroundings_factor * 1_000.0).round() as u16, (correction_c * 100.0).round() as i16)
        })?;
        Some(Frozen {
            design: Design {
                fever: temperature(self.fever_c)?,
                specificity: self.specificity,
                assurance: self.assurance,
            },
            site: self.site,
            factor,
            correction,
            corrected: Thresholds {
                assured: temperature(threshold_c)?,
                even: temperature(threshold_even_c)?,
            },
            uncorrected: Thresholds {
                assured: temperature(self.uncorrected.threshold_c)?,
                even: temperature(self.uncorrected.threshold_even_c)?,
            },
        })
    }
}

/// A share that a design can be about.
fn design_share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.5..=0.999).contains(share));
    share.ok_or_else(|| "must be 0.5 to 0.999".to_owned())
}
