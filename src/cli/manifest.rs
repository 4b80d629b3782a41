//! `kakou manifest`: draws the code of a passenger list, which its driver shows at a lane.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use qrcode::render::svg::Color;
use qrcode::types::QrResult;
use qrcode::{EcLevel, QrCode};

use crate::model::manifest::{self, Manifest};

/// Side of the drawn symbol, in pixels of the drawing: a dense one needs a large picture.
const SIDE: u32 = 900;

/// Which list.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// CSV file (UTF-8) with a line of headings: name, and id_number, phone, origin, destination, host and seat where they are known.
    file: PathBuf,
}

/// Runs the subcommand: an SVG picture on standard output, to be printed or shown on a telephone.
pub fn run(Arguments { file }: &Arguments) -> ExitCode {
    super::exit(draw(file, &mut io::stdout().lock()))
}

fn draw(file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let mut text = Vec::new();
    // One byte more than a list may have: enough to see that it is too long.
    let limit = manifest::BYTES_MAX as u64 + 1;
    let opened = File::open(file).with_context(|| file.display().to_string())?;
    opened.take(limit).read_to_end(&mut text).with_context(|| file.display().to_string())?;
    let list = Manifest::read(&text).with_context(|| file.display().to_string())?;
    let text = String::from_utf8(text).with_context(|| file.display().to_string())?;
    let code = manifest::code(text.trim_start_matches('\u{FEFF}'));
    let people = list.rows().len();
    let picture = picture(&code, EcLevel::L).with_context(|| {
        format!("{people} people do not fit into one code: leave out seats and phones, or split the list")
    })?;
    writeln!(out, "{picture}").context("standard output")
}

/// The symbol of `code` as an SVG picture.
pub(super) fn picture(code: &str, level: EcLevel) -> QrResult<String> {
    let symbol = QrCode::with_error_correction_level(code, level)?;
    Ok(symbol.render::<Color<'_>>().min_dimensions(SIDE, SIDE).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("list.csv");
        std::fs::write(&file, text)?;
        let mut out = Vec::new();
        draw(&file, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn a_list_becomes_a_picture_and_a_bad_one_is_named_by_its_line() {
        let picture = drawn("姓名,身份证号\n王小明,11010519491231002X\n").unwrap();
        assert!(picture.contains("<svg") && !picture.contains("王小明"));
        let said = format!("{:#}", drawn("姓名,身份证号\n王小明,110105194912310021\n").unwrap_err());
        assert!(said.contains("line 2: column id_number"), "{said}");
        let long: String = (0..99).map(|at| format!("{}{at}\n", "王".repeat(40))).collect();
        let said = format!("{:#}", drawn(&format!("姓名\n{long}")).unwrap_err());
        assert!(said.contains("99 people do not fit"), "{said}");
    }
}
