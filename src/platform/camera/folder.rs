//! The pictures of a folder as a camera: JPEG and binary PGM, in the order of their names, over and over.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Pace, error};
use crate::base::NoReading;
use crate::vision::jpeg::BYTES_MAX;
use crate::vision::raw::{CameraError, Source};
use crate::vision::{PixelFormat, Raw, picture};

/// Most pictures taken from one folder.
const PICTURES_MAX: usize = 100_000;

/// A folder of pictures.
#[derive(Debug)]
pub struct Folder {
    pictures: Vec<PathBuf>,
    next: usize,
    pace: Pace,
}

impl Folder {
    /// Lists the pictures of `path`; one is shown each `period`.
    ///
    /// # Errors
    ///
    /// When it cannot be listed or holds no `.jpg`, `.jpeg` or `.pgm` file.
    pub fn open(path: &Path, period: Duration) -> Result<Self, CameraError> {
        let entries = fs::read_dir(path).map_err(|e| error(path, e, NoReading::Absent))?;
        let mut pictures: Vec<_> = entries
            .take(PICTURES_MAX)
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_picture(path))
            .collect();
        pictures.sort();
        if pictures.is_empty() {
            return Err(error(path, "holds no .jpg, .jpeg or .pgm file", NoReading::Absent));
        }
        Ok(Self { pictures, next: 0, pace: Pace::new(period) })
    }
}

impl Source for Folder {
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let at = self.pace.keep(wait);
        let path = &self.pictures[self.next % self.pictures.len()];
        self.next = (self.next + 1) % self.pictures.len();
        let bytes = read_bounded(path).map_err(|e| error(path, e, NoReading::Bus))?;
        if bytes.starts_with(&[0xFF, 0xD8]) {
            // As a camera would deliver it, so that the same code converts it.
            take(Raw { format: PixelFormat::Mjpeg, width: 0, height: 0, stride: 0, bytes: &bytes, at });
            return Ok(());
        }
        let frame = picture::decode(&bytes, at).map_err(|e| error(path, e, NoReading::Bus))?;
        let (width, height) = (frame.width(), frame.height());
        take(Raw { format: PixelFormat::Grey, width, height, stride: width, bytes: frame.luma(), at });
        Ok(())
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    ["jpg", "jpeg", "pgm"].contains(&extension.as_str())
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > BYTES_MAX {
        return Err(std::io::Error::other(format!("larger than {BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::convert;

    #[test]
    fn shows_pictures_in_order_and_again_from_the_first() {
        let folder = tempfile::tempdir().unwrap();
        for (name, grey) in [("b.pgm", 2), ("a.PGM", 1), ("c.txt", 9)] {
            fs::write(folder.path().join(name), [b"P5 2 1 255 ", &[grey, grey][..]].concat()).unwrap();
        }
        let mut camera = Folder::open(folder.path(), Duration::ZERO).unwrap();
        let mut seen = vec![];
        for _ in 0..4 {
            camera.next(Duration::ZERO, &mut |raw| seen.push(convert::grey(raw).unwrap().luma()[0])).unwrap();
        }
        assert_eq!(seen, [1, 2, 1, 2]);
    }

    #[test]
    fn a_broken_picture_is_named_and_the_next_one_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.pgm"), "P5 9 9 255 ").unwrap();
        fs::write(folder.path().join("b.pgm"), "P5 1 1 255 x").unwrap();
        let mut camera = Folder::open(folder.path(), Duration::ZERO).unwrap();
        let refused = camera.next(Duration::ZERO, &mut |_| ()).unwrap_err().to_string();
        assert!(refused.contains("a.pgm: picture needs 81 bytes and has 0"), "{refused}");
        camera.next(Duration::ZERO, &mut |_| ()).unwrap();
    }

    #[test]
    fn says_which_folder_is_missing_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        let empty = Folder::open(folder.path(), Duration::ZERO).unwrap_err();
        assert!(empty.to_string().contains("holds no .jpg"), "{empty}");
        let missing = Folder::open(&folder.path().join("none"), Duration::ZERO).unwrap_err();
        assert!(missing.to_string().contains("none: No such file"), "{missing}");
        assert_eq!(missing.reason, NoReading::Absent);
    }
}
