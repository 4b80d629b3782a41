//! `kakou journal prove`: a file that proves one record to somebody who has neither kiosk nor hub.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use super::state::{Keys, Signed};
use super::{Where, choose, words};
use crate::base::{Epoch, KioskId, Seq};
use crate::journal::audit::AuditProof;
use crate::journal::cosigned::{self, Judgement};
use crate::journal::note::{Note, SignedNote, origin, parse_origin};
use crate::journal::reader::LogName;
use crate::journal::verify::kiosk_of;
use crate::journal::{Reader, SigningKey, note, prove};
use crate::platform::disk::DirDisk;
use crate::platform::files;

/// Arguments of `kakou journal prove`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Number of the record.
    pub seq: u64,
    #[command(flatten)]
    pub at: Where,
    /// Which log, where there are several; without it the newest.
    #[arg(long)]
    pub epoch: Option<Epoch>,
    /// Signed checkpoint note to prove against, such as one that the hub has countersigned.
    #[arg(long, value_name = "FILE")]
    pub note: Option<PathBuf>,
    /// Where the proof goes; without it to standard output. By custom it ends in `.tlog-proof`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes the proof.
pub fn prove(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let Some(seq) = Seq::new(arguments.seq) else {
        bail!("记录从 1 开始编号 records are numbered from 1")
    };
    let mut disk = arguments.at.open()?;
    let log = choose(&mut disk, arguments.epoch)?;
    let keys = Keys::beside(&arguments.at)?;
    let signed = match &arguments.note {
        Some(file) => given(file, log)?,
        None => match kept(&mut disk, log, seq, &keys)? {
            Some(signed) => signed,
            None => own(&mut disk, log, keys.own.as_ref())?,
        },
    };
    let size = signed.note().size;
    ensure!(
        seq.get() <= size,
        "签名只到第 {size} 条 the note vouches for {size} records, record {seq} is not among them"
    );
    let proven = prove::inclusion(&mut disk, log, seq, size)?;
    let line = words::record(seq.get(), &proven.record);
    let proof = AuditProof::new(proven, signed)?;
    match &arguments.out {
        None => write!(out, "{proof}")?,
        Some(file) => {
            let named = || file.display().to_string();
            files::write_atomically(file, proof.to_string().as_bytes()).with_context(named)?;
            writeln!(out, "{line}")?;
            writeln!(out, "已出具 proven among {size} records: {}", file.display())?;
        }
    }
    Ok(true)
}

/// The note in a file.
fn given(file: &std::path::Path, log: LogName) -> Result<SignedNote> {
    let named = || file.display().to_string();
    let bytes = files::read_if_there(file, note::LENGTH_MAX).with_context(named)?;
    let bytes = bytes.with_context(|| format!("{}: 没有此文件 no such file", file.display()))?;
    let signed = SignedNote::parse(&bytes).with_context(named)?;
    let about = parse_origin(&signed.note().origin).map(|(_, epoch)| epoch);
    ensure!(about == Some(log.epoch), "{}: the note is about {}", file.display(), signed.note().origin);
    Ok(signed)
}

/// The countersigned note that is kept, if it vouches for the record and for this log.
fn kept(disk: &mut DirDisk, log: LogName, seq: Seq, keys: &Keys) -> Result<Option<SignedNote>> {
    let Some(Ok(signed)) = cosigned::unchecked(disk, log.epoch)? else { return Ok(None) };
    let (size, root) = (signed.note().size, signed.note().root);
    let is_good = match keys.check(&signed) {
        Signed::By { .. } => cosigned::judge(disk, log, size, &root)? == Judgement::Agrees,
        Signed::Unchecked | Signed::Wrong(_) => false,
    };
    Ok((is_good && seq.get() <= size).then_some(signed))
}

/// A note over everything that is here, signed with the log's own key.
fn own(disk: &mut DirDisk, log: LogName, key: Option<&SigningKey>) -> Result<SignedNote> {
    let Some(key) = key else {
        bail!(
            "没有签名密钥 there is no log.key beside the journal to sign with; give a signed note with --note"
        )
    };
    let kiosk: Option<KioskId> = kiosk_of(disk, log)?;
    let Some(kiosk) = kiosk else { bail!("终端不明 no segment says whose log this is") };
    let mut reader = Reader::open(disk.clone(), log)?;
    let size = reader.durable().map_or(0, Seq::get);
    let note = Note::new(&kiosk, log.epoch, &reader.frontier(size)?);
    debug_assert_eq!(note.origin, origin(&kiosk, log.epoch));
    Ok(note.sign(key))
}
