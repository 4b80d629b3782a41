//! The durable, gapless, provable append-only log, and its rebuildable view.
