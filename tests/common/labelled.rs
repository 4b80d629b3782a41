//! Photographs outside the repository, with what the codes in them say; see `corpora.rs`.

use std::path::{Path, PathBuf};

use kakou::base::Mono;
use kakou::vision::{Code, Frame, picture};

/// A picture, and for each of its codes the byte strings that count as read.
pub struct Labelled {
    pub path: PathBuf,
    pub file: String,
    pub payloads: Vec<Vec<Vec<u8>>>,
}

impl Labelled {
    pub fn frame(&self) -> Frame {
        open(&self.path)
    }

    pub fn is_read(&self, codes: &[Code]) -> bool {
        codes.iter().any(|code| self.says(code.payload.expose()))
    }

    /// Whether something was read that no code in the picture says. Codes that nobody could read may say
    /// anything.
    pub fn is_false(&self, codes: &[Code]) -> bool {
        let unknown = self.payloads.iter().any(|known| known.is_empty() || known.contains(&Vec::new()));
        let says = |code: &Code| self.says(code.payload.expose());
        !unknown && !MISLABELLED.contains(&self.file.as_str()) && !codes.iter().all(says)
    }

    /// Whether one of its codes has this payload.
    pub fn says(&self, payload: &[u8]) -> bool {
        let read = plain(payload);
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

pub fn manifest() -> Option<Vec<Labelled>> {
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
