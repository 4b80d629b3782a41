//! `kakou list` and what `kakou check` says of lists, as somebody types them.

use std::path::Path;
use std::process::{Command, Output};

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

struct Desk {
    folder: tempfile::TempDir,
    config: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (before, list) = EXAMPLE.split_at(EXAMPLE.find("#[[list]]").unwrap());
        let state = format!("state = \"{}\"", folder.path().join("state").display());
        let list: String =
            list.lines().map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n").collect();
        let path = folder.path().join("kiosk.toml");
        std::fs::write(&path, before.replace("notice = 12", &state) + &list).unwrap();
        Self { config: path.display().to_string(), folder }
    }

    fn kakou(&self, arguments: &[&str]) -> (bool, String) {
        let Output { status, stdout, stderr } =
            Command::new(env!("CARGO_BIN_EXE_kakou")).args(arguments).output().unwrap();
        (status.success(), [stdout, stderr].map(|said| String::from_utf8(said).unwrap()).concat())
    }

    fn push(&self, rows: &str, issuers: &[&str]) -> (bool, String) {
        let csv = self.folder.path().join("people.csv");
        std::fs::write(&csv, format!("id_number,until\n{rows}")).unwrap();
        let csv = csv.display().to_string();
        let mut line = vec!["list", "import", "observed", &csv, "--config", &self.config, "--clock-is-right"];
        issuers.iter().for_each(|issuer| line.extend(["--issuer", issuer]));
        self.kakou(&line)
    }

    fn accept(&self, issuer: &str, edition: &str) -> (bool, String) {
        let on = ["--config", &self.config, "--clock-is-right"];
        self.kakou(
            &[&["list", "accept", "observed", "--issuer", issuer, "--edition", edition], &on[..]].concat(),
        )
    }

    fn show(&self) -> (bool, String) {
        self.kakou(&["list", "show", "--config", &self.config])
    }

    fn check(&self) -> (bool, String) {
        let board = format!("{}/boards/simulated.toml", env!("CARGO_MANIFEST_DIR"));
        self.kakou(&["check", "--board", &board, "--config", &self.config])
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("state/lists/observed.bin")
    }
}

/// A day in so many days.
fn in_days(days: i64) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    now.checked_add(jiff::Span::new().days(days)).unwrap().date().to_string()
}

/// The number of the edition that is held: what ends the last line about it.
fn held(said: &str) -> String {
    let line = said.lines().rfind(|line| line.contains("HELD")).unwrap();
    line.rsplit("; ").next().unwrap().to_owned()
}

#[test]
fn a_list_is_pushed_held_accepted_and_shown() {
    let desk = Desk::new();
    assert!(desk.show().1.contains("nothing is in force yet"), "{:?}", desk.show());
    assert!(!desk.folder.path().join("state").exists(), "looking makes nothing");
    let rows = format!("11010519491231002X,{}\n440524188001010014,{}\n", in_days(5), in_days(6));
    let (good, said) = desk.push(&rows, &["district-health"]);
    assert!(good && said.contains("HELD") && said.contains("新增 new 2"), "{said}");
    assert!(said.contains("nothing is in force yet"), "{said}");
    let edition = held(&said);
    let (good, said) = desk.accept("district-health", &edition);
    assert!(!good && said.contains("cannot accept what district-health pushed"), "{said}");
    let (good, said) = desk.accept("street-office", &"0".repeat(32));
    assert!(!good && said.contains("not what was named"), "{said}");
    let (good, said) = desk.accept("street-office", &edition);
    assert!(good && said.contains("IN FORCE") && said.contains("2 条 entries"), "{said}");
    let (good, said) = desk.show();
    assert!(good && said.contains("district-health 提交 pushed, street-office 确认 accepted"), "{said}");
    assert!(said.contains("0 h old"), "{said}");
    let (good, said) = desk.check();
    assert!(good && said.contains("list       observed (居家观察人员): asks the attendant"), "{said}");
    assert!(said.contains("in force: 2 条 entries"), "{said}");
}

#[test]
fn a_faulty_line_refuses_the_whole_push_by_line_and_changes_no_byte() {
    let desk = Desk::new();
    let rows = format!("11010519491231002X,{}\n", in_days(5));
    assert!(desk.push(&rows, &["district-health", "street-office"]).1.contains("IN FORCE"));
    let before = std::fs::read(desk.file()).unwrap();
    let (good, said) = desk.push(&format!("{rows}110105194912310021,{}\n", in_days(5)), &["district-health"]);
    assert!(!good && said.contains("people.csv: 第 3 行 line 3: id_number:"), "{said}");
    assert!(said.contains("all of it is refused") && !said.contains("1101051949"), "{said}");
    let (good, said) = desk.push(&rows, &["somebody"]);
    assert!(!good && said.contains("somebody is no issuer of this list"), "{said}");
    assert_eq!(std::fs::read(desk.file()).unwrap(), before);
}

#[test]
fn what_is_held_can_be_dropped() {
    let desk = Desk::new();
    desk.push(&format!("11010519491231002X,{}\n", in_days(5)), &["district-health"]);
    let drop_held =
        || desk.kakou(&["list", "drop", "observed", "--issuer", "street-office", "--config", &desk.config]);
    let (good, said) = drop_held();
    assert!(good && said.contains("dropped"), "{said}");
    let (good, said) = drop_held();
    assert!(!good && said.contains("nothing is held"), "{said}");
}

#[test]
fn a_damaged_list_is_named_with_its_place_and_never_written_over() {
    let desk = Desk::new();
    let rows = format!("11010519491231002X,{}\n", in_days(5));
    desk.push(&rows, &["district-health", "street-office"]);
    let mut bytes = std::fs::read(desk.file()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(desk.file(), &bytes).unwrap();
    for (good, said) in [desk.show(), desk.check(), desk.push(&rows, &["district-health"])] {
        assert!(
            !good && said.contains("observed.bin") && said.contains("damaged between bytes 96 and"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read(desk.file()).unwrap(), bytes);
    let (good, said) = desk.kakou(&["list", "drop", "nobodys", "--issuer", "a", "--config", &desk.config]);
    assert!(!good && said.contains("there is no list nobodys; there are: observed"), "{said}");
    assert!(Path::new(&desk.config).exists());
}
