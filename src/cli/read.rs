//! `kakou read IMAGE…`: what the kiosk's reader sees in a picture.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::Mono;
use crate::platform::clock;
use crate::platform::isolate::Isolate;
use crate::vision::fast::Fast;
use crate::vision::{Attempt, Code, Frame, jpeg, picture};

/// For one slow attempt.
const DEADLINE: Duration = Duration::from_secs(2);

/// Arguments of `kakou read`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Pictures to read.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Print a JSON object a picture, one a line.
    #[arg(long)]
    json: bool,
}

/// Reads each picture. Exit code 1 when one cannot be opened or has no code that can be read.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut reader = StillReader::default();
    let mut all_read = true;
    let mut out = io::stdout().lock();
    for image in &arguments.images {
        let start = clock::mono();
        let result = load(image).map(|frame| reader.read(frame));
        let ms = clock::mono().since(start).as_secs_f64() * 1_000.0;
        all_read &= result.as_ref().is_ok_and(|codes| !codes.is_empty());
        let written = if arguments.json {
            writeln!(out, "{}", object(image, &result, ms))
        } else {
            lines(&mut out, image, &result, ms)
        };
        if written.is_err() {
            // The reader of a pipe has gone: nobody is left to tell.
            return ExitCode::FAILURE;
        }
    }
    if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads single pictures.
pub struct StillReader {
    fast: Fast,
    slow: Isolate,
}

impl Default for StillReader {
    fn default() -> Self {
        Self { fast: Fast::default(), slow: Isolate::new(DEADLINE) }
    }
}

impl StillReader {
    /// The fast lane, then every slow attempt until one reads something.
    fn read(&mut self, frame: Frame) -> Vec<Code> {
        let mut found = Vec::new();
        self.read_until(frame, |codes| {
            found = codes;
            !found.is_empty()
        });
        found
    }

    /// Gives what the fast lane, and then each slow attempt, reads, until `enough` says so; whether it did.
    pub fn read_until(&mut self, frame: Frame, mut enough: impl FnMut(Vec<Code>) -> bool) -> bool {
        if enough(self.fast.read(&frame).codes) {
            return true;
        }
        let frame = Arc::new(frame);
        Attempt::ALL.into_iter().any(|attempt| {
            self.slow.offer(clock::mono(), attempt, Arc::clone(&frame))
                && self.slow.wait().is_some_and(|answer| enough(answer.codes))
        })
    }
}

/// The picture in a file, or why it is none.
pub fn load(path: &Path) -> Result<Frame, String> {
    let mut bytes = Vec::new();
    let limit = jpeg::BYTES_MAX as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map_err(|e| e.to_string())?;
    picture::decode(&bytes, Mono::ZERO).map_err(|e| e.to_string())
}

fn lines(out: &mut impl Write, image: &Path, result: &Result<Vec<Code>, String>, ms: f64) -> io::Result<()> {
    let image = image.display();
    match result {
        Err(e) => writeln!(out, "{image}: {e}"),
        Ok(codes) if codes.is_empty() => writeln!(out, "{image}: no code read ({ms:.1} ms)"),
        Ok(codes) => codes.iter().try_for_each(|code| {
            let payload = printable(code);
            writeln!(out, "{image}: {payload} ({}, {} modules, {ms:.1} ms)", code.lane.name(), code.modules)
        }),
    }
}

/// The payload as text, or in hexadecimal where it is none. Control characters are escaped: a stranger wrote
/// it.
fn printable(code: &Code) -> String {
    match std::str::from_utf8(code.payload.expose()) {
        Ok(text) => {
            let escape =
                |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            text.chars().map(escape).collect()
        }
        Err(_) => format!("0x{}", data_encoding::HEXLOWER.encode(code.payload.expose())),
    }
}

fn object(image: &Path, result: &Result<Vec<Code>, String>, ms: f64) -> Value {
    let codes: Vec<_> = result.iter().flatten().map(describe).collect();
    json!({
        "file": image.display().to_string(),
        "ms": (ms * 10.0).round() / 10.0,
        "error": result.as_ref().err(),
        "codes": codes,
    })
}

fn describe(code: &Code) -> Value {
    let payload = code.payload.expose();
    json!({
        "text": std::str::from_utf8(payload).ok(),
        "hex": data_encoding::HEXLOWER.encode(payload),
        "lane": code.lane.name(),
        "modules": code.modules,
        "corners": code.corners.map(|p| [p.x, p.y]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Pii;
    use crate::vision::{Lane, Point};

    fn code(payload: &[u8]) -> Code {
        Code {
            payload: Pii::new(payload.to_vec()),
            corners: [Point::new(1.0, 2.0); 4],
            modules: 21,
            part: None,
            lane: Lane::Slow(Attempt::Mean),
        }
    }

    #[test]
    fn prints_text_as_text_bytes_as_hex_and_no_control_character() {
        let mut out = Vec::new();
        let codes = Ok(vec![code("门 1\x1B[2J".as_bytes()), code(&[0xFF, 0x00])]);
        lines(&mut out, Path::new("a.jpg"), &codes, 3.21).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "a.jpg: 门 1\\u{1b}[2J (mean, 21 modules, 3.2 ms)\na.jpg: 0xff00 (mean, 21 modules, 3.2 ms)\n"
        );
    }

    #[test]
    fn json_holds_every_byte() {
        let value = object(Path::new("a.jpg"), &Ok(vec![code(&[0xFF, 0x00])]), 1.0);
        assert_eq!(value["codes"][0]["hex"], "ff00");
        assert_eq!(value["codes"][0]["text"], Value::Null);
        assert_eq!(value["codes"][0]["corners"][3], json!([1.0, 2.0]));
        assert_eq!(object(Path::new("b"), &Err("gone".to_owned()), 1.0)["error"], "gone");
    }
}
