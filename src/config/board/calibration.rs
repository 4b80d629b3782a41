//! The calibration of an infrared thermometer, as a board's file states it.

use ring::digest;

use super::device::Wires;
use crate::base::CentiCelsius;
use crate::config::section::{number, text};
use crate::model::calibration::check;
use crate::model::trace::{Calibration, CalibrationId, CalibrationPoint};

/// The identity of a calibration: half of a half of the SHA-256 of its certificate, who made it, when, and its points.
pub fn identity(certificate: &str, by: &str, date: &str, points: &[CalibrationPoint; 2]) -> CalibrationId {
    let points = points.map(|point| format!("{} {}", point.read.get(), point.true_value.get()));
    let stated = format!("{certificate}\n{by}\n{date}\n{}\n{}\n", points[0], points[1]);
    let digest = digest::digest(&digest::SHA256, stated.as_bytes());
    let mut id = [0; 8];
    id.copy_from_slice(&digest.as_ref()[..8]);
    CalibrationId(id)
}

impl Wires<'_, '_, '_> {
    /// The calibration, where the device has one.
    pub(super) fn calibration(&mut self) -> Option<Calibration> {
        let mut table = self.table.table(self.report, "calibration")?;
        let certificate = table.need(self.report, "certificate", &text(200));
        let by = table.need(self.report, "by", &text(64));
        let date = table.need(self.report, "date", &text(32));
        let mut degrees = |key| {
            let value = table.need(self.report, key, &number(0.0..=60.0));
            value.and_then(CentiCelsius::from_degrees)
        };
        let [read_low, true_low] = ["read_low_c", "true_low_c"].map(&mut degrees);
        let [read_high, true_high] = ["read_high_c", "true_high_c"].map(&mut degrees);
        table.finish(self.report);
        let points = [
            CalibrationPoint { read: read_low?, true_value: true_low? },
            CalibrationPoint { read: read_high?, true_value: true_high? },
        ];
        if let Err(why) = check(&points) {
            self.misfit("calibration", &why.to_string());
            return None;
        }
        Some(Calibration { id: identity(&certificate?, &by?, &date?, &points), points })
    }
}
