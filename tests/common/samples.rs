//! A person and a vehicle that tests make up, and how screens may show them: by the program's own masks.

use kakou::base::Pii;
use kakou::model::mask;

/// A made-up name.
pub const NAME: &str = "王小明";

/// A made-up plate.
pub const PLATE: &str = "川A12345";

/// The name as screens may show it.
pub fn masked_name() -> String {
    mask::name(&Pii::new(NAME.to_owned()))
}

/// The plate as screens may show it.
pub fn masked_plate() -> String {
    mask::plate(&Pii::new(PLATE.to_owned()))
}
