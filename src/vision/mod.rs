//! Camera frame to codes: pure. No thread, no clock, no device.
//!
//! ```text
//! bytes ─▶ raw::Raw ─convert─▶ frame::Frame ─▶ fast: every frame, three scales ─▶ codes ─▶ tracker: one
//!            │ MJPEG: jpeg        │              │ nothing read                      ▲      event a
//!            │ still: picture     └─▶ preview    └─▶ slow: one attempt, elsewhere ───┘      presentation
//! ```
//! A grid that fits and cannot be decoded goes to [`votes`], which adds frames of one symbol up.
//! [`reader::Reader`] is the whole of it for one camera. Slow attempts run where they cannot stall a lane:
//! `platform::isolate`.

pub mod binary;
pub mod code;
pub mod colour;
pub mod convert;
pub mod fast;
pub mod filter;
pub mod fit;
pub mod frame;
pub mod guidance;
pub mod homography;
pub mod jpeg;
pub mod others;
pub mod picture;
pub mod png;
pub mod preview;
pub mod raw;
pub mod reader;
pub mod second;
pub mod slow;
pub mod soft;
pub mod symbols;
pub mod tracker;
pub mod votes;

pub use code::{Attempt, Code, Lane, Part};
pub use frame::{Frame, FrameError, Point};
pub use preview::Preview;
pub use raw::{PixelFormat, Raw};
pub use reader::{Reader, Sight};
pub use tracker::{Presented, Tracker};
