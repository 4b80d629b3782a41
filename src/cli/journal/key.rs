//! `kakou journal key`: the public keys that an auditor needs.

use std::io::Write;

use anyhow::{Result, bail};

use super::Where;
use super::state::Keys;
use crate::journal::note::{origin, verifier};
use crate::journal::reader::logs;
use crate::journal::verify::kiosk_of;
use crate::sync::enrolment::PublicKey;

/// Arguments of `kakou journal key`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub at: Where,
}

/// Shows the kiosk's key and, where it is enrolled, the hub's.
pub fn show(Arguments { at }: &Arguments, out: &mut impl Write) -> Result<bool> {
    let keys = Keys::beside(at)?;
    let Some(own) = keys.own.map(|own| own.verifying()) else {
        let file = at.state().join("log.key");
        bail!("{}: 尚无密钥,登记后才有 there is no key; `kakou enrol` makes one", file.display());
    };
    writeln!(out, "终端 kiosk  {}", PublicKey(own.0))?;
    match keys.hub {
        Some(hub) => writeln!(out, "中心 hub    {}", PublicKey(hub.0))?,
        None => writeln!(out, "中心 hub    未登记 not enrolled")?,
    }
    let mut disk = at.open()?;
    for log in logs(&mut disk)? {
        if let Some(kiosk) = kiosk_of(&mut disk, log)? {
            writeln!(out, "日志 log    {}", verifier(&origin(&kiosk, log.epoch), &own))?;
        }
    }
    Ok(true)
}
