//! Judging what lies in a segment: what counts, what is torn, what was lost.

use std::ops::Range;

use super::frame::{Content, Frame, LogCrc, MAGIC};
use super::merkle::Frontier;
use super::segment::Header;

/// A stretch of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'b> {
    Frame(usize, Frame<'b>),
    /// Bytes that are no frame.
    Damage(Range<usize>),
}

/// Goes through the frames of a segment and resynchronises after damage.
#[derive(Debug)]
pub(super) struct Pieces<'b> {
    log: LogCrc,
    bytes: &'b [u8],
    at: usize,
    /// Behind the last byte that is not zero.
    end: usize,
}

impl<'b> Pieces<'b> {
    /// Starts at `at`.
    pub(super) fn new(log: LogCrc, bytes: &'b [u8], at: usize) -> Self {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self { log, bytes, at, end }
    }

    fn frame_at(&self, at: usize) -> Option<Frame<'b>> {
        self.log.read(self.bytes.get(at..)?).ok()
    }

    /// Where the next frame starts after `from`, if anywhere.
    fn resynchronise(&self, from: usize) -> Option<usize> {
        let windows = self.bytes.get(from..self.end)?.windows(MAGIC.len()).enumerate();
        let mut candidates = windows.filter(|(_, window)| window == MAGIC).map(|(index, _)| from + index);
        candidates.find(|at| self.frame_at(*at).is_some())
    }
}

impl<'b> Iterator for Pieces<'b> {
    type Item = Piece<'b>;

    fn next(&mut self) -> Option<Piece<'b>> {
        if self.at >= self.end {
            return None;
        }
        let start = self.at;
        if let Some(frame) = self.frame_at(start) {
            self.at += frame.length;
            return Some(Piece::Frame(start, frame));
        }
        self.at = self.resynchronise(start + 1).unwrap_or(self.end);
        Some(Piece::Damage(start..self.at))
    }
}

/// Records that were acknowledged once and are no longer there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// First missing number.
    pub from: u64,
    /// Last missing number.
    pub through: u64,
}

/// What a segment holds.
#[derive(Debug)]
pub(super) struct Found<'b> {
    /// The records that count, in order, with the offset of each.
    pub records: Vec<(usize, Frame<'b>)>,
    /// Number of the next record.
    pub next: u64,
    /// Where the next frame goes.
    pub end: usize,
    /// Behind the last byte that is not zero; above `end` when there is a torn tail.
    pub dirty_end: usize,
    /// Offset of the first frame that nothing vouches for, at most `end`.
    pub unproven: usize,
    /// Over all records; `None` when some were lost and no frontier frame follows.
    pub frontier: Option<Frontier>,
    pub lost: Vec<Lost>,
    /// Records whose box is neither whole nor wiped.
    pub damaged_boxes: Vec<u64>,
    /// Places that are damaged and took no record with them.
    pub scars: usize,
    /// Frontier frames that disagree with the records before them.
    pub contradictions: usize,
    /// Records since the last frontier.
    pub since_frontier: u32,
}

/// Judges a segment whose first record is `first`, whose tree so far is `frontier`, and whose records through
/// `acknowledged` are known to have been durable.
///
/// A record counts when it is whole and in its place, and either some later frame or the caller vouches for it, or
/// nothing is missing before it. The first break among records that nobody vouches for ends the log: what follows was
/// never acknowledged.
pub(super) fn judge<'b>(
    log: LogCrc,
    bytes: &'b [u8],
    start: usize,
    first: u64,
    frontier: Option<Frontier>,
    acknowledged: u64,
) -> Found<'b> {
    judge_until(log, bytes, start, first, frontier, acknowledged, u64::MAX)
}

