//! Panics that the code under test catches itself, and whose they were.
//!
//! rxing, rqrr, zune-jpeg and zune-png panic on some pictures; `vision` catches that and has read nothing, which breaks no promise.
//! The same net would hide a panic of our own code between theirs. So each panic is looked at when it happens: one whose
//! place is in our code or in its tests counts, caught or not. What stays hidden: a panic within one of those libraries,
//! also when what we gave it was wrong.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;

/// Libraries that may panic: as their packages are called. In a path a version follows.
const THEIRS: [&str; 6] = ["rxing", "rqrr", "zune-jpeg", "zune-png", "zune-inflate", "zune-core"];

thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` and panics where it panicked in our own code, even if it caught that itself.
pub fn watched<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // A fuzzer's own hook ends the program at any panic, caught or not.
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if WATCHING.get() && is_theirs(panic) {
                return;
            }
            OURS.set(true);
            before(panic);
        }));
    });
    OURS.set(false);
    WATCHING.set(true);
    let done = work();
    WATCHING.set(false);
    assert!(!OURS.get(), "a panic of our own was caught and hidden");
    done
}

fn is_theirs(panic: &PanicHookInfo<'_>) -> bool {
    let Some(place) = panic.location() else { return false };
    let file = place.file().replace('\\', "/");
    if !file.contains("/library/") && !file.starts_with("library/") {
        return file.split('/').any(|part| THEIRS.iter().any(|name| is_package(part, name)));
    }
    // The standard library panics for somebody: whoever is the innermost that called it.
    let stack = Backtrace::force_capture().to_string();
    let called = stack.lines().filter_map(|line| line.trim().split_once(": ")).map(|(_, name)| name);
    let mut whose = called.filter_map(|name| name.trim_start_matches('<').split("::").next());
    let named = |found: &str| THEIRS.iter().any(|name| name.replace('-', "_") == found);
    whose.find(|found| *found == "kakou" || named(found)).is_some_and(named)
}

fn is_package(part: &str, name: &str) -> bool {
    let version = part.strip_prefix(name);
    version.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(starts_with_digit))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}
