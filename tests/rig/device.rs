//! A block device with a volatile write cache, served as the one file of a FUSE file system.
//!
//! A loop device over the file turns the kernel's flushes into `fsync`. What was written since the last flush is only
//! cached; a cut freezes the device, and any part of the cache may have reached the medium, in sectors of 512 bytes.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, WriteFlags,
};
use kakou::base::Random;

/// Name of the file.
pub const FILE: &str = "card";
const SECTOR: usize = 512;
const INODE: INodeNo = INodeNo(2);

/// What a cut leaves of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    Everything,
    Half,
    Any,
    /// What was written last, without what was written before it.
    Newest,
}

impl Left {
    pub const ALL: [Self; 5] = [Self::Nothing, Self::Everything, Self::Half, Self::Any, Self::Newest];
}

/// What a device was asked to do since it was loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub bytes: u64,
    pub writes: u64,
    pub flushes: u64,
}

/// A handle to the device; clones are the same device.
#[derive(Clone)]
pub struct Device {
    state: Arc<Mutex<State>>,
    /// How many records the writer was told are durable.
    pub acknowledged: Arc<AtomicU64>,
}

struct State {
    /// What a reader sees.
    now: Vec<u8>,
    /// What survives a cut in any case.
    durable: Vec<u8>,
    cached: Vec<(usize, Vec<u8>)>,
    operations: u64,
    counts: Counts,
    cut_at: u64,
    /// Share of flushes that are acknowledged and ignored.
    lies: f64,
    /// Acknowledged when the last flush was honoured.
    safe: u64,
    ignored: u64,
    random: Random,
}

impl Device {
    pub fn new() -> Self {
        let state = State {
            now: vec![],
            durable: vec![],
            cached: vec![],
            operations: 0,
            counts: Counts::default(),
            cut_at: u64::MAX,
            lies: 0.0,
            safe: 0,
            ignored: 0,
            random: Random::new(0),
        };
        Self { state: Arc::new(Mutex::new(state)), acknowledged: Arc::default() }
    }

    /// Starts over with `image`; the device freezes at operation `cut_at` and ignores that share of flushes.
    pub fn load(&self, image: &[u8], cut_at: u64, lies: f64, seed: u64) {
        let mut state = self.lock();
        state.now.clear();
        state.now.extend_from_slice(image);
        state.durable.clear();
        state.durable.extend_from_slice(image);
        state.cached.clear();
        (state.operations, state.cut_at, state.lies) = (0, cut_at, lies);
        (state.safe, state.ignored) = (0, 0);
        state.counts = Counts::default();
        state.random = Random::new(seed);
        self.acknowledged.store(0, Ordering::SeqCst);
    }

    /// From here on, freezes after `operations` more and ignores that share of flushes.
    pub fn arm(&self, operations: u64, lies: f64) {
        let mut state = self.lock();
        (state.cut_at, state.lies) = (state.operations.saturating_add(operations), lies);
    }

    /// Cuts the power now, if it is still on.
    pub fn cut(&self) {
        let mut state = self.lock();
        state.cut_at = state.cut_at.min(state.operations);
    }

    /// Records that must be there whatever the device ignored, and how many flushes it ignored.
    pub fn safe(&self) -> (u64, u64) {
        let state = self.lock();
        (state.safe, state.ignored)
    }

    /// What it was asked to do so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// What may be on the medium after the cut.
    pub fn image(&self, left: Left, random: &mut Random) -> Vec<u8> {
        let state = self.lock();
        let mut image = state.durable.clone();
        let share = match left {
            Left::Nothing => return image,
            Left::Everything | Left::Newest => 1.0,
            Left::Half => 0.5,
            Left::Any => random.below(1_000) as f64 / 1_000.0,
        };
        let skipped = if left == Left::Newest { state.cached.len() / 2 } else { 0 };
        for (offset, bytes) in &state.cached[skipped..] {
            if !random.chance(share) {
                continue;
            }
            let torn = left != Left::Everything && random.chance(0.5);
            for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                if !torn || random.chance(0.5) {
                    let at = offset + index * SECTOR;
                    image[at..at + sector.len()].copy_from_slice(sector);
                }
            }
        }
        image
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let size = self.lock().now.len() as u64;
        let is_file = inode == INODE;
        FileAttr {
            ino: inode,
            size: if is_file { size } else { 0 },
            blocks: size / SECTOR as u64,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if is_file { FileType::RegularFile } else { FileType::Directory },
            perm: 0o700,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4_096,
            flags: 0,
        }
    }
}

impl State {
    /// Counts an operation; `false` when the power is off.
    fn powered(&mut self) -> bool {
        if self.operations >= self.cut_at {
            return false;
        }
        self.operations += 1;
        true
    }

    fn flush(&mut self, acknowledged: u64) -> bool {
        if !self.powered() {
            return false;
        }
        self.counts.flushes += 1;
        if self.random.chance(self.lies) {
            self.ignored += 1;
            return true;
        }
        for (offset, bytes) in self.cached.drain(..) {
            self.durable[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
        self.safe = acknowledged;
        true
    }
}

impl Filesystem for Device {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == FILE {
            reply.entry(&Duration::ZERO, &self.attributes(INODE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&Duration::ZERO, &self.attributes(inode));
    }

    /// Without `FOPEN_KEEP_CACHE`: each loop device sees the image that was loaded last.
    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::empty());
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let state = self.lock();
        let start = usize::try_from(offset).unwrap().min(state.now.len());
        let end = (start + size as usize).min(state.now.len());
        reply.data(&state.now[start..end]);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut state = self.lock();
        let start = usize::try_from(offset).unwrap();
        if !state.powered() || start + data.len() > state.now.len() {
            return reply.error(Errno::EIO);
        }
        state.now[start..start + data.len()].copy_from_slice(data);
        state.cached.push((start, data.to_vec()));
        state.counts.writes += 1;
        state.counts.bytes += data.len() as u64;
        reply.written(u32::try_from(data.len()).unwrap());
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let acknowledged = self.acknowledged.load(Ordering::SeqCst);
        if self.lock().flush(acknowledged) { reply.ok() } else { reply.error(Errno::EIO) }
    }
}
