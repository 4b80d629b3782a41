//! Photographs with known payloads, and photographs without any code.
//!
//! The pictures lie outside the repository, see `common/corpora.rs`. `KAKOU_CORPORA_ALL=1` reads all of them instead of
//! every fourth.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kakou::model::Symbology;
use kakou::platform::clock;
use kakou::platform::isolate::Isolate;
use kakou::vision::Attempt;
use kakou::vision::fast::Fast;
use kakou::vision::slow::attempt;

use crate::labelled::{manifest, open, root};

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
            for (i, attempt) in Attempt::QR.into_iter().enumerate() {
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
        for attempt in Attempt::QR {
            slow.offer(clock::mono(), attempt, Arc::clone(&frame));
            codes.extend(slow.wait().map(|answer| answer.codes).unwrap_or_default());
        }
        assert!(codes.is_empty(), "{}: {} bytes read", path.display(), codes[0].payload.expose().len());
    }
}

/// The pictures without QR codes show other symbols now and then: 10 of Data Matrix, 10 of PDF417 and 5 of Aztec are read, and
/// what photographs of QR codes show is none of them.
#[test]
fn other_symbols_are_read_where_they_are_and_only_there() {
    let (Some(root), Some(pictures)) = (root(), manifest()) else { return };
    let mut names: Vec<_> =
        std::fs::read_dir(root.join("negatives")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let count = |symbology: Symbology| {
        let read = |path: &PathBuf| !attempt(Attempt::Other(symbology), &open(path)).is_empty();
        names.iter().filter(|path| read(path)).count()
    };
    let read = Symbology::ALL.map(count);
    println!("of {} pictures: {read:?}", names.len());
    assert!(read.iter().zip([9, 9, 5]).all(|(read, least)| *read >= least), "{read:?}");
    let step = if all() { 1 } else { 8 };
    for labelled in pictures.iter().step_by(step) {
        for symbology in Symbology::ALL {
            let codes = attempt(Attempt::Other(symbology), &labelled.frame());
            assert!(codes.is_empty(), "{}: {}", labelled.file, symbology.name());
        }
    }
}

fn all() -> bool {
    std::env::var_os("KAKOU_CORPORA_ALL").is_some()
}
