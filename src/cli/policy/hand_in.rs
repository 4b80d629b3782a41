//! `kakou policy hand-in`: gives a bundle to this kiosk, from a stick or by hand.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::config::Site;
use crate::config::bundle::{Bundle, FILE_BYTES_MAX, Refusal, Terms, verify};
use crate::daemon::policy::POLICY_FOLDER;
use crate::daemon::policy::store::INCOMING;
use crate::engine::prove::prove_all;
use crate::platform::files;

/// Puts `file` where the kiosk of `config` looks for bundles, if it may rule there. The kiosk looks again by itself.
pub fn hand_in(file: &Path, config: &Path, out: &mut impl Write) -> Result<bool> {
    let site = match Site::read(config) {
        Ok(site) => site,
        Err(mistakes) => {
            writeln!(out, "{mistakes}")?;
            return Ok(false);
        }
    };
    let name = file.display();
    let bytes = files::read_if_there(file, FILE_BYTES_MAX).with_context(|| name.to_string())?;
    let Some(bytes) = bytes else { bail!("{name}: 没有此文件 there is no such file") };
    let bundle = match may_rule(&bytes, &site) {
        Ok(bundle) => bundle,
        Err(refusal) => {
            writeln!(out, "{name}: 不予接收 refused: {refusal}")?;
            return Ok(false);
        }
    };
    let to = site.state.join(POLICY_FOLDER).join(INCOMING);
    files::write_atomically(&to, &bytes).with_context(|| to.display().to_string())?;
    let version = bundle.version;
    writeln!(
        out,
        "{name}: 第{version}版已交给卡口，须由值守人员在屏上阅知 version {version} is handed in; a named person at the gate has to read it"
    )?;
    Ok(true)
}

/// What the kiosk itself will look at, but for versions that were there before.
fn may_rule(bytes: &[u8], site: &Site) -> Result<Bundle, Refusal> {
    let terms = Terms { site: &site.site, signers: &site.signers, known: 0, passed: None };
    let bundle = verify(bytes, &terms)?;
    for lane in &site.lanes {
        let wanted: Vec<_> = lane.profiles.iter().map(|profile| profile.id.clone()).collect();
        bundle.for_lane(&wanted)?;
    }
    prove_all(&bundle.profiles()?).map_err(Refusal::Rules)?;
    Ok(bundle)
}
