//! `kakou journal erase`: personal parts that have to go, while no kiosk runs; done only with `--yes`.

use std::io::Write;

use anyhow::{Context as _, Result, bail};

use super::state::Keys;
use super::{Where, beside_view, choose};
use crate::base::{AttendantId, Epoch, Seq};
use crate::journal::verify::kiosk_of;
use crate::journal::{Erasing, Journal, Options, Order, Seal};
use crate::journal::{Reader, reader};
use crate::model::{Body, Draft, Erasure};
use crate::platform::clock::Clock;
use crate::platform::disk::DirDisk;
use crate::platform::entropy::OsEntropy;
use crate::sync::blobs::Store;
use crate::sync::blobs::named::forget_erased;

/// Arguments of `kakou journal erase`. Exit code 0: erased, or nothing of these was left; 1: nothing was done, as `--yes`
/// is missing; 2: could not, such as while a kiosk runs.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Numbers of the records.
    #[arg(required = true, value_parser = number)]
    records: Vec<Seq>,
    #[command(flatten)]
    at: Where,
    /// Which log, where there are several; without it the newest.
    #[arg(long)]
    epoch: Option<Epoch>,
    /// Who does it, such as an attendant's id; goes on record.
    #[arg(long)]
    by: AttendantId,
    /// Why: `requested` by the person, recorded `mistaken`ly, or `ordered` by an authority; goes on record.
    #[arg(long, value_parser = reason)]
    reason: Erasure,
    /// Do it. Nobody can undo it. Without this, only what would be erased is said.
    #[arg(long)]
    yes: bool,
}

/// Says what is erased, and erases it when told to.
pub fn erase(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let Arguments { records, at, epoch, by, reason, yes } = arguments;
    let mut disk = at.open()?;
    let log = choose(&mut disk, *epoch)?;
    let mut reader = Reader::open(disk.clone(), log)?;
    let mut left = 0;
    for seq in records {
        let state = match reader.read(*seq, 1, usize::MAX) {
            Ok(read) => match read.first().map(|stored| &stored.seal) {
                Some(Seal::Boxed { .. }) => {
                    left += 1;
                    "有个人信息 has a personal part"
                }
                Some(Seal::None) => "无个人信息 has no personal part",
                Some(Seal::Erased { .. }) => "已销毁 its personal part is erased already",
                None => "没有这条记录 is not here",
            },
            Err(reader::Error::Missing { .. }) => "没有这条记录 is not here",
            Err(error) => return Err(error.into()),
        };
        writeln!(out, "记录 record {seq}: {state}")?;
    }
    if left > 0 && !yes {
        writeln!(
            out,
            "尚未改动；销毁后无法恢复，加 --yes 执行 nothing was changed; with --yes {left} are erased for good"
        )?;
        return Ok(false);
    }
    if left == 0 {
        writeln!(out, "没有可销毁的内容 nothing to erase")?;
        return Ok(true);
    }
    out.flush()?;
    let Some(kiosk) = kiosk_of(&mut disk, log)? else {
        bail!("不知道是哪台终端 no segment says whose log it is")
    };
    let disk = DirDisk::open(&at.dir).with_context(|| at.dir.display().to_string())?;
    let witness = Keys::beside(at)?.witness(at)?;
    let options = Options { ballast_len: 0, witness, ..Options::new(kiosk) };
    let (mut journal, recovery) = Journal::open(disk, options, Box::new(OsEntropy::new()))?;
    let clock = Clock::new().context("the system's clocks")?;
    // What an earlier erasure left undone, before a record says that there was a start.
    forget_pictures(at, journal.epoch(), &recovery.erasing)?;
    let plain = |body| Draft { lane: None, body, personal: None };
    for draft in recovery.drafts(env!("CARGO_PKG_VERSION")) {
        journal.append(draft, clock.stamp())?;
    }
    let what = Erasing { log: Some(log.epoch), records: records.clone() };
    let order = Order { by: by.clone(), reason: *reason };
    let erased = journal.erase(&what, &order, clock.stamp())?;
    // Before the log says that it was closed: what is not gone by then is deleted at the next start.
    let pictures = forget_pictures(at, journal.epoch(), &[what])?;
    journal.append(plain(Body::Stopped), clock.stamp())?;
    journal.close()?;
    beside_view::catch_up(at)?;
    writeln!(out, "已销毁 {} 条，并已记录 {} are erased, and it is on record", erased.len(), erased.len())?;
    if pictures > 0 {
        writeln!(out, "其现场画面也已删除 so are the pictures that they name: {pictures}")?;
    }
    writeln!(
        out,
        "中心收到该记录后销毁其副本 the hub erases its copies when it gets that record; \
         闪存中的旧副本随当日密钥销毁 what a flash card may still hold goes with the key of its day"
    )?;
    Ok(true)
}

