//! The unit files say what the design demands: ready and watched, parked whatever happens, and shut in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How much systemd may find exposed, of ten; it calls up to 2 "OK".
const EXPOSURE_MAX: f64 = 2.0;

/// What both units must say.
const SHUT_IN: [&str; 23] = [
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectProc=invisible",
    "ProtectHostname=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "PrivateTmp=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "DevicePolicy=closed",
    "LimitCORE=0",
    "Restart=always",
];

#[test]
fn the_kiosk_is_watched_and_its_outputs_are_parked_however_it_ends() {
    let unit = unit("kakou.service");
    let said = [
        "Type=notify",
        "WatchdogSec=10",
        "ExecStart=/usr/bin/kakou run --board /etc/kakou/board.toml --config /etc/kakou/kiosk.toml",
        "ExecStopPost=/usr/bin/kakou park --board /etc/kakou/board.toml",
        "Restart=always",
        "StartLimitIntervalSec=0",
        "User=kakou",
        "StateDirectory=kakou",
    ];
    assert_eq!(missing(&unit, &said), Vec::<&str>::new());
}

#[test]
fn the_kiosk_reaches_the_devices_that_a_board_can_name_and_no_others() {
    let unit = unit("kakou.service");
    let allowed: Vec<&str> = unit.iter().filter_map(|line| line.strip_prefix("DeviceAllow=")).collect();
    let expected = [
        "char-i2c rw",
        "char-gpiochip rw",
        "/dev/gpiomem rw",
        "char-video4linux rw",
        "char-ttyUSB rw",
        "char-ttyACM rw",
        "char-ttyAMA rw",
        "char-ttyS rw",
        "char-input r",
    ];
    assert_eq!(allowed, expected);
    assert!(!unit.iter().any(|line| line.starts_with("PrivateDevices=")), "it would hide the devices");
    assert!(!unit.iter().any(|line| line.starts_with("ProcSubset=")), "it would hide the boot id");
}

#[test]
fn both_services_are_shut_in_and_run_as_users_of_their_own() {
    let users = text("kakou.sysusers");
    for (file, user) in [("kakou.service", "kakou"), ("kakou-hub.service", "kakou-hub")] {
        let unit = unit(file);
        assert_eq!(missing(&unit, &SHUT_IN), Vec::<&str>::new(), "{file}");
        assert!(unit.contains(&format!("User={user}")), "{file}");
        assert!(users.lines().any(|line| line.split_whitespace().nth(1) == Some(user)), "{user}");
    }
}

#[test]
fn the_kiosk_may_ask_how_right_the_clock_is_and_nobody_may_set_it() {
    let (kiosk, hub) = (unit("kakou.service"), unit("kakou-hub.service"));
    assert_eq!(missing(&hub, &["ProtectClock=yes"]), Vec::<&str>::new());
    let filters: Vec<&str> = kiosk.iter().filter_map(|line| line.strip_prefix("SystemCallFilter=")).collect();
    // Later lines add to earlier ones: this one must come after those that take the calls away.
    let expected = ["@system-service", "~@privileged @resources", "adjtimex clock_adjtime clock_adjtime64"];
    assert_eq!(filters, expected);
    assert!(!kiosk.contains(&"ProtectClock=yes".to_owned()), "it would deny reading too");
    // What the kernel demands of whoever sets the clock.
    assert_eq!(missing(&kiosk, &["CapabilityBoundingSet=", "AmbientCapabilities="]), Vec::<&str>::new());
    assert!(!kiosk.iter().any(|line| line.starts_with("DeviceAllow=") && line.contains("rtc")));
}

#[test]
fn every_group_that_the_kiosk_joins_exists_and_owns_its_devices() {
    let unit = unit("kakou.service");
    let groups = unit.iter().find_map(|line| line.strip_prefix("SupplementaryGroups=")).unwrap();
    let (users, rules) = (text("kakou.sysusers"), text("60-kakou.rules"));
    for group in groups.split(' ') {
        let made = users.lines().any(|line| line.starts_with("g ") && line.contains(&format!(" {group} ")));
        assert!(made, "{group} is not in kakou.sysusers");
        assert!(rules.contains(&format!("GROUP=\"{group}\"")), "{group} owns nothing in 60-kakou.rules");
    }
}

#[test]
fn what_the_hub_prints_at_its_start_does_not_reach_the_systems_log() {
    assert!(unit("kakou-hub.service").iter().any(|line| line.starts_with("StandardOutput=truncate:")));
}

#[test]
fn what_reads_a_csi_camera_writes_where_the_kiosk_may_read_and_reaches_nothing_else() {
    let unit = unit("kakou-csi.service");
    let own = ["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"];
    let shut_in: Vec<&str> = SHUT_IN.into_iter().filter(|line| !own.contains(line)).collect();
    assert_eq!(missing(&unit, &shut_in), Vec::<&str>::new());
    assert_eq!(missing(&unit, &["PrivateNetwork=yes", "DynamicUser=yes"]), Vec::<&str>::new());
    let start = unit.iter().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let pipe = start.rsplit_once("--output ").unwrap().1;
    assert!(unit.contains(&format!("ReadWritePaths={pipe}")));
    let made = text("kakou.tmpfiles");
    let made = made.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert!(made.into_iter().any(|line| line.starts_with(&["p", pipe, "0660", "root", "kakou"])), "{pipe}");
    assert!(unit.iter().any(|line| line.starts_with("SupplementaryGroups=") && line.contains("kakou")));
    let boards = fs::read_to_string(path("../boards/README.md")).unwrap();
    assert!(boards.contains(&format!("mjpeg = \"{pipe}\"")));
}

#[test]
fn systemd_itself_finds_little_exposed() {
    for file in ["kakou.service", "kakou-hub.service", "kakou-csi.service"] {
        match exposure(&path(file)) {
            Some(found) => assert!(found <= EXPOSURE_MAX, "{file}: {found}, at most {EXPOSURE_MAX}"),
            // Without systemd-analyze, or with one that cannot look at a file, the lists above have to do.
            None => return,
        }
    }
}

#[test]
fn the_checks_above_can_fail() {
    assert_eq!(missing(&lines("[Service]\n# Type=notify\nType=exec\n"), &["Type=notify"]), ["Type=notify"]);
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open.service");
    fs::write(&open, "[Service]\nExecStart=/bin/true\n").unwrap();
    assert!(exposure(&open).is_none_or(|found| found > EXPOSURE_MAX));
}

/// Those of `said` that the unit does not say.
fn missing<'s>(unit: &[String], said: &[&'s str]) -> Vec<&'s str> {
    said.iter().copied().filter(|line| !unit.iter().any(|found| found == line)).collect()
}

/// What `systemd-analyze security` makes of a file, 0 to 10; none where it cannot be asked.
fn exposure(file: &Path) -> Option<f64> {
    let mut analyze = Command::new("systemd-analyze");
    let output = analyze.args(["security", "--offline=true", "--no-pager"]).arg(file).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let last = text.lines().rev().find(|line| line.contains("Overall exposure level"))?;
    last.rsplit_once(": ")?.1.split(' ').next()?.parse().ok()
}

fn unit(file: &str) -> Vec<String> {
    lines(&text(file))
}

/// The settings of a unit, without comments.
fn lines(text: &str) -> Vec<String> {
    let settings = text.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    settings.map(str::to_owned).collect()
}

fn text(file: &str) -> String {
    let path = path(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(file)
}
