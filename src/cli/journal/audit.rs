//! `kakou journal verify-proof`: what a proof file proves, with nothing but the file and public keys.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::state::{day_and_time, hex, parse_key};
use super::words;
use crate::journal::VerifyingKey;
use crate::journal::audit::{AuditProof, LENGTH_MAX, NotProven, Proven, readable};
use crate::platform::files;
use crate::sync::wire::HUB_NOTE_NAME;

/// Arguments of `kakou journal verify-proof`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The proof, as `kakou journal prove` wrote it.
    file: PathBuf,
    /// The kiosk's public key, as `kakou journal key` shows it; get it from somebody you trust, not with the proof.
    #[arg(long, value_parser = parse_key)]
    key: VerifyingKey,
    /// The hub's public key; the proof must then be countersigned by the hub.
    #[arg(long, value_parser = parse_key)]
    hub_key: Option<VerifyingKey>,
}

/// Says what is proven; good when it is.
pub fn audit(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let named = || arguments.file.display().to_string();
    let bytes = files::read_if_there(&arguments.file, LENGTH_MAX).with_context(named)?;
    let bytes = bytes.with_context(|| format!("{}: 没有此文件 no such file", arguments.file.display()))?;
    let proof = AuditProof::parse(&bytes).with_context(named)?;
    let hub = arguments.hub_key.as_ref().map(|key| (HUB_NOTE_NAME, key));
    let verified = proof.verify(&arguments.key, hub);
    say(&verified, out)?;
    Ok(verified.is_ok())
}

