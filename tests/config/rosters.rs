//! Rosters: what a spreadsheet gives, what is said about its faults, and what 150,000 people cost.

use std::time::Instant;

use kakou::base::{Random, Wall};
use kakou::config::roster::{BadRoster, Roster};
use kakou::config::roster_csv::{BadCsv, import};
use kakou::model::blind::IdentifierKind;
use kakou::model::{Blinded, Blinder, Class};

fn site() -> Blinder {
    Blinder::new(&[3; 32])
}

fn find(roster: &Roster, kind: IdentifierKind, text: &str) -> Option<Class> {
    roster.find(&site().blind(kind, text))
}

#[test]
fn a_spreadsheet_becomes_a_roster_of_numbers_plates_and_phones() {
    let csv = "\u{FEFF}ID_Number, plate ,class,name,phone\r\n\
               11010519491231002x,川K·A3476,居民,王小明,138-1234-1234\r\n\
               \r\n\
               ４４０５２４１８８００１０１００１４,,worker,,\r\n";
    let import = import(csv.as_bytes(), &site()).unwrap();
    assert_eq!((import.rows, import.skipped), (2, 0), "{:?}", import.faults);
    let roster = Roster::new(import.people, Wall(0));
    assert_eq!(roster.len(), 4);
    assert_eq!(find(&roster, IdentifierKind::IdNumber, "11010519491231002X"), Some(Class::Resident));
    assert_eq!(find(&roster, IdentifierKind::Plate, "川KA3476"), Some(Class::Resident));
    assert_eq!(find(&roster, IdentifierKind::Phone, "13812341234"), Some(Class::Resident));
    assert_eq!(find(&roster, IdentifierKind::IdNumber, "440524188001010014"), Some(Class::Worker));
    assert_eq!(find(&roster, IdentifierKind::Plate, "11010519491231002X"), None, "kinds are kept apart");
}

#[test]
fn a_fault_names_line_and_column_and_not_what_is_written() {
    let csv = "id_number,class,plate\n\
               11010519491231002X,resident,\n\
               110105194912310021,resident,\n\
               440524188001010014,tenant,\n\
               ,visitor,\n\
               11010519491231002X,worker,\n\
               ,worker,浙苏H6F681\n\
               440524188001010014,worker,,extra\n\
               440524188001010014,worker,京A12345\n";
    let import = import(csv.as_bytes(), &site()).unwrap();
    let said: Vec<String> = import.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 3: column id_number: the last character does not match; look for a mistyped digit",
            "line 4: column class: names no class",
            "line 5: column id_number: is missing, and so are plate and phone",
            "line 6: column id_number: is on the list already, with another class",
            "line 7: column plate: does not follow the grammar of plates",
            "line 8: column class: the row has more cells than there are headings",
        ]
    );
    assert_eq!((import.rows, import.skipped, import.people.len()), (8, 6, 3));
    let all = format!("{said:?} {import:?}");
    for secret in ["110105194912310021", "H6F681", "440524188001010014"] {
        assert!(!all.contains(secret), "{secret} is quoted");
    }
}

#[test]
fn a_fault_names_the_line_that_an_editor_shows_behind_empty_lines_and_broken_cells() {
    for end in ["\n", "\r\n", "\r"] {
        let csv =
            ["id_number,class,note", "", "440524188001010014,worker,\"one", "", "two\"", "", ",visitor,"];
        let import = import(csv.join(end).as_bytes(), &site()).unwrap();
        let lines: Vec<u64> = import.faults.iter().map(|fault| fault.line).collect();
        assert_eq!((import.rows, lines), (2, vec![7]), "{end:?}");
    }
}

#[test]
fn a_table_as_a_spreadsheet_pastes_it_is_read_as_well() {
    let import = import("id_number\tclass\n440524188001010014\tworker\n".as_bytes(), &site()).unwrap();
    assert_eq!((import.people.len(), import.skipped), (1, 0));
}

#[test]
fn a_table_that_cannot_be_meant_is_refused_whole() {
    let refused = |csv: &[u8]| import(csv, &site()).unwrap_err();
    assert_eq!(refused(b"id_number,clas\n"), BadCsv::UnknownColumn { number: 2 });
    assert_eq!(refused(b"class,class,plate\n"), BadCsv::ColumnTwice("class"));
    assert_eq!(refused(b"id_number,name\n"), BadCsv::MissingColumn);
    assert_eq!(refused(b""), BadCsv::MissingColumn);
    assert_eq!(refused(b"id_number,class\n\xD6\xD0,resident\n"), BadCsv::NotUtf8);
    assert!(refused(b"11010519491231002X,resident\n").to_string().contains("line 1: column 1"));
    assert!(!refused(b"11010519491231002X,resident\n").to_string().contains("1949"));
}

#[test]
fn an_endless_quote_is_one_bad_row_and_not_a_crash() {
    let csv = format!("id_number,class\n\"{}", "x,\n".repeat(100_000));
    let import = import(csv.as_bytes(), &site()).unwrap();
    assert_eq!((import.rows, import.skipped), (1, 1));
}

#[test]
fn no_identifier_lies_readable_in_the_file() {
    let csv = "id_number,plate,phone,class\n11010519491231002X,川KA3476,13812341234,resident\n";
    let roster = Roster::new(import(csv.as_bytes(), &site()).unwrap().people, Wall(0));
    let bytes = roster.encode(&site());
    for secret in ["1101051949", "川KA", "KA3476", "1381234"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_eq!(Roster::decode(&bytes, &Blinder::new(&[4; 32])), Err(BadRoster::OtherKey));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the cost of a lookup is what is measured")]
fn a_hundred_and_fifty_thousand_people_are_small_and_found_fast() {
    let mut random = Random::new(11);
    let people: Vec<Blinded> = (0..150_000)
        .map(|_| {
            let mut blinded = [0; 16];
            random.fill(&mut blinded);
            Blinded(blinded)
        })
        .collect();
    let roster = Roster::new(people.iter().map(|person| (*person, Class::Resident)), Wall(0));
    let bytes = roster.encode(&site());
    let begun = Instant::now();
    let roster = Roster::decode(&bytes, &site()).unwrap();
    let load = begun.elapsed();
    let begun = Instant::now();
    let found = people.iter().filter(|person| roster.find(person).is_some()).count();
    let lookup = begun.elapsed() / 150_000;
    println!("150,000 people: {} bytes, loaded in {load:?}, {lookup:?} a lookup", bytes.len());
    assert_eq!(found, 150_000);
    assert!(bytes.len() < 4_000_000);
    assert!(lookup.as_micros() < 20, "{lookup:?} a lookup, ten times the aim");
}
