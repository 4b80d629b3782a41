//! The hub's server: enrolment, batches, live gates, ledger pages.
