//! `kiosk.toml`: the example with every key, each mistake, and the site beside its board.

use std::time::Duration;

use kakou::config::bundle::Bundle;
use kakou::config::site::Web;
use kakou::config::{Board, Site, pair};
use kakou::model::{Direction, Role, SubjectKind, Verdict};

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");
const SIMULATED: &str = include_str!("../../boards/simulated.toml");
const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$WK+SukDnRElwR1TxUcwfKqwCXDDuYobFGZK+Bnoylls";

/// The example with the keys that it shows as comments switched on.
fn with_every_key() -> String {
    let is_key = |line: &str| {
        line.starts_with("#[") || (line.starts_with('#') && line.contains(" = ") && !line.contains('·'))
    };
    let switch = |line: &str| if is_key(line) { line[1..].to_owned() } else { line.to_owned() };
    EXAMPLE
        .lines()
        .map(switch)
        .collect::<Vec<_>>()
        .join("\n")
        .replace("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$...", HASH)
}

/// The site of that; the further profile file that it names is not there.
fn site_with_every_key() -> Site {
    Site::parse("kiosk.toml", &with_every_key().replace("profile_files", "#profile_files")).unwrap()
}

fn mistakes(text: &str) -> String {
    Site::parse("k.toml", text).expect_err(text).to_string()
}

#[test]
fn the_example_is_a_working_configuration_with_safe_defaults() {
    let site = Site::parse("kiosk.toml", EXAMPLE).unwrap();
    assert_eq!(site.kiosk.as_str(), "east-gate");
    assert_eq!(site.utc_offset_minutes, 480);
    assert_eq!(site.web, Web::default());
    assert!(site.web.listen.ip().is_loopback());
    assert_eq!((site.hub.clone(), site.attendants.len()), (None, 0));
    assert_eq!(site.personal_retention, Duration::from_secs(14 * 86_400));
    assert_eq!(site.record_retention, Duration::from_secs(90 * 86_400));
    assert_eq!(site.policy.notice, Some(12));
    assert_eq!((site.policy.screening.threshold.get(), site.policy.screening.guard), (3_730, 30));
    assert_eq!((site.policy.screening.factor, site.policy.screening.correction), (200, 0));
    let lane = site.lane(&"vehicle".parse().unwrap()).unwrap();
    assert_eq!(
        (lane.takes, lane.directions.len(), lane.profiles.iter().count()),
        (SubjectKind::Vehicle, 2, 4)
    );
    assert_eq!(site.policy.profiles.len(), 5, "only what a lane uses is policy");
}

#[test]
fn a_place_code_is_shown_where_the_site_wants_one() {
    assert_eq!(Site::parse("kiosk.toml", EXAMPLE).unwrap().place_code, None);
    let rules = site_with_every_key().place_code.unwrap();
    assert_eq!((rules.every_s, rules.prefix.as_str()), (60, "https://venue.example.org/scan?c="));
    let prefix = "é".repeat(50);
    let with = |prefix: &str| {
        EXAMPLE.replace(
            "[[lane]]\nid = \"person",
            &format!("[place_code]\nevery_s = 30\nprefix = \"{prefix}\"\n[[lane]]\nid = \"person"),
        )
    };
    assert_eq!(Site::parse("k.toml", &with(&prefix)).unwrap().place_code.unwrap().prefix, prefix);
    assert!(mistakes(&with(&format!("{prefix}a"))).contains("place_code.prefix"), "101 bytes");
}

#[test]
fn pictures_are_kept_of_no_verdict_by_default_and_of_a_plain_admission_never() {
    assert_eq!(Site::parse("kiosk.toml", EXAMPLE).unwrap().pictures, []);
    let with = |value: &str| EXAMPLE.replace("notice = 12", &format!("notice = 12\npictures = [{value}]"));
    let site = Site::parse("k.toml", &with("\"held\", \"emergency-admitted\"")).unwrap();
    assert_eq!(site.pictures, [Verdict::Held, Verdict::EmergencyAdmitted]);
    for refused in ["admitted", "abandoned", "everybody"] {
        let said = mistakes(&with(&format!("\"{refused}\"")));
        assert!(said.contains("pictures") && said.contains("\"turned-back\" or"), "{said}");
    }
}

