//! Each mistake that a board file can have, and the files we ship.

use super::*;
use crate::model::{FrameArea, Symbology};

const PERSON: &str = r#"
name = "test"
lanes = ["gate"]

[gpio]
chip = "pinctrl-bcm2711"

[[device]]
id = "barrier"
lane = "gate"
driver = "barrier"
line = 17
close_line = 27
closed_line = 22

[[device]]
id = "brow"
lane = "gate"
driver = "mlx90614"
bus = "/dev/i2c-1"
address = 0x5A

[[device]]
id = "beam"
lane = "gate"
driver = "beam"
line = 23
"#;

#[test]
fn a_right_board_is_read_with_its_defaults() {
    let board = Board::parse("b.toml", PERSON).unwrap();
    assert_eq!(board.gpio, Gpio { backend: Backend::Gpiocdev, chip: "pinctrl-bcm2711".into() });
    assert_eq!(board.devices.len(), 3);
    let Driver::Barrier(barrier) = &board.devices[0].driver else { panic!("{board:?}") };
    assert_eq!(barrier.open, Output { line: 17, active: Voltage::High });
    let closed = barrier.closed.unwrap();
    assert_eq!((closed.active, closed.pull), (Voltage::Low, Pull::Up));
    assert_eq!((barrier.opened, barrier.pulse_ms, barrier.drive), (None, 500, Drive::Pulse));
    let Driver::Mlx90614(chip) = &board.devices[1].driver else { panic!("{board:?}") };
    assert_eq!((chip.address, chip.spot.supply_mv, chip.settling_ms), (0x5A, 3_300, 150));
}

#[test]
fn every_thermometer_is_read_with_its_defaults() {
    let board = |keys: &str| {
        let text = PERSON.replace("driver = \"mlx90614\"\nbus = \"/dev/i2c-1\"\naddress = 0x5A", keys);
        Board::parse("b.toml", &text).unwrap().devices[1].driver.clone()
    };
    let bus = Place::Path("/dev/i2c-1".into());
    let spot = Spot { supply_mv: 3_000, emissivity: 980, accuracy: 30, calibration: None, noise: 18 };
    let chip = board("driver = \"mlx90632\"\nbus = \"/dev/i2c-1\"\nchip_id = \"0123456789aB\"");
    let chip_id = Some(0x0123_4567_89AB);
    assert_eq!(chip, Driver::Mlx90632(Mlx90632 { bus: bus.clone(), address: 0x3A, spot, chip_id }));
    let files = board("driver = \"thermometer-iio\"\npath = \"/sys/x\"");
    assert_eq!(files, Driver::ThermometerIio(Iio { folder: "/sys/x".into(), spot, settling_ms: 150 }));
    let files = board("driver = \"mlx90614-iio\"\npath = \"/sys/x\"");
    let spot = Spot { supply_mv: 3_300, ..spot };
    assert_eq!(files, Driver::Mlx90614Iio(Iio { folder: "/sys/x".into(), spot, settling_ms: 150 }));
    let chip_id = Some(u64::MAX);
    let number = "driver = \"mlx90614\"\nbus = \"/dev/i2c-1\"\nzones = 2\nchip_id = \"ffffffffffffffff\"";
    let dual = Mlx90614 { bus, address: 0x5A, spot, settling_ms: 150, zones: 2, chip_id };
    assert_eq!(board(number), Driver::Mlx90614(dual));
}

