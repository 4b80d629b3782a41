//! `kakou enrol`: makes this kiosk known to a hub, or gives it a new TLS key there.
//!
//! Written into the site's state folder: `hub.toml`, the [`Enrolment`]; `log.key`, the 32-byte seed of the Ed25519 key that
//! signs this kiosk's log; and for a hub over TLS `tls.key`, the key with which the kiosk speaks to it. The keys are for
//! their owner only; they are made here and never leave.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use super::wiring::enrolment_of;
use crate::config::Site;
use crate::journal::{SigningKey, TlsPin};
use crate::platform::files;
use crate::platform::http::{HubClient, Keyring};
use crate::platform::own_key::{OwnKey, OwnKeys};
use crate::platform::passed::Passed;
use crate::sync::enrolment::{Enrolment, PublicKey, Request, Token};

/// Enrols this kiosk with a hub.
#[derive(Parser, Debug)]
pub struct EnrolArgs {
    /// Address of the hub.
    #[arg(long, required_unless_present = "renew")]
    hub: Option<String>,
    /// One-time token, from `kakou hub enrol` or the hub's page.
    #[arg(long, required_unless_present = "renew")]
    token: Option<Token>,
    /// Brings a new TLS key to the hub that this kiosk is enrolled with; the one before is good for another 180 days.
    #[arg(long, conflicts_with_all = ["hub", "token"])]
    renew: bool,
    /// What the site wants: names the kiosk and its state folder, where the enrolment is written.
    #[arg(long, value_name = "FILE", default_value = "/etc/kakou/kiosk.toml")]
    config: PathBuf,
}

/// Runs `kakou enrol`; says on standard error what went wrong.
///
/// The token is used up only when the hub has taken the kiosk in.
pub fn run(args: EnrolArgs) -> ExitCode {
    super::hub::exit(match (args.hub, args.token) {
        (Some(hub), Some(token)) => enrol(&hub, &token, &args.config),
        (_, _) => renew(&args.config),
    })
}

fn enrol(hub: &str, token: &Token, config: &Path) -> Result<()> {
    let site = Site::read(config)?;
    let folder = site.state;
    let log_key = log_key(&folder)?;
    let mut client = HubClient::at(hub, token.certificate)?;
    let keys = OwnKeys::within(&folder);
    let own = if client.is_tls() { Some(keys.next().context("tls.key")?) } else { None };
    if let Some(own) = &own {
        client = client.presenting(own)?;
    }
    let pin =
        |own: &OwnKey| TlsPin { kiosk: site.kiosk.clone(), key: own.id(), follows: None }.sign(&log_key);
    let request = Request {
        token: token.to_string(),
        kiosk: Some(site.kiosk.clone()),
        key: PublicKey(log_key.verifying().0),
        tls_key: own.as_ref().map(pin),
    };
    let grant = runtime()?.block_on(client.enrol(&request))?;
    ensure!(
        grant.kiosk == site.kiosk,
        "the token is for {}, and {} says id = {}: make another token, or change the file",
        grant.kiosk,
        config.display(),
        site.kiosk
    );
    let enrolment = Enrolment::new(hub, token.certificate, grant);
    let file = folder.join("hub.toml");
    files::write_atomically(&file, enrolment.to_text()?.as_bytes())
        .with_context(|| file.display().to_string())?;
    if let Some(own) = &own {
        keys.take_up(own).context("tls.key")?;
    }
    let mut out = io::stdout().lock();
    writeln!(out, "enrolled as {} with {}: {}", enrolment.kiosk, enrolment.hub, file.display())?;
    Ok(())
}

fn renew(config: &Path) -> Result<()> {
    let folder = Site::read(config)?.state;
    let enrolment = enrolment_of(&folder)?;
    let enrolment = enrolment.context("未登记 not enrolled: there is no hub.toml; use --hub and --token")?;
    let client = HubClient::new(&enrolment, Passed::default())?;
    ensure!(client.is_tls(), "本机中心不用密钥 {}: without TLS there is no key to renew", enrolment.hub);
    let ring = Keyring::new(enrolment.kiosk.clone(), Arc::new(log_key(&folder)?), OwnKeys::within(&folder));
    let key = runtime()?.block_on(client.keeping(ring)?.renew_tls_key())?;
    writeln!(io::stdout().lock(), "已更换 renewed  {} {key}", enrolment.kiosk)?;
    Ok(())
}

fn log_key(folder: &Path) -> Result<SigningKey> {
    let file = folder.join("log.key");
    let seed = files::secret(&file).with_context(|| file.display().to_string())?;
    Ok(SigningKey::from_seed(&seed))
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
