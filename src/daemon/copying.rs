//! What is copied to a broker: the journal's records as lines of JSON, and how far the copy is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::base::{Epoch, KioskId, Mono, Random, Seq};
use crate::journal::{Disk, Line, OpenLog, Reader, reader};
use crate::platform::clock::mono;
use crate::platform::files;
use crate::platform::mqtt::{self, Broker, Read, Source};
use crate::sync::copy::{self, Copier};

/// How often it is written down how far the copy is. After a crash, what came since is published again.
const KEEP_EVERY: Duration = Duration::from_mins(1);
/// Longest cursor file, in bytes.
const CURSOR_MAX: usize = 256;

/// Records of one log for a copy.
pub struct Copied<D> {
    kiosk: KioskId,
    epoch: Epoch,
    reader: Reader<D>,
    cursor: PathBuf,
    done: u64,
    kept: u64,
    kept_at: Mono,
    /// Tells how far the copy is.
    progress: watch::Sender<u64>,
}

/// A line with whose it is: together with epoch and number it tells repetitions.
#[derive(Serialize)]
struct Published<'k> {
    kiosk: &'k KioskId,
    #[serde(flatten)]
    line: Line,
}

impl<D: Disk> Copied<D> {
    /// The log that `reader` reads, and how far the copy is according to the file `cursor`.
    pub fn new(kiosk: KioskId, reader: Reader<D>, cursor: PathBuf) -> (Self, u64) {
        let epoch = reader.epoch();
        let done = kept(&cursor).filter(|(log, _)| *log == epoch).map_or(0, |(_, done)| done);
        let progress = watch::Sender::new(done);
        (Self { kiosk, epoch, reader, cursor, done, kept: done, kept_at: mono(), progress }, done)
    }
}

impl<D: Disk + 'static> Source for Copied<D> {
    fn read(&mut self, from: u64, most: u64) -> Result<Read, String> {
        let from = Seq::new(from).ok_or("records begin with number 1")?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        match self.reader.read(from, most, 1 << 20) {
            Ok(records) if records.is_empty() => Err("they are not durable yet".to_owned()),
            Ok(records) => {
                let epoch = self.epoch;
                let payload = |stored| {
                    let line = Line::of(epoch, stored)?;
                    serde_json::to_vec(&Published { kiosk: &self.kiosk, line }).ok()
                };
                // What a later version wrote is passed on as far as it can be told: by its number.
                let bare = |seq: u64| {
                    format!("{{\"kiosk\":\"{}\",\"epoch\":\"{epoch}\",\"seq\":{seq}}}", self.kiosk)
                };
                let payloads = (from.get()..).zip(&records);
                Ok(Read::Records(
                    payloads
                        .map(|(seq, stored)| payload(stored).unwrap_or_else(|| bare(seq).into_bytes()))
                        .collect(),
                ))
            }
            Err(reader::Error::Missing { through, .. }) => Ok(Read::MissingThrough(through)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn done(&mut self, done: u64) {
        self.done = done;
        self.progress.send_if_modified(|old| std::mem::replace(old, done) != done);
        let now = mono();
        if now.since(self.kept_at) >= KEEP_EVERY {
            self.kept_at = now;
            self.keep();
        }
    }
}

impl<D> Copied<D> {
    fn keep(&mut self) {
        if self.done == self.kept {
            return;
        }
        let text = format!("{} {}\n", self.epoch, self.done);
        match files::write_atomically(&self.cursor, text.as_bytes()) {
            Ok(()) => self.kept = self.done,
            Err(error) => tracing::warn!(%error, "how far the copy is cannot be written down"),
        }
    }
}

/// At a stop in order nothing needs to be published twice.
impl<D> Drop for Copied<D> {
    fn drop(&mut self) {
        self.keep();
    }
}

/// What a copy is made of.
pub struct CopyParts<D> {
    /// Whose records they are.
    pub kiosk: KioskId,
    /// Where they go.
    pub broker: Broker,
    /// The file that says how far the copy is.
    pub cursor: PathBuf,
    /// A handle to the journal's directory, to read by.
    pub disk: D,
}

/// Starts the task that makes the copy, for a kiosk that has a broker.
pub(super) fn spawn<D: Disk + Clone + 'static>(
    copy: Option<(Broker, PathBuf)>,
    (kiosk, disk): (&KioskId, &D),
    (log, durable): (&watch::Receiver<OpenLog>, &watch::Receiver<(Epoch, u64)>),
    tasks: &mut JoinSet<&'static str>,
) {
    if let Some((broker, cursor)) = copy {
        let parts = CopyParts { kiosk: kiosk.clone(), broker, cursor, disk: disk.clone() };
        tasks.spawn(run(parts, log.clone(), durable.clone()));
    }
}

/// Makes the copy for as long as the kiosk runs: what earlier logs still have first, and then the journal's log, into each
/// new one.
pub async fn run<D: Disk + Clone + 'static>(
    parts: CopyParts<D>,
    mut log: watch::Receiver<OpenLog>,
    durable: watch::Receiver<(Epoch, u64)>,
) -> &'static str {
    loop {
        let open = log.borrow_and_update().clone();
        let (disk, cursor, live) = (parts.disk.clone(), parts.cursor.clone(), open.epoch());
        let earlier = tokio::task::spawn_blocking(move || earlier(disk, &cursor, live));
        let Ok(earlier) = earlier.await else { break };
        let last = earlier.as_ref().map(|(_, last)| *last);
        let reader = earlier.map_or_else(|| open.reader(parts.disk.clone()), |(reader, _)| reader);
        let (copied, done) = Copied::new(parts.kiosk.clone(), reader, parts.cursor.clone());
        let mut progress = copied.progress.subscribe();
        // Spreads the retries of many kiosks that lost one broker; nothing secret.
        let copy = Copier::new(copy::Settings::default(), Random::new(mono().0), done);
        let (here, seen) = watch::channel(last.unwrap_or(0));
        let copying = mqtt::run(parts.broker.clone(), copy, copied, seen);
        if let Some(last) = last {
            // The sender of `here` lives on: an earlier log does not grow.
            tokio::select! {
                () = copying => break,
                _ = progress.wait_for(|done| *done >= last) => {}
            }
            drop(here);
            continue;
        }
        tokio::select! {
            () = copying => break,
            () = count(durable.clone(), open.epoch(), here) => break,
            changed = another_log(&mut log, &open) => if !changed { break },
        }
        tracing::info!("the copy goes on with the new log");
    }
    "copy for the broker"
}

