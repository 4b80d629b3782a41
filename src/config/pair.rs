//! Board and site together: each may be right by itself and the two still not fit.

use super::error::{Mistakes, Report};
use super::site::Lane;
use super::{Ask, Board, Site, Takes};

/// Checks that the lanes of `site`, read from `site_file`, are those that `board` wires.
///
/// # Errors
///
/// Each lane that only one of them knows, and each sensor that a step watches and no lane has, and each step that
/// sprays for longer than the lane's sprayer.
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
        sprays(&mut report, board, lane);
    }
    report.finish(Some(()))
}

/// A sprayer that stops before the step does would leave a record of a disinfection that was not.
fn sprays(report: &mut Report<'_>, board: &Board, lane: &Lane) {
    let of_lane = board.devices.iter().filter(|device| device.lane == lane.id);
    let Some(limit) = of_lane.filter_map(|device| device.driver.sprays_for()).min() else { return };
    let takes = Takes::from(lane.takes);
    for profile in lane.profiles.iter().filter(|profile| profile.takes == takes) {
        for step in &profile.steps {
            if let Ask::Disinfection { seconds_max, .. } = step.ask
                && seconds_max > limit
            {
                let expected = format!(
                    "step {} of {} may spray for {seconds_max} s, and the sprayer stops after {limit} s",
                    step.id, profile.id
                );
                report.whole(format!("lane[{}].profiles", lane.id), expected);
            }
        }
    }
}