#[test]
fn a_camera_is_set_only_to_what_the_board_says_and_only_where_it_is_a_v4l2_device() {
    let read = |keys: &str| {
        let camera = format!("driver = \"camera\"\n{keys}");
        Board::parse("b.toml", &PERSON.replace("driver = \"beam\"\nline = 23", &camera))
    };
    let controls = |keys: &str| {
        let board = read(&format!("path = \"/dev/video0\"\n{keys}")).unwrap();
        let Driver::Camera(camera) = &board.devices[2].driver else { panic!("{board:?}") };
        camera.controls
    };
    assert_eq!(controls(""), Controls::default());
    let all = controls("exposure_us = 5000\nfocus = 30\npower_line_hz = 50\ndynamic_framerate = \"off\"");
    assert_eq!((all.exposure, all.focus), (Some(Exposure::Fixed(50)), Some(Focus::Fixed(30))));
    assert_eq!((all.power_line, all.frame_rate), (Some(PowerLine::Hz50), Some(FrameRate::Kept)));
    let auto =
        controls("exposure_us = \"auto\"\nfocus = \"auto\"\npower_line_hz = 60\ndynamic_framerate = \"on\"");
    assert_eq!((auto.exposure, auto.focus), (Some(Exposure::Auto), Some(Focus::Auto)));
    assert_eq!((auto.power_line, auto.frame_rate), (Some(PowerLine::Hz60), Some(FrameRate::Dynamic)));
    for (keys, part) in [
        ("path = \"/dev/video0\"\nexposure_us = 150", "\"auto\" or a multiple of 100 from 100 to 1000000"),
        ("path = \"/dev/video0\"\nfocus = -1", "\"auto\" or 0 to 65535"),
        ("path = \"/dev/video0\"\npower_line_hz = 55", "must be 50 or 60"),
        ("frames = \"/srv/x\"\nfocus = 30", "focus = 30: only with the path of a V4L2 device"),
    ] {
        let said = read(keys).unwrap_err().to_string();
        assert!(said.contains(part), "{keys:?} gave {said:?}");
    }
}

const READER: &str = "driver = \"scanner\"\npath = \"/dev/serial0\"";

#[test]
fn a_reader_is_set_up_only_where_the_board_names_its_module() {
    let board = |keys: &str| {
        let text = PERSON.replace("driver = \"beam\"\nline = 23", &format!("{READER}\n{keys}"));
        let board = Board::parse("b.toml", &text).unwrap();
        let Driver::Scanner(scanner) = &board.devices[2].driver else { panic!("{board:?}") };
        scanner.module
    };
    assert_eq!(board(""), Module::Lines);
    let gm65 = Gm65 { trigger: Trigger::Continuous, output: Port::Serial, interval: 3, same_code: 30 };
    assert_eq!(board("module = \"gm65\""), Module::Gm65(gm65));
    let keys =
        "module = \"gm65\"\ntrigger = \"induction\"\noutput = \"usb\"\ninterval_ms = 0\nsame_code_ms = 12700";
    let gm65 = Gm65 { trigger: Trigger::Induction, output: Port::Usb, interval: 0, same_code: 127 };
    assert_eq!(board(keys), Module::Gm65(gm65));
    for (keys, part) in [
        ("trigger = \"induction\"", "trigger = \"induction\": only with module = \"gm65\""),
        ("module = \"gm66\"", "must be \"lines\" or \"gm65\""),
        ("module = \"gm65\"\ntrigger = \"button\"", "must be \"continuous\" or \"induction\" or \"command\""),
        ("module = \"gm65\"\nsame_code_ms = 0", "must be a multiple of 100 from 100 to 12700"),
        ("module = \"gm65\"\ninterval_ms = 150", "must be a multiple of 100 from 0 to 25500"),
    ] {
        let text = PERSON.replace("driver = \"beam\"\nline = 23", &format!("{READER}\n{keys}"));
        let said = mistakes(&text);
        assert!(said.contains(part), "{keys:?} gave {said:?}");
    }
    let simulated = "driver = \"scanner\"\npath = \"simulated\"\nmodule = \"gm65\"";
    let text = PERSON.replace("driver = \"beam\"\nline = 23", simulated);
    let said = mistakes(&text.replace("name = \"test\"", "name = \"test\"\nsimulated = true"));
    assert!(said.contains("a simulated reader cannot be set up"), "{said}");
}

