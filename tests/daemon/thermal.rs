//! A thermal array's thread puts its frames out while a page is open, and keeps nothing of anybody while none is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, NoReading};
use kakou::daemon::devices::{self, Post};
use kakou::drivers::ThermalArray;
use kakou::model::{Observed, ThermalFrame};
use tokio::sync::{mpsc, watch};

/// Longest wait for a frame.
const WITHIN: Duration = Duration::from_secs(10);

/// An array whose frames are all as warm as a test says, in °C.
struct Even(Arc<AtomicU8>);

impl ThermalArray for Even {
    fn due(&self) -> Mono {
        Mono::ZERO
    }

    fn poll(&mut self, _: Mono) -> Option<Result<ThermalFrame, NoReading>> {
        let pixel = i16::from(self.0.load(Ordering::Relaxed)) * 100;
        ThermalFrame::new(32, 24, [pixel; 768], CentiCelsius::new(2_000)?, 3_300).map(Ok)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_while_no_page_is_open_and_the_newest_frame_wins() {
    let (observations, mut observed) = mpsc::channel(1);
    let (frames, celsius) = (watch::Sender::new(None), Arc::new(AtomicU8::new(20)));
    let array = Box::new(Even(Arc::clone(&celsius)));
    let device = "face".parse().unwrap();
    devices::thermal_array(Post { observations }, device, array, frames.clone()).unwrap();
    let mut next = async || loop {
        if let Observed::Frame(_) = observed.recv().await.unwrap().what {
            return;
        }
    };
    for _ in 0..3 {
        tokio::time::timeout(WITHIN, next()).await.unwrap();
        assert!(frames.borrow().is_none(), "no page is open");
    }
    let mut page = frames.subscribe();
    for warm in [25, 30] {
        celsius.store(warm, Ordering::Relaxed);
        let is_warm = |seen: &Option<kakou::web::Thermal>| {
            let pixel = seen.and_then(|seen| seen.frame.ok()).and_then(|frame| frame.get(0, 0));
            pixel == Some(i16::from(warm) * 100)
        };
        tokio::time::timeout(WITHIN, page.wait_for(is_warm)).await.unwrap().unwrap();
    }
    drop(page);
    // One frame may have been under way.
    for _ in 0..3 {
        tokio::time::timeout(WITHIN, next()).await.unwrap();
    }
    assert!(frames.borrow().is_none(), "the page was closed");
}
