//! What was decided of each subject, as a table.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::report::reason;
use crate::model::{ScreeningRule, Zone};
use crate::platform::files;
use crate::thermometry::study::Person;

const HEADINGS: [&str; 11] = [
    "id",
    "site",
    "readings",
    "skin_c",
    "surroundings_c",
    "core_equivalent_c",
    "uncertainty_c",
    "probability",
    "zone",
    "reason",
    "reference_c",
];

/// Writes what `rule` decides of `people` into `path`.
pub fn write<'p>(path: &Path, people: impl Iterator<Item = &'p Person>, rule: &ScreeningRule) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(HEADINGS)?;
    for person in people {
        table.write_record(row(person, rule))?;
    }
    let bytes = table.into_inner().context("the table cannot be put together")?;
    files::write_atomically(path, &bytes).with_context(|| path.display().to_string())
}

fn row(person: &Person, rule: &ScreeningRule) -> [String; HEADINGS.len()] {
    let decision = person.screened(rule);
    let hundredths = |value: i32| format!("{:.2}", f64::from(value) / 100.0);
    let (zone, why) = match decision.zone {
        Ok(zone) => (self::zone(zone).to_owned(), String::new()),
        Err(why) => ("not-measured".to_owned(), reason(why)),
    };
    [
        person.id.clone(),
        person.site.name().to_owned(),
        person.readings.len().to_string(),
        hundredths(decision.skin.get()),
        hundredths(person.surroundings.get()),
        hundredths(decision.core.get()),
        hundredths(decision.uncertainty.into()),
        format!("{:.3}", f64::from(decision.probability) / 1_000.0),
        zone,
        why,
        person.reference.map_or(String::new(), |reference| hundredths(reference.get())),
    ]
}

const fn zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Below => "below",
        Zone::Recheck => "recheck",
        Zone::Refer => "refer",
    }
}