#[test]
fn a_reader_of_identity_cards_has_a_path_and_a_rate_of_its_own() {
    let text = |keys: &str| {
        PERSON.replace("driver = \"beam\"\nline = 23", &format!("driver = \"id-reader\"\n{keys}"))
    };
    let board = |keys: &str| Board::parse("b.toml", &text(keys)).unwrap().devices[2].driver.clone();
    let path = || Place::Path("/dev/ttyUSB0".into());
    assert_eq!(board("path = \"/dev/ttyUSB0\""), Driver::IdReader(IdReader { path: path(), baud: 115_200 }));
    let slow = "path = \"/dev/ttyUSB0\"\nbaud = 9600";
    assert_eq!(board(slow), Driver::IdReader(IdReader { path: path(), baud: 9_600 }));
    for (keys, part) in [
        ("", "device[beam].path: missing"),
        ("path = \"/dev/ttyUSB0\"\nbaud = 300", "device[beam].baud = 300: must be 1200 or 9600"),
        ("path = \"simulated\"", "device[beam].path = \"simulated\": must be a path; simulated devices need"),
        (
            "path = \"/dev/ttyUSB0\"\nmodule = \"gm65\"",
            "device[beam].module = \"gm65\": unknown key; known are",
        ),
    ] {
        let said = mistakes(&text(keys));
        assert!(said.contains(part), "{keys:?} gave {said:?}");
    }
    let twice = text("path = \"/dev/ttyUSB0\"")
        + "\n[[device]]\nid = \"codes\"\nlane = \"gate\"\ndriver = \"scanner\"\npath = \"/dev/ttyUSB0\"\n";
    let said = mistakes(&twice);
    assert!(said.contains("path /dev/ttyUSB0 is already used by device[beam]"), "{said}");
}

#[test]
fn a_keyboard_is_named_by_its_path_or_by_its_numbers_and_by_nothing_else() {
    let text = |keys: &str| {
        PERSON.replace("driver = \"beam\"\nline = 23", &format!("driver = \"keyboard-scanner\"\n{keys}"))
    };
    let board = |keys: &str| Board::parse("b.toml", &text(keys)).unwrap().devices[2].driver.clone();
    let at = KeyboardAt::Path("/dev/input/by-id/usb-Reader-event-kbd".into());
    let by_path = "path = \"/dev/input/by-id/usb-Reader-event-kbd\"";
    assert_eq!(board(by_path), Driver::Keyboard(Keyboard { at }));
    let at = KeyboardAt::Usb(UsbId { vendor: 0x05E0, product: 0x1200 });
    assert_eq!(board("usb = \"05E0:1200\""), Driver::Keyboard(Keyboard { at: at.clone() }));
    assert_eq!(at.to_string(), "usb 05e0:1200");
    let numbers = "two numbers of four hexadecimal digits";
    for (keys, part) in [
        ("", "exactly one of path and usb must say which keyboard"),
        ("path = \"/dev/input/event3\"\nusb = \"05e0:1200\"", "exactly one of path and usb"),
        ("path = \"/dev/ttyUSB0\"", "device[beam].path = \"/dev/ttyUSB0\": must be a path under /dev/input"),
        ("path = \"/dev/input\"", "must be a path under /dev/input"),
        ("path = \"/dev/input/../sda\"", "must be a path under /dev/input"),
        ("path = \"simulated\"", "must be a path under /dev/input"),
        ("usb = \"5e0:1200\"", numbers),
        ("usb = \"05e0:+120\"", numbers),
        ("usb = \"05e0-1200\"", "device[beam].usb = \"05e0-1200\": must be two numbers"),
        ("usb = \"05e0:1200\"\nbaud = 9600", "device[beam].baud = 9600: unknown key; known are"),
    ] {
        let said = mistakes(&text(keys));
        assert!(said.contains(part), "{keys:?} gave {said:?}");
    }
    let twice = text(by_path)
        + &format!("\n[[device]]\nid = \"two\"\nlane = \"gate\"\ndriver = \"keyboard-scanner\"\n{by_path}\n");
    assert!(mistakes(&twice).contains("is already used by device[beam]"), "{}", mistakes(&twice));
}

