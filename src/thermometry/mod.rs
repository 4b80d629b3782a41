//! Sensor reading to screening value: pure.
