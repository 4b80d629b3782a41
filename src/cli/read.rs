//! `kakou read IMAGE…`: what the kiosk's reader sees in a picture.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::Mono;
use crate::config::board::{Camera, CameraSource, Controls};
use crate::model::{ModuleColour, Symbology};
use crate::platform::camera;
use crate::platform::clock;
use crate::platform::isolate::Isolate;
use crate::vision::colour::Coloured;
use crate::vision::fast::Fast;
use crate::vision::{Attempt, Code, Frame, PixelFormat, Raw, convert, jpeg, picture};

/// For one slow attempt.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long a camera is watched for a code.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of a camera, where the board would say.
const WIDTH: u32 = 1_280;
const HEIGHT: u32 = 720;
const FPS: u32 = 30;

/// Arguments of `kakou read`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Pictures to read; folders, whose pictures are listed in a table; - for a list of files on standard input, one a line.
    #[arg(required_unless_present = "camera", value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Watch a camera for ten seconds, until it shows a code: a device, a folder of pictures or a file of JPEGs.
    #[arg(long, value_name = "DEV", conflicts_with = "images")]
    camera: Option<PathBuf>,
    /// Look for these symbols beside QR as well, separated by commas: data-matrix, pdf417, aztec.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = symbology)]
    symbologies: Vec<Symbology>,
    /// Print a JSON object a picture, one a line.
    #[arg(long)]
    json: bool,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A line a code.
    Lines,
    /// A row a picture, and a sum at the end.
    Table,
    /// An object a picture.
    Json,
}

fn symbology(name: &str) -> Result<Symbology, String> {
    Symbology::named(name).ok_or_else(|| {
        let known: Vec<&str> = Symbology::ALL.iter().map(|symbology| symbology.name()).collect();
        format!("must be among {}", known.join(", "))
    })
}

/// Reads each picture. Exit code 1 when one cannot be opened or has no code that can be read.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut out = io::stdout().lock();
    let reader = StillReader::with(&arguments.symbologies);
    let mut printed = Printed { reader, read: 0, unread: 0 };
    let json = |form| if arguments.json { Form::Json } else { form };
    let mut all = || -> io::Result<()> {
        if let Some(camera) = &arguments.camera {
            let (result, ms) = watch(&mut printed.reader, camera);
            return printed.show(&mut out, json(Form::Lines), camera, &result, ms);
        }
        for image in &arguments.images {
            if image.as_os_str() == "-" {
                for line in io::stdin().lines() {
                    printed.picture(&mut out, json(Form::Lines), Path::new(&line?))?;
                }
            } else if image.is_dir() {
                printed.folder(&mut out, json(Form::Table), image)?;
            } else {
                printed.picture(&mut out, json(Form::Lines), image)?;
            }
        }
        Ok(())
    };
    // An error is the reader of a pipe that has gone: nobody is left to tell.
    let written = all();
    if written.is_ok() && printed.read > 0 && printed.unread == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Reads and prints, and counts what was read.
struct Printed {
    reader: StillReader,
    read: u32,
    unread: u32,
}

impl Printed {
    fn picture(&mut self, out: &mut impl Write, form: Form, image: &Path) -> io::Result<()> {
        let start = clock::mono();
        let mut ms = 0.0;
        let result = bytes(image).and_then(|bytes| {
            let frame = decode(&bytes)?;
            let codes = self.reader.read(frame);
            ms = clock::mono().since(start).as_secs_f64() * 1_000.0;
            // The only still pictures that have a colour are JPEGs.
            let (format, width, height, stride) = (PixelFormat::Mjpeg, 0, 0, 0);
            Ok(coloured(codes, Raw { format, width, height, stride, bytes: &bytes, at: Mono::ZERO }))
        });
        self.show(out, form, image, &result, ms)
    }

