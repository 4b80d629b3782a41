//! The outbox and the wire between kiosk and hub.
