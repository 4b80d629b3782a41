//! What a spreadsheet gives, and what is said about its faults without quoting anybody.

use kakou::base::Wall;
use kakou::config::ListRule;
use kakou::config::list::csv::{BadCsv, Import, Reading, import};
use kakou::config::list::rows::Span;
use kakou::model::Blinded;
use kakou::model::blind::IdentifierKind;

use crate::fixtures::*;

fn read(csv: &str) -> Result<Import, BadCsv> {
    read_for(csv, &rule())
}

fn read_for(csv: &str, rule: &ListRule) -> Result<Import, BadCsv> {
    import(csv.as_bytes(), &Reading { rule, blinder: &blinder(), now: NOW, ahead_minutes: 480 })
}

fn of(kind: IdentifierKind, text: &str) -> Blinded {
    blinder().blind(kind, text)
}

/// A time at the place, in seconds since 1970.
fn at(text: &str) -> u32 {
    let at: jiff::Timestamp = format!("{text}+08:00").parse().unwrap();
    u32::try_from(at.as_second()).unwrap()
}

#[test]
fn both_languages_head_the_same_columns_and_days_end_when_the_place_says() {
    let english = "id_number,plate,phone,from,until,name,note\n\
                   11010519491231002X,川KA3476,138 1234 1234,2026-11-18,2026-12-01,王小明,x\n";
    let chinese = "\u{feff}证件号码,车牌,手机号,开始日期,截止日期,姓名,备注\n\
                   11010519491231002x,川K·A3476,13812341234,2026/11/18,２０２６/12/1,王小明,x\n";
    let read_in_english = read(english).unwrap();
    assert_eq!(read(chinese), Ok(read_in_english.clone()));
    let span = Span { from: at("2026-11-18T00:00"), until: at("2026-12-02T00:00") };
    let expected = [
        (IdentifierKind::IdNumber, "11010519491231002X"),
        (IdentifierKind::Plate, "川KA3476"),
        (IdentifierKind::Phone, "13812341234"),
    ];
    assert_eq!(read_in_english.entries, expected.map(|(kind, text)| (of(kind, text), span)).into());
    let timed = read("phone,until\n13812341234,2026-12-01 18:30\n13912341234,2026-12-01 08:30:05\n").unwrap();
    let until = |phone| timed.entries[&of(IdentifierKind::Phone, phone)];
    assert_eq!(until("13812341234"), Span { from: 0, until: at("2026-12-01T18:30") });
    assert_eq!(until("13912341234"), Span { from: 0, until: at("2026-12-01T08:30:05") });
}

#[test]
fn every_faulty_line_is_named_with_its_column_and_nobody_is_quoted() {
    let rows = [
        ("110105194912310021,,2026-12-01", "id_number: the last character does not match"),
        ("11010519491231002X,,", "until: 缺截止日期 is missing: no entry is for ever"),
        ("11010519491231002X,,soon", "until: 不是日期 is no day such as"),
        ("11010519491231002X,,2026-02-30", "until: 不是日期"),
        ("11010519491231002X,,2026-12-01 24:00", "until: 不是日期"),
        ("11010519491231002X,,2026-11-19", "until: 已经过去 has passed already"),
        ("11010519491231002X,,2026-12-20", "until: 晚于允许的天数 is later than the list allows"),
        ("11010519491231002X,,9999-12-31", "until: 不是日期"),
        ("11010519491231002X,2026-12-02,2026-12-01", "from: 不早于截止 is not before the end"),
        ("11010519491231002X,never,2026-12-01", "from: 不是日期"),
        (",,2026-12-01", "id_number: 缺号码 is missing"),
        ("11010519491231002X,,2026-12-01,more", "until: 单元格多于标题"),
    ];
    let csv = rows.iter().fold("id_number,from,until\n".to_owned(), |csv, (row, _)| csv + row + "\n");
    let import = read(&csv).unwrap();
    assert_eq!((import.rows, import.faulty, import.entries.len()), (12, 12, 0));
    for (index, (row, expected)) in rows.iter().enumerate() {
        let said = import.faults[index].to_string();
        assert!(said.contains(&format!("line {}: {expected}", index + 2)), "{row}: {said}");
    }
    let all = format!("{:?}", import.faults);
    assert!(!all.contains("194912310") && !all.contains("soon"), "{all}");
    let twice = read("phone,until\n13812341234,2026-12-01\n13812341234,2026-12-02\n13812341234,2026-12-02\n")
        .unwrap();
    assert_eq!(twice.faulty, 1, "one identifier with two ends");
}

#[test]
fn a_fault_names_the_line_that_an_editor_shows_behind_empty_lines_and_broken_cells() {
    for end in ["\n", "\r\n"] {
        let csv =
            ["phone,until,note", "", "13812341234,2026-12-01,\"one", "two\"", "", "13912341234,,", "", "1,,"];
        let import = read(&csv.join(end)).unwrap();
        let lines: Vec<u64> = import.faults.iter().map(|fault| fault.line).collect();
        assert_eq!((import.rows, lines), (3, vec![6, 8]), "{end:?}");
    }
}

#[test]
fn an_end_is_judged_to_the_second() {
    let rows = |until: &str| read(&format!("phone,until\n13812341234,{until}\n")).unwrap().faulty;
    // Noon at the place.
    assert_eq!(Wall::from_secs(at("2026-11-20T12:00").into()), NOW);
    assert_eq!(rows("2026-11-20 12:00:00"), 1);
    assert_eq!(rows("2026-11-20 12:00:01"), 0);
    assert_eq!(rows("2026-12-20 12:00:00"), 0);
    assert_eq!(rows("2026-12-20 12:00:01"), 1);
}

#[test]
fn a_table_that_cannot_be_meant_is_refused_whole() {
    assert_eq!(read("phone,untill\n"), Err(BadCsv::UnknownColumn { number: 2 }));
    assert!(read("phone,untill\n").unwrap_err().to_string().contains("until 截止日期"));
    assert_eq!(read("phone,until,手机号\n"), Err(BadCsv::ColumnTwice("phone")));
    assert_eq!(read("phone,name\n"), Err(BadCsv::MissingColumn), "no list is for ever");
    assert_eq!(read("until,name\n"), Err(BadCsv::MissingColumn));
    assert_eq!(read(""), Err(BadCsv::MissingColumn));
    let plates = ListRule { holds: vec![IdentifierKind::Plate], ..rule() };
    assert_eq!(read_for("phone,until\n", &plates), Err(BadCsv::NotHeld("phone")));
    let reading = Reading { rule: &rule(), blinder: &blinder(), now: NOW, ahead_minutes: 480 };
    assert_eq!(import(b"phone,until\n\xD6\xD0,\n", &reading), Err(BadCsv::NotUtf8));
}