/// What to replace in the right board, by what, and what the message must contain beside the file's name.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[test]
fn every_mistake_names_file_line_key_value_and_what_is_allowed() {
    let cases: [Case; 22] = [
        (
            "line = 23",
            "line = 17",
            &["27: device[beam].line = 17", "already used by device[barrier].line", "once"],
        ),
        ("line = 23", "line = 22", &["device[beam].line = 22", "device[barrier].closed_line"]),
        ("line = 23", "line = 600", &["27: device[beam].line = 600", "must be 0 to 511"]),
        ("line = 23", "line = -1", &["device[beam].line = -1", "must be 0 to 511"]),
        ("line = 23", "line = 23\ncolour = 1", &["28: device[beam].colour = 1", "unknown key; known are"]),
        ("address = 0x5A", "address = 0x80", &["21: device[brow].address = 0x80", "must be 0x03 to 0x77"]),
        ("address = 0x5A", "supply_mv = 5000", &["device[brow].supply_mv = 5000", "must be 2600 to 3600"]),
        ("address = 0x5A", "emissivity = 0.5", &["device[brow].emissivity = 0.5", "must be 0.9 to 1"]),
        ("address = 0x5A", "settling_ms = 10", &["device[brow].settling_ms = 10", "must be 100 to 5000"]),
        ("address = 0x5A", "zones = 3", &["device[brow].zones = 3", "must be 1 to 2"]),
        (
            "address = 0x5A",
            "chip_id = \"12\"",
            &["device[brow].chip_id = \"12\"", "16 hexadecimal digits, as kakou probe prints it"],
        ),
        (
            "driver = \"mlx90614\"",
            "driver = \"mlx90632\"\nsettling_ms = 500",
            &["device[brow].settling_ms = 500", "unknown key; known are"],
        ),
        (
            "driver = \"beam\"",
            "driver = \"bean\"",
            &["device[beam].driver = \"bean\"", "\"mlx90614\" or", "\"beam\""],
        ),
        ("id = \"beam\"", "id = \"brow\"", &["device[brow].id", "\"brow\" is used twice", "its own"]),
        ("id = \"beam\"", "id = \"B\"", &["device[2].id = \"B\"", "1 to 32 characters of a-z"]),
        (
            "driver = \"barrier\"\nline = 17\nclose_line = 27\nclosed_line = 22",
            "driver = \"button\"\nline = 17",
            &["3: lanes = [\"gate\"]", "lane \"gate\" has no barrier", "must have one"],
        ),
        (
            "lane = \"gate\"\ndriver = \"beam\"",
            "lane = \"door\"\ndriver = \"beam\"",
            &["device[beam].lane = \"door\"", "must be \"gate\""],
        ),
        (
            "chip = \"pinctrl-bcm2711\"",
            "backend = \"cdev\"",
            &["6: gpio.backend = \"cdev\"", "\"gpiocdev\" or \"rppal\" or \"simulated\""],
        ),
        (
            "[gpio]\nchip = \"pinctrl-bcm2711\"",
            "",
            &["device[barrier].line = 17", "must have a [gpio] table"],
        ),
        ("closed_line = 22", "pulse_ms = 9", &["14: device[barrier].pulse_ms = 9", "must be 50 to 5000"]),
        ("closed_line = 22", "drive = \"hold\"", &["device[barrier].close_line = 27", "left out with drive"]),
        ("name = \"test\"", "name = \"test\"\nbogus = 1", &["3: bogus = 1", "unknown key; known are name"]),
    ];
    all_are_named(&cases);
}

#[test]
fn a_calibration_that_says_nothing_is_refused() {
    let cases: [Case; 2] = [
        (
            "address = 0x5A",
            "calibration = { certificate = \"17\", by = \"li\", date = \"2026-11-27\", read_low_c = 33.0, true_low_c = 33.1, \
             read_high_c = 34.0, true_high_c = 34.1 }",
            &["device[brow].calibration", "must be at least 3 °C warmer"],
        ),
        (
            "address = 0x5A",
            "calibration = { certificate = \"17\" }",
            &["device[brow].calibration.by", "missing"],
        ),
    ];
    all_are_named(&cases);
}

