//! Holds the shape of the tree: layers, file sizes, first lines, licences.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom. An arrow points down or does not exist.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("browser", &[]),
    ("model", &["base"]),
    ("config", &["base", "model"]),
    ("control", &["base", "model"]),
    ("drivers", &["base", "model"]),
    ("thermometry", &["base", "model"]),
    ("vision", &["base", "model"]),
    ("credential", &["base", "model"]),
    ("engine", &["base", "model", "config", "control"]),
    ("journal", &["base", "model"]),
    ("sync", &["base", "model", "control", "journal"]),
    ("ledger", &["base", "model", "journal", "sync"]),
    ("platform", &["base", "model", "config", "drivers", "vision", "journal", "sync"]),
    (
        "sim",
        &[
            "base",
            "model",
            "config",
            "control",
            "drivers",
            "thermometry",
            "vision",
            "credential",
            "engine",
            "journal",
            "sync",
            "ledger",
        ],
    ),
    ("web", &["base", "browser", "model", "config", "control", "vision", "thermometry"]),
    (
        "daemon",
        &[
            "base",
            "model",
            "config",
            "control",
            "drivers",
            "thermometry",
            "vision",
            "credential",
            "engine",
            "journal",
            "sync",
            "platform",
            "web",
        ],
    ),
    (
        "hub",
        &[
            "base",
            "browser",
            "model",
            "config",
            "credential",
            "thermometry",
            "journal",
            "sync",
            "ledger",
            "platform",
        ],
    ),
    (
        "cli",
        &[
            "base",
            "model",
            "config",
            "control",
            "drivers",
            "thermometry",
            "vision",
            "credential",
            "engine",
            "journal",
            "sync",
            "ledger",
            "platform",
            "sim",
            "web",
            "daemon",
            "hub",
        ],
    ),
];

const LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn modules_import_only_downwards() {
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let Some(module) = module_of(&path) else { continue };
        let allowed =
            table.get(module).unwrap_or_else(|| panic!("module {module} is not in the layer table"));
        for (number, line) in code(&text) {
            for used in crate_uses(line) {
                if used != module && !allowed.contains(&used) && table.contains_key(used) {
                    wrong.push(format!("{}:{number}: {module} may not import {used}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_layer_table_itself_points_down() {
    for (index, (module, imports)) in LAYERS.iter().enumerate() {
        for import in *imports {
            let below = LAYERS.iter().position(|(name, _)| name == import);
            assert!(
                below.is_some_and(|below| below < index),
                "{module} imports {import}, which is not below it"
            );
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src").into_iter().chain(rust_files("tests")).chain(rust_files("benches"))
    {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines, at most {LINES_MAX}", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not start with a //! line", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_fit_on_a_screen() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        for (number, length) in long_functions(&text) {
            wrong.push(format!("{}:{number}: {length} lines, at most {FUNCTION_LINES_MAX}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_unfinished_is_left() {
    let mut wrong = Vec::new();
    for (path, text) in ["src", "tests", "benches"].into_iter().flat_map(rust_files) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| is_unfinished(line)) {
            wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_checks_above_can_fail() {
    assert_eq!(crate_uses("use crate::sim::camera::Scene;").collect::<Vec<_>>(), ["sim"]);
    assert_eq!(
        crate_uses("let x: crate::base::Mono = crate::web::y();").collect::<Vec<_>>(),
        ["base", "web"]
    );
    assert_eq!(crate_uses("use crate::{base::Mono, sim::World};").collect::<Vec<_>>(), ["base", "sim"]);
    let long = format!("fn f() {{\n{}}}\n", "    x();\n".repeat(FUNCTION_LINES_MAX));
    assert_eq!(long_functions(&long).len(), 1);
    assert_eq!(long_functions("fn f() {\n    x();\n}\n").len(), 0);
    let tested = "use crate::base;\n#[cfg(test)]\nmod tests {\nuse crate::sim;\n}\n";
    assert_eq!(code(tested).count(), 1, "code of tests is left out");
    assert!(is_unfinished(concat!("    to", "do!()")) && is_unfinished(concat!("// FIX", "ME: later")));
    assert!(!is_unfinished("// Every step that is to do is listed."));
}

/// Whether a line says that something is left for later. The words are put together so that this file is none of them.
fn is_unfinished(line: &str) -> bool {
    [
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("db", "g!("),
        concat!("#[ign", "ore"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
    ]
    .iter()
    .any(|word| line.contains(word))
}

/// Lines of code with their numbers, without comments and without the tests at the end of a file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end]
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Top-level modules named after `crate::` in `line`.
fn crate_uses(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").flat_map(move |(at, found)| {
        let rest = &line[at + found.len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.trim_end_matches(['}', ';']).split(", ").collect(),
            None => vec![rest],
        };
        names.into_iter().map(|name| {
            let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(name.len());
            &name[..end]
        })
    })
}

/// Functions longer than a screen: line number and length.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_start = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches("(crate)"));
        let line = line.trim_start().trim_start_matches("const ").trim_start_matches("async ");
        line.starts_with("fn ")
    };
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| is_start(line)) {
        let indent = line.len() - line.trim_start().len();
        let closing = format!("{}}}", " ".repeat(indent));
        let Some(length) = lines[start..].iter().position(|line| *line == closing) else { continue };
        if length + 1 > FUNCTION_LINES_MAX {
            found.push((start + 1, length + 1));
        }
    }
    found
}

fn module_of(path: &Path) -> Option<&str> {
    let inside = path.strip_prefix(root().join("src")).ok()?;
    let mut parts = inside.components();
    let first = parts.next()?.as_os_str().to_str()?;
    if parts.next().is_some() {
        return path.strip_prefix(root().join("src")).ok()?.iter().next()?.to_str();
    }
    match first {
        "lib.rs" | "main.rs" => None,
        single => panic!("{single}: code belongs into a module's folder"),
    }
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("readable tree").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("readable file");
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
