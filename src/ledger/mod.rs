//! The hub's applied records: idempotent, searchable, countable.
