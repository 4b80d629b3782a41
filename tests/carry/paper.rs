//! A day on paper, through real pixels: printed by a browser, photographed, read, and compared with the records.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use kakou::base::{Mono, Random};
use kakou::hub::Hub;
use kakou::ledger::{Day, DaySheet, SheetState};
use kakou::platform::entropy::OsEntropy;
use kakou::vision::{Frame, picture};

use super::common::kiosk::NOW;
use super::fixtures::{crowded, hub as keys_hub, write};
use super::program::Folders;

const SHEET: [&str; 6] = ["journal", "sheet", "--dir", "kiosk/journal", "--day", "2026-11-22"];

#[test]
fn a_printed_day_is_photographed_taken_once_and_confirmed_when_the_records_come() {
    let place = Folders::new(200);
    let (well, said) = place.kakou(&[&SHEET[..], &["--html", "day.html"]].concat());
    assert!(well && said.contains("records 1 to 200"), "{said}");
    draw(&place, "day.html", "day.jpg", 1);
    let take = ["hub", "sheet", "--data", "hub", "day.jpg"];
    let (well, said) = place.kakou(&take);
    assert!(
        well && said.contains("east-1 2026-11-22：已收日报") && said.contains("up to record 200"),
        "{said}"
    );
    let (well, said) = place.kakou(&take);
    assert!(well && said.contains("这份日报已有"), "{said}");
    assert_eq!(sheets(&place).iter().map(|sheet| sheet.state).collect::<Vec<_>>(), [SheetState::Waiting]);
    assert!(place.kakou(&["journal", "carry", "--dir", "kiosk/journal", "--out", "stick/a.kkp"]).0);
    assert!(place.kakou(&["hub", "carry", "--data", "hub", "stick/a.kkp"]).0);
    assert_eq!(sheets(&place).iter().map(|sheet| sheet.state).collect::<Vec<_>>(), [SheetState::Confirmed]);
}

#[test]
fn four_codes_are_read_from_a_tilted_and_noisy_photograph_and_from_parts_of_it() {
    let place = Folders::with(|disk| {
        let log = crowded("east-1", 300, &keys_hub());
        write(disk, &log, &keys_hub());
        log
    });
    let (well, said) = place.kakou(&[&SHEET[..], &["--html", "day.html"]].concat());
    assert!(well && said.contains("4 codes"), "{said}");
    draw(&place, "day.html", "day.jpg", 3);
    let page = picture::decode(&std::fs::read(place.path("day.jpg")).unwrap(), Mono::ZERO).unwrap();
    let taken = photograph(&page, 0.05, &mut Random::new(1));
    if let Ok(keep) = std::env::var("KAKOU_PICTURES") {
        std::fs::copy(place.path("day.html"), format!("{keep}/sheet.html")).unwrap();
        std::fs::write(format!("{keep}/photo.pgm"), picture::encode_pgm(&taken)).unwrap();
    }
    std::fs::write(place.path("photo.pgm"), picture::encode_pgm(&taken)).unwrap();
    let (well, said) = place.kakou(&["hub", "sheet", "--data", "hub", "photo.pgm"]);
    assert!(well && said.contains("已收日报") && said.contains("306 arrivals"), "{said}");
    // Half of the page has half of the codes, and says which ones are missing.
    for (name, rows) in [("upper.pgm", 0..1_100), ("lower.pgm", 1_050..2_200)] {
        let luma = page.luma()[rows.start * page.width()..rows.end * page.width()].to_vec();
        let half = Frame::new(page.width(), rows.len(), luma, Mono::ZERO).unwrap();
        std::fs::write(place.path(name), picture::encode_pgm(&half)).unwrap();
    }
    let (well, said) = place.kakou(&["hub", "sheet", "--data", "hub", "upper.pgm"]);
    assert!(!well && said.contains("还缺第 3, 4 个码"), "{said}");
    let (well, said) = place.kakou(&["hub", "sheet", "--data", "hub", "lower.pgm", "upper.pgm"]);
    assert!(well && said.contains("这份日报已有"), "{said}");
}

#[test]
fn the_text_of_the_codes_does_as_well_as_a_picture() {
    let place = Folders::new(100);
    let (well, said) = place.kakou(&SHEET);
    assert!(well && said.contains("admitted") && said.contains("records 1 to 100"), "{said}");
    let codes: Vec<&str> = said.lines().filter(|line| line.starts_with("KKD1:")).collect();
    std::fs::write(place.path("codes.txt"), codes.join("\r\n")).unwrap();
    for what in [&codes[..], &["codes.txt"]] {
        let (well, said) = place.kakou(&[&["hub", "sheet", "--data", "hub"], what].concat());
        assert!(well, "{said}");
    }
    assert_eq!(sheets(&place).len(), 1);
}

