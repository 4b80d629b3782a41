//! Start to ready, and resident memory, of the shipped program: `cargo bench --bench start`.
//!
//! A kiosk with two lanes on real input without hardware (a folder of pictures, an IIO-shaped folder, named pipes) and
//! 150,000 people on the roster. Printed: the first start, which lays out the journal, and a restart on it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KAKOU: &str = env!("CARGO_BIN_EXE_kakou");
const PEOPLE: u32 = 150_000;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    lay_out(folder.path());
    let import = kakou(folder.path(), &["roster", "import", "people.csv", "--config", "kiosk.toml"]).output();
    let import = import.expect("kakou starts");
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    for name in ["first start", "restart"] {
        let (ready, resident) = start(folder.path());
        println!(
            "{name}: ready after {} ms, {resident} KiB resident with {PEOPLE} people",
            ready.as_millis()
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn start(folder: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let run = ["run", "--board", "board.toml", "--config", "kiosk.toml"];
    let mut child = kakou(folder, &run).stderr(Stdio::piped()).spawn().expect("kakou starts");
    let address = address(&mut child);
    while !answers(&address) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let ready = begun.elapsed();
    std::thread::sleep(Duration::from_secs(5));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("the process runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let resident = resident.trim().trim_end_matches(" kB").parse().expect("a number");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told to stop");
    assert!(child.wait().expect("it ends").success(), "it ends in order");
    (ready, resident)
}

/// The address in the log line that says that the kiosk is ready.
fn address(child: &mut Child) -> String {
    let mut log = child.stderr.take().expect("piped");
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    loop {
        let count = log.read(&mut buffer).expect("a log");
        assert!(count > 0, "kakou ended: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let plain = text.replace("\u{1b}[3m", "").replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
        if let Some((_, after)) = plain.split_once("ready address=") {
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            // The rest of the log has to go somewhere, or the kiosk would wait for room.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return after[..end].to_owned();
        }
    }
}

fn answers(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 ")
}

fn kakou(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(KAKOU);
    command.current_dir(folder).args(arguments).stdout(Stdio::null());
    command
}

fn lay_out(folder: &Path) {
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    let mut people = String::from("id_number,class\n");
    (0..PEOPLE).for_each(|index| {
        let _ = writeln!(people, "{},resident", id_number(index));
    });
    put("people.csv", &people);
    fs::create_dir(folder.join("frames")).expect("a folder");
    fs::create_dir(folder.join("state")).expect("a folder");
    fs::write(folder.join("frames/a.pgm"), [b"P5 640 480 255\n", &[200; 640 * 480][..]].concat())
        .expect("written");
    let thermometer =
        [("object_raw", "15058"), ("ambient_raw", "14832"), ("offset", "-13657.5"), ("scale", "20")];
    thermometer.iter().for_each(|(name, value)| put(&format!("in_temp_{name}"), value));
    let mut board = String::from(
        "name = \"files\"\nsimulated = true\nlanes = [\"a\", \"b\"]\n[gpio]\nbackend = \"simulated\"\n",
    );
    let state = folder.join("state").display().to_string();
    let mut site = format!(
        "id = \"bench\"\ntitle = \"bench\"\nsite = \"bench\"\nutc_offset = \"+08:00\"\nnotice = 1\n\
         state = \"{state}\"\nroster = \"{state}/roster.bin\"\n[web]\nlisten = \"127.0.0.1:0\"\n"
    );
    for (lane, line) in [("a", 17), ("b", 27)] {
        put(&format!("codes-{lane}"), "");
        let _ = write!(
            board,
            "[[device]]\nid = \"{lane}-barrier\"\nlane = \"{lane}\"\ndriver = \"barrier\"\nline = {line}\n\
             [[device]]\nid = \"{lane}-codes\"\nlane = \"{lane}\"\ndriver = \"scanner\"\npath = \"codes-{lane}\"\n\
             [[device]]\nid = \"{lane}-eye\"\nlane = \"{lane}\"\ndriver = \"camera\"\nframes = \"frames\"\nfps = 10\n"
        );
        let _ = write!(
            site,
            "[[lane]]\nid = \"{lane}\"\ntitle = \"{lane}\"\ntakes = \"person\"\ndirect = \"inbound\"\n\
             profiles = [\"residential-person-in\"]\n"
        );
    }
    board.push_str("[[device]]\nid = \"brow\"\nlane = \"a\"\ndriver = \"mlx90614-iio\"\npath = \".\"\n");
    put("board.toml", &board);
    put("kiosk.toml", &site);
}

/// Made-up identity numbers with right check digits.
fn id_number(index: u32) -> String {
    let (day, sequence) = (index / 1_000, index % 1_000);
    let head =
        format!("5101041{:03}{:02}{:02}{sequence:03}", 950 + day / 300, 1 + day % 12, 1 + day / 12 % 28);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize =
        head.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{head}{}", &"10X98765432"[sum % 11..=sum % 11])
}