/// Deletes the pictures of erased records that are still here; returns how many these records name.
fn forget_pictures(at: &Where, own: Epoch, erased: &[Erasing]) -> Result<usize> {
    let folder = at.state().join("blobs");
    if !folder.exists() {
        return Ok(0);
    }
    let mut store = Store::new(DirDisk::open(&folder).with_context(|| folder.display().to_string())?);
    Ok(forget_erased(&mut at.open()?, own, erased, &mut store)?)
}

fn number(text: &str) -> Result<Seq, String> {
    let number = text.parse().ok().and_then(Seq::new);
    number.ok_or_else(|| "记录从 1 开始编号 records are numbered from 1".to_owned())
}

fn reason(text: &str) -> Result<Erasure, String> {
    match text {
        "requested" => Ok(Erasure::Requested),
        "mistaken" => Ok(Erasure::Mistaken),
        "ordered" => Ok(Erasure::Ordered),
        _ => Err("requested 本人要求, mistaken 误录, ordered 主管部门要求".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::fixtures::*;
    use super::*;
    use crate::base::{Pii, Random};
    use crate::daemon::unresolved;
    use crate::journal::reader::logs;
    use crate::journal::{OpenArrival, picture};
    use crate::model::{Direction, Passage, Personal, SubjectKind};

    #[test]
    fn a_personal_part_goes_for_good_when_told_to_and_nothing_else_changes() {
        let folder = Folder::with(40);
        let (before, first) = (root(&folder, 40), file_with(&folder, 1));
        let (good, text) = said(|out| erase(&told(&folder, &[1, 2, 99], false), out));
        assert!(
            !good && text.contains("record 1: 有个人信息") && text.contains("nothing was changed"),
            "{text}"
        );
        assert!(text.contains("record 2: 无个人信息") && text.contains("record 99: 没有"), "{text}");
        assert_eq!(file_with(&folder, 1), first, "not a byte");
        let (good, text) = said(|out| erase(&told(&folder, &[1, 2, 99], true), out));
        assert!(good && text.contains("1 are erased"), "{text}");
        let mut reader = reader(&folder);
        let stored = reader.read(Seq::FIRST, 1, usize::MAX).unwrap().remove(0);
        assert!(matches!(stored.seal, Seal::Erased { .. }));
        let last = reader.durable().unwrap();
        let said_so = reader.read(Seq::new(last.get() - 1).unwrap(), 1, usize::MAX).unwrap().remove(0);
        let expected = Body::Erased {
            records: vec![Seq::FIRST],
            by: "li-na".parse().unwrap(),
            reason: Erasure::Ordered,
            log: None,
        };
        assert_eq!(said_so.entry().unwrap().body, expected);
        assert_eq!(root(&folder, 40), before, "every proof still holds");
        assert!(said(|out| check::check(&folder.at(), out)).0, "and the log is healthy");
        let (good, text) = said(|out| erase(&told(&folder, &[1], true), out));
        assert!(good && text.contains("erased already") && text.contains("nothing to erase"), "{text}");
    }

    #[test]
    fn the_picture_that_a_record_names_goes_with_it_and_no_other() {
        let folder = Folder::with(3);
        let stamp = Clock::new().unwrap().stamp();
        let mut store = Store::new(DirDisk::open(&folder.state("blobs")).unwrap());
        let mut journal = folder.journal();
        let mut taken = vec![];
        for seed in 0..2 {
            let sealed = picture::seal(b"BM", &mut Random::new(seed)).unwrap();
            let passage = Passage { picture: Some(sealed.picture), ..some_passage() };
            let personal = Personal { picture: Some(Pii::new(sealed.key)), ..Personal::default() };
            let draft =
                Draft { lane: None, body: Body::Passage(Box::new(passage)), personal: Some(personal) };
            let seq = journal.append(draft, stamp).unwrap();
            store.keep("", &sealed.picture.sha256, &sealed.bytes).unwrap();
            taken.push((seq, folder.state("blobs").join(sealed.picture.sha256.to_string())));
        }
        journal.close().unwrap();
        drop(store);
        let numbers = [taken[0].0.get()];
        let (good, text) = said(|out| erase(&told(&folder, &numbers, true), out));
        assert!(good && text.contains("so are the pictures that they name: 1"), "{text}");
        assert!(!taken[0].1.exists() && taken[1].1.exists());
    }

    /// A passage without anything particular.
    fn some_passage() -> Passage {
        let arrival = OpenArrival {
            arrival: Seq::FIRST,
            lane: None,
            subject: SubjectKind::Person,
            direction: Direction::Inbound,
            stamp: Clock::new().unwrap().stamp(),
        };
        let Body::Passage(passage) = unresolved::draft(&arrival).unwrap().body else { panic!("a passage") };
        *passage
    }

    #[test]
    fn what_is_erased_on_record_and_still_there_is_found() {
        let folder = Folder::with(3);
        let boxed = file_with(&folder, 1);
        assert!(said(|out| erase(&told(&folder, &[1], true), out)).0);
        let wiped = file_with(&folder, 1);
        let at = wiped.iter().zip(&boxed).position(|(now, was)| *now == 0xE5 && *was != 0xE5).unwrap();
        // As if the card had given back the old sector.
        let mut both = wiped.clone();
        let end = both[at..].iter().position(|byte| *byte != 0xE5).unwrap() + at;
        both[at - 1..=end].copy_from_slice(&boxed[at - 1..=end]);
        std::fs::write(&folder.segments()[0], &both).unwrap();
        let (good, text) = said(|out| check::check(&folder.at(), out));
        assert!(!good && text.contains("erased on record, and still there"), "{text}");
        assert!(said(|out| erase(&told(&folder, &[1], true), out)).0);
        assert!(said(|out| check::check(&folder.at(), out)).0);
    }

    #[test]
    fn a_running_kiosk_is_left_alone() {
        let folder = Folder::with(3);
        let journal = folder.journal();
        let refused = erase(&told(&folder, &[1], true), &mut Vec::new()).unwrap_err();
        assert!(format!("{refused:#}").contains("a kiosk that runs"), "{refused:#}");
        drop(journal);
        assert!(number("0").is_err() && reason("because").is_err());
    }

    fn told(folder: &Folder, records: &[u64], yes: bool) -> Arguments {
        Arguments {
            records: records.iter().filter_map(|number| Seq::new(*number)).collect(),
            at: folder.at(),
            epoch: None,
            by: "li-na".parse().unwrap(),
            reason: Erasure::Ordered,
            yes,
        }
    }

    fn reader(folder: &Folder) -> Reader<DirDisk> {
        let mut disk = folder.at().open().unwrap();
        let log = *logs(&mut disk).unwrap().last().unwrap();
        Reader::open(disk, log).unwrap()
    }

    fn root(folder: &Folder, size: u64) -> [u8; 32] {
        reader(folder).frontier(size).unwrap().root()
    }

    fn file_with(folder: &Folder, _record: u64) -> Vec<u8> {
        std::fs::read(&folder.segments()[0]).unwrap()
    }
}