#[test]
fn a_forged_sheet_a_strange_picture_and_an_empty_day_are_refused() {
    let place = Folders::new(100);
    std::fs::write(place.path("kiosk/log.key"), [99; 32]).unwrap();
    assert!(place.kakou(&[&SHEET[..], &["--html", "day.html"]].concat()).0);
    draw(&place, "day.html", "day.jpg", 1);
    let (well, said) = place.kakou(&["hub", "sheet", "--data", "hub", "day.jpg"]);
    assert!(!well && said.contains("签名不是该终端的密钥所签"), "{said}");
    let blank = Frame::new(300, 300, vec![200; 90_000], Mono::ZERO).unwrap();
    std::fs::write(place.path("blank.pgm"), picture::encode_pgm(&blank)).unwrap();
    for (what, why) in [
        ("blank.pgm", "没有认出日报的码"),
        ("KKD1:1/1:00000000:AAA", "misread"),
        ("KKD1:nonsense", "no part of a kakou sheet"),
        ("nowhere.jpg", "No such file"),
    ] {
        let (well, said) = place.kakou(&["hub", "sheet", "--data", "hub", what]);
        assert!(!well && said.contains(why) && !said.contains("panicked"), "{said}");
    }
    assert_eq!(sheets(&place), []);
    let (well, said) = place.kakou(&["journal", "sheet", "--dir", "kiosk/journal", "--day", "2026-11-21"]);
    assert!(!well && said.contains("there are no records of that day"), "{said}");
}

#[test]
fn a_day_that_does_not_fit_on_a_sheet_says_so() {
    let place = Folders::with(|disk| {
        let log = crowded("east-1", 500, &keys_hub());
        write(disk, &log, &keys_hub());
        log
    });
    let (well, said) = place.kakou(&SHEET);
    assert!(!well && said.contains("carry the records themselves"), "{said}");
}

/// Draws a page of A4 as a browser does, with `scale` pixels for each of CSS.
fn draw(place: &Folders, page: &str, picture: &str, scale: u32) {
    let profile = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path(name).display().to_string();
    let mut browser = Command::new("chromium");
    browser.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ]);
    browser.args(["--disable-background-networking", "--no-first-run", "--window-size=800,1130"]);
    browser.arg(format!("--force-device-scale-factor={scale}"));
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    browser.arg(format!("--screenshot={}", path(picture)));
    let output = browser.arg(format!("file://{}", path(page))).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(Path::new(&path(picture)).exists(), "{said}");
}

/// The page as a camera held at an angle sees it, in poor light: turned, uneven, blurred a little, with noise.
fn photograph(page: &Frame, angle: f32, random: &mut Random) -> Frame {
    let (width, height) = (page.width() + 300, page.height() + 300);
    let (sin, cos) = angle.sin_cos();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let mut luma = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (x as f32 - middle_x, y as f32 - middle_y);
            let far = 1.0 + 0.06 * dy / middle_y;
            let from_x = (cos * dx + sin * dy) * far + page.width() as f32 / 2.0;
            let from_y = (cos * dy - sin * dx) * far + page.height() as f32 / 2.0;
            let at = |x: f32, y: f32| {
                let inside =
                    x >= 0.0 && y >= 0.0 && (x as usize) < page.width() && (y as usize) < page.height();
                if inside { f32::from(page.luma()[y as usize * page.width() + x as usize]) } else { 60.0 }
            };
            let mean = (at(from_x, from_y) + at(from_x + 1.0, from_y) + at(from_x, from_y + 1.0)) / 3.0;
            let light = 0.55 + 0.35 * x as f32 / width as f32;
            let noise = random.below(25) as f32 - 12.0;
            luma.push((20.0 + mean * light + noise).clamp(0.0, 255.0) as u8);
        }
    }
    Frame::new(width, height, luma, Mono::ZERO).unwrap()
}

fn sheets(place: &Folders) -> Vec<DaySheet> {
    let hub = Hub::open(&place.path("hub"), Arc::new(|| NOW), Box::new(OsEntropy::new())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let today = Day::of(NOW);
    runtime.block_on(hub.read(move |ledger| ledger.sheets(today, today).unwrap())).unwrap()
}
