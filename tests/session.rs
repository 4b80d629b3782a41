//! Sessions as scripts: inputs and commands in, effects out.

#[path = "session/anybody.rs"]
mod anybody;
#[path = "session/bench.rs"]
mod bench;
#[path = "session/codes.rs"]
mod codes;
#[path = "session/companion.rs"]
mod companion;
#[path = "session/everywhere.rs"]
mod everywhere;
#[path = "session/gate.rs"]
mod gate;
#[path = "session/hints.rs"]
mod hints;
#[path = "session/id_card.rs"]
mod id_card;
#[path = "session/id_numbers.rs"]
mod id_numbers;
#[path = "session/kinds.rs"]
mod kinds;
#[path = "session/listed.rs"]
mod listed;
#[path = "session/memory.rs"]
mod memory;
#[path = "session/online.rs"]
mod online;
#[path = "session/party.rs"]
mod party;
#[path = "session/passes.rs"]
mod passes;
#[path = "session/person.rs"]
mod person;
#[path = "session/place_code.rs"]
mod place_code;
#[path = "session/random.rs"]
mod random;
#[path = "session/recording.rs"]
mod recording;
#[path = "session/registration_code.rs"]
mod registration_code;
#[path = "session/replay.rs"]
mod replay;
#[path = "session/rules.rs"]
mod rules;
#[path = "session/service.rs"]
mod service;
#[path = "session/shipped.rs"]
mod shipped;
#[path = "session/turned_back.rs"]
mod turned_back;
#[path = "session/vehicle.rs"]
mod vehicle;
#[path = "session/walk.rs"]
mod walk;
