//! `kakou registration-code`: draws the code that fills in a registration at a lane, from what somebody wants to say there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use qrcode::EcLevel;

use super::manifest::picture;
use crate::model::registration_code::{self, BYTES_MAX, RegistrationCode};

/// What is said.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Text file (UTF-8) with a line FIELD=VALUE each: name, phone, origin, destination, host (姓名, 电话, 从哪里来, 到哪里去, 找谁), or a
    /// field of the place's own by its id; - reads standard input.
    file: PathBuf,
    /// Prints what the code says instead of a picture, for another program that draws it.
    #[arg(long)]
    text: bool,
}

/// Runs the subcommand: an SVG picture on standard output, to be printed or shown on a telephone.
pub fn run(Arguments { file, text }: &Arguments) -> ExitCode {
    let mut out = io::stdout().lock();
    super::exit(if *text {
        read(file)
            .and_then(|text| writeln!(out, "{}", registration_code::code(&text)).context("standard output"))
    } else {
        read(file).and_then(|text| draw(&text, &mut out))
    })
}

/// The text, which is good.
fn read(file: &Path) -> anyhow::Result<String> {
    let name = || file.display().to_string();
    let mut text = Vec::new();
    // One byte more than it may have: enough to see that it is too long.
    let limit = BYTES_MAX as u64 + 1;
    if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut text).context("standard input")?;
    } else {
        File::open(file).with_context(name)?.take(limit).read_to_end(&mut text).with_context(name)?;
    }
    RegistrationCode::read(&text).with_context(name)?;
    let text = String::from_utf8(text).with_context(name)?;
    Ok(text.trim_start_matches('\u{FEFF}').to_owned())
}

fn draw(text: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let code = registration_code::code(text);
    // Paper gets wet and creased: a symbol that bears that, where there is room for it.
    let drawn = picture(&code, EcLevel::M).or_else(|_| picture(&code, EcLevel::L));
    writeln!(out, "{}", drawn.context("this does not fit into one code: say less")?)
        .context("standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("me.txt");
        std::fs::write(&file, text)?;
        let mut out = Vec::new();
        draw(&read(&file)?, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn what_somebody_says_becomes_a_picture_and_what_is_wrong_is_named_by_its_line() {
        let picture = drawn("\u{feff}姓名=王小明\n电话=13812341234\n从哪里来=成都\n").unwrap();
        assert!(picture.contains("<svg") && !picture.contains("王小明"));
        let said = format!("{:#}", drawn("姓名=王小明\n电话 13812341234\n").unwrap_err());
        assert!(said.contains("line 2: is not FIELD=VALUE") && !said.contains("1381234"), "{said}");
        let long = format!("name={}", "王".repeat(900));
        assert!(format!("{:#}", drawn(&long).unwrap_err()).contains("larger than 2048 bytes"));
        assert!(drawn(&format!("name={}", "王".repeat(680))).is_ok(), "as large as it may be");
    }
}
