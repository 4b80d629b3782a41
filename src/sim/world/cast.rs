//! The people and vehicles of a simulated place. All of them are made up.

/// Somebody with a pass.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The pass as it stands in a QR symbol.
    pub pass: String,
    /// An identity number that the roster knows.
    pub id_number: String,
}

/// A vehicle.
#[derive(Clone, Debug)]
pub struct Car {
    /// Its plate.
    pub plate: String,
    /// Its pass, if it has one.
    pub pass: Option<String>,
}

/// Everybody who may come.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// People with passes.
    pub residents: Vec<Resident>,
    /// Vehicles.
    pub cars: Vec<Car>,
    /// Codes that nothing here can verify, such as addresses of health codes.
    pub strange_codes: Vec<String>,
    /// Names for the registration.
    pub names: Vec<String>,
    /// Places to come from.
    pub origins: Vec<String>,
}
