//! What a kiosk says about the hub's receipts for its records.

use serde::Serialize;

/// Something about the hub that a person must look into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum LinkAlarm {
    /// What the hub countersigned is not this kiosk's log, or not signed as it must be.
    Receipt {
        /// What is wrong, in plain words.
        why: String,
    },
    /// The hub asks for records that were dropped here, as it had signed for them long before.
    Dropped {
        /// The first record that it asks for.
        from: u64,
        /// The last record that is no longer here.
        through: u64,
    },
}
