//! `kakou hub revoke` and `kakou hub renew`: what is done about one kiosk, beside a hub that may be running.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::base::KioskId;
use crate::hub::Hub;
use crate::ledger::{Error, Officer};

/// Which kiosk, and who says so.
#[derive(Args, Debug)]
pub struct Revoke {
    /// The kiosk.
    kiosk: KioskId,
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
    /// Who revokes it; goes to the access log.
    #[arg(long)]
    officer: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// Which kiosk.
#[derive(Args, Debug)]
pub struct Renew {
    /// The kiosk.
    kiosk: KioskId,
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
}

/// Revokes a kiosk. A hub that is running refuses its next request.
pub async fn revoke(Revoke { kiosk, officer, reason, .. }: &Revoke, hub: &Hub) -> Result<()> {
    let officer = Officer::new(officer, reason);
    let officer = officer.context("须写明经办人与事由 officer and reason need 2 to 200 characters each")?;
    let (name, now) = (kiosk.clone(), hub.now());
    let done = hub.write(move |ledger| {
        let known = ledger.key_of(&name)?.is_some();
        Ok::<_, Error>((known, ledger.revoke(&name, &officer, now)?))
    });
    let mut out = io::stdout().lock();
    match done.await?? {
        (false, _) => bail!("没有登记该终端 no kiosk {kiosk} is enrolled"),
        (true, false) => writeln!(out, "此前已吊销 was revoked already  {kiosk}")?,
        (true, true) => writeln!(out, "已吊销 revoked  {kiosk}")?,
    }
    Ok(())
}

/// Asks a kiosk for a new TLS key.
pub async fn renew(Renew { kiosk, .. }: &Renew, hub: &Hub) -> Result<()> {
    let (name, now) = (kiosk.clone(), hub.now());
    if !hub.write(move |ledger| ledger.ask_for_tls_key(&name, now)).await?? {
        bail!("该终端没有连接密钥 kiosk {kiosk} has no TLS key here");
    }
    writeln!(io::stdout().lock(), "下次联系时更换 will be renewed when it speaks next  {kiosk}")?;
    Ok(())
}