#[test]
fn local_plates_are_part_of_the_policy_and_a_bad_one_is_named() {
    let plain = Site::parse("kiosk.toml", EXAMPLE).unwrap();
    let with =
        |value: &str| EXAMPLE.replace("notice = 12", &format!("notice = 12\nlocal_plates = [{value}]"));
    let site = Site::parse("k.toml", &with("\"川Ｋ\", \"川a\"")).unwrap();
    let written: Vec<String> = site.policy.local_plates.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["川A", "川K"]);
    assert_ne!(site.policy.id, plain.policy.id);
    let other_order = Site::parse("k.toml", &with("\"川A\", \"川K\"")).unwrap();
    assert_eq!(site.policy.id, other_order.policy.id, "the order says nothing");
    assert!(!plain.policy.canonical().contains("plates"), "an older policy keeps its identity");
    let kept = Bundle::of_site(&site).policy().unwrap();
    assert_eq!(kept, site.policy, "what is kept for replay is the same policy");
    for refused in ["A", "川AB", "川I", "京A12345", "Sichuan"] {
        let said = mistakes(&with(&format!("\"川\", \"{refused}\"")));
        let named = format!("local_plates = \"{refused}\": must be a province and the letter");
        assert!(said.contains(&named), "{said}");
    }
    let twice = mistakes(&with("\"川A\", \"川a\""));
    assert!(twice.contains("local_plates = \"川a\": must be named once"), "{twice}");
}

#[test]
fn every_key_that_the_example_shows_is_known_and_right() {
    let site = site_with_every_key();
    assert_eq!(site.hub.as_deref(), Some("https://hub.example.org:8443"));
    assert_eq!(site.web.hosts, ["kiosk.local"]);
    let mqtt = site.mqtt.clone().unwrap();
    assert_eq!((mqtt.broker.host.as_str(), mqtt.broker.port), ("broker.example.org", 8_883));
    assert_eq!(
        (mqtt.topic.as_str(), mqtt.client_id.as_str()),
        ("kakou/east-gate/records", "kakou-east-gate")
    );
    assert_eq!(site.attendants[0].name, "李娜");
    let post = site.attendants[0].post.clone().unwrap();
    assert_eq!((post.role, post.agency.unwrap().zh.as_str()), (Role::Lead, "公安"));
    assert!(!format!("{site:?}").contains("argon2id"), "a hash does not print itself");
    let defaults = Site::parse("kiosk.toml", EXAMPLE).unwrap();
    assert_eq!(site.policy.local_plates.len(), 2, "an example: by default none are local");
    let policy = site.policy.with_local_plates(vec![]);
    assert_eq!(policy.id, defaults.policy.id, "the values shown are the defaults");
    assert_eq!(site.lanes, defaults.lanes);
    assert_eq!((site.state, site.roster), (defaults.state, defaults.roster));
}

