//! What a kiosk says of its disk in each heartbeat, so that somebody can change a card before it is full or worn out.
//!
//! ```text
//! disk <ample|low|reserve> free=<MiB, or -> faults=<n>
//! ```
//!
//! *Faults* is how often writing has failed since the program started, for whatever reason but a full disk.

use std::fmt;

pub use crate::control::{DiskStatus, RoomMark};

/// Begins the line.
const DISK: &str = "disk ";

/// The line for a heartbeat.
pub fn line(status: &DiskStatus) -> String {
    Line(*status).to_string()
}

/// What a line states; `None` for any other line.
pub fn parse(line: &str) -> Option<DiskStatus> {
    let mut words = line.strip_prefix(DISK)?.split(' ');
    let mark = match words.next()? {
        "ample" => RoomMark::Ample,
        "low" => RoomMark::Low,
        "reserve" => RoomMark::Reserve,
        _ => return None,
    };
    let free_mib = match words.next()?.strip_prefix("free=")? {
        "-" => None,
        number => Some(number.parse().ok()?),
    };
    let faults = words.next()?.strip_prefix("faults=")?.parse().ok()?;
    Some(DiskStatus { mark, free_mib, faults })
}

struct Line(DiskStatus);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DiskStatus { mark, free_mib, faults } = self.0;
        let mark = match mark {
            RoomMark::Ample => "ample",
            RoomMark::Low => "low",
            RoomMark::Reserve => "reserve",
        };
        let free = free_mib.map_or_else(|| "-".to_owned(), |mib| mib.to_string());
        write!(f, "{DISK}{mark} free={free} faults={faults}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_the_disk_is_and_no_other_line_does() {
        for (mark, free_mib) in
            [(RoomMark::Ample, None), (RoomMark::Low, Some(40)), (RoomMark::Reserve, Some(0))]
        {
            let status = DiskStatus { mark, free_mib, faults: 3 };
            assert_eq!(parse(&line(&status)), Some(status));
        }
        for other in
            ["count a", "disk", "disk full free=1 faults=0", "disk low free=x faults=0", "disk low free=1"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
