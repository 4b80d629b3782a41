//! The kiosk's two faces as server-rendered pages.
