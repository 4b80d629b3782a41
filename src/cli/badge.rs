//! `kakou badge`: makes an attendant's badge, and the line of `kiosk.toml` that holds its hash.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use qrcode::QrCode;
use qrcode::render::{svg, unicode::Dense1x2};

use crate::base::AttendantId;
use crate::config::badge::Badge;
use crate::journal::Entropy;
use crate::platform::entropy::OsEntropy;

/// What `kakou badge` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Whose badge it is: the attendant's id in the configuration.
    name: AttendantId,
    /// Writes the symbol into an SVG file, to be printed, instead of on the terminal.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> std::process::ExitCode {
    super::exit(make(arguments, &mut io::stdout().lock()))
}

fn make(arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    let mut token = [0; 16];
    OsEntropy::new().fill(&mut token).context("the system gives no random numbers")?;
    let badge = Badge::new(token);
    let symbol = QrCode::new(badge.text().as_bytes()).context("a QR symbol")?;
    match &arguments.svg {
        Some(file) => {
            let picture = symbol.render::<svg::Color<'_>>().min_dimensions(320, 320).build();
            std::fs::write(file, picture).with_context(|| file.display().to_string())?;
        }
        None => writeln!(out, "{}", symbol.render::<Dense1x2>().build())?,
    }
    // The symbol signs in: it is nowhere but on the badge.
    writeln!(out, "# [[attendant]] id = \"{}\"", arguments.name)?;
    writeln!(out, "badge = \"{}\"", badge.hash())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_line_holds_the_hash_of_what_the_symbol_says_and_never_the_token() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("li.svg");
        let mut lines: Vec<String> = vec![];
        for _ in 0..2 {
            let (mut out, svg) = (Vec::new(), Some(file.clone()));
            make(&Arguments { name: "li".parse().unwrap(), svg }, &mut out).unwrap();
            lines.push(String::from_utf8(out).unwrap());
            assert!(std::fs::read_to_string(&file).unwrap().contains("<svg"));
        }
        assert_ne!(lines[0], lines[1], "no two badges are alike");
        assert!(lines.iter().all(|line| line.contains("badge = \"sha256:") && !line.contains("KAKOU-BADGE")));
    }
}
