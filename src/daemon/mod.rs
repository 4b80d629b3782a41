//! Wiring: devices, lanes, journal, sync and screens as one running kiosk.
