//! `kakou hub`: the server of a command centre, and what is done to its data directory from a terminal.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use super::{hub_carry, hub_command, hub_kiosk, hub_pass, hub_sheet};
use crate::base::KioskId;
use crate::hub::{Hub, Options, start};
use crate::ledger::{Columns, Day, Filter, Officer};
use crate::platform::entropy::OsEntropy;
use crate::platform::net::{server_fingerprint, wall_now};

/// Runs the hub, or works on its data.
#[derive(Parser, Debug)]
pub struct HubArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Runs the hub (the default).
    Run(Run),
    /// Prints a one-time token with which one kiosk can enrol within 15 minutes.
    Enrol {
        /// The hub's data directory.
        #[arg(long, default_value = "hub-data")]
        data: PathBuf,
        /// Name that the kiosk gets; with the name of an enrolled kiosk, that kiosk's key is replaced.
        #[arg(long)]
        name: Option<KioskId>,
    },
    /// Takes a kiosk's rights away at once; its records stay. A new token lets it in again.
    Revoke(hub_kiosk::Revoke),
    /// Asks a kiosk for a new TLS key, which it brings when it speaks next.
    Renew(hub_kiosk::Renew),
    /// Issues a pass and prints it as text and as a QR symbol.
    Pass(hub_pass::Pass),
    /// Asks something of one kiosk, or lists what was asked of it and what became of it.
    Command(hub_command::Arguments),
    /// Takes in records that a kiosk without a network sent as files, and writes the receipt for it.
    Carry(hub_carry::Arguments),
    /// Takes in days that came on paper: pictures of sheets, or the text of their codes.
    Sheet(hub_sheet::Arguments),
    /// Writes the passages as CSV to standard output.
    Export(Export),
}

#[derive(Args, Debug)]
struct Run {
    /// Address to listen on; anything but this machine itself is served over TLS. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8800")]
    listen: SocketAddr,
    /// Directory for the ledger and the hub's secret.
    #[arg(long, default_value = "hub-data")]
    data: PathBuf,
    /// A name under which kiosks and browsers reach this hub, for the certificate made at the first start.
    #[arg(long = "tls-name")]
    names: Vec<String>,
}

#[derive(Args, Debug)]
struct Export {
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    data: PathBuf,
    /// The form; CSV is the only one so far.
    #[arg(long)]
    csv: bool,
    /// Only this kiosk.
    #[arg(long)]
    kiosk: Option<KioskId>,
    /// First day, such as 2026-11-22.
    #[arg(long)]
    from: Option<Day>,
    /// Last day.
    #[arg(long)]
    through: Option<Day>,
    /// With personal data, for this officer; goes to the access log.
    #[arg(long, requires = "reason")]
    officer: Option<String>,
    /// Why the officer needs personal data.
    #[arg(long, requires = "officer")]
    reason: Option<String>,
}

/// Runs `kakou hub`; says on standard error what went wrong.
pub fn run(args: HubArgs) -> ExitCode {
    exit(match args.what {
        None => serve(args.run),
        Some(What::Run(run)) => serve(run),
        Some(What::Enrol { data, name }) => enrol(&data, name),
        Some(What::Revoke(revoke)) => {
            open(&revoke.data).and_then(|hub| block_on(hub_kiosk::revoke(&revoke, &hub))?)
        }
        Some(What::Renew(renew)) => {
            open(&renew.data).and_then(|hub| block_on(hub_kiosk::renew(&renew, &hub))?)
        }
        Some(What::Pass(pass)) => open(&pass.data).and_then(|hub| hub_pass::run(&pass, &hub)),
        Some(What::Command(command)) => {
            open(&command.data).and_then(|hub| block_on(hub_command::run(&command, &hub))?)
        }
        Some(What::Carry(carry)) => open(&carry.data).and_then(|hub| block_on(hub_carry::run(&carry, &hub))?),
        Some(What::Sheet(sheet)) => open(&sheet.data).and_then(|hub| block_on(hub_sheet::run(&sheet, &hub))?),
        Some(What::Export(export)) => write_csv(&export),
    })
}

/// Says what went wrong, if anything did.
pub fn exit(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a place to say it, the exit code says it.
            let _ = writeln!(io::stderr().lock(), "kakou: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(Run { listen, data, names }: Run) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = Options { listen, data, names };
        let running = start(options, Arc::new(wall_now), Box::new(OsEntropy::new())).await?;
        {
            let mut out = io::stdout().lock();
            writeln!(out, "中心 hub   {}", running.url)?;
            writeln!(out, "登录 open  {}", running.sign_in_url)?;
            if let Some(certificate) = running.hub.certificate() {
                writeln!(out, "证书 certificate  {certificate}")?;
            }
            out.flush()?;
        }
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done?,
            _ = terminate.recv() => {}
        }
        running.stop().await?;
        Ok(())
    })
}

/// The hub's data, used beside a hub that may be running.
pub fn open(data: &Path) -> Result<Hub> {
    if !data.join("hub.db").exists() {
        bail!("{}: no hub has run here yet; start it with `kakou hub --data {0}`", data.display());
    }
    let hub = Hub::open(data, Arc::new(wall_now), Box::new(OsEntropy::new()))?;
    let certificate =
        server_fingerprint(data).with_context(|| format!("{}", data.join("hub.crt").display()))?;
    Ok(match certificate {
        Some(certificate) => hub.with_certificate(certificate),
        None => hub,
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

fn enrol(data: &Path, name: Option<KioskId>) -> Result<()> {
    let hub = open(data)?;
    let token = block_on(hub.make_token(name))??;
    writeln!(io::stdout().lock(), "{token}")?;
    Ok(())
}

fn write_csv(args: &Export) -> Result<()> {
    if !args.csv {
        bail!("say in which form: --csv");
    }
    let columns = match (&args.officer, &args.reason) {
        (Some(officer), Some(reason)) => Columns::Personal(
            Officer::new(officer, reason).context("officer and reason need 2 to 200 characters each")?,
        ),
        (_, _) => Columns::Public,
    };
    let filter = Filter {
        kiosk: args.kiosk.clone(),
        from: args.from.map(Day::start),
        until: args.through.map(|day| day.plus(1).start()),
        ..Filter::default()
    };
    let hub = open(&args.data)?;
    let now = hub.now();
    let written = block_on(hub.write(move |ledger| {
        ledger.export(&filter, &columns, now, io::BufWriter::new(io::stdout().lock()))
    }))???;
    writeln!(io::stderr().lock(), "{written} records")?;
    Ok(())
}
