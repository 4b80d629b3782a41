//! The only code that touches the operating system, a clock, a pin, a camera or a socket.

pub mod assemble;
pub mod blob_line;
pub mod camera;
pub mod client_auth;
pub mod clock;
pub mod disk;
pub mod entropy;
pub mod files;
pub mod gpio;
pub mod http;
pub mod i2c;
pub mod iio;
pub mod inbox;
pub mod isolate;
pub mod mqtt;
pub mod net;
pub mod number_file;
pub mod own_key;
pub mod passed;
pub mod pwm;
pub mod serial;
pub mod terminal;
pub mod tls;
pub mod unusable;
pub mod uplink;
pub mod watchdog;