    /// Every picture of a folder by name, and how many of them were read.
    fn folder(&mut self, out: &mut impl Write, form: Form, folder: &Path) -> io::Result<()> {
        let (read, unread) = (self.read, self.unread);
        let mut images: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => {
                entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect()
            }
            Err(error) => return self.show(out, form, folder, &Err(error.to_string()), 0.0),
        };
        images.sort();
        for image in &images {
            self.picture(out, form, image)?;
        }
        if form == Form::Table {
            let (read, unread) = (self.read - read, self.unread - unread);
            writeln!(out, "{}: {read} of {} read", folder.display(), read + unread)?;
        }
        Ok(())
    }

    fn show(
        &mut self,
        out: &mut impl Write,
        form: Form,
        image: &Path,
        result: &Result<Vec<Shown>, String>,
        ms: f64,
    ) -> io::Result<()> {
        let codes = result.as_ref().map_or(0, Vec::len);
        if codes > 0 {
            self.read += 1;
        } else {
            self.unread += 1;
        }
        match form {
            Form::Lines => lines(out, image, result, ms),
            Form::Json => writeln!(out, "{}", object(image, result, ms)),
            Form::Table => row(out, image, result, ms),
        }
    }
}

/// A code as it is printed.
#[derive(Debug)]
struct Shown {
    code: Code,
    colour: Option<ModuleColour>,
}

/// Says of each code in `raw` what colour it has there.
fn coloured(codes: Vec<Code>, raw: Raw<'_>) -> Vec<Shown> {
    let picture = if codes.is_empty() { None } else { Coloured::of(raw) };
    let colour = |code: &Code| picture.as_ref()?.modules(&code.corners, code.modules?);
    codes.into_iter().map(|code| Shown { colour: colour(&code), code }).collect()
}

/// What a camera shows first, within [`PATIENCE`].
fn watch(reader: &mut StillReader, path: &Path) -> (Result<Vec<Shown>, String>, f64) {
    let source = if path.is_dir() {
        CameraSource::Frames(path.to_owned())
    } else if path.is_file() {
        CameraSource::Mjpeg(path.to_owned())
    } else {
        CameraSource::V4l2(path.to_owned())
    };
    let (controls, symbologies) = (Controls::default(), vec![]);
    let camera = Camera { source, width: WIDTH, height: HEIGHT, fps: FPS, controls, symbologies };
    let start = clock::mono();
    let since = |start: Mono| clock::mono().since(start);
    let mut source = match camera::open(&camera) {
        Ok(source) => source,
        Err(error) => return (Err(error.what), 0.0),
    };
    let mut result = Err("gave no frame".to_owned());
    while since(start) < PATIENCE {
        let mut taken = None;
        let outcome = source.next(PATIENCE.saturating_sub(since(start)), &mut |raw| {
            taken = Some(convert::grey(raw).map(|frame| coloured(reader.read(frame), raw)));
        });
        if let Err(error) = outcome {
            result = Err(error.what);
            break;
        }
        let Some(taken) = taken else { continue };
        result = taken.map_err(|error| error.to_string());
        if result.as_ref().is_ok_and(|codes| !codes.is_empty()) {
            break;
        }
    }
    (result, since(start).as_secs_f64() * 1_000.0)
}

/// Reads single pictures.
pub struct StillReader {
    fast: Fast,
    slow: Isolate,
    attempts: Vec<Attempt>,
}

impl Default for StillReader {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl StillReader {
    /// A reader that looks for `symbologies` beside QR.
    pub fn with(symbologies: &[Symbology]) -> Self {
        let others = symbologies.iter().copied().map(Attempt::Other);
        let attempts = others.chain(Attempt::QR).collect();
        Self { fast: Fast::default(), slow: Isolate::new(DEADLINE), attempts }
    }

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
        self.attempts.iter().any(|&attempt| {
            self.slow.offer(clock::mono(), attempt, Arc::clone(&frame))
                && self.slow.wait().is_some_and(|answer| enough(answer.codes))
        })
    }
}

/// The picture in a file, or why it is none.
pub fn load(path: &Path) -> Result<Frame, String> {
    decode(&bytes(path)?)
}

/// What is in a file, up to more than any picture has.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = jpeg::BYTES_MAX as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|e| e.to_string())
}

fn decode(bytes: &[u8]) -> Result<Frame, String> {
    picture::decode(bytes, Mono::ZERO).map_err(|e| e.to_string())
}