/// The same, and stops where the tree over the first `size` records is known.
fn judge_until<'b>(
    log: LogCrc,
    bytes: &'b [u8],
    start: usize,
    first: u64,
    frontier: Option<Frontier>,
    acknowledged: u64,
    size: u64,
) -> Found<'b> {
    let pieces: Vec<Piece<'b>> = Pieces::new(log, bytes, start).collect();
    let vouched = pieces.iter().filter_map(|piece| match piece {
        Piece::Frame(_, frame) => Some(frame.acknowledged),
        Piece::Damage(_) => None,
    });
    let acknowledged = vouched.max().unwrap_or(0).max(acknowledged);
    let dirty_end = Pieces::new(log, bytes, start).end.max(start);
    let mut judge = Judge {
        acknowledged,
        broken: false,
        found: Found {
            records: Vec::new(),
            next: first,
            end: start,
            dirty_end,
            unproven: start,
            frontier,
            lost: Vec::new(),
            damaged_boxes: Vec::new(),
            scars: 0,
            contradictions: 0,
            since_frontier: 0,
        },
    };
    for piece in pieces {
        if judge.found.frontier.as_ref().is_some_and(|tree| tree.size() >= size) {
            return judge.found;
        }
        let goes_on = match piece {
            Piece::Damage(_) => {
                judge.broken = true;
                true
            }
            Piece::Frame(at, frame) => judge.frame(at, frame),
        };
        if !goes_on {
            break;
        }
    }
    judge.finish()
}

struct Judge<'b> {
    acknowledged: u64,
    /// Whether there was damage since the last frame that counted.
    broken: bool,
    found: Found<'b>,
}

impl<'b> Judge<'b> {
    /// Takes the next whole frame; returns whether anything after it can count.
    fn frame(&mut self, at: usize, frame: Frame<'b>) -> bool {
        let end = at + frame.length;
        let seq = frame.seq;
        let counts = match &frame.content {
            Content::Record { .. } => self.record(seq, frame.box_is_damaged()),
            Content::Frontier(stated) => self.frontier(stated),
            Content::Other => !self.broken || seq <= self.acknowledged,
        };
        match counts {
            true => {
                let is_record = matches!(frame.content, Content::Record { .. });
                if is_record {
                    self.push(at, frame);
                }
                self.found.end = end;
                if seq <= self.acknowledged {
                    self.found.unproven = end;
                }
                true
            }
            // A repetition of an earlier record is damage; anything later is a tail that nobody vouches for.
            false if seq < self.found.next => {
                self.broken = true;
                true
            }
            false => false,
        }
    }

    /// Whether record `seq` counts; notes what is missing before it.
    fn record(&mut self, seq: u64, box_is_damaged: bool) -> bool {
        let next = self.found.next;
        let vouched = seq <= self.acknowledged;
        // With everything before it vouched for, the record itself starts the unproven tail.
        let follows = seq <= self.acknowledged + 1;
        if seq < next || (box_is_damaged && !vouched) {
            return false;
        }
        if (seq > next && !follows) || (seq == next && self.broken && !follows) {
            return false;
        }
        if seq > next {
            self.lose(next, seq - 1);
        } else if self.broken {
            self.found.scars += 1;
        }
        self.broken = false;
        if box_is_damaged {
            self.found.damaged_boxes.push(seq);
        }
        true
    }

    fn frontier(&mut self, stated: &Frontier) -> bool {
        let (next, size) = (self.found.next, stated.size());
        if size + 1 < next || (size >= next && size > self.acknowledged) {
            return false;
        }
        if self.broken && size > self.acknowledged {
            return false;
        }
        if size >= next {
            self.lose(next, size);
            self.found.next = size + 1;
        } else if self.broken {
            self.found.scars += 1;
        }
        self.broken = false;
        match &self.found.frontier {
            Some(own) if own != stated => self.found.contradictions += 1,
            Some(_) => {}
            None => self.found.frontier = Some(stated.clone()),
        }
        self.found.since_frontier = 0;
        true
    }

    fn lose(&mut self, from: u64, through: u64) {
        self.found.lost.push(Lost { from, through });
        self.found.frontier = None;
    }

    fn push(&mut self, at: usize, frame: Frame<'b>) {
        if let (Some(frontier), Some(leaf)) = (&mut self.found.frontier, frame.leaf()) {
            frontier.push(leaf);
        }
        self.found.next = frame.seq + 1;
        self.found.since_frontier += 1;
        self.found.records.push((at, frame));
    }

