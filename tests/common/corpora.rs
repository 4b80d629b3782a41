//! Recordings that lie outside the repository: `KAKOU_CORPORA`, by default `../shared/corpora`. Where they are absent the tests say so
//! and pass, except in CI.

use std::path::{Path, PathBuf};

/// The folder `name` of the corpora, which has a file `holds`.
pub fn folder(name: &str, holds: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let root = std::env::var_os("KAKOU_CORPORA").map_or_else(beside, PathBuf::from).join(name);
    if root.join(holds).is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "no corpus at {}", root.display());
    #[expect(clippy::print_stdout, reason = "a test that was not run says so")]
    {
        println!("skipped: no corpus at {}", root.display());
    }
    None
}
