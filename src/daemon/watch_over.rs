//! The task that feeds the system's watchdog.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::interval;

use crate::platform::watchdog::Watchdog;

/// Feeds systemd's watchdog as long as every lane and the recorder make progress.
pub(super) async fn watch_over(progress: Vec<Arc<AtomicU64>>) -> &'static str {
    let watchdog = Watchdog::from_environment();
    let Some(every) = watchdog.every() else { return std::future::pending().await };
    // A lane's own tick is a second: what is fed faster must look at an older count.
    let mut ticks = interval(every.max(Duration::from_secs(2)));
    let mut last = vec![0; progress.len()];
    loop {
        ticks.tick().await;
        let now: Vec<u64> = progress.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        if now.iter().zip(&last).all(|(now, last)| now != last) {
            if let Err(error) = watchdog.feed() {
                tracing::warn!(%error, "watchdog cannot be fed");
            }
        } else {
            tracing::error!("a lane or the recorder makes no progress");
        }
        last = now;
    }
}
