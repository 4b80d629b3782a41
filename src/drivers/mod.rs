//! Devices on `embedded-hal` and byte streams; no operating system.
