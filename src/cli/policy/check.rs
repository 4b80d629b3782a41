//! `kakou policy check`: the proof over all cases, in words.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::source::{Source, read};
use crate::config::Profile;
use crate::config::bundle;
use crate::engine::prove::{Proof, prove};

/// Checks each of `files`; says whether all are sound.
pub fn check(files: &[PathBuf], out: &mut impl Write) -> Result<bool> {
    let mut sound = true;
    for file in files {
        sound &= check_file(file, out)?;
    }
    Ok(sound)
}

fn check_file(file: &Path, out: &mut impl Write) -> Result<bool> {
    let profiles = match read(file)? {
        Ok(Source::Profiles(profiles)) => Ok(profiles),
        Ok(Source::Site(site)) => Ok(site.policy.profiles),
        Ok(Source::Draft(bundle)) => in_force(&bundle),
        Ok(Source::Bundle(signed)) => in_force(&signed.bundle),
        Err(said) => Err(said),
    };
    match profiles {
        Ok(profiles) => prove_each(file, &profiles, out),
        Err(said) => {
            writeln!(out, "{said}")?;
            Ok(false)
        }
    }
}

fn in_force(bundle: &bundle::Bundle) -> Result<Vec<Profile>, String> {
    bundle::check(bundle).map_err(|refusal| refusal.to_string())?;
    bundle.profiles().map_err(|mistakes| mistakes.to_string())
}

fn prove_each(file: &Path, profiles: &[Profile], out: &mut impl Write) -> Result<bool> {
    let mut sound = true;
    for profile in profiles {
        match prove(profile) {
            Ok(proof) => print(file, profile, &proof, out)?,
            Err(flaws) => {
                sound = false;
                for flaw in flaws {
                    let words = flaw.words(profile);
                    writeln!(out, "{}: 不成立 {}: {}: {words}", file.display(), profile.id, flaw.kind)?;
                }
            }
        }
    }
    Ok(sound)
}

fn print(file: &Path, profile: &Profile, proof: &Proof, out: &mut impl Write) -> Result<()> {
    let (name, id, rules) = (file.display(), &profile.id, proof.clauses.len());
    let cases = grouped(proof.cases);
    writeln!(
        out,
        "{name}: 成立 {id}: {cases} cases, each with exactly one outcome; {rules} rules, all reached"
    )?;
    for (clause, count) in &proof.clauses {
        writeln!(out, "  {clause}: {}", grouped(*count))?;
    }
    Ok(())
}

/// A number with its thousands set apart.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut parts: Vec<&str> = digits.get(..first).into_iter().filter(|part| !part.is_empty()).collect();
    parts.extend(digits.as_bytes()[first..].chunks(3).filter_map(|part| std::str::from_utf8(part).ok()));
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, written) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), written);
        }
    }
}
