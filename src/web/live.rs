//! Live updates: a page's regions as they change, over server-sent events.
//!
//! | event | data |
//! |---|---|
//! | `regions` | object: element id → new inner HTML, only what changed |
//! | `clock` | `{time, since, ended, left}`, at least every 2 s: see below |
//! | `preview` | `{n, width, height, outlines}`: there is a new camera picture, fetched by number |
//!
//! In `clock`, `time` is the time of day; by lane, `since` are the milliseconds since the subject arrived, `ended` the
//! passages that have ended, and `left` the milliseconds until disinfection `may-stop` and until it `ends`, until a
//! `dwell` is over and until its next `reading` must have come.
//!
//! A client that hears nothing for some seconds knows that what it shows may be out of date and says so.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::handle::Preview;
use super::place_time::PlaceTime;
use super::shared::Shared;
use crate::control::{KioskStatus, LaneStatus};

/// Time between two events when nothing changes.
const BEAT: Duration = Duration::from_secs(2);

/// Least time between two updates.
const PAUSE: Duration = Duration::from_millis(60);

/// A page's regions: element ids and what is in them.
pub type Regions = Vec<(&'static str, Markup)>;

/// What one page shows of a status; `None` ends the stream.
pub type Render = Box<dyn Fn(&KioskStatus) -> Option<Regions> + Send>;

/// The stream of one page, with the pictures of `preview` where there is a camera.
pub fn stream(shared: &Shared, preview: Option<watch::Receiver<Arc<Preview>>>, render: Render) -> Response {
    let Ok(permit) = Arc::clone(&shared.streams).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many screens are open").into_response();
    };
    let mut status = shared.handle.status.clone();
    if status.has_changed().is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the kiosk has stopped").into_response();
    }
    status.mark_changed();
    let mut theme = shared.lane_theme.subscribe();
    theme.mark_unchanged();
    let live = Live {
        status,
        theme,
        preview,
        render,
        place_time: shared.handle.place_time,
        sent: BTreeMap::new(),
        sent_preview: 0,
        ready: VecDeque::new(),
        _permit: permit,
    };
    let events = futures_util::stream::unfold(live, |mut live| async move {
        let event = live.next().await?;
        Some((Ok::<_, Infallible>(event), live))
    });
    Sse::new(events).into_response()
}

struct Live {
    status: watch::Receiver<Arc<KioskStatus>>,
    theme: watch::Receiver<super::theme::Theme>,
    preview: Option<watch::Receiver<Arc<Preview>>>,
    render: Render,
    place_time: PlaceTime,
    sent: BTreeMap<&'static str, String>,
    sent_preview: u64,
    ready: VecDeque<Event>,
    _permit: OwnedSemaphorePermit,
}

impl Live {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if !self.sent.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            self.wait().await?;
            self.update()?;
        }
    }

    /// Waits until there may be something to say; `None` when the kiosk is gone.
    async fn wait(&mut self) -> Option<()> {
        let preview = async {
            match &mut self.preview {
                Some(preview) => preview.changed().await,
                None => std::future::pending().await,
            }
        };
        let preview_ended = tokio::select! {
            changed = self.status.changed() => return changed.ok(),
            _ = self.theme.changed() => false,
            changed = preview => changed.is_err(),
            () = tokio::time::sleep(BEAT) => false,
        };
        if preview_ended {
            self.preview = None;
        }
        Some(())
    }

    fn update(&mut self) -> Option<()> {
        let status = Arc::clone(&self.status.borrow_and_update());
        let mut changed = BTreeMap::new();
        for (id, markup) in (self.render)(&status)? {
            let html = markup.into_string();
            if self.sent.get(id) != Some(&html) {
                changed.insert(id, html.clone());
                self.sent.insert(id, html);
            }
        }
        if !changed.is_empty() {
            self.say("regions", &serde_json::json!(changed));
        }
        self.say("clock", &clock(&status, self.place_time));
        if let Some(preview) = &self.preview {
            let preview = Arc::clone(&preview.borrow());
            let number = preview.at.as_millis();
            if number != self.sent_preview && !preview.bmp.is_empty() {
                self.sent_preview = number;
                let Preview { width, height, outlines, .. } = &*preview;
                let json = serde_json::json!({ "n": number, "width": width, "height": height, "outlines": outlines });
                self.say("preview", &json);
            }
        }
        Some(())
    }

    fn say(&mut self, name: &str, json: &serde_json::Value) {
        self.ready.push_back(Event::default().event(name).data(json.to_string()));
    }
}

/// What ticks: the time of day, how long each subject has been here, how many passages have ended, and how long
/// disinfection or a dwell goes on.
fn clock(status: &KioskStatus, place_time: PlaceTime) -> serde_json::Value {
    let practised = || status.practice.iter().map(|practice| &practice.lane);
    let lanes = || status.lanes.iter().chain(practised()).map(|lane| (lane.lane.as_str(), lane));
    let since: BTreeMap<_, _> = lanes().map(|(name, lane)| (name, lane.since_ms)).collect();
    let ended: BTreeMap<_, _> = lanes().map(|(name, lane)| (name, lane.passages)).collect();
    let left: BTreeMap<_, _> = lanes().map(|(name, lane)| (name, left(lane))).collect();
    let time = place_time.time_of_day(status.wall);
    serde_json::json!({ "time": time, "since": since, "ended": ended, "left": left })
}

/// Milliseconds until what runs at a lane may be stopped, ends, or needs the next reading.
fn left(lane: &LaneStatus) -> BTreeMap<&'static str, u64> {
    let mut left = BTreeMap::new();
    if let Some(spraying) = lane.disinfecting {
        left.extend([("may-stop", spraying.may_stop_ms), ("ends", spraying.ends_ms)]);
    }
    if let Some(dwelling) = lane.dwelling {
        left.insert("dwell", dwelling.ends_ms);
        left.extend(dwelling.reading_ms.map(|ms| ("reading", ms)));
    }
    left
}
