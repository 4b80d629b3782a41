//! Live updates: a page's regions as they change, over server-sent events.
//!
//! | event | data |
//! |---|---|
//! | `regions` | object: element id → new inner HTML, only what changed |
//! | `clock` | `{time, since, ended, left}`, at least every 2 s: see below |
//! | `preview` | `{n, width, height, outlines}`: there is a new camera picture, fetched by number |
//! | `thermal` | `{n, shown, said}`: there is a new frame of the thermal array, fetched by number if it is `shown`, and why nothing is measured |
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

use super::handle::{Preview, Thermal};
use super::place_time::PlaceTime;
use super::shared::{Shared, lane};
use super::thermal;
use crate::base::{LaneId, Mono};
use crate::control::{KioskStatus, LaneStatus};

/// Time between two events when nothing changes.
const BEAT: Duration = Duration::from_secs(2);

/// Least time between two updates.
const PAUSE: Duration = Duration::from_millis(60);

/// A page's regions: element ids and what is in them.
pub type Regions = Vec<(&'static str, Markup)>;

/// What one page shows of a status; `None` ends the stream.
pub type Render = Box<dyn Fn(&KioskStatus) -> Option<Regions> + Send>;

/// Whose pictures a page shows beside its regions.
pub enum Pictures {
    /// Nobody's.
    None,
    /// A camera's.
    Camera(watch::Receiver<Arc<Preview>>),
    /// A thermal array's, while somebody is screened at its lane.
    Array(LaneId, watch::Receiver<Option<Thermal>>),
}

/// The stream of one page, with its pictures.
pub fn stream(shared: &Shared, pictures: Pictures, render: Render) -> Response {
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
        pictures,
        render,
        place_time: shared.handle.place_time,
        sent: BTreeMap::new(),
        sent_picture: Mono::ZERO,
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
    pictures: Pictures,
    render: Render,
    place_time: PlaceTime,
    sent: BTreeMap<&'static str, String>,
    sent_picture: Mono,
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
        let picture = async {
            match &mut self.pictures {
                Pictures::Camera(preview) => preview.changed().await,
                Pictures::Array(_, frames) => frames.changed().await,
                Pictures::None => std::future::pending().await,
            }
        };
        let pictures_ended = tokio::select! {
            changed = self.status.changed() => return changed.ok(),
            _ = self.theme.changed() => false,
            changed = picture => changed.is_err(),
            () = tokio::time::sleep(BEAT) => false,
        };
        if pictures_ended {
            self.pictures = Pictures::None;
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
        if let Some((at, name, json)) = self.picture(&status) {
            self.sent_picture = at;
            self.say(name, &json);
        }
        Some(())
    }

    /// What is said of a picture that was not spoken of yet, if it is shown.
    fn picture(&self, status: &KioskStatus) -> Option<(Mono, &'static str, serde_json::Value)> {
        match &self.pictures {
            Pictures::None => None,
            Pictures::Camera(preview) => {
                let preview = Arc::clone(&preview.borrow());
                let new = preview.at != self.sent_picture && !preview.bmp.is_empty();
                let Preview { at, width, height, outlines, .. } = &*preview;
                let json = || serde_json::json!({ "n": at.as_millis(), "width": width, "height": height, "outlines": outlines });
                new.then(|| (*at, "preview", json()))
            }
            Pictures::Array(id, frames) => {
                let shown = lane(status, id).is_some_and(thermal::is_shown);
                let seen = frames.borrow().filter(|seen| shown && seen.at != self.sent_picture)?;
                Some((seen.at, "thermal", thermal::event(&seen)))
            }
        }
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