    fn finish(mut self) -> Found<'b> {
        let next = self.found.next;
        if next <= self.acknowledged {
            self.lose(next, self.acknowledged);
            self.found.next = self.acknowledged + 1;
        }
        self.found
    }
}

/// The tree over the first `size` records of a log, which were durable, as its segment whose first record is `first` tells
/// by itself; otherwise the first record that is missing for it.
pub(super) fn tree_in(log: LogCrc, bytes: &[u8], first: u64, size: u64) -> Result<Frontier, u64> {
    let (start, frontier) = match Header::decode(bytes) {
        Ok((header, start)) => (start, Some(header.frontier)),
        Err(_) => (0, (first == 1).then(Frontier::new)),
    };
    let found = judge_until(log, bytes, start, first, frontier, size, size);
    let missing = found.lost.first().map_or(first, |lost| lost.from);
    found.frontier.filter(|tree| tree.size() == size).ok_or(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Epoch;
    use crate::journal::segment::Name;
    use crate::journal::stored::Seal;

    const LOG: Epoch = Epoch([7; 16]);

    #[test]
    fn a_whole_segment_counts_whole() {
        let (bytes, _) = segment(&[(1, 0), (2, 1), (3, 2)]);
        let found = judged(&bytes, 0);
        assert_eq!((found.next, found.records.len(), found.lost.len()), (4, 3, 0));
        assert_eq!(found.frontier.as_ref().map(Frontier::size), Some(3));
        assert_eq!((found.end, found.dirty_end), (found.dirty_end, found.end));
    }

    #[test]
    fn a_torn_tail_ends_the_log_and_is_no_loss() {
        // Records 2 and 3 were one group; 2 is torn and nothing says that it was ever acknowledged.
        let (mut bytes, at) = segment(&[(1, 0), (2, 1), (3, 1)]);
        bytes[at[1] + 40] ^= 1;
        let found = judged(&bytes, 0);
        assert_eq!((found.next, found.lost.len(), found.end), (2, 0, at[1]));
        assert!(found.dirty_end > found.end && found.frontier.is_some());
    }

    #[test]
    fn an_acknowledged_record_that_is_damaged_is_a_loss_and_what_follows_still_counts() {
        let (mut bytes, at) = segment(&[(1, 0), (2, 1), (3, 2), (4, 2)]);
        bytes[at[1] + 40] ^= 1;
        let found = judged(&bytes, 0);
        assert_eq!((found.next, found.records.len()), (5, 3));
        assert_eq!(found.lost, [Lost { from: 2, through: 2 }]);
        assert_eq!(found.frontier, None, "the root cannot be known any more");
    }

    #[test]
    fn a_frontier_frame_after_a_loss_restores_the_root() {
        let log = LogCrc::new(LOG);
        let (mut bytes, at) = segment(&[(1, 0), (2, 1), (3, 2)]);
        let frontier = judged(&bytes, 0).frontier.unwrap();
        bytes[at[1] + 40] ^= 1;
        log.write_frontier(&mut bytes, 3, &frontier);
        log.write_record(&mut bytes, 4, 3, b"four", &Seal::None);
        let found = judged(&bytes, 0);
        assert_eq!(found.lost, [Lost { from: 2, through: 2 }]);
        assert_eq!((found.next, found.frontier.unwrap().size()), (5, 4));
    }

    #[test]
    fn damage_at_the_end_is_a_loss_when_somebody_vouches_for_what_was_there() {
        let (mut bytes, at) = segment(&[(1, 0), (2, 1), (3, 2)]);
        bytes[at[2] + 40] ^= 1;
        assert_eq!(judged(&bytes, 2).lost, []);
        let found = judged(&bytes, 3);
        assert_eq!((found.next, found.lost), (4, vec![Lost { from: 3, through: 3 }]));
    }

    #[test]
    fn damage_between_frames_takes_no_record_with_it() {
        let log = LogCrc::new(LOG);
        let (mut bytes, _) = segment(&[(1, 0)]);
        bytes.extend_from_slice(b"garbage");
        log.write_record(&mut bytes, 2, 1, b"two", &Seal::None);
        log.write_record(&mut bytes, 3, 2, b"three", &Seal::None);
        let found = judged(&bytes, 0);
        assert_eq!((found.next, found.lost.len(), found.scars), (4, 0, 1));
    }

    #[test]
    fn a_box_torn_at_the_end_is_cut_and_one_damaged_later_is_kept_without_its_box() {
        let log = LogCrc::new(LOG);
        let (mut bytes, _) = segment(&[(1, 0)]);
        let sealed = Seal::Boxed { commit: [1; 32], bytes: b"sealed".to_vec() };
        log.write_record(&mut bytes, 2, 1, b"two", &sealed);
        let last = bytes.len() - 1;
        bytes[last] = 0;
        assert_eq!(judged(&bytes, 0).next, 2, "torn");
        log.write_record(&mut bytes, 3, 2, b"three", &Seal::None);
        let found = judged(&bytes, 0);
        assert_eq!((found.next, found.damaged_boxes), (4, vec![2]));
        assert_eq!(found.frontier.unwrap().size(), 3, "its leaf is known all the same");
    }

    #[test]
    fn a_tree_within_a_segment_is_the_one_that_was_judged_also_where_records_are_out_of_place() {
        let log = LogCrc::new(LOG);
        let (bytes, at) = segment(&[(1, 0), (2, 1), (3, 2), (4, 3)]);
        let genuine =
            |size| judged(&bytes[..at.get(size).copied().unwrap_or(bytes.len())], 0).frontier.unwrap();
        for size in 0..=4 {
            assert_eq!(tree_in(log, &bytes, 1, size as u64), Ok(genuine(size)), "size {size}");
        }
        assert_eq!(tree_in(log, &bytes, 1, 5), Err(5));
        // The third record comes too early, and the second one is another.
        let mut moved = [&bytes[..at[1]], &bytes[at[2]..at[3]]].concat();
        log.write_record(&mut moved, 2, 1, b"another", &Seal::None);
        moved.extend_from_slice(&bytes[at[2]..]);
        assert_eq!(tree_in(log, &moved, 1, 4), Err(2), "no tree that nobody recorded");
        log.write_frontier(&mut moved, 4, &genuine(4));
        let found = judged(&moved, 0);
        assert_eq!((found.lost, found.frontier), (vec![Lost { from: 2, through: 2 }], Some(genuine(4))));
        assert_eq!(tree_in(log, &moved, 1, 4), Ok(genuine(4)));
        assert_eq!(tree_in(log, &moved, 1, 1), Ok(genuine(1)));
    }

    #[test]
    fn a_later_segment_tells_no_tree_that_ends_before_it() {
        let name = Name { generation: 1, epoch: LOG, first: 5 };
        let (earlier, _) = segment(&[(1, 0), (2, 1), (3, 2), (4, 3)]);
        let frontier = judged(&earlier, 0).frontier.unwrap();
        let header =
            Header { name, previous: 1, kiosk: "gate-1".parse().unwrap(), frontier: frontier.clone() };
        let mut bytes = header.encode();
        bytes.extend(segment(&[(5, 4), (6, 5)]).0);
        let told = |size| tree_in(LogCrc::new(LOG), &bytes, 5, size).map(|tree| tree.size());
        assert_eq!((told(4), told(5), told(6)), (Ok(4), Ok(5), Ok(6)));
        assert_eq!(told(2), Err(5), "four records are not the tree over two");
    }

    fn judged(bytes: &[u8], acknowledged: u64) -> Found<'_> {
        judge(LogCrc::new(LOG), bytes, 0, 1, Some(Frontier::new()), acknowledged)
    }

    /// Frames of records given as (number, acknowledged), and where each starts.
    fn segment(records: &[(u64, u64)]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = vec![];
        let mut starts = vec![];
        for (seq, acknowledged) in records {
            starts.push(bytes.len());
            let public = format!("record number {seq}");
            LogCrc::new(LOG).write_record(&mut bytes, *seq, *acknowledged, public.as_bytes(), &Seal::None);
        }
        (bytes, starts)
    }
}
