//! Sensors beside the infrared one, as a board's file wires them.

use std::path::PathBuf;

use super::device::Wires;
use super::{Driver, Place};
use crate::config::section::{integer, number, one_of};
use crate::model::Nearby;

/// A sensor beside the infrared one.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    /// A thermometer.
    Thermometer {
        /// What it is for.
        of: Nearby,
        /// The chip or the files.
        at: SideChip,
        /// How the plate is to be compared; with `of` the plate only.
        plate: Option<PlateWiring>,
    },
    /// A distance sensor, VL53L0X.
    Distance {
        /// Its bus.
        bus: Place,
        /// Its 7-bit address.
        address: u8,
        /// Nearest distance at which the target fills the infrared sensor's field, in millimetres.
        near_mm: u16,
        /// Furthest.
        far_mm: u16,
    },
    /// The infrared sensor's supply, through the kernel's files.
    Supply {
        /// Their folder.
        folder: PathBuf,
        /// Supply while the kernel raises no alarm, where it tells no more, in millivolts.
        nominal_mv: u16,
    },
}

/// What measures a temperature.
#[derive(Clone, Debug, PartialEq)]
pub enum SideChip {
    /// A TMP117.
    Tmp117 {
        /// Its bus.
        bus: Place,
        /// Its 7-bit address.
        address: u8,
    },
    /// An SHT4x.
    Sht4x {
        /// Its bus.
        bus: Place,
        /// Its 7-bit address.
        address: u8,
    },
    /// Any chip that the kernel shows as files.
    Files(PathBuf),
}

/// How a reference plate is to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlateWiring {
    /// How often it must be seen, in seconds.
    pub every_s: u32,
    /// Its emissivity in thousandths.
    pub emissivity: u16,
}

impl Side {
    /// The name of the driver, as in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Thermometer { at, .. } => match at {
                SideChip::Tmp117 { .. } => "tmp117",
                SideChip::Sht4x { .. } => "sht4x",
                SideChip::Files(_) => "temperature-file",
            },
            Self::Distance { .. } => "vl53l0x",
            Self::Supply { .. } => "supply-file",
        }
    }

    /// What it is; a lane has at most one of each.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Thermometer { of, .. } => match of {
                Nearby::Air => "thermometer for the air",
                Nearby::Outdoor => "outdoor thermometer",
                Nearby::Plate => "plate thermometer",
            },
            Self::Distance { .. } => "distance sensor",
            Self::Supply { .. } => "supply meter",
        }
    }

    /// Where it is: a bus with an address, or a folder.
    pub fn place(&self) -> (Place, Option<u8>) {
        match self {
            Self::Thermometer { at: SideChip::Tmp117 { bus, address }, .. }
            | Self::Thermometer { at: SideChip::Sht4x { bus, address }, .. }
            | Self::Distance { bus, address, .. } => (bus.clone(), Some(*address)),
            Self::Thermometer { at: SideChip::Files(folder), .. } | Self::Supply { folder, .. } => {
                (Place::Path(folder.clone()), None)
            }
        }
    }
}

impl Wires<'_, '_, '_> {
    pub(super) fn tmp117(&mut self) -> Option<Driver> {
        let (bus, address) = self.on_bus(0x48);
        self.thermometer(bus.map(|bus| SideChip::Tmp117 { bus, address }))
    }

    pub(super) fn sht4x(&mut self) -> Option<Driver> {
        let (bus, address) = self.on_bus(0x44);
        self.thermometer(bus.map(|bus| SideChip::Sht4x { bus, address }))
    }

    pub(super) fn temperature_file(&mut self) -> Option<Driver> {
        let folder = self.folder();
        self.thermometer(folder.map(SideChip::Files))
    }

    pub(super) fn vl53l0x(&mut self) -> Option<Driver> {
        let (bus, address) = self.on_bus(0x29);
        // A forehead before a 35° field: 63 mm is where 40 mm fill it.
        let near_mm = self.or("near_mm", &integer(10..=1_000), 30);
        let far_mm = self.or("far_mm", &integer(20..=1_200), 60);
        if near_mm >= far_mm {
            self.misfit("far_mm", "must be more than near_mm");
            return None;
        }
        Some(Driver::Side(Side::Distance { bus: bus?, address, near_mm, far_mm }))
    }

    pub(super) fn supply_file(&mut self) -> Option<Driver> {
        let folder = self.folder();
        let nominal_mv = self.or("nominal_mv", &integer(2_600..=3_600), 3_300);
        Some(Driver::Side(Side::Supply { folder: folder?, nominal_mv }))
    }

    fn thermometer(&mut self, at: Option<SideChip>) -> Option<Driver> {
        let places = [("air", Nearby::Air), ("outdoor", Nearby::Outdoor), ("plate", Nearby::Plate)];
        let of = self.or("of", &one_of(&places), Nearby::Air);
        let plate = (of == Nearby::Plate).then(|| PlateWiring {
            every_s: self.or("every_s", &integer(60..=86_400), 1_800),
            emissivity: self.thousandths("plate_emissivity", &number(0.50..=1.00), 0.95),
        });
        Some(Driver::Side(Side::Thermometer { of, at: at?, plate }))
    }
}
