//! A camera that sees several codes says so of each: the lane can only keep from choosing what it knows of.

use std::sync::Arc;
use std::time::Duration;

use kakou::base::Mono;
use kakou::daemon::devices::{self, Post};
use kakou::model::{Observed, Symbology};
use kakou::platform::clock::mono;
use kakou::vision::Reader;
use kakou::vision::raw::{CameraError, PixelFormat, Raw, Source};
use kakou::web::Preview;
use rxing::aztec::AztecWriter;
use rxing::{BarcodeFormat, EncodeHints, Writer};
use tokio::sync::{mpsc, watch};

const WIDTH: usize = 600;
const HEIGHT: usize = 300;

/// Shows the same codes side by side for ever.
struct Still(Vec<u8>);

impl Still {
    fn new(texts: [&str; 2]) -> Self {
        let mut luma = vec![220; WIDTH * HEIGHT];
        for (text, left) in texts.into_iter().zip([60, 360]) {
            let code = qrcode::QrCode::new(text).unwrap();
            let (side, colors) = (code.width(), code.to_colors());
            for (x, y) in (0..side * 6).flat_map(|y| (0..side * 6).map(move |x| (x, y))) {
                if colors[y / 6 * side + x / 6] == qrcode::Color::Dark {
                    luma[(y + 60) * WIDTH + x + left] = 30;
                }
            }
        }
        Self(luma)
    }

    fn ticket(text: &str) -> Self {
        let hints = EncodeHints { Margin: Some("0".to_owned()), ..EncodeHints::default() };
        let drawn = AztecWriter.encode_with_hints(text, &BarcodeFormat::AZTEC, 0, 0, &hints).unwrap();
        let module = |at: usize| u32::try_from(at / 6).ok().filter(|&at| at < drawn.getWidth());
        let dark = |at: usize| {
            let (x, y) = ((at % WIDTH).checked_sub(90), (at / WIDTH).checked_sub(60));
            let at = x.and_then(module).zip(y.and_then(module));
            at.is_some_and(|(x, y)| drawn.get(x, y))
        };
        Self((0..WIDTH * HEIGHT).map(|at| if dark(at) { 30 } else { 220 }).collect())
    }
}

impl Source for Still {
    fn next(&mut self, _: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let at: Mono = mono();
        take(Raw {
            at,
            format: PixelFormat::Grey,
            width: WIDTH,
            height: HEIGHT,
            stride: WIDTH,
            bytes: &self.0,
        });
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_codes_are_told_as_such_and_equal_ones_as_one() {
    for (texts, expected) in [(["kakou", "other"], vec![1, 1]), (["kakou", "kakou"], vec![0])] {
        let (observations, mut observed) = mpsc::channel(16);
        let previews = watch::Sender::new(Arc::new(Preview::default()));
        let source = Box::new(Still::new(texts));
        devices::camera(
            Post { observations },
            "camera".parse().unwrap(),
            (source, Reader::default()),
            previews,
        )
        .unwrap();
        let mut others = Vec::new();
        while others.len() < expected.len() {
            if let Observed::Code(scan) = observed.recv().await.unwrap().what {
                others.push(scan.others);
            }
        }
        assert_eq!(others, expected, "{texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_kind_is_a_code_where_the_camera_is_told_to_read_it() {
    let (observations, mut observed) = mpsc::channel(16);
    let previews = watch::Sender::new(Arc::new(Preview::default()));
    let camera = (Box::new(Still::ticket("ticket 7")) as Box<dyn Source>, Reader::with(&[Symbology::Aztec]));
    devices::camera(Post { observations }, "camera".parse().unwrap(), camera, previews).unwrap();
    let code = loop {
        if let Observed::Code(scan) = observed.recv().await.unwrap().what {
            break scan;
        }
    };
    assert_eq!((code.payload.expose().as_slice(), code.colour), (&b"ticket 7"[..], None));
}
