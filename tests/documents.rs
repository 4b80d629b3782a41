//! What the documents name exists: commands, subcommands, files, tests; and both languages say the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "boards/README.md",
    "profiles/README.md",
];
const PICTURE_BYTES_MAX: u64 = 150_000;

#[test]
fn the_two_commands_are_in_both_readmes_and_in_the_makefile() {
    let makefile = text("Makefile");
    for command in ["demo", "test"] {
        assert!(makefile.lines().any(|line| line.starts_with(&format!("{command}:"))), "make {command}");
        for readme in READMES {
            let says = text(readme).lines().any(|line| line.starts_with(&format!("make {command} ")));
            assert!(says, "{readme}: make {command}");
        }
    }
}

#[test]
fn every_subcommand_that_a_document_or_a_unit_names_exists() {
    let known = subcommands(&text("src/cli/mod.rs"));
    assert!(known.contains("park"), "{known:?}");
    let units = files("systemd").into_iter().map(|path| fs::read_to_string(path).unwrap());
    for said in DOCUMENTS.map(text).into_iter().chain(units) {
        for name in named(&said) {
            assert!(known.contains(name), "kakou {name} is named and does not exist; there are {known:?}");
        }
    }
}

#[test]
fn both_languages_give_the_same_commands_and_sections() {
    let [english, chinese] = READMES.map(text);
    assert_eq!(commands(&english), commands(&chinese));
    let sections = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(sections(&english), sections(&chinese));
    let rows = |text: &str| text.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows(&english), rows(&chinese));
}

#[test]
fn every_link_and_picture_leads_to_a_file() {
    for document in DOCUMENTS {
        let folder = root().join(document).parent().unwrap().to_owned();
        for target in links(&text(document)) {
            assert!(folder.join(target).exists(), "{document}: {target}");
        }
    }
    for picture in files("docs") {
        let bytes = fs::metadata(&picture).unwrap().len();
        assert!(bytes < PICTURE_BYTES_MAX, "{}: {bytes} bytes", picture.display());
    }
}

#[test]
fn files_and_tests_that_the_architecture_names_exist() {
    let architecture = text("ARCHITECTURE.md");
    let mut code = String::new();
    for path in files("src").into_iter().chain(files("tests")) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    let mut tests = 0;
    for word in quoted(&architecture) {
        if ["src/", "tests/", "boards/", "profiles/", "systemd/"].iter().any(|start| word.starts_with(start))
        {
            assert!(root().join(word).exists(), "{word}");
        }
        let plain =
            word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && word.matches('_').count() >= 3 {
            tests += 1;
            assert!(code.contains(&format!("fn {word}(")), "{word} is no test");
        }
    }
    assert!(tests > 20, "invariants name their tests");
}

#[test]
fn no_path_of_somebodys_machine_is_in_the_tree() {
    let machines =
        [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/tm", "p/w/"), concat!("/ho", "me/")];
    let folders = ["src", "tests", "benches", "boards", "profiles", "systemd"].into_iter().flat_map(files);
    let single = DOCUMENTS.into_iter().chain(["Makefile", "Cargo.toml"]).map(|file| root().join(file));
    for path in folders.chain(single) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for machine in machines {
            assert!(!text.contains(machine), "{}: {machine}", path.display());
        }
    }
}

#[test]
fn the_checks_above_can_fail() {
    let known =
        subcommands("enum Command {\n    /// Runs.\n    Run(run::A),\n    Pin,\n    Journal {\n    },\n}\n");
    assert_eq!(known.iter().map(String::as_str).collect::<Vec<_>>(), ["journal", "pin", "run"]);
    let said = "Use `kakou fly` and\n```\nsudo -u kakou kakou swim --now\nkakou: it\n```\nkakou walks\n";
    assert_eq!(named(said), ["fly", "swim"]);
    assert_eq!(named("ExecStart=/usr/bin/kakou dive --deep\n"), ["dive"]);
    assert_eq!(links("[a](b.md) ![c](d/e.png) [f](https://g)"), ["b.md", "d/e.png"]);
    assert_eq!(commands("```\n# x\na   # y\n```\nb\n"), ["a"]);
}

/// The variants of the command line's enum, as they are typed.
fn subcommands(code: &str) -> BTreeSet<String> {
    let lines = code.lines().skip_while(|line| !line.starts_with("enum Command {")).skip(1);
    let variants = lines.take_while(|line| !line.starts_with('}')).filter_map(|line| {
        let line =
            line.strip_prefix("    ").filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))?;
        line.split(['(', ' ', ',']).next()
    });
    variants.map(str::to_lowercase).collect()
}

/// Subcommands of `kakou` that quoted words, examples and units name.
fn named(text: &str) -> Vec<&str> {
    let units = text.lines().filter(|line| line.starts_with("Exec"));
    let in_code = quoted(text).into_iter().chain(examples(text)).chain(units);
    in_code
        .flat_map(|code| {
            let words: Vec<&str> = code.split_whitespace().collect();
            let pairs = words.windows(2).filter(|pair| pair[0].rsplit('/').next() == Some("kakou"));
            let lower = |word: &str| word != "kakou" && word.bytes().all(|byte| byte.is_ascii_lowercase());
            pairs.map(|pair| pair[1]).filter(|word| lower(word)).collect::<Vec<_>>()
        })
        .collect()
}

/// Lines of examples, without their comments.
fn commands(text: &str) -> Vec<&str> {
    let lines = examples(text).into_iter().map(|line| line.split("# ").next().unwrap_or("").trim_end());
    lines.filter(|line| !line.is_empty()).collect()
}

fn examples(text: &str) -> Vec<&str> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced.flat_map(|block| block.lines().filter(|line| !line.starts_with('#'))).collect()
}

/// What stands between single backticks.
fn quoted(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside.flat_map(|part| part.lines().flat_map(|line| line.split('`').skip(1).step_by(2))).collect()
}

/// Targets of links within the tree.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#')).collect()
}

fn text(file: &str) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("readable tree").path()) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
