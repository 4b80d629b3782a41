//! Camera frame to codes: pure.
