//! The bench of the rig: devices, and ext4 on them by way of loop devices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fuser::{BackgroundSession, Config};
use kakou::base::Random;

use crate::device::{Device, FILE, Left};

const IMAGE_LEN: u64 = 24 * 1024 * 1024;
const IN_CI: &str = "CI";

/// Whether the rig can run here.
///
/// # Panics
///
/// In CI, where it must.
pub fn is_possible() -> bool {
    let possible = rustix::process::geteuid().is_root()
        && Path::new("/dev/fuse").exists()
        && Path::new("/dev/loop-control").exists();
    if !possible {
        assert!(
            std::env::var_os(IN_CI).is_none(),
            "CI must run the power-cut rig: root, /dev/fuse, loop devices"
        );
        println!("skipped: needs root and /dev/fuse");
    }
    possible
}

/// One bench at a time: a child that another thread is starting holds open files for a moment, and a file system with
/// open files cannot be unmounted.
static ALONE: Mutex<()> = Mutex::new(());

/// A device that is written and cut, and one that takes what may be left.
pub struct Bench {
    // Dropped in this order: file systems are unmounted before their devices go, and devices before their folder.
    card: Card,
    left: Card,
    empty: Vec<u8>,
    _folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    pub fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let empty = formatted(folder.path(), IMAGE_LEN);
        Self {
            card: Card::new(folder.path(), "card", &empty),
            left: Card::new(folder.path(), "left", &empty),
            empty,
            _folder: folder,
            _alone: alone,
        }
    }

    /// Lets `work` write on an empty card until the power is cut: at operation `cut_at`, or when it is done.
    pub fn cut<T>(&self, cut_at: u64, lies: f64, seed: u64, work: impl FnOnce(&Path, &Device) -> T) -> T {
        let card = &self.card;
        card.device.load(&self.empty, u64::MAX, 0.0, seed);
        let mounted = card.mount().unwrap();
        card.device.arm(cut_at, lies);
        let done = work(&card.mount, &card.device);
        card.device.cut();
        drop(mounted);
        done
    }

    pub fn device(&self) -> &Device {
        &self.card.device
    }

    /// Powers the card up again, with one of the images that may be left on it.
    pub fn after<T>(
        &self,
        left: Left,
        random: &mut Random,
        look: impl FnOnce(&Path) -> T,
    ) -> Result<T, String> {
        let image = self.card.device.image(left, random);
        self.left.device.load(&image, u64::MAX, 0.0, 0);
        let mounted = self.left.mount()?;
        let seen = look(&self.left.mount);
        drop(mounted);
        Ok(seen)
    }
}

/// An empty ext4 of `length` bytes, with blocks of 4 KiB as on a card of any real size.
pub fn formatted(folder: &Path, length: u64) -> Vec<u8> {
    let plain = folder.join("plain");
    fs::File::create(&plain).unwrap().set_len(length).unwrap();
    let made = ["-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"];
    run(Command::new("mkfs.ext4").args(made).arg(&plain)).unwrap();
    fs::read(&plain).unwrap()
}

/// One device with its places in the tree of files.
pub struct Card {
    pub device: Device,
    session: Option<BackgroundSession>,
    file: PathBuf,
    /// Where its file system is while it is mounted.
    pub mount: PathBuf,
}

impl Card {
    /// Serves `image` in `folder` under `name`.
    pub fn new(folder: &Path, name: &str, image: &[u8]) -> Self {
        let (served, mount) = (folder.join(format!("{name}-file")), folder.join(name));
        fs::create_dir(&served).unwrap();
        fs::create_dir(&mount).unwrap();
        let device = Device::new();
        device.load(image, u64::MAX, 0.0, 0);
        let session = fuser::spawn_mount(device.clone(), &served, &Config::default()).unwrap();
        Self { device, session: Some(session), file: served.join(FILE), mount }
    }

    /// Mounts the device's ext4 by way of a loop device, which goes when it is unmounted.
    pub fn mount(&self) -> Result<Mounted<'_>, String> {
        let options = ["-t", "ext4", "-o", "loop,noatime"];
        run(Command::new("mount").args(options).arg(&self.file).arg(&self.mount))?;
        Ok(Mounted(&self.mount))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let outcome = session.umount_and_join();
            if !std::thread::panicking() {
                outcome.unwrap();
            }
        }
    }
}

/// A mounted file system; it is unmounted when this is dropped.
pub struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let outcome = run(Command::new("umount").arg(self.0));
        if outcome.is_err() {
            // Nothing of it stays behind; the test fails all the same.
            run(Command::new("umount").arg("--lazy").arg(self.0)).unwrap_or_default();
        }
        if !std::thread::panicking() {
            outcome.unwrap();
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
}
