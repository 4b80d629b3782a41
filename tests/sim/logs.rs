//! Logs carry no personal data: a simulated day is logged at the finest level and every line is looked at.

use std::io;
use std::sync::{Arc, Mutex};

use kakou::model::Verdict;
use tracing_subscriber::fmt::MakeWriter;

use super::place::place;
use super::run::{Plan, run};

/// Provinces on plates.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使";

#[test]
fn no_log_line_of_a_simulated_day_holds_personal_data() {
    let mut passages = 0;
    let log = logged(|| {
        for seed in 1_000..1_016 {
            let outcome = run(Plan { seed, ..Plan::default() }).unwrap();
            passages += outcome.verdicts.get(&Verdict::Admitted).unwrap_or(&0);
        }
    });
    assert!(passages >= 36, "several dozen passages, not {passages}");
    assert!(log.lines().count() > 200, "{} lines", log.lines().count());
    let leaks: Vec<&str> = log.lines().filter(|line| leak(line).is_some()).collect();
    assert!(leaks.is_empty(), "{} lines, such as {:?}", leaks.len(), leaks.first());
}

#[test]
fn a_log_line_about_a_person_is_caught() {
    let resident = &place().cast.residents[0];
    let log = logged(|| {
        tracing::info!(lane = "person-in", "screened");
        tracing::trace!(name = %place().cast.names[0], "a name");
        tracing::debug!(holder = ?resident.pass, "a pass");
        tracing::info!(id = %resident.id_number, "a number");
        tracing::info!("called 15912345678 about it");
        tracing::warn!(text = "11010519491231002X", "another number");
        tracing::error!("浙C9F21M is odd");
        tracing::error!(seq = 123_456, boot = "0123456789abcdef0123456789abcdef", "nothing about anybody");
    });
    let caught: Vec<bool> = log.lines().map(|line| leak(line).is_some()).collect();
    assert_eq!(caught, [false, true, true, true, true, true, true, false], "{log}");
}

/// What a line says about somebody, if it does.
fn leak(line: &str) -> Option<String> {
    let secrets = place().secrets().into_iter().find(|secret| line.contains(secret.as_str()));
    secrets.or_else(|| numbers(line)).or_else(|| plate(line))
}

/// An identity or mobile number: a run of its own of 18 digits, the last perhaps X, or of 11 digits from 13 to 19.
fn numbers(line: &str) -> Option<String> {
    let mut runs = line.split(|c: char| !c.is_ascii_alphanumeric());
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = |run: &str| run.len() == 18 && digits(&run[..17]);
    let is_phone = |run: &str| run.len() == 11 && digits(run) && run.starts_with('1') && run[1..2] >= *"3";
    runs.find(|run| is_id(run) || is_phone(run)).map(str::to_owned)
}

/// A province, a letter, and five or more letters and digits.
fn plate(line: &str) -> Option<String> {
    let characters: Vec<char> = line.chars().collect();
    let is_plate = |window: &&[char]| {
        PROVINCES.contains(window[0])
            && window[1].is_ascii_uppercase()
            && window[2..6].iter().all(char::is_ascii_alphanumeric)
    };
    characters.windows(6).find(is_plate).map(String::from_iter)
}

/// What `work` logs, at the finest level.
fn logged(work: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(buffer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = buffer.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