#[test]
fn every_mistake_names_file_line_key_value_and_what_is_allowed() {
    let cases = [
        ("id = \"east-gate\"", "id = \"East Gate\"", "k.toml:5: id = \"East Gate\": must be a name"),
        ("id = \"east-gate\"", "", "id: missing; must be a name"),
        (
            "utc_offset = \"+08:00\"",
            "utc_offset = \"Asia/Shanghai\"",
            "must be an offset from UTC such as \"+08:00\"",
        ),
        ("utc_offset = \"+08:00\"", "utc_offset = \"+15:00\"", "at most 14 hours"),
        ("notice = 12", "[place_code]\nprefix = \"a\"", "place_code.every_s: missing; must be 30 to 600"),
        ("notice = 12", "[place_code]\nevery_s = 29", "place_code.every_s = 29: must be 30 to 600"),
        ("notice = 12", "[place_code]\nevery_s = 601", "place_code.every_s = 601: must be 30 to 600"),
        ("notice = 12", "[place_code]\nevery_s = 60\nevery = 1", "place_code.every = 1: unknown key"),
        ("notice = 12", "[place_code]\nevery_s = 60\nprefix = \"a\\tb\"", "must be a text of 1 to 100 bytes"),
        ("notice = 12", "notice = 0", "notice = 0: must be 1 to 999999"),
        ("notice = 12", "notices = 12", "notices = 12: unknown key; known are id, title"),
        ("notice = 12", "state = \"here\"", "state = \"here\": must be an absolute path"),
        (
            "notice = 12",
            "hub = \"http://hub.example.org\"",
            "must be https://host[:port], or http:// with a loopback",
        ),
        (
            "notice = 12",
            "hub = \"https://hub.example.org/api?x\"",
            "hub = \"https://hub.example.org/api?x\": must be",
        ),
        (
            "notice = 12",
            "[mqtt]\nbroker = \"mqtt://broker.example.org\"",
            "mqtt.broker = \"mqtt://broker.example.org\": must be mqtts://host[:port], or mqtt:// with a loopback",
        ),
        ("notice = 12", "[mqtt]\ntopic = \"a\"", "mqtt.broker: missing; must be mqtts://"),
        (
            "notice = 12",
            "[mqtt]\nbroker = \"mqtts://b\"\ntopic = \"kakou/#\"",
            "mqtt.topic = \"kakou/#\": must be a topic without + and #",
        ),
        (
            "notice = 12",
            "[mqtt]\nbroker = \"mqtts://b\"\nusername = \"east\"",
            "mqtt.username = \"east\": needs password_file beside it",
        ),
        ("notice = 12", "personal_retention_days = 31", "personal_retention_days = 31: must be 1 to 30"),
        ("notice = 12", "record_retention_days = 29", "record_retention_days = 29: must be 30 to 3650"),
        (
            "notice = 12",
            "profile_files = [\"more.toml\"]",
            "profile_files = [\"more.toml\"]: more.toml: more.toml cannot be",
        ),
        (
            "takes = \"person\"",
            "takes = \"people\"",
            "lane[person-in].takes = \"people\": must be \"person\" or \"vehicle\"",
        ),
        (
            "\"residential-person-in\"",
            "\"school-in\"",
            "there is no profile school-in; known are residential-person-in",
        ),
        (
            "\"residential-person-in\"",
            "\"residential-person-out\"",
            "must have one for a person going inbound of any class",
        ),
        ("\"residential-occupant-out\"", "\"residential-occupant-in\"", "must be named once"),
        ("  \"residential-occupant-out\",\n", "", "no profile for occupants"),
        (
            "id = \"vehicle\"",
            "id = \"person-in\"",
            "lane[person-in].id = \"person-in\": must be the name of one lane only",
        ),
        (
            "direct = \"both\"",
            "direct = \"both\"\npass_within_s = 1",
            "lane[vehicle].pass_within_s = 1: must be 3 to 300",
        ),
        (
            "direct = \"both\"",
            "direct = \"both\"\nopen_s = 1",
            "lane[vehicle].open_s = 1: unknown key; known are id",
        ),
    ];
    for (right, wrong, expected) in cases {
        let text = EXAMPLE.replacen(right, wrong, 1);
        assert_ne!(text, EXAMPLE, "{right}");
        let said = mistakes(&text);
        assert!(said.contains(expected), "{wrong}\nsaid     {said}\nexpected {expected}");
    }
    let cases = [
        ("[web]\nlisten = \"0.0.0.0:80\"", "web.hosts: must name the kiosk's names or addresses"),
        ("[web]\nlisten = \"localhost\"", "web.listen = \"localhost\": must be an address and port"),
        ("[web]\nhosts = [\"http://a\"]", "web.hosts = \"http://a\": must be a host name"),
        ("[thermometry]\nthreshold_c = 99.1", "thermometry.threshold_c = 99.1: must be 36 to 40"),
        (
            "[thermometry]\nthreshold_f = 99.1",
            "thermometry.threshold_f = 99.1: unknown key; known are threshold_c",
        ),
        ("[thermometry]\nguard_c = nan", "thermometry.guard_c = nan: must be 0 to 1"),
        ("[thermometry]\ncold_c = \"33\"", "thermometry.cold_c = \"33\": must be 25 to 35.9"),
        (
            "[[attendant]]\nid = \"li-na\"\nname = \"李娜\"",
            "attendant[li-na].pin: must be an argon2id string",
        ),
    ];
    for (more, expected) in cases {
        let said = mistakes(&format!("{EXAMPLE}\n{more}\n"));
        assert!(said.contains(expected), "{more}\nsaid     {said}\nexpected {expected}");
    }
}

