//! What a site may say of a list, and what is refused with its place.

use kakou::config::Site;
use kakou::model::Direction;
use kakou::model::blind::IdentifierKind;

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

/// The example's list, switched on.
fn with_list() -> String {
    let (before, list) = EXAMPLE.split_at(EXAMPLE.find("#[[list]]").unwrap());
    before.to_owned()
        + &list
            .lines()
            .map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line)))
            .collect::<String>()
}

fn refused(text: &str) -> String {
    Site::parse("k.toml", text).expect_err(text).to_string()
}

#[test]
fn the_example_declares_a_list_that_asks() {
    assert!(Site::parse("k.toml", EXAMPLE).unwrap().lists.is_empty(), "no site has one without saying so");
    let site = Site::parse("k.toml", &with_list()).unwrap();
    let [list] = &site.lists[..] else { panic!("{:?}", site.lists) };
    assert_eq!((list.id.as_str(), list.title.zh.as_str()), ("observed", "居家观察人员"));
    assert_eq!(list.holds, [IdentifierKind::IdNumber, IdentifierKind::Phone, IdentifierKind::Plate]);
    assert_eq!((list.cap, list.bulk, list.days_max), (2_000, 50, 30));
    assert!(list.concerns(Direction::Outbound) && !list.concerns(Direction::Inbound));
    assert_eq!(list.issuers.len(), 2);
    assert_eq!(list.file_name(), "observed.bin");
    let both = with_list().replace("direction = \"outbound\"", "");
    let site = Site::parse("k.toml", &both).unwrap();
    assert!(site.lists[0].concerns(Direction::Inbound) && site.lists[0].concerns(Direction::Outbound));
}

#[test]
fn every_mistake_about_a_list_names_line_key_and_what_is_allowed() {
    let cases = [
        (
            "does = \"ask\"",
            "does = \"deny\"",
            "list[observed].does = \"deny\": must be \"ask\": a hit asks a person",
        ),
        ("does = \"ask\"", "", "list[observed].does: missing; must be \"ask\""),
        (
            "\"district-health\", \"street-office\"",
            "\"district-health\"",
            "issuers = [\"district-health\"]: must name 2 to 32",
        ),
        (
            "\"district-health\", \"street-office\"",
            "\"a\", \"a\"",
            "list[observed].issuers = \"a\": must be named once",
        ),
        (
            "issuers = [\"district-health\", \"street-office\"]",
            "",
            "list[observed].issuers: must name 2 to 32 issuers",
        ),
        ("purpose_zh = \"观察期内不外出\"", "", "list[observed].purpose_zh: missing; must be a text"),
        (
            "purpose_en = \"Staying at home while under observation\"",
            "",
            "list[observed].purpose_en: missing",
        ),
        ("advice_zh", "advise_zh", "list[observed].advice_zh: missing; must be a text"),
        ("cap = 2000", "cap = 0", "list[observed].cap = 0: must be 1 to 400000"),
        ("cap = 2000", "", "list[observed].cap: missing; must be 1 to 400000"),
        ("bulk = 50", "bulk = 2001", "list[observed].bulk = 2001: must be at most cap"),
        ("bulk = 50", "", "list[observed].bulk: missing"),
        ("days_max = 30", "days_max = 367", "list[observed].days_max = 367: must be 1 to 366"),
        ("days_max = 30", "", "list[observed].days_max: missing"),
        (
            "\"id-number\", \"phone\", \"plate\"",
            "\"face\"",
            "list[observed].holds = \"face\": must be \"id-number\" or",
        ),
        ("\"id-number\", \"phone\", \"plate\"", "", "list[observed].holds = []: must name at least one"),
        ("direction = \"outbound\"", "direction = \"both\"", "must be \"inbound\" or \"outbound\""),
        ("id = \"observed\"", "id = \"Observed\"", "must be a name of at most 24 characters"),
        (
            "id = \"observed\"",
            "id = \"observed-people-of-the-east\"",
            "must be a name of at most 24 characters",
        ),
        (
            "does = \"ask\"",
            "does = \"ask\"\naction = \"deny\"",
            "list[observed].action = \"deny\": unknown key",
        ),
    ];
    for (right, wrong, expected) in cases {
        assert!(with_list().contains(right), "{right}");
        let said = refused(&with_list().replacen(right, wrong, 1));
        assert!(said.contains(expected), "{wrong}: {said}");
        assert!(said.contains("k.toml:"), "{wrong}: {said}");
    }
}

#[test]
fn two_lists_of_one_name_and_too_many_lists_are_refused() {
    let text = with_list();
    let list = &text[text.find("[[list]]").unwrap()..];
    assert!(
        refused(&format!("{text}\n{list}"))
            .contains("list[observed].id = \"observed\": must be the name of one list only")
    );
    let more = |count| {
        let lists = (0..count).map(|n| list.replace("\"observed\"", &format!("\"observed-{n}\"")));
        text.clone() + &lists.collect::<String>()
    };
    assert_eq!(Site::parse("k.toml", &more(15)).unwrap().lists.len(), 16);
    assert!(refused(&more(16)).contains("must be at most 16 lists"));
}