fn all_are_named(cases: &[Case]) {
    for (right, wrong, parts) in cases {
        assert!(PERSON.contains(right), "{right}");
        let said = mistakes(&PERSON.replacen(right, wrong, 1));
        assert!(said.starts_with("b.toml:"), "{said}");
        for part in *parts {
            assert!(said.contains(part), "{wrong:?} gave {said:?}, which lacks {part:?}");
        }
    }
}

#[test]
fn an_address_or_a_path_is_used_once() {
    let second =
        "\n[[device]]\nid = \"neck\"\nlane = \"gate\"\ndriver = \"mlx90614\"\nbus = \"/dev/i2c-1\"\n";
    let said = mistakes(&format!("{PERSON}{second}address = 0x5A\n"));
    assert!(
        said.contains("34: device[neck].address = 0x5A: address 0x5a on /dev/i2c-1 is already used"),
        "{said}"
    );
    let said = mistakes(&format!("{PERSON}{second}address = 0x5B\n"));
    assert!(said.contains("already has the thermometer device[brow]; it must have at most one"), "{said}");

    let scanner = |id: &str| {
        format!(
            "\n[[device]]\nid = \"{id}\"\nlane = \"gate\"\ndriver = \"scanner\"\npath = \"/dev/ttyUSB0\"\n"
        )
    };
    let said = mistakes(&format!("{PERSON}{}{}", scanner("a"), scanner("b")));
    assert!(said.contains("device[b].path = \"/dev/ttyUSB0\": path /dev/ttyUSB0 is already used"), "{said}");
}

const SPOT: &str = "driver = \"mlx90614\"\nbus = \"/dev/i2c-1\"\naddress = 0x5A";
const AIR: &str = "\n[[device]]\nid = \"air\"\nlane = \"gate\"\ndriver = \"temperature-file\"\npath = \"/a\"\nof = \"air\"\n";

