//! `kakou policy show` and `diff`: what a bundle says, for people.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::source::read_bundle;
use crate::base::Slug;
use crate::config::bundle::{Bundle, Signed, SignerKey, difference, hex, signed_bytes, time};
use crate::journal::VerifyingKey;

/// Says what `file` holds.
pub fn show(file: &Path, out: &mut impl Write) -> Result<bool> {
    let signed = match read_bundle(file)? {
        Ok(signed) => signed,
        Err(said) => {
            writeln!(out, "{said}")?;
            return Ok(false);
        }
    };
    let Signed { bundle, signatures } = &signed;
    print(bundle, out)?;
    let mut good = true;
    let message = signed_bytes(bundle);
    for signature in signatures {
        let matches = VerifyingKey(signature.key).check(&message, &signature.signature).is_ok();
        good &= matches;
        let words = if matches { "有效 good" } else { "无效 DOES NOT MATCH" };
        writeln!(out, "signed     {} {words}", SignerKey(signature.key))?;
    }
    if signatures.is_empty() {
        writeln!(out, "signed     by nobody 未签名")?;
    }
    Ok(good)
}

fn print(bundle: &Bundle, out: &mut impl Write) -> Result<()> {
    let list = |names: &[Slug]| names.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    writeln!(out, "version    {} ({})", bundle.version, bundle.digest())?;
    writeln!(out, "sites      {}", list(&bundle.sites))?;
    writeln!(out, "from       {}", time(Some(bundle.from)))?;
    writeln!(out, "until      {}", time(bundle.until))?;
    let (mode, after) = (bundle.mode.name(), bundle.mode_after.name());
    writeln!(out, "area       {mode}; after the end {after}, under the site's own policy")?;
    for notice in &bundle.notices {
        let cited = if Some(notice.number) == bundle.notice { " (cited)" } else { "" };
        let (number, zh, en) = (notice.number, &notice.title_zh, &notice.title_en);
        writeln!(out, "notice     {number} {zh} {en}, SHA-256 {}…{cited}", hex(&notice.sha256))?;
    }
    writeln!(out, "screening  {}", bundle.thresholds.screening())?;
    if let Some(local) = &bundle.local_plates {
        let local: Vec<String> = local.iter().map(ToString::to_string).collect();
        writeln!(out, "plates     local are {}", local.join(", "))?;
    }
    for entry in &bundle.lists {
        writeln!(out, "list       {}, SHA-256 {}…", entry.name, hex(&entry.sha256))?;
    }
    match bundle.policy() {
        Ok(policy) => {
            writeln!(out, "policy     {}", policy.id)?;
            for profile in &policy.profiles {
                let (steps, rules) = (profile.steps.len(), profile.rules.as_slice().len());
                writeln!(
                    out,
                    "  profile  {} ({}): {steps} steps, {rules} rules",
                    profile.id, profile.title.zh
                )?;
            }
        }
        Err(mistakes) => writeln!(out, "policy     {mistakes}")?,
    }
    Ok(())
}

/// Says what differs between two; whether nothing does.
pub fn diff(old: &Path, new: &Path, out: &mut impl Write) -> Result<bool> {
    let (old, new) = match (read_bundle(old)?, read_bundle(new)?) {
        (Ok(old), Ok(new)) => (old.bundle, new.bundle),
        (Err(said), _) | (_, Err(said)) => {
            writeln!(out, "{said}")?;
            return Ok(false);
        }
    };
    let lines = difference(&old, &new);
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    Ok(lines.is_empty())
}
