//! Photographs with known payloads, and photographs without any code.
//!
//! The pictures lie outside the repository, see `common/corpora.rs`. `KAKOU_CORPORA_ALL=1` reads all of them instead of
//! every fourth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kakou::base::Mono;
use kakou::platform::clock;
use kakou::platform::isolate::Isolate;
use kakou::vision::fast::Fast;
use kakou::vision::{Attempt, Code, Frame, picture};

#[test]
fn photographs_are_read_and_nothing_false_is() {
    let Some(pictures) = manifest() else { return };
    let step = if all() { 1 } else { 4 };
    let (mut fast, mut slow) = (Fast::default(), Isolate::new(Duration::from_secs(5)));
    let (mut sets, mut wrong) = (BTreeMap::<String, [usize; 3]>::new(), Vec::new());
    let (mut fast_ms, mut slow_ms, mut by) = (0, [0; 7], [0; 7]);
    for labelled in pictures.iter().step_by(step) {
        let frame = labelled.frame();
        let start = clock::mono();
        let mut codes = fast.read(&frame).codes;
        fast_ms += clock::mono().since(start).as_millis();
        let set = labelled.file.split('/').next().unwrap().to_owned();
        let count = sets.entry(set).or_default();
        count[0] += 1;
        count[1] += usize::from(labelled.is_read(&codes));
        if codes.is_empty() {
            let frame = Arc::new(frame);
            for (i, attempt) in Attempt::ALL.into_iter().enumerate() {
                let start = clock::mono();
                slow.offer(start, attempt, Arc::clone(&frame));
                codes.extend(slow.wait().map(|answer| answer.codes).unwrap_or_default());
                slow_ms[i] += clock::mono().since(start).as_millis();
                if !codes.is_empty() {
                    by[i] += 1;
                    break;
                }
            }
        }
        count[2] += usize::from(labelled.is_read(&codes));
        if labelled.is_false(&codes) {
            wrong.push(labelled.file.clone());
        }
    }
    for (set, [of, fast, both]) in &sets {
        println!("{set:20} {fast:3} {both:3} of {of:3}");
    }
    let [of, fast, both] = sets.values().fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    println!("fast {fast}, with slow {both} of {of}; fast {fast_ms} ms, slow {slow_ms:?} ms, read by {by:?}");
    println!("given up: {}", slow.abandoned());
    assert!(wrong.is_empty(), "false reads in {wrong:?}");
    assert!(of >= 160, "only {of} pictures");
    assert!(fast * 100 >= of * 82, "the fast lane reads {fast} of {of}");
    assert!(both * 100 >= of * 88, "both lanes read {both} of {of}");
}

#[test]
fn nothing_is_read_where_there_is_no_code() {
    let Some(root) = root() else { return };
    let (mut fast, mut slow) = (Fast::default(), Isolate::new(Duration::from_secs(5)));
    let mut names: Vec<_> =
        std::fs::read_dir(root.join("negatives")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 100);
    let step = if all() { 1 } else { 5 };
    for path in names.iter().step_by(step) {
        let frame = Arc::new(open(path));
        let mut codes = fast.read(&frame).codes;
        for attempt in Attempt::ALL {
            slow.offer(clock::mono(), attempt, Arc::clone(&frame));
            codes.extend(slow.wait().map(|answer| answer.codes).unwrap_or_default());
        }
        assert!(codes.is_empty(), "{}: {} bytes read", path.display(), codes[0].payload.expose().len());
    }
}

/// A picture, and for each of its codes the byte strings that count as read.
struct Labelled {
    path: PathBuf,
    file: String,
    payloads: Vec<Vec<Vec<u8>>>,
}

impl Labelled {
    fn frame(&self) -> Frame {
        open(&self.path)
    }

    fn is_read(&self, codes: &[Code]) -> bool {
        codes.iter().any(|code| self.says(code))
    }

    /// Whether something was read that no code in the picture says. Codes that nobody could read may say
    /// anything.
    fn is_false(&self, codes: &[Code]) -> bool {
        let unknown = self.payloads.iter().any(|known| known.is_empty() || known.contains(&Vec::new()));
        !unknown && !MISLABELLED.contains(&self.file.as_str()) && !codes.iter().all(|code| self.says(code))
    }

    fn says(&self, code: &Code) -> bool {
        let read = plain(code.payload.expose());
        self.payloads.iter().flatten().any(|known| plain(known) == read)
    }
}

/// Pictures that say something else than their labels: a character set that the label lacks, a letter that
/// the label left out, a code within a code of which the label names the inner one, and a code (`http://if.gs/1LXF1AI`) that
/// none of the decoders behind the labels could read.
const MISLABELLED: [&str; 4] =
    ["jsqr/japanese-jean-ad.jpg", "zxing-qr2/13.jpg", "zxcpp-qr2/16.jpg", "jsqr/trackable-book-2.jpg"];

/// As the labels are kept: line ends as LF, none at the end.
fn plain(payload: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<_> = payload.iter().copied().filter(|&byte| byte != b'\r').collect();
    bytes.truncate(bytes.trim_ascii_end().len());
    bytes
}

fn manifest() -> Option<Vec<Labelled>> {
    let root = root()?;
    let text = std::fs::read_to_string(root.join("manifest.jsonl")).unwrap();
    let labelled = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = value["file"].as_str().unwrap().to_owned();
        let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
        let bytes =
            |hex: &serde_json::Value| data_encoding::HEXLOWER.decode(hex.as_str().unwrap().as_bytes());
        let accepted = |code: &serde_json::Value| list(code).iter().map(|hex| bytes(hex).unwrap()).collect();
        Labelled {
            path: root.join(&file),
            payloads: list(&value["payloads"]).iter().map(accepted).collect(),
            file,
        }
    };
    Some(text.lines().map(labelled).collect())
}

pub fn root() -> Option<PathBuf> {
    crate::corpora::folder("qr", "manifest.jsonl")
}

pub fn open(path: &Path) -> Frame {
    picture::decode(&std::fs::read(path).unwrap(), Mono::ZERO)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn all() -> bool {
    std::env::var_os("KAKOU_CORPORA_ALL").is_some()
}