#[test]
fn a_pin_is_never_quoted_and_must_be_hashed_at_a_bearable_cost() {
    let attendant =
        |pin: &str| format!("{EXAMPLE}\n[[attendant]]\nid = \"li-na\"\nname = \"李娜\"\npin = \"{pin}\"\n");
    assert!(Site::parse("k.toml", &attendant(HASH)).is_ok());
    for bad in [
        "1234",
        &HASH.replace("argon2id", "argon2i"),
        &HASH.replace("m=19456", "m=4194304"),
        &HASH.replace("t=2", "t=1000"),
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0",
        "$2b$12$abcdefghijklmnopqrstuv",
    ] {
        let said = mistakes(&attendant(bad));
        assert!(said.contains("attendant[li-na].pin: must be an argon2id string"), "{said}");
        assert!(!said.contains(bad), "{said}");
    }
}

#[test]
fn a_badge_is_a_hash_of_one_attendant_and_is_never_quoted() {
    let badge = kakou::config::badge::Badge::new([9; 16]);
    let attendant = |id: &str, badge: &str| {
        format!("[[attendant]]\nid = \"{id}\"\nname = \"{id}\"\npin = \"{HASH}\"\nbadge = \"{badge}\"\n")
    };
    let one = format!("{EXAMPLE}\n{}", attendant("li-na", &badge.hash().to_string()));
    assert_eq!(Site::parse("k.toml", &one).unwrap().attendants[0].badge, Some(badge.hash()));
    let both = format!("{one}{}", attendant("wang", &badge.hash().to_string()));
    assert!(
        mistakes(&both).contains("attendant[wang].id = \"wang\": must have a badge of their own"),
        "{}",
        mistakes(&both)
    );
    let itself = mistakes(&format!("{EXAMPLE}\n{}", attendant("li-na", &badge.text())));
    assert!(itself.contains("attendant[li-na].badge: must be a hash"), "{itself}");
    assert!(!itself.contains(badge.text().as_str()), "{itself}");
}

