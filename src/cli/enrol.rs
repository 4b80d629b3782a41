//! `kakou enrol`: makes this kiosk known to a hub.
//!
//! Two files are written into the site's state folder: `hub.toml`, the [`Enrolment`], and `log.key`, the 32-byte seed of
//! the Ed25519 key that signs this kiosk's log, for its owner only. The key is made here and never leaves.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use crate::config::Site;
use crate::journal::SigningKey;
use crate::platform::files;
use crate::platform::http::HubClient;
use crate::sync::enrolment::{Enrolment, PublicKey, Request, Token};

/// Enrols this kiosk with a hub.
#[derive(Parser, Debug)]
pub struct EnrolArgs {
    /// Address of the hub.
    #[arg(long)]
    hub: String,
    /// One-time token, from `kakou hub enrol` or the hub's page.
    #[arg(long)]
    token: Token,
    /// What the site wants: names the kiosk and its state folder, where the enrolment is written.
    #[arg(long, value_name = "FILE", default_value = "/etc/kakou/kiosk.toml")]
    config: PathBuf,
}

/// Runs `kakou enrol`; says on standard error what went wrong.
///
/// The token is used up only when the hub has taken the kiosk in.
pub fn run(args: EnrolArgs) -> ExitCode {
    super::hub::exit(enrol(args))
}

fn enrol(args: EnrolArgs) -> Result<()> {
    let site = Site::read(&args.config)?;
    let folder = site.state;
    let key_file = folder.join("log.key");
    let seed = files::secret(&key_file).with_context(|| key_file.display().to_string())?;
    let key = PublicKey(SigningKey::from_seed(&seed).verifying().0);
    let client = HubClient::at(&args.hub, args.token.certificate)?;
    let request = Request { token: args.token.to_string(), kiosk: Some(site.kiosk.clone()), key };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let grant = runtime.block_on(client.enrol(&request))?;
    ensure!(
        grant.kiosk == site.kiosk,
        "the token is for {}, and {} says id = {}: make another token, or change the file",
        grant.kiosk,
        args.config.display(),
        site.kiosk
    );
    let enrolment = Enrolment::new(&args.hub, args.token.certificate, grant);
    let file = folder.join("hub.toml");
    files::write_atomically(&file, enrolment.to_text()?.as_bytes())
        .with_context(|| file.display().to_string())?;
    let mut out = io::stdout().lock();
    writeln!(out, "enrolled as {} with {}: {}", enrolment.kiosk, enrolment.hub, file.display())?;
    Ok(())
}