fn say(verified: &Result<Proven, NotProven>, out: &mut impl Write) -> Result<()> {
    let proven = match verified {
        Ok(proven) => proven,
        Err(why) => return Ok(writeln!(out, "未证明 NOT PROVEN: {why}")?),
    };
    let Proven { kiosk, epoch, entry, sealed, size, cosigned } = proven;
    writeln!(out, "已证明 PROVEN")?;
    writeln!(out, "以下记录在终端签名的日志中，一字未改。")?;
    writeln!(out, "This record is in the log that the kiosk signed, unaltered and in its place.")?;
    writeln!(out)?;
    writeln!(out, "终端 kiosk    {kiosk}")?;
    writeln!(out, "日志 log      {epoch}")?;
    writeln!(out, "位置 place    第 {seq} 条，共 {size} 条 record {seq} of {size}", seq = entry.seq)?;
    writeln!(out, "内容 content  {}", words::line(entry).trim_start())?;
    writeln!(out, "原文 record   {}", readable(entry))?;
    match sealed {
        None => writeln!(out, "个人信息 personal part    无 none")?,
        Some((commitment, box_hash)) => {
            writeln!(out, "个人信息 personal part    已封存，不在本文件中 sealed, not in this file")?;
            writeln!(out, "  承诺 commitment         {}", hex(commitment))?;
            writeln!(out, "  封存件 box SHA-256      {}", hex(box_hash))?;
        }
    }
    match cosigned {
        Some(at) => {
            let at = day_and_time(*at);
            writeln!(
                out,
                "会签 countersigned        {at} 中心持有这些记录 the hub held these {size} records"
            )?;
        }
        None => writeln!(out, "会签 countersigned        未核验 not checked, no --hub-key was given")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::prove::{self, prove};
    use super::super::{Where, key};
    use super::*;

    #[test]
    fn a_proof_leaves_the_kiosk_and_is_checked_with_keys_alone() {
        let folder = Folder::with(60);
        let file = proven(&folder, 1);
        let (good, text) = said(|out| audit(&with(&file, kiosk_key(), None), out));
        assert!(good && text.contains("PROVEN") && text.contains("record 1 of 60"), "{text}");
        assert!(text.contains("sealed, not in this file") && text.contains("not checked"), "{text}");
        let other = hub().verifying();
        let (good, text) = said(|out| audit(&with(&file, other, None), out));
        assert!(!good && text.contains("NOT PROVEN: the kiosk's key"), "{text}");
        let (good, text) = said(|out| audit(&with(&file, kiosk_key(), Some(other)), out));
        assert!(!good && text.contains("NOT PROVEN: the hub's key"), "{text}");
        assert!(!std::fs::read_to_string(&file).unwrap().contains('王'));
    }

    #[test]
    fn the_countersigned_note_is_used_where_it_vouches_for_the_record() {
        let folder = Folder::with(60);
        folder.cosign();
        folder.write(3);
        let hub = Some(hub().verifying());
        let (good, text) = said(|out| audit(&with(&proven(&folder, 60), kiosk_key(), hub), out));
        assert!(good && text.contains("the hub held these 60 records"), "{text}");
        let newer = proven(&folder, 61);
        assert!(said(|out| audit(&with(&newer, kiosk_key(), None), out)).1.contains("record 61 of 63"));
        assert!(!said(|out| audit(&with(&newer, kiosk_key(), hub), out)).0, "no hub has seen it");
    }

    #[test]
    fn a_note_from_elsewhere_can_be_proven_against() {
        let folder = Folder::with(20);
        let note = folder.journal().note().sign(&crate::journal::SigningKey::from_seed(&[1; 32]));
        let file = folder.state("twenty.note");
        std::fs::write(&file, note.to_string()).unwrap();
        folder.write(20);
        std::fs::remove_file(folder.state("log.key")).unwrap();
        let without = arguments(&folder, 7);
        assert!(prove(&without, &mut Vec::new()).is_err(), "nothing to sign with");
        let with_note = prove::Arguments { note: Some(file), ..without };
        prove(&with_note, &mut Vec::new()).unwrap();
        let (good, text) = said(|out| audit(&with(&folder.state("out"), kiosk_key(), None), out));
        assert!(good && text.contains("record 7 of 20"), "{text}");
    }

    #[test]
    fn what_cannot_be_proven_is_no_file() {
        let folder = Folder::with(5);
        for number in [0, 6] {
            assert!(prove(&arguments(&folder, number), &mut Vec::new()).is_err(), "record {number}");
        }
        assert!(!folder.state("out").exists());
        folder.damage(0);
        assert!(prove(&arguments(&folder, 1), &mut Vec::new()).is_err());
        let no_file = with(&folder.state("none"), kiosk_key(), None);
        assert!(audit(&no_file, &mut Vec::new()).is_err());
        std::fs::write(folder.state("text"), "hello").unwrap();
        assert!(audit(&with(&folder.state("text"), kiosk_key(), None), &mut Vec::new()).is_err());
    }

    #[test]
    fn the_keys_are_shown_in_the_forms_that_are_taken() {
        let folder = Folder::with(2);
        folder.cosign();
        let (_, text) = said(|out| key::show(&key::Arguments { at: folder.at() }, out));
        let shown: Vec<_> = text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
        let keys: Vec<_> = shown.iter().map(|text| parse_key(text).unwrap()).collect();
        assert_eq!(keys, [kiosk_key(), hub().verifying(), kiosk_key()], "{text}");
        assert!(parse_key("hello").is_err());
        let unkeyed = Folder::empty();
        assert!(key::show(&key::Arguments { at: Where { ..unkeyed.at() } }, &mut Vec::new()).is_err());
    }

    fn proven(folder: &Folder, seq: u64) -> PathBuf {
        let (good, text) = said(|out| prove(&arguments(folder, seq), out));
        assert!(good && text.contains("proven among"), "{text}");
        folder.state("out")
    }

    fn arguments(folder: &Folder, seq: u64) -> prove::Arguments {
        prove::Arguments { seq, at: folder.at(), epoch: None, note: None, out: Some(folder.state("out")) }
    }

    fn with(file: &std::path::Path, key: VerifyingKey, hub_key: Option<VerifyingKey>) -> Arguments {
        Arguments { file: file.to_owned(), key, hub_key }
    }
}
