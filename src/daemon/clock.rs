//! The task that watches the wall clock and records when it becomes right or is set.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::interval;

use super::recorder::Request;
use crate::engine::ClockWatch;
use crate::platform::clock::Clock;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the clock once a second, for ever; ends when nothing can be recorded any more.
pub async fn watch(clock: Clock, requests: mpsc::Sender<Request>) -> &'static str {
    let mut watch = ClockWatch::default();
    let mut ticks = interval(EVERY);
    loop {
        ticks.tick().await;
        let stamp = clock.stamp();
        let Some(draft) = watch.step(&stamp) else { continue };
        tracing::info!(trust = ?stamp.trust, error_ms = stamp.max_error_ms, "wall clock was set");
        let request = Request { answer: None, draft: Box::new(draft), stamp };
        if requests.send(request).await.is_err() {
            return "clock";
        }
    }
}
