//! The overview's live part, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};

use super::pages;
use super::state::Hub;

/// Shortest time between two updates, so that a flood of batches does not become a flood of pages.
const REST: Duration = Duration::from_secs(1);
/// Longest time between two updates, so that a silent gate turns stale on the screen.
const STALE: Duration = Duration::from_secs(15);

pub async fn gates(State(hub): State<Arc<Hub>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = hub.changes();
    let events = stream::unfold((hub, changes), async |(hub, mut changes)| {
        tokio::time::sleep(REST).await;
        // The sender lives in the hub itself, so this cannot be closed.
        let _ = tokio::time::timeout(STALE, changes.changed()).await;
        let event = match pages::gates(&hub).await {
            Ok(content) => Event::default().event("content").data(content.into_string()),
            Err(error) => {
                tracing::error!(%error, "overview cannot be read");
                Event::default().comment("not available")
            }
        };
        Some((Ok(event), (hub, changes)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