fn lines(out: &mut impl Write, image: &Path, result: &Result<Vec<Shown>, String>, ms: f64) -> io::Result<()> {
    let image = image.display();
    match result {
        Err(e) => writeln!(out, "{image}: {e}"),
        Ok(codes) if codes.is_empty() => writeln!(out, "{image}: no code read ({ms:.1} ms)"),
        Ok(codes) => codes.iter().try_for_each(|Shown { code, colour }| {
            let (payload, lane) = (printable(code), code.lane.name());
            // Only of a QR symbol it is known, and only it has a colour.
            let qr = code.modules.map(|modules| format!(" {modules} modules, {},", name(*colour)));
            writeln!(out, "{image}: {payload} ({lane},{} {ms:.1} ms)", qr.unwrap_or_default())
        }),
    }
}

fn name(colour: Option<ModuleColour>) -> &'static str {
    colour.map_or("unsure", ModuleColour::name)
}

/// Milliseconds, lane, modules, colour, file, payload.
fn row(out: &mut impl Write, image: &Path, result: &Result<Vec<Shown>, String>, ms: f64) -> io::Result<()> {
    let image = image.file_name().unwrap_or(image.as_os_str()).display();
    match result {
        Err(error) => writeln!(out, "{ms:>8.1}  {:<12} {:>3}  {:<6}  {image}  {error}", "!", "", ""),
        Ok(codes) if codes.is_empty() => {
            writeln!(out, "{ms:>8.1}  {:<12} {:>3}  {:<6}  {image}", "-", "", "")
        }
        Ok(codes) => codes.iter().try_for_each(|Shown { code, colour }| {
            let (lane, colour) = (code.lane.name(), name(*colour));
            let modules = code.modules.map(|modules| modules.to_string()).unwrap_or_default();
            writeln!(out, "{ms:>8.1}  {lane:<12} {modules:>3}  {colour:<6}  {image}  {}", printable(code))
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

fn object(image: &Path, result: &Result<Vec<Shown>, String>, ms: f64) -> Value {
    let codes: Vec<_> = result.iter().flatten().map(describe).collect();
    json!({
        "file": image.display().to_string(),
        "ms": (ms * 10.0).round() / 10.0,
        "error": result.as_ref().err(),
        "codes": codes,
    })
}

fn describe(Shown { code, colour }: &Shown) -> Value {
    let payload = code.payload.expose();
    json!({
        "text": std::str::from_utf8(payload).ok(),
        "hex": data_encoding::HEXLOWER.encode(payload),
        "lane": code.lane.name(),
        "modules": code.modules,
        "colour": name(*colour),
        "corners": code.corners.map(|p| [p.x, p.y]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Pii;
    use crate::vision::{Lane, Point};

    fn code(payload: &[u8], colour: Option<ModuleColour>) -> Shown {
        let code = Code {
            payload: Pii::new(payload.to_vec()),
            corners: [Point::new(1.0, 2.0); 4],
            modules: Some(21),
            part: None,
            lane: Lane::Slow(Attempt::Mean),
        };
        Shown { code, colour }
    }

    #[test]
    fn prints_text_as_text_bytes_as_hex_and_no_control_character() {
        let mut out = Vec::new();
        let codes =
            Ok(vec![code("门 1\x1B[2J".as_bytes(), None), code(&[0xFF, 0x00], Some(ModuleColour::Red))]);
        lines(&mut out, Path::new("a.jpg"), &codes, 3.21).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "a.jpg: 门 1\\u{1b}[2J (mean, 21 modules, unsure, 3.2 ms)\na.jpg: 0xff00 (mean, 21 modules, red, 3.2 ms)\n"
        );
    }

    #[test]
    fn json_holds_every_byte() {
        let value = object(Path::new("a.jpg"), &Ok(vec![code(&[0xFF, 0x00], None)]), 1.0);
        assert_eq!(value["codes"][0]["hex"], "ff00");
        assert_eq!(value["codes"][0]["text"], Value::Null);
        assert_eq!(value["codes"][0]["corners"][3], json!([1.0, 2.0]));
        assert_eq!(object(Path::new("b"), &Err("gone".to_owned()), 1.0)["error"], "gone");
    }
}
