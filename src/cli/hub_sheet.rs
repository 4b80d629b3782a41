//! `kakou hub sheet`: takes in days that came on paper, from pictures or from the text of their codes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::read::{StillReader, load};
use crate::hub::{Hub, words};
use crate::ledger::SheetRefused;
use crate::platform::files::read_if_there;
use crate::sync::sheet::parts::{Assembler, PREFIX};
use crate::vision::{Code, Frame, PixelFormat, Raw, convert};

/// Longest file of code texts, in bytes.
const TEXT_FILE_MAX: usize = 1 << 20;
/// A picture with a longer side than this is also read piece by piece, where nothing is lost by making it smaller.
const TILE: usize = 1_800;

/// What came.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
    /// Pictures (JPEG, binary PGM), files with one code's text a line, or the text of a code itself.
    #[arg(required = true, value_name = "IMAGE|TEXT")]
    what: Vec<String>,
}

/// Reads everything, and takes in each sheet that is whole. Fails when something could not be read or was refused.
pub async fn run(arguments: &Arguments, hub: &Hub) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut assembler = Assembler::default();
    let mut reader = StillReader::default();
    for what in &arguments.what {
        read(what, &mut reader, &mut assembler).with_context(|| shown(what))?;
    }
    let mut well = true;
    for (id, parts) in assembler.missing() {
        well = false;
        let parts = parts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        writeln!(
            out,
            "✕ {id}：还缺第 {parts} 个码，请再拍  codes {parts} of this sheet are missing or misread"
        )?;
    }
    for sheet in assembler.whole() {
        let received = hub.now();
        match hub.write(move |ledger| ledger.take_sheet(&sheet, received)).await? {
            Ok((summary, taken)) => {
                let (zh, en) = words::sheet_taken(taken);
                let (kiosk, day, last) = (&summary.kiosk, summary.day, summary.last);
                let passages = summary.counts.passages();
                writeln!(out, "✓ {kiosk} {day}：{zh}，{passages} 次到达，至第 {last} 条")?;
                writeln!(out, "  {en}: {passages} arrivals, up to record {last}")?;
            }
            Err(SheetRefused::Storage(error)) => return Err(error.into()),
            Err(refused) => {
                well = false;
                writeln!(out, "✕ {}  {refused}", words::sheet_refused(&refused))?;
            }
        }
    }
    if !well {
        bail!("未能全部收下 not everything could be taken");
    }
    Ok(())
}

/// A path, or the beginning of a code's text.
fn shown(what: &str) -> String {
    what.chars().take(80).collect()
}

fn read(what: &str, reader: &mut StillReader, assembler: &mut Assembler) -> Result<()> {
    if what.starts_with(PREFIX) {
        return Ok(assembler.take(what)?);
    }
    let path = Path::new(what);
    if is_text(path)? {
        let bytes = read_if_there(path, TEXT_FILE_MAX)?.unwrap_or_default();
        let text = String::from_utf8(bytes)?;
        return text.lines().filter(|line| !line.is_empty()).try_for_each(|line| Ok(assembler.take(line)?));
    }
    let frame = load(path).map_err(anyhow::Error::msg)?;
    let mut found = 0_usize;
    let mut take = |codes: Vec<Code>| {
        for code in codes {
            let text = std::str::from_utf8(code.payload.expose());
            found += usize::from(text.is_ok_and(|text| assembler.take(text).is_ok()));
        }
        found > 0 && assembler.missing().is_empty()
    };
    let tiles = tiles(&frame);
    if !reader.read_until(frame, &mut take) {
        tiles.into_iter().any(|tile| reader.read_until(tile, &mut take));
    }
    if found == 0 {
        bail!("没有认出日报的码 no code of a sheet was read");
    }
    Ok(())
}

fn is_text(path: &Path) -> Result<bool> {
    let mut start = [0; PREFIX.len()];
    let mut file = std::fs::File::open(path)?;
    let read = io::Read::read(&mut file, &mut start)?;
    Ok(&start[..read] == PREFIX.as_bytes())
}

/// Overlapping quarters of a large picture, two thirds of each side long.
fn tiles(frame: &Frame) -> Vec<Frame> {
    if frame.long_side() <= TILE {
        return vec![];
    }
    let (width, height) = (frame.width() * 2 / 3, frame.height() * 2 / 3);
    let (right, below) = (frame.width() - width, frame.height() - height);
    let corners = [(0, 0), (right, 0), (0, below), (right, below)];
    let tile = |(x, y): (usize, usize)| {
        let bytes = frame.luma().get(y * frame.width() + x..)?;
        let (format, stride, at) = (PixelFormat::Grey, frame.width(), frame.at);
        convert::grey(Raw { format, width, height, stride, bytes, at }).ok()
    };
    corners.into_iter().filter_map(tile).collect()
}
