//! CertLogic on rules and suites that others made.

use std::fs;
use std::path::{Path, PathBuf};

use kakou::credential::certlogic::{Logic, Value};
use serde_json::{Value as Json, json};

use crate::corpora;

fn read(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Every file below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

fn root() -> Option<PathBuf> {
    corpora::folder("credentials", "manifest.csv")
}

#[test]
fn every_rule_says_of_every_certificate_what_its_authors_say() {
    let Some(root) = root() else { return };
    let (mut cases, mut wrong) = (0, vec![]);
    for path in files(&root.join("certlogic-rules")) {
        if path.parent().and_then(Path::file_name).is_none_or(|folder| folder != "tests") {
            continue;
        }
        let rule = read(&path.parent().unwrap().parent().unwrap().join("rule.json"));
        let logic = Logic::parse(&rule["Logic"]).unwrap_or_else(|bad| panic!("{}: {bad}", path.display()));
        let test = read(&path);
        let data = json!({"payload": test["payload"], "external": test["external"]});
        cases += 1;
        if Json::Bool(logic.holds(&data)) != test["expected"] {
            wrong.push(format!("{}: {:?}", path.display(), logic.evaluate(&data)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases >= 700, "only {cases}");
    println!("{cases} cases of rules");
}

#[test]
fn every_assertion_of_the_suites_holds() {
    let Some(root) = root() else { return };
    let (mut asserted, mut skipped, mut wrong) = (0, 0, vec![]);
    for path in files(&root.join("certlogic-suite/testSuite")) {
        let suite = read(&path);
        for case in suite["cases"].as_array().unwrap() {
            for assertion in case["assertions"].as_array().unwrap() {
                // Their authors do not ask for these.
                if [&suite, case, assertion].iter().any(|part| part["directive"] == "skip") {
                    skipped += 1;
                    continue;
                }
                let own = assertion.get("certLogicExpression");
                let logic = Logic::parse(own.unwrap_or(&case["certLogicExpression"]));
                let data = &assertion["data"];
                let said = logic.as_ref().map(|logic| logic.evaluate(data));
                asserted += 1;
                if !matches!(&said, Ok(Ok(value)) if shown(value) == assertion["expected"]) {
                    wrong.push(format!("{}: {assertion} gave {said:?}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asserted >= 200, "only {asserted}");
    println!("{asserted} assertions, {skipped} that are marked to be skipped");
}

#[test]
fn what_the_suites_find_fault_with_is_refused_and_nothing_else() {
    let Some(root) = root() else { return };
    let mut cases = 0;
    for path in files(&root.join("certlogic-suite/validation-testSuite")) {
        for case in read(&path)["cases"].as_array().unwrap() {
            let faults = case["issues"].as_array().unwrap();
            let parsed = Logic::parse(&case["certLogicExpression"]);
            assert_eq!(parsed.is_err(), !faults.is_empty(), "{}: {case} gave {parsed:?}", path.display());
            cases += 1;
        }
    }
    assert!(cases >= 20, "only {cases}");
}

/// A value as JSON has it.
fn shown(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Number(number) if number.fract() == 0.0 => format!("{number}").parse().unwrap(),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Date(date) => json!(date.to_string()),
        Value::List(items) => items.iter().map(shown).collect(),
        Value::Data(data) => (*data).clone(),
    }
}
