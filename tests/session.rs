//! Sessions as scripts: inputs and commands in, effects out.

#[path = "session/bench.rs"]
mod bench;
#[path = "session/codes.rs"]
mod codes;
#[path = "session/gate.rs"]
mod gate;
#[path = "session/person.rs"]
mod person;
#[path = "session/random.rs"]
mod random;
#[path = "session/recording.rs"]
mod recording;
#[path = "session/replay.rs"]
mod replay;
#[path = "session/vehicle.rs"]
mod vehicle;
