//! The lane: presence, steps, sessions and decisions as pure state machines.
