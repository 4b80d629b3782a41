//! A reader of identity cards on a real pseudo-terminal: cards arrive as number and name, and faults as the device's health.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use kakou::base::{DeviceId, NoReading};
use kakou::daemon::devices::Post;
use kakou::daemon::id_reader::{self, IdReader};
use kakou::model::{Observation, Observed};
use kakou::platform::serial;
use kakou::sim::id_reader::{Card, Manner, Reader};
use tokio::sync::mpsc;

/// Longest wait for anything.
const WITHIN: Duration = Duration::from_secs(20);
const NUMBER: &str = "11010519491231002X";
const OTHER: &str = "440524188001010014";

#[tokio::test(flavor = "multi_thread")]
async fn a_card_arrives_once_and_the_next_one_after_it_was_lifted() {
    let mut lane = Lane::new(Manner::Obeys);
    assert_eq!(lane.next().await, Seen::Health(Ok(())));
    lane.settle(4);
    assert!(lane.observed.is_empty(), "no card, nothing said");
    lane.lay(NUMBER, "王小明");
    assert_eq!(lane.next().await, Seen::card(NUMBER, "王小明"));
    lane.settle(4);
    lane.module(|reader| reader.module().lift());
    lane.settle(4);
    lane.lay(OTHER, "李四");
    assert_eq!(lane.next().await, Seen::card(OTHER, "李四"));
    assert_eq!(lane.module(|reader| reader.module().reads()), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_zeros_garbage_and_single_bytes_make_no_difference() {
    for manner in [Manner::StrayZeros, Manner::Noise, Manner::ByteByByte] {
        let mut lane = Lane::new(manner);
        lane.lay(NUMBER, "王小明");
        assert_eq!(lane.next().await, Seen::Health(Ok(())), "{manner:?}");
        assert_eq!(lane.next().await, Seen::card(NUMBER, "王小明"), "{manner:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_check_or_a_card_lifted_amid_reading_gives_nothing_and_the_next_card_is_read() {
    for manner in [Manner::WrongCheck, Manner::LiftedAmid] {
        let mut lane = Lane::new(manner);
        lane.lay(NUMBER, "王小明");
        assert_eq!(lane.next().await, Seen::Health(Ok(())));
        while lane.module(|reader| reader.module().reads()) == 0 {
            lane.settle(1);
        }
        lane.module(|reader| {
            reader.module().set_manner(Manner::Obeys);
            reader.module().lift();
        });
        // The status, and twice that nothing lies there.
        lane.settle(4);
        lane.lay(OTHER, "李四");
        assert_eq!(lane.next().await, Seen::card(OTHER, "李四"), "{manner:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_not_well_or_says_nothing_is_a_fault_of_its_own() {
    for (manner, reason) in
        [(Manner::SelfTestFails, NoReading::Flagged), (Manner::Silent, NoReading::Timeout)]
    {
        let mut lane = Lane::new(manner);
        lane.lay(NUMBER, "王小明");
        assert_eq!(lane.next().await, Seen::Health(Err(reason)));
        lane.module(|reader| reader.module().set_manner(Manner::Obeys));
        let next = [lane.next().await, lane.next().await];
        assert!(next.contains(&Seen::Health(Ok(()))) && next.contains(&Seen::card(NUMBER, "王小明")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_unplugged_is_absent_and_read_again_once_it_is_back() {
    let mut lane = Lane::new(Manner::Obeys);
    assert_eq!(lane.next().await, Seen::Health(Ok(())));
    lane.reader = None;
    assert_eq!(lane.next().await, Seen::Health(Err(NoReading::Absent)));
    lane.plug_in(Reader::new(Manner::Obeys).unwrap());
    let mut back = lane.next().await;
    while back == Seen::Health(Err(NoReading::Absent)) {
        back = lane.next().await;
    }
    assert_eq!(back, Seen::Health(Ok(())));
    lane.lay(NUMBER, "王小明");
    assert_eq!(lane.next().await, Seen::card(NUMBER, "王小明"));
}

#[derive(Debug, PartialEq)]
enum Seen {
    Card(String, String),
    Health(Result<(), NoReading>),
}

impl Seen {
    fn card(number: &str, name: &str) -> Self {
        Self::Card(number.to_owned(), name.to_owned())
    }
}

struct Lane {
    observed: mpsc::Receiver<Observation>,
    reader: Option<Reader>,
    /// Where the reader's path is, as under /dev/serial/by-id.
    link: PathBuf,
    _folder: tempfile::TempDir,
}

impl Lane {
    fn new(manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("usb-SDT");
        let (observations, observed) = mpsc::channel(64);
        let mut lane = Self { observed, reader: None, link, _folder: folder };
        lane.plug_in(Reader::new(manner).unwrap());
        let device: DeviceId = "cards".parse().unwrap();
        let (id, path) = (device.clone(), lane.link.clone());
        let open = move || serial::open_tty(&id, &path, 115_200).map_err(|error| error.to_string());
        id_reader::start(Post { observations }, IdReader { device, open: Box::new(open) }).unwrap();
        lane
    }

    fn plug_in(&mut self, reader: Reader) {
        let _ = std::fs::remove_file(&self.link);
        symlink(reader.path(), &self.link).unwrap();
        self.reader = Some(reader);
    }

    fn module<T>(&self, act: impl FnOnce(&Reader) -> T) -> T {
        act(self.reader.as_ref().unwrap())
    }

    fn lay(&self, number: &str, name: &str) {
        self.module(|reader| reader.module().lay(Card::new(number, name)));
    }

    /// Until the reader was asked so many times more.
    fn settle(&self, times: u64) {
        assert!(self.module(|reader| reader.wait_asked(times, WITHIN)));
    }

    async fn next(&mut self) -> Seen {
        let seen = tokio::time::timeout(WITHIN, self.observed.recv()).await.unwrap().unwrap();
        if let Observed::IdCard(card) = &seen.what {
            return Seen::card(card.number.normalised().expose(), card.name.expose());
        }
        let Observed::Health(health) = seen.what else { panic!("{seen:?}") };
        Seen::Health(health)
    }
}
