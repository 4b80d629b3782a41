//! Test material of others, which lies outside the repository: `KAKOU_CORPORA`, by default `../shared/corpora`.

use std::path::{Path, PathBuf};

/// The folder `name` of the corpora, known by a file `marker` in it. Where there is none the test says so and passes,
/// except in CI.
pub fn corpus(name: &str, marker: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let root = std::env::var_os("KAKOU_CORPORA").map_or_else(beside, PathBuf::from).join(name);
    if root.join(marker).is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "no corpus at {}", root.display());
    #[expect(clippy::print_stdout, reason = "a test that was not run says so")]
    {
        println!("skipped: no corpus at {}", root.display());
    }
    None
}
