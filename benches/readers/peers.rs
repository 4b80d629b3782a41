//! Other readers of QR symbols, each on one grey picture.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kakou::vision::Frame;
use rxing::common::HybridBinarizer;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BinaryBitmap, Luma8Source, Reader as _};

/// A reader and its name.
#[derive(Clone, Copy)]
pub struct Peer {
    pub name: &'static str,
    read: fn(&Frame) -> Vec<Vec<u8>>,
}

/// The best one comes last.
pub const PEERS: &[Peer] = &[
    Peer { name: "rqrr", read: rqrr },
    Peer { name: "rxing", read: rxing },
    #[cfg(feature = "peers")]
    Peer { name: "zxing-cpp", read: zxing_cpp },
];

impl Peer {
    /// Payloads in `frame`. A reader that panics has read nothing.
    pub fn read(&self, frame: &Frame) -> Vec<Vec<u8>> {
        catch_unwind(AssertUnwindSafe(|| (self.read)(frame))).unwrap_or_default()
    }
}

fn rqrr(frame: &Frame) -> Vec<Vec<u8>> {
    let pixel = |x: usize, y: usize| frame.luma()[y * frame.width() + x];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(frame.width(), frame.height(), pixel);
    let payload = |grid: &rqrr::Grid<_>| {
        let mut bytes = Vec::new();
        grid.decode_to(&mut bytes).ok().map(|_| bytes)
    };
    picture.detect_grids().iter().filter_map(payload).collect()
}

fn rxing(frame: &Frame) -> Vec<Vec<u8>> {
    let (width, height) = size(frame);
    let source = Luma8Source::new_with_slice(frame.luma(), width, height).unwrap();
    let read = QrReader.decode(&mut BinaryBitmap::new(HybridBinarizer::new(source)));
    read.ok().map(|read| read.getText().as_bytes().to_vec()).into_iter().collect()
}

/// With all that it can try.
#[cfg(feature = "peers")]
fn zxing_cpp(frame: &Frame) -> Vec<Vec<u8>> {
    let (width, height) = size(frame);
    let view = zxingcpp::ImageView::from_slice(frame.luma(), width, height, zxingcpp::ImageFormat::Lum);
    let reader = zxingcpp::read().formats(zxingcpp::BarcodeFormat::QRCode);
    let reader = reader.try_harder(true).try_rotate(true).try_invert(true).try_downscale(true);
    reader.from(&view.unwrap()).unwrap_or_default().iter().map(|code| code.bytes().clone()).collect()
}

fn size(frame: &Frame) -> (u32, u32) {
    (u32::try_from(frame.width()).unwrap(), u32::try_from(frame.height()).unwrap())
}
