//! Sessions as scripts: inputs and commands in, effects out.

#[path = "session/bench.rs"]
mod bench;
#[path = "session/person.rs"]
mod person;
#[path = "session/random.rs"]
mod random;
#[path = "session/vehicle.rs"]
mod vehicle;