/// The next earlier log than `live` of which there is something to copy, and the number of its last record. Without a
/// cursor that is the oldest one; a cursor on a log that is no longer here says that its followers were not begun.
fn earlier<D: Disk + Clone>(mut disk: D, cursor: &Path, live: Epoch) -> Option<(Reader<D>, u64)> {
    let kept = kept(cursor);
    let names = match reader::logs(&mut disk) {
        Ok(names) => names,
        Err(error) => {
            tracing::warn!(%error, "earlier logs cannot be listed and are not copied");
            return None;
        }
    };
    let begun = kept.filter(|(log, _)| names.iter().any(|name| name.epoch == *log));
    let ended = names.into_iter().take_while(|name| name.epoch != live);
    for name in ended.skip_while(|name| begun.is_some_and(|(log, _)| log != name.epoch)) {
        let Ok(reader) = Reader::open(disk.clone(), name) else {
            tracing::warn!(log = %name.epoch, "an earlier log cannot be read and is not copied");
            continue;
        };
        let done = begun.filter(|(log, _)| *log == name.epoch).map_or(0, |(_, done)| done);
        let last = reader.durable().map_or(0, Seq::get);
        if done < last {
            return Some((reader, last));
        }
    }
    None
}

/// Hands on the number of durable records while it is that of log `epoch`; ends with the recorder.
async fn count(mut durable: watch::Receiver<(Epoch, u64)>, epoch: Epoch, here: watch::Sender<u64>) {
    loop {
        let (written, number) = *durable.borrow_and_update();
        if written == epoch {
            here.send_replace(number);
        }
        if durable.changed().await.is_err() {
            return;
        }
    }
}

/// Waits until the journal writes another log than `open`; false when it never will.
async fn another_log(log: &mut watch::Receiver<OpenLog>, open: &OpenLog) -> bool {
    log.wait_for(|now| now.epoch() != open.epoch()).await.is_ok()
}

