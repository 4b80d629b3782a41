//! What a manifest may say, and what is refused.

use super::*;

const HEAD: &str = "姓名,身份证号,手机号,座位\n";

fn read(text: &str) -> Result<Manifest, BadManifest> {
    Manifest::read(text.as_bytes())
}

/// A number that is good by its own check, a different one for each of a thousand.
fn number(of: usize) -> String {
    let body = format!("11010519491231{of:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).filter_map(|(digit, by)| Some(digit.to_digit(10)? * by)).sum();
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap()).unwrap();
    format!("{body}{check}")
}

fn bus(of: usize) -> String {
    let row = |at: usize| format!("王小明{at},{},1381234{at:04},{at}A\n", number(at));
    format!("{HEAD}{}", (0..of).map(row).collect::<String>())
}

#[test]
fn a_list_is_read_as_a_spreadsheet_writes_or_pastes_it() {
    let plain = "name,id_number,phone,seat\n王小明,11010519491231002X,13812341234,1A\n李四,,,\n";
    let tabs = plain.replace(',', "\t");
    let chinese =
        format!("\u{FEFF}{HEAD}王小明, 11010519491231002x ,+86 138 1234 1234,1A\r\n\r\n李四,,,\r\n");
    let expected = read(plain).unwrap();
    let [one, other] = expected.rows() else { panic!("two people") };
    assert_eq!(one.name.expose(), "王小明");
    assert_eq!(one.id_number.as_ref().unwrap().expose(), "11010519491231002X");
    assert_eq!(one.phone.as_ref().unwrap().expose(), "13812341234");
    assert_eq!((&other.id_number, &other.phone), (&None, &None));
    assert_eq!(read(&tabs), Ok(expected.clone()));
    assert_eq!(read(&chinese), Ok(expected.clone()));
    assert!(!format!("{expected:?}").contains("王小明"), "a list never prints whom it names");
}

#[test]
fn sixty_people_fit_into_one_symbol_and_a_code_says_the_same_as_its_text() {
    let text = bus(60);
    let code = code(&text);
    assert!(code.len() <= 4_296, "{} characters", code.len());
    assert!(qrcode::QrCode::with_error_correction_level(&code, qrcode::EcLevel::L).is_ok());
    assert_eq!(Manifest::read_code(code.as_bytes()), read(&text));
    assert_eq!(read(&text).unwrap().rows().len(), 60);
    for payload in ["KKM1", "KKM1:a", "KKM1:::::", "KK1:ABC", "KKM1:\u{FF}"] {
        assert_eq!(Manifest::read_code(payload.as_bytes()), Err(BadManifest::NoCode), "{payload}");
    }
    assert_eq!(
        Manifest::read_code(b"KKM1:"),
        Err(BadManifest::UnknownColumn(1)).or(Err(BadManifest::NoNames))
    );
}

#[test]
fn one_bad_row_refuses_all_and_is_named_by_its_line_and_column() {
    let id = number(1);
    let cases = [
        (format!("{HEAD}王,{id},,\n,,13812341234,\n"), "line 3: column name: is missing"),
        (format!("{HEAD}\n王,11010519491231002Y,,\n"), "line 3: column id_number: "),
        (
            format!("{HEAD}王,{id},,\n\n李,,,\n张,{id},,\n"),
            "line 5: column id_number: is the same as in line 2",
        ),
        (format!("{HEAD}王,,12,\n"), "line 2: column phone: is no telephone number"),
        (format!("{HEAD}=HYPERLINK(1),,,\n"), "line 2: column name: begins like a formula"),
        (format!("{HEAD}@SUM,,,\n"), "line 2: column name: begins like a formula"),
        (format!("{HEAD}王\u{202E}明,,,\n"), "line 2: column name: begins like a formula, or has control"),
        (format!("{HEAD}\"王\n明\",,,\n"), "line 2: column name: begins like a formula, or has control"),
        (format!("{HEAD}{},,,\n", "王".repeat(61)), "line 2: column name: is too long"),
        (format!("{HEAD}王,,,123456789\n"), "line 2: column seat: is too long"),
        (format!("{HEAD}王,,,1A,more\n"), "line 2: column name: the row has more cells"),
        ("name,class\n王,resident\n".to_owned(), "line 1: column 2 has an unknown heading"),
        ("name,姓名\n王,王\n".to_owned(), "line 1: heading name is there twice"),
        (format!("id_number\n{id}\n"), "line 1: there must be a column name"),
        (HEAD.to_owned(), "nobody is on it"),
        (bus(100), "more than 99 people"),
    ];
    for (text, expected) in cases {
        let said = read(&text).expect_err(expected).to_string();
        assert!(said.starts_with(expected), "{said}\nexpected {expected}");
    }
    assert_eq!(read(&bus(99)).unwrap().rows().len(), 99);
}

#[test]
fn hostile_bytes_are_refused_and_no_prefix_of_a_list_panics() {
    assert_eq!(Manifest::read(&vec![b'a'; BYTES_MAX + 1]), Err(BadManifest::TooLarge));
    assert_eq!(Manifest::read(b"name\n\xff\xfe\n"), Err(BadManifest::NotUtf8));
    assert_eq!(Manifest::read(b""), Err(BadManifest::NoNames));
    let endless = format!("KKM1:{}", "0".repeat(1_000_000));
    assert_eq!(Manifest::read_code(endless.as_bytes()), Err(BadManifest::TooLarge));
    let (text, code) = (bus(8), code(&bus(8)));
    for end in 0..text.len() {
        let _ = Manifest::read(&text.as_bytes()[..end]);
        let _ = Manifest::read_code(&code.as_bytes()[..end.min(code.len())]);
    }
    let quotes = format!("{HEAD}\"{}", "王\n".repeat(2_000));
    assert!(read(&quotes).is_err());
}
