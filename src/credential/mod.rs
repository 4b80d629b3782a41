//! Payload to verified credential: pure.