#[test]
fn a_thermal_array_is_read_and_is_the_thermometer_of_its_lane() {
    let array = |keys: &str| {
        assert!(PERSON.contains(SPOT));
        let text = format!("{}{AIR}", PERSON.replace(SPOT, keys));
        Board::parse("b.toml", &text).map_err(|mistakes| mistakes.to_string())
    };
    let board = array("driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"").unwrap();
    let spot = Spot { supply_mv: 3_000, emissivity: 980, accuracy: 100, calibration: None, noise: 18 };
    let expected =
        Array { bus: Place::Path("/dev/i2c-1".into()), address: 0x33, refresh_hz: 4, spot, plate: None };
    assert_eq!(board.devices[1].driver, Driver::Mlx90640(expected.clone()));
    assert_eq!((board.devices[1].driver.name(), board.devices[1].driver.spot()), ("mlx90640", Some(spot)));
    let keys = "driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"\nplate = ";
    let area = Some(FrameArea { left: 26, top: 0, right: 31, bottom: 4 });
    let driver = Driver::Mlx90640(Array { plate: area, ..expected.clone() });
    let plate = "\n[[device]]\nid = \"plate\"\nlane = \"gate\"\ndriver = \"temperature-file\"\npath = \"/p\"\nof = \"plate\"\n";
    let with_plate = |keys: &str| {
        let text = format!("{}{AIR}{plate}", PERSON.replace(SPOT, keys));
        Board::parse("b.toml", &text).map_err(|mistakes| mistakes.to_string())
    };
    let place = format!("{keys}[26, 0, 31, 4]");
    assert_eq!(with_plate(&place).unwrap().devices[1].driver, driver);
    // The three go together, and an array never goes by its own temperature.
    assert!(array(&place).unwrap_err().contains("needs a thermometer with of = \"plate\""));
    let said = with_plate("driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"").unwrap_err();
    assert!(said.contains("device[brow].plate") && said.contains("where the picture shows"), "{said}");
    let alone = PERSON.replace(SPOT, "driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"");
    let said = Board::parse("b.toml", &alone).unwrap_err().to_string();
    assert!(said.contains("device[brow].driver") && said.contains("of = \"air\""), "{said}");
    for bad in ["[26, 0, 32, 4]", "[26, 4, 31, 0]", "[26, 0, 28, 0]", "[26, 0, 31]", "26", "[1, 1, 2, \"2\"]"]
    {
        let said = array(&format!("{keys}{bad}")).unwrap_err();
        assert!(said.contains("plate = ") && said.contains("must be [first column"), "{bad}: {said}");
    }
    let keys = "driver = \"mlx90641\"\nbus = \"/dev/i2c-1\"\naddress = 0x34\nrefresh_hz = 16";
    let driver = Driver::Mlx90641(Array { address: 0x34, refresh_hz: 16, ..expected });
    assert_eq!(array(keys).unwrap().devices[1].driver, driver);
    let said = array("driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"\nrefresh_hz = 3").unwrap_err();
    assert!(said.contains("refresh_hz = 3: must be 1 or 2 or 4 or 8 or 16"), "{said}");
    let said = array("driver = \"mlx90640\"\nbus = \"/dev/i2c-1\"\nsettling_ms = 150").unwrap_err();
    assert!(said.contains("unknown key"), "{said}");

    let second =
        "\n[[device]]\nid = \"view\"\nlane = \"gate\"\ndriver = \"mlx90640\"\nbus = \"/dev/i2c-1\"\n";
    let said = mistakes(&format!("{PERSON}{second}"));
    assert!(said.contains("already has the thermometer device[brow]; it must have at most one"), "{said}");
    let said = mistakes(&format!("{PERSON}{second}address = 0x5A\n"));
    assert!(said.contains("address 0x5a on /dev/i2c-1 is already used"), "{said}");
}

#[test]
fn a_camera_reads_other_symbols_than_qr_only_where_the_board_says_so() {
    let symbologies = |keys: &str| {
        let camera = format!("driver = \"camera\"\npath = \"/dev/video0\"\n{keys}");
        let board = Board::parse("b.toml", &PERSON.replace("driver = \"beam\"\nline = 23", &camera));
        board.map(|board| {
            let Driver::Camera(camera) = &board.devices[2].driver else { panic!("{board:?}") };
            camera.symbologies.clone()
        })
    };
    assert_eq!(symbologies("").unwrap(), []);
    let both = symbologies("symbologies = [\"aztec\", \"data-matrix\"]").unwrap();
    assert_eq!(both, [Symbology::Aztec, Symbology::DataMatrix]);
    for bad in ["[\"qr\"]", "[\"aztec\", \"aztec\"]", "\"aztec\""] {
        let said = symbologies(&format!("symbologies = {bad}")).unwrap_err().to_string();
        assert!(said.contains("a list of \"data-matrix\", \"pdf417\" and \"aztec\", each once"), "{said}");
    }
}

#[test]
fn a_camera_has_exactly_one_source() {
    let camera = |keys: &str| {
        let text =
            format!("{PERSON}\n[[device]]\nid = \"eye\"\nlane = \"gate\"\ndriver = \"camera\"\n{keys}\n");
        Board::parse("b.toml", &text).map_err(|mistakes| mistakes.to_string())
    };
    for good in ["path = \"/dev/video0\"", "frames = \"pictures\"", "mjpeg = \"a.mjpeg\"\nfps = 5"] {
        assert!(camera(good).is_ok(), "{good}");
    }
    for bad in ["", "path = \"/dev/video0\"\nframes = \"x\""] {
        assert!(camera(bad).unwrap_err().contains("exactly one of path, frames and mjpeg"), "{bad}");
    }
    assert!(camera("path = \"/dev/video0\"\nfps = 0").unwrap_err().contains("fps = 0: must be 1 to 60"));
}

#[test]
fn only_a_simulated_board_may_have_simulated_devices() {
    let text = PERSON.replace("\"/dev/i2c-1\"", "\"simulated\"");
    assert!(mistakes(&text).contains("bus = \"simulated\": must be a path; simulated devices need"));
    assert!(Board::parse("b", &format!("simulated = true\n{text}")).is_ok());
    let lines = PERSON.replace("chip = \"pinctrl-bcm2711\"", "backend = \"simulated\"");
    assert!(mistakes(&lines).contains("unless the board says simulated = true"));
    assert!(Board::parse("b", &format!("simulated = true\n{lines}")).is_ok());
}

#[test]
fn rppal_knows_the_header_only() {
    let text = PERSON.replace("chip = \"pinctrl-bcm2711\"", "backend = \"rppal\"");
    assert!(Board::parse("b", &text).is_ok());
    let said = mistakes(&text.replace("line = 23", "line = 40"));
    assert!(said.contains("line = 40: must be 0 to 27"), "{said}");
}

#[test]
fn all_mistakes_of_a_file_are_said_at_once_in_their_order() {
    let text =
        PERSON.replace("0x5A", "0x80").replace("line = 23", "line = 999").replace("line = 17", "line = 998");
    let lines: Vec<_> = mistakes(&text).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("998") && lines[1].contains("0x80") && lines[2].contains("999"), "{lines:?}");
}

#[test]
fn what_is_no_board_file_at_all_is_refused_without_a_panic() {
    for text in
        ["", "\0", "=", "device = 3", "[[device]]", "lanes = []\nname = \"x\"", "lanes = 1", "[device]"]
    {
        assert!(Board::parse("b", text).is_err(), "{text:?}");
    }
    assert!(Board::parse("b", &"#".repeat(Board::LENGTH_MAX + 1)).is_err());
    assert!(Board::read(Path::new("/nowhere/b.toml")).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn every_board_that_we_ship_is_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let board = Board::read(&path).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert_eq!(path.file_stem().unwrap().to_str().unwrap(), board.name.as_str());
            assert_eq!(board.simulated, board.name.as_str().starts_with("simulated"));
            names.push(board.name.to_string());
        }
    }
    names.sort();
    assert_eq!(
        names,
        ["rpi-zero2w", "rpi4-person", "rpi4-vehicle", "rpi5", "simulated", "simulated-sensors"]
    );
}

fn mistakes(text: &str) -> String {
    Board::parse("b.toml", text).unwrap_err().to_string()
}

#[test]
fn an_illuminator_is_switched_or_dimmed_and_never_both() {
    let read = |keys: &str| {
        let device = "[[device]]\nid = \"light\"\nlane = \"gate\"\ndriver = \"illuminator\"\n";
        Board::parse("b.toml", &format!("{PERSON}{device}{keys}\n"))
    };
    let right = |keys: &str| read(keys).unwrap().devices.last().unwrap().driver.clone();
    let wrong = |keys: &str| read(keys).unwrap_err().to_string();
    let wire = LightWire::Line(Output { line: 26, active: Voltage::Low });
    let switched = Driver::Illuminator(Illuminator { wire, seconds_max: 1_800 });
    assert_eq!(right("line = 26\nlevel = \"low\""), switched);
    let wire = LightWire::Pwm(Pwm { chip: 2, channel: 1, hz: 5_000, percent_max: 60 });
    let dimmed = Driver::Illuminator(Illuminator { wire, seconds_max: 90 });
    let keys = "pwm = { chip = 2, channel = 1, percent_max = 60 }\nseconds_max = 90";
    assert_eq!(right(keys), dimmed);

    assert!(wrong("").contains("exactly one of line and pwm"));
    assert!(wrong("line = 26\npwm = { chip = 0, channel = 0 }").contains("device[light].line"));
    assert!(wrong("line = 23").contains("already used by device[beam].line"));
    assert!(wrong("pwm = { chip = 0, channel = 99 }").contains("device[light].pwm.channel"));
    assert!(wrong("pwm = { chip = 0, channel = 0, hz = 50 }").contains("device[light].pwm.hz"));
    assert!(wrong("line = 26\nseconds_max = 5").contains("device[light].seconds_max"));
    let another = "pwm = { chip = 0, channel = 0 }\n[[device]]\nid = \"two\"\nlane = \"gate\"\n\
                   driver = \"illuminator\"\npwm = { chip = 0, channel = 0 }";
    let said = wrong(another);
    assert!(said.contains("channel 0 of pwmchip0 is already used by device[light]"), "{said}");
    assert!(said.contains("already has the illuminator device[light]"), "{said}");
}
