//! Board and site together: each may be right by itself and the two still not fit.

use super::error::{Mistakes, Report};
use super::{Board, Site};

/// Checks that the lanes of `site`, read from `site_file`, are those that `board` wires.
///
/// # Errors
///
/// Each lane that only one of them knows, and each sensor that a step watches and no lane has.
pub fn check(board: &Board, site: &Site, site_file: &str) -> Result<(), Mistakes> {
    let mut report = Report::new(site_file, "");
    for lane in site.lanes.iter().filter(|lane| !board.lanes.contains(&lane.id)) {
        let wired: Vec<&str> = board.lanes.iter().map(|lane| lane.as_str()).collect();
        let expected = format!("board {} has no such lane; it has {}", board.name, wired.join(", "));
        report.whole(format!("lane[{}]", lane.id), expected);
    }
    for lane in board.lanes.iter().filter(|lane| site.lane(lane).is_none()) {
        report.whole(format!("lane[{lane}]"), format!("missing; board {} wires this lane", board.name));
    }
    for lane in &site.lanes {
        for sensor in lane.profiles.sensors() {
            let found = board.devices.iter().find(|device| device.id == *sensor && device.lane == lane.id);
            if found.is_none_or(|device| device.driver.spot().is_none()) {
                let expected =
                    format!("a step watches the sensor {sensor}, and this lane has no such thermometer");
                report.whole(format!("lane[{}].profiles", lane.id), expected);
            }
        }
    }
    report.finish(Some(()))
}
