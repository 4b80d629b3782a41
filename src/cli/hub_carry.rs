//! `kakou hub carry`: takes in what kiosks without a network sent as files, and writes the receipt.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::base::KioskId;
use crate::hub::{CHUNK, Carried, Carrier, Hub, Said, Tone, receipt};
use crate::platform::files::write_atomically;

/// Which files.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
    /// Files that `kakou journal carry` wrote, in any order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the receipt goes; `<kiosk>.receipt.json` beside the file when left out.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// Takes in every file. Fails at the end when one could not be taken whole.
pub async fn run(arguments: &Arguments, hub: &Hub) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut all_whole = true;
    for file in &arguments.files {
        let carried = take(hub, file).await.with_context(|| file.display().to_string())?;
        writeln!(out, "{}", file.display())?;
        for Said { tone, zh, en } in carried.said() {
            let mark = if tone == Tone::Good { "✓" } else { "✕" };
            writeln!(out, "  {mark} {zh}  {en}")?;
        }
        all_whole &= carried.is_whole();
        if let Some(kiosk) =
            carried.intake.kiosk.filter(|_| carried.intake.logs.iter().any(|log| log.size > 0))
        {
            let path = write_receipt(hub, kiosk, arguments.receipt.as_deref(), file).await?;
            writeln!(out, "  回执 receipt  {}", path.display())?;
        }
    }
    if !all_whole {
        bail!("未能全部收下 not everything could be taken");
    }
    Ok(())
}

async fn take(hub: &Hub, path: &Path) -> Result<Carried> {
    let mut file = File::open(path)?;
    let (mut carrier, mut chunk) = (Carrier::default(), vec![0; CHUNK]);
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 || !carrier.feed(hub, &chunk[..read]).await? {
            return Ok(carrier.finish());
        }
    }
}

async fn write_receipt(hub: &Hub, kiosk: KioskId, to: Option<&Path>, beside: &Path) -> Result<PathBuf> {
    let path = to.map_or_else(|| beside.with_file_name(format!("{kiosk}.receipt.json")), Path::to_owned);
    let receipt = receipt(hub, kiosk).await?.context("the hub has cosigned nothing of this kiosk")?;
    write_atomically(&path, &receipt.to_bytes()?).with_context(|| path.display().to_string())?;
    Ok(path)
}