#[test]
fn an_agency_has_both_names_and_a_role_is_one_of_three() {
    let attendant = |more: &str| {
        format!("{EXAMPLE}\n[[attendant]]\nid = \"li-na\"\nname = \"李娜\"\npin = \"{HASH}\"\n{more}\n")
    };
    let post = |more: &str| Site::parse("k.toml", &attendant(more)).unwrap().attendants.remove(0).post;
    assert_eq!(post(""), None, "nothing said is nothing recorded");
    assert_eq!(post("role = \"observer\"").unwrap().role, Role::Observer);
    assert_eq!(post("agency_zh = \"交警\"\nagency_en = \"Traffic\"").unwrap().role, Role::Attendant);
    for (more, expected) in [
        ("role = \"boss\"", "attendant[li-na].role = \"boss\": must be"),
        ("agency_zh = \"交警\"", "must be given together with agency_en"),
        ("agency_en = \"Traffic\"", "must be given together with agency_en"),
    ] {
        let said = mistakes(&attendant(more));
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_said_at_once_in_the_order_of_its_lines() {
    let text = EXAMPLE
        .replace("east-gate", "East")
        .replace("notice = 12", "notice = -1")
        .replace("person\"", "people\"");
    let mistakes = Site::parse("k.toml", &text).unwrap_err();
    let lines: Vec<_> = mistakes.as_slice().iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines.len(), 3, "{mistakes}");
    assert!(lines.is_sorted());
}

#[test]
fn hub_addresses_are_encrypted_or_stay_on_this_machine() {
    let read = |hub: &str| {
        let text = EXAMPLE.replace("notice = 12", &format!("hub = \"{hub}\""));
        Site::parse("k.toml", &text).map(|site| site.hub.unwrap_or_default())
    };
    for good in [
        "https://hub",
        "https://10.0.0.2:8443",
        "https://[fd00::1]:443",
        "http://127.0.0.1:9",
        "http://[::1]:80",
    ] {
        assert_eq!(read(good).as_deref(), Ok(good));
    }
    assert_eq!(read("http://localhost:8081/").as_deref(), Ok("http://localhost:8081"));
    for bad in [
        "http://10.0.0.2",
        "http://hub",
        "http://127.0.0.1.example.org",
        "https://",
        "https://user@hub",
        "https://hub:0",
        "https://hub:99999",
        "ftp://hub",
        "hub",
        "https://hub/x",
        "https://fd00::1",
        "https://[hub]",
        "HTTP://127.0.0.1",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_profile_that_looks_further_back_than_anybody_is_remembered_is_refused() {
    // Profiles that look back a day: a site that forgets after one day is enough for them, and none is not.
    let shipped = include_str!("../../profiles/residential.toml");
    let with = |within: &str| {
        let ours = shipped.replace("residential-", "our-").replace("turned_back_h = 24", within);
        let text = EXAMPLE.replace("#profile_files", "profile_files").replacen(
            "\"residential-person-in\"",
            "\"our-person-in\"",
            1,
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiosk.toml");
        std::fs::write(&path, text.replace("#personal_retention_days = 14", "personal_retention_days = 2"))
            .unwrap();
        std::fs::write(folder.path().join("our-profiles.toml"), ours).unwrap();
        Site::read(&path).map(drop).map_err(|mistakes| mistakes.to_string())
    };
    assert_eq!(with("turned_back_h = 48"), Ok(()));
    let said = with("turned_back_h = 49").unwrap_err();
    let expected =
        "personal_retention_days = 2: must be at least 3: profile our-person-in asks what was so long ago";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn further_profiles_come_from_files_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiosk.toml");
    let shipped = include_str!("../../profiles/residential.toml");
    let ours = shipped.replace("residential-", "our-").replace("timeout_s = 45", "timeout_s = 44");
    let text = EXAMPLE.replace("#profile_files", "profile_files").replacen(
        "\"residential-person-in\"",
        "\"our-person-in\"",
        1,
    );
    std::fs::write(&path, &text).unwrap();
    assert!(Site::read(&path).unwrap_err().to_string().contains("our-profiles.toml: cannot be read"));
    std::fs::write(folder.path().join("our-profiles.toml"), &ours).unwrap();
    let site = Site::read(&path).unwrap();
    let lane = site.lane(&"person-in".parse().unwrap()).unwrap();
    let inbound = lane.profiles.choose(SubjectKind::Person, Direction::Inbound, Default::default());
    assert_eq!(inbound.unwrap().id.as_str(), "our-person-in");
    std::fs::write(folder.path().join("our-profiles.toml"), ours.replace("\"temperature\"", "\"warmth\""))
        .unwrap();
    let said = Site::read(&path).unwrap_err().to_string();
    let line = 1 + ours.lines().position(|line| line == "kind = \"temperature\"").unwrap();
    assert!(
        said.contains(&format!("our-profiles.toml:{line}: profile[our-person-in].step[2].kind = \"warmth\"")),
        "{said}"
    );
    assert!(Site::read(&folder.path().join("none.toml")).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_signature_that_nobody_here_may_give_is_refused_before_anybody_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiosk.toml");
    let sign = "[[profile.step]]\nkind = \"sign-off\"\nby = [\"lead\"]\ntimeout_s = 60\n\n[[profile.step]]";
    let shipped = include_str!("../../profiles/residential.toml").replace("residential-", "our-");
    std::fs::write(folder.path().join("our-profiles.toml"), shipped.replacen("[[profile.step]]", sign, 1))
        .unwrap();
    let text = EXAMPLE.replace("#profile_files", "profile_files").replacen(
        "\"residential-person-in\"",
        "\"our-person-in\"",
        1,
    );
    let with = |role: &str| {
        let li = format!("[[attendant]]\nid = \"li-na\"\nname = \"李娜\"\npin = \"{HASH}\"\n{role}\n");
        std::fs::write(&path, format!("{text}\n{li}")).unwrap();
        Site::read(&path).map(|_| ()).map_err(|mistakes| mistakes.to_string())
    };
    let said = with("").unwrap_err();
    assert!(
        said.contains("must name somebody whose role may sign step sign-off of profile our-person-in"),
        "{said}"
    );
    assert_eq!(with("role = \"lead\""), Ok(()));
}

#[test]
fn a_lane_that_only_board_or_site_knows_is_a_mistake() {
    let board = Board::parse("simulated.toml", SIMULATED).unwrap();
    let site = Site::parse("k.toml", EXAMPLE).unwrap();
    assert!(pair::check(&board, &site, "k.toml").is_ok());
    let short = SIMULATED.replace("driver = \"sprayer\"", "driver = \"sprayer\"\nseconds_max = 20");
    let said =
        pair::check(&Board::parse("b.toml", &short).unwrap(), &site, "k.toml").unwrap_err().to_string();
    assert!(said.contains("step disinfection of residential-vehicle-in may spray for 30 s"), "{said}");
    let other = Site::parse("k.toml", &EXAMPLE.replace("\"person-in\"", "\"north\"")).unwrap();
    let said = pair::check(&board, &other, "k.toml").unwrap_err().to_string();
    assert!(
        said.contains("lane[north]: board simulated has no such lane; it has person-in, vehicle"),
        "{said}"
    );
    assert!(said.contains("lane[person-in]: missing; board simulated wires this lane"), "{said}");
}

#[test]
fn a_step_that_watches_a_sensor_which_its_lane_does_not_have_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kiosk.toml");
    let text = EXAMPLE.replace("#profile_files", "profile_files").replacen(
        "\"residential-person-in\"",
        "\"dryer\"",
        1,
    );
    std::fs::write(&path, text).unwrap();
    let board = Board::parse("simulated.toml", SIMULATED).unwrap();
    let brow = board.devices.iter().find(|device| device.driver.spot().is_some()).unwrap().id.to_string();
    for (sensor, good) in [(brow.as_str(), true), ("warm-air", false), ("camera", false)] {
        let profile = format!(
            "[[profile]]\nid = \"dryer\"\ntitle_zh = \"烘干\"\ntitle_en = \"Dryer\"\ntakes = \"person\"\n\
             directions = [\"inbound\"]\nsession_timeout_s = 600\nidle_timeout_s = 60\n\
             [[profile.step]]\nkind = \"dwell\"\nseconds = 300\ntimeout_s = 60\n\
             [profile.step.at]\nlow_c = 65\nhigh_c = 75\nsensor = \"{sensor}\"\n"
        );
        std::fs::write(folder.path().join("our-profiles.toml"), profile).unwrap();
        let site = Site::read(&path).unwrap();
        match pair::check(&board, &site, "k.toml") {
            Ok(()) => assert!(good, "{sensor}"),
            Err(said) => {
                assert!(
                    !good && said.to_string().contains(&format!("watches the sensor {sensor}")),
                    "{said}"
                );
            }
        }
    }
}