/// Which log the copy was at, and how far; `None` without the file: then everything is copied.
fn kept(cursor: &Path) -> Option<(Epoch, u64)> {
    let bytes = files::read_if_there(cursor, CURSOR_MAX).ok()??;
    let text = String::from_utf8_lossy(&bytes);
    let (log, number) = text.trim().split_once(' ')?;
    Some((log.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, ClockTrust, Pii, Stamp, Wall};
    use crate::journal::{Journal, Options};
    use crate::model::{Body, Draft, Person, Personal};
    use crate::sim::disk::SimDisk;

    const STAMP: Stamp = Stamp {
        boot: BootId([1; 16]),
        mono: Mono(5),
        wall: Wall(6),
        trust: ClockTrust::None,
        max_error_ms: 0,
    };

    #[tokio::test]
    async fn a_copy_counts_the_records_of_its_own_log_only() {
        let (own, other) = (Epoch([1; 16]), Epoch([2; 16]));
        let (durable, watching) = watch::channel((own, 3));
        let (here, mut seen) = watch::channel(0);
        let counting = tokio::spawn(count(watching, own, here));
        assert_eq!(*seen.wait_for(|number| *number > 0).await.unwrap(), 3);
        durable.send((own, 5)).unwrap();
        assert_eq!(*seen.wait_for(|number| *number > 3).await.unwrap(), 5);
        durable.send((other, 9)).unwrap();
        drop(durable);
        counting.await.unwrap();
        assert_eq!(*seen.borrow(), 5, "the next log's numbers are not this one's");
    }

    #[test]
    fn a_copy_shows_the_public_part_and_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = folder.path().join("mqtt.cursor");
        let disk = SimDisk::new();
        let options =
            Options { segment_len: 65_536, ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
        let (mut journal, _) = Journal::open(disk.clone(), options, Box::new(Random::new(1))).unwrap();
        let wang = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
        let personal = Some(Personal { people: vec![wang], vehicle: None, note: None, picture: None });
        for _ in 0..3 {
            let draft = Draft { lane: None, body: Body::Stopped, personal: personal.clone() };
            journal.append(draft, STAMP).unwrap();
        }
        journal.commit().unwrap();
        let open = || Copied::new("gate-1".parse().unwrap(), journal.reader(disk.clone()), cursor.clone());
        let (mut copied, done) = open();
        assert_eq!(done, 0);
        let Ok(Read::Records(payloads)) = copied.read(2, 9) else { panic!("records") };
        assert_eq!(payloads.len(), 2);
        let text = String::from_utf8(payloads[0].clone()).unwrap();
        assert!(
            text.starts_with("{\"kiosk\":\"gate-1\",\"epoch\":") && text.contains("\"seq\":2,"),
            "{text}"
        );
        assert!(text.contains("\"sealed\":\"yes\"") && !text.contains('王'), "{text}");
        copied.done(2);
        drop(copied);
        assert_eq!(open().1, 2, "written down at the stop");
        std::fs::write(&cursor, "00000000000000000000000000000000 2\n").unwrap();
        assert_eq!(open().1, 0, "another log's number says nothing of this one");
        std::fs::write(&cursor, "rubbish").unwrap();
        assert_eq!(open().1, 0);
    }

    #[test]
    fn what_earlier_logs_still_have_is_copied_in_order_before_the_live_one() {
        let folder = tempfile::tempdir().unwrap();
        let cursor = folder.path().join("mqtt.cursor");
        let disk = SimDisk::new();
        let logs: Vec<(Epoch, u64)> = (1..=3).map(|count| log_of(&disk, count)).collect();
        let (live, _) = *logs.last().unwrap();
        let next = || earlier(disk.clone(), &cursor, live).map(|(reader, last)| (reader.epoch(), last));
        assert_eq!(next(), Some(logs[0]), "nothing was copied yet");
        for (at, expected) in [
            ((logs[0].0, 0), Some(logs[0])),
            (logs[0], Some(logs[1])),
            ((logs[1].0, 1), Some(logs[1])),
            (logs[1], None),
            ((live, 1), None),
            // A cursor of another card.
            ((Epoch([9; 16]), 7), Some(logs[0])),
        ] {
            std::fs::write(&cursor, format!("{} {}\n", at.0, at.1)).unwrap();
            assert_eq!(next(), expected, "{at:?}");
        }
    }

    /// A log of so many records, after what is on the disk.
    fn log_of(disk: &SimDisk, count: u64) -> (Epoch, u64) {
        // A journal that finds another kiosk's log begins a new one beside it.
        let kiosk = format!("gate-{count}").parse().unwrap();
        let options = Options { segment_len: 65_536, ballast_len: 0, ..Options::new(kiosk) };
        let entropy = Box::new(Random::new(count));
        let mut journal = Journal::open(disk.clone(), options, entropy).unwrap().0;
        for _ in 0..count {
            journal.append(Draft { lane: None, body: Body::Stopped, personal: None }, STAMP).unwrap();
        }
        journal.commit().unwrap();
        (journal.epoch(), count)
    }
}
