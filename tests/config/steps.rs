//! Steps of a profile file: every mistake one can make with them, each named with file, profile, step and reason.

use kakou::config::profile_file::read_profiles;

const HEAD: &str = "[[profile]]\nid = \"gate\"\ntitle_zh = \"门\"\ntitle_en = \"Gate\"\ntakes = \"person\"\n\
                    directions = [\"inbound\"]\nsession_timeout_s = 60\nidle_timeout_s = 20\n";

const QUESTION: &str = "[[profile.step]]\nkind = \"question\"\nid = \"q\"\ntext_zh = \"问\"\ntext_en = \"Q\"\ntimeout_s = 20\n\
                        [[profile.step.answer]]\nid = \"no\"\ntitle_zh = \"否\"\ntitle_en = \"No\"\nmeans = \"good\"\n\
                        [[profile.step.answer]]\nid = \"yes\"\ntitle_zh = \"是\"\ntitle_en = \"Yes\"\nmeans = \"fails\"\n";

const SIGN: &str = "[[profile.step]]\nkind = \"sign-off\"\ntimeout_s = 20\n";

const DWELL: &str = "[[profile.step]]\nkind = \"dwell\"\nseconds = 60\ntimeout_s = 20\n\
                     [profile.step.at]\nlow_c = 65\nhigh_c = 75\n";

const COUNT: &str = "[[profile.step]]\nkind = \"count\"\nwhat_zh = \"数\"\nwhat_en = \"N\"\nmin = 1\nmax = 9\ntimeout_s = 20\n";

const TEMPERATURE: &str =
    "[[profile.step]]\nkind = \"temperature\"\nrecheck_from_c = 36.8\nattempts = 2\ntimeout_s = 20\n";

const FIELDS: &str = "[[profile.step]]\nkind = \"registration\"\ntimeout_s = 20\n\
                      [[profile.step.field]]\nid = \"bed\"\ntitle_zh = \"床\"\ntitle_en = \"Bed\"\nform = \"number\"\nneed = \"required\"\n";

const AREAS: &str = "[areas]\nversion = 1\n[[areas.area]]\nid = \"a\"\ntitle_zh = \"甲\"\ntitle_en = \"A\"\n\
                     from = \"2026-03-02\"\nuntil = \"2026-03-09\"\n";

fn after(step: &str, condition: &str) -> String {
    format!("{step}[profile.step.when]\nafter = [{condition}]\n")
}

fn said(steps: &str) -> String {
    match read_profiles("p.toml", &format!("{HEAD}{steps}")) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[test]
fn what_the_mistakes_below_start_from_is_right() {
    for steps in [QUESTION, SIGN, DWELL, COUNT, TEMPERATURE, FIELDS] {
        assert_eq!(said(steps), "nothing is wrong", "{steps}");
        assert_eq!(said(&format!("{steps}{AREAS}")), "nothing is wrong", "{steps}");
    }
    let sound = after(SIGN, "{ step = \"q\", answered = [\"yes\"] }");
    assert_eq!(said(&format!("{QUESTION}{sound}")), "nothing is wrong");
}

#[test]
fn a_condition_on_what_cannot_be_is_refused_with_both_steps_and_the_reason() {
    let on_sign = |condition| after(SIGN, condition);
    let first = after(&SIGN.replace("timeout", "id = \"one\"\ntimeout"), "{ step = \"two\", is = \"done\" }");
    let second =
        after(&SIGN.replace("timeout", "id = \"two\"\ntimeout"), "{ step = \"one\", is = \"done\" }");
    let table = [
        (
            format!("{first}{second}"),
            "step \"one\" when.after \"two\": they depend on each other, that is a cycle",
        ),
        (
            on_sign("{ step = \"sign-off\", is = \"done\" }"),
            "a step cannot depend on itself, that is a cycle",
        ),
        (
            format!("{}{QUESTION}", on_sign("{ step = \"q\", is = \"done\" }")),
            "step \"sign-off\" when.after \"q\": it comes later",
        ),
        (
            on_sign("{ step = \"soul\", is = \"done\" }"),
            "when.after \"soul\": there is no such step in this profile",
        ),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", answered = [\"maybe\"] }")),
            "it has no answer \"maybe\"",
        ),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", answered = [] }")),
            "must name at least one answer",
        ),
        (format!("{QUESTION}{}", on_sign("{ step = \"q\", is = \"waived\" }")), "it can never be waived"),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", is = \"verified\" }")),
            "only a credential is attested",
        ),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", is = \"listed\" }")),
            "only a question with places",
        ),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", is = \"local\" }")),
            "only a plate is local or from out of town",
        ),
        (
            format!("{COUNT}{}", on_sign("{ step = \"count\", is = \"out-of-town\" }")),
            "only a plate is local or from out of town",
        ),
        (
            format!("{COUNT}{}", on_sign("{ step = \"count\", answered = [\"no\"] }")),
            "only a question is answered",
        ),
        (
            format!("{QUESTION}{}", on_sign("{ step = \"q\", is = \"happy\" }")),
            "is = \"happy\": must be \"done\"",
        ),
        (format!("{QUESTION}{}", on_sign("{ step = \"q\" }")), "is: missing; must be \"done\""),
    ];
    for (steps, expected) in table {
        let said = said(&steps);
        assert!(said.contains("p.toml") && said.contains("profile[gate].step"), "{said}");
        assert!(said.contains(expected), "said     {said}\nexpected {expected}");
    }
}

#[test]
fn every_mistake_of_a_step_names_its_key_and_what_is_allowed() {
    let table = [
        (format!("{SIGN}{SIGN}"), "must not name two steps \"sign-off\": give one of them another id"),
        (
            format!("{TEMPERATURE}{}", TEMPERATURE.replace("kind", "id = \"t\"\nkind")),
            "must not ask for Temperature twice",
        ),
        (
            TEMPERATURE.replace("36.8", "98.2"),
            "recheck_from_c = 98.2: must be 34 to 42, a number of degrees Celsius",
        ),
        (TEMPERATURE.replace("36.8", "\"98.2F\""), "Fahrenheit is never meant"),
        (TEMPERATURE.replace("recheck_from_c", "recheck_from_f"), "recheck_from_f = 36.8: unknown key"),
        (
            TEMPERATURE.replace("attempts = 2", "attempts = 1"),
            "must be at least 2 where a second measurement",
        ),
        (
            TEMPERATURE.replace("attempts", "grade = \"contact\"\nattempts"),
            "must be left out where every temperature",
        ),
        (
            DWELL.replace("high_c = 75", "high_c = 65"),
            "must be more than low_c: no reading lies in an empty range",
        ),
        (DWELL.replace("high_c = 75", "high_c = 167"), "high_c = 167: must be -60 to 150"),
        (DWELL.replace("seconds = 60", "seconds = 0"), "seconds = 0: must be 1 to 14400"),
        (format!("{DWELL}read_every_s = 1\n"), "read_every_s = 1: must be 5 to 3600"),
        (COUNT.replace("max = 9", "max = 0"), "must be at least min: no number lies in an empty range"),
        (SIGN.replace("timeout", "signatures = 3\ntimeout"), "signatures = 3: must be 1 to 2"),
        (QUESTION.replace("means = \"good\"", "means = \"fails\""), "must have an answer that does not fail"),
        (QUESTION.replace("id = \"yes\"", "id = \"no\""), "must not have two answers of one id"),
        (QUESTION.replace("means = \"fails\"", "means = \"bad\""), "means = \"bad\": must be \"good\""),
        (format!("{QUESTION}listed = \"fails\"\n"), "must be left out where the file has no [areas]"),
        (
            QUESTION
                .split("[[profile.step.answer]]")
                .take(2)
                .collect::<Vec<_>>()
                .join("[[profile.step.answer]]"),
            "must be 2 to 4 tables",
        ),
        (
            format!("{SIGN}{}", AREAS.replace("until = \"2026-03-09\"", "until = \"2026-03-01\"")),
            "must not be before from",
        ),
        (format!("{SIGN}{}", AREAS.replace("2026-03-02", "2026-02-30")), "must be a day such as"),
        (
            FIELDS.replace("id = \"bed\"", "id = \"phone\""),
            "must be named under required or optional, not here",
        ),
        (
            FIELDS.replace("\"number\"", "\"choice\""),
            "must be at least two tables: what there is to choose from",
        ),
        (FIELDS.replace("\"number\"", "\"colour\""), "form = \"colour\": must be \"text\""),
        (FIELDS.replace("form", "length_max = 500\nform"), "length_max = 500: must be 1 to 80"),
        (
            SIGN.replace("timeout", "show_zh = \"发热的人请停\"\nshow_en = \"Stop\"\ntimeout"),
            "must name nothing of health",
        ),
        (SIGN.replace("timeout", "say_zh = \"请等\"\ntimeout"), "say_en: missing"),
        (
            format!("{SIGN}[profile.step.when]\nmodes = [\"panic\"]\n"),
            "modes = \"panic\": must be \"normal\"",
        ),
    ];
    for (steps, expected) in table {
        let said = said(&steps);
        assert!(said.contains("p.toml"), "{said}");
        assert!(said.contains(expected), "said     {said}\nexpected {expected}");
    }
}

#[test]
fn a_profile_that_asks_nothing_of_somebody_is_refused() {
    let only = |when: &str| format!("{SIGN}[profile.step.when]\n{when}\n");
    for (when, whom) in [
        ("modes = [\"sealed\"]", "resident, inbound, in mode normal"),
        ("classes = [\"visitor\"]", "resident, inbound, in mode normal"),
        ("modes = [\"normal\", \"watch\", \"sealed\"]", "resident, inbound, in mode drill"),
    ] {
        let said = said(&only(when));
        assert!(said.contains(&format!("must ask something of {whom}")), "{when}: {said}");
    }
    // What depends on an earlier step asks nothing by itself, and something is asked all the same.
    let later = after(COUNT, "{ step = \"sign-off\", is = \"done\" }");
    assert_eq!(said(&format!("{SIGN}{later}")), "nothing is wrong");
}

#[test]
fn whose_signature_counts_is_a_role_that_staffs_the_post_and_a_second_one_is_one_of_two() {
    let step = |rest: &str| said(&SIGN.replace("timeout", &format!("{rest}\ntimeout")));
    assert_eq!(step("by = [\"lead\"]"), "nothing is wrong");
    assert_eq!(step("signatures = 2\nsecond_by = [\"lead\"]"), "nothing is wrong");
    assert!(step("second_by = [\"lead\"]").contains("must be left out where one signature is enough"));
    let observer = step("by = [\"observer\"]");
    assert!(observer.contains("by = \"observer\": must be \"attendant\" or \"lead\""), "{observer}");
}

#[test]
fn who_may_waive_is_a_role_that_staffs_the_post_and_of_a_step_that_can_be_waived() {
    let step = |rest: &str| said(&SIGN.replace("timeout", &format!("{rest}\ntimeout")));
    assert_eq!(step("waivers = [\"rain\"]\nwaive_by = [\"lead\"]"), "nothing is wrong");
    assert!(step("waive_by = [\"lead\"]").contains("must be left out: the step has no waivers"));
    let observer = step("waivers = [\"rain\"]\nwaive_by = [\"observer\"]");
    assert!(observer.contains("waive_by = \"observer\": must be \"attendant\" or \"lead\""), "{observer}");
}

const CREDENTIAL: &str = "[[profile.step]]\nkind = \"credential\"\nunverified = \"refuse\"\nroster_miss = \"register\"\ntimeout_s = 20\n";

#[test]
fn every_mistake_of_what_is_asked_of_earlier_passages_is_named() {
    let entitled = |check: &str| {
        format!(
            "{CREDENTIAL}[[profile.step]]\nkind = \"entitlement\"\nwaivers = [\"leave\"]\ntimeout_s = 20\n{check}\n"
        )
    };
    let sound = [
        "check = \"quota\"\ntimes = 1\nwithin_h = 48",
        "check = \"hours\"\nhours = [\"06:00-12:00\", \"13:00-24:00\"]\ndays = [\"mon\"]",
        "check = \"entered\"\nwithin_h = 72",
        "check = \"cleared\"\nsteps = [\"credential\"]\nwithin_h = 72",
    ];
    for check in sound {
        assert_eq!(said(&entitled(check)), "nothing is wrong", "{check}");
    }
    let counts = TEMPERATURE.replace("timeout_s", "counts_for_h = 4\ntimeout_s");
    assert_eq!(said(&format!("{CREDENTIAL}{counts}")), "nothing is wrong");
    let quota = entitled(sound[0]);
    let table = [
        (quota.replace("times = 1", "times = 0"), "times = 0: must be 1 to 50"),
        (quota.replace("within_h = 48", "within_h = 673"), "within_h = 673: must be 1 to 672"),
        (quota.replace("waivers = [\"leave\"]\n", ""), "waivers: must name at least one reason"),
        (quota.replace("\"quota\"", "\"often\""), "must be \"quota\" or \"hours\""),
        (
            quota.replace(CREDENTIAL, ""),
            "a credential, plate or registration must come before it: nobody knows who they are",
        ),
        (entitled(sound[1]).replace("06:00-12:00", "22:00-06:00"), "a window of one day such as"),
        (entitled("check = \"hours\"\nhours = []"), "hours = []: must be 1 to 8 windows"),
        (
            entitled("check = \"places\"\nmax = 1"),
            "a registration must come before it: nobody knows whom they visit",
        ),
        (
            entitled("check = \"interval\"\nstep = \"q\"\nanswered = [\"no\"]\nwithin_h = 9"),
            "there is no step q in this profile",
        ),
        (
            QUESTION.to_owned()
                + &entitled("check = \"interval\"\nstep = \"q\"\nanswered = [\"maybe\"]\nwithin_h = 9"),
            "q has no answer \"maybe\"",
        ),
        (
            entitled("check = \"interval\"\nstep = \"credential\"\nanswered = [\"no\"]\nwithin_h = 9"),
            "credential is no question",
        ),
        (
            entitled("check = \"cleared\"\nsteps = [\"fever\"]\nwithin_h = 9"),
            "there is no step fever in this profile",
        ),
        (SIGN.replace("timeout_s", "counts_for_h = 4\ntimeout_s"), "counts_for_h = 4: must be left out"),
        (
            TEMPERATURE.replace("timeout_s", "counts_for_h = 169\ntimeout_s"),
            "counts_for_h = 169: must be 1 to 168",
        ),
    ];
    for (steps, expected) in table {
        let said = said(&steps);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn every_mistake_of_when_somebody_has_to_be_out_is_named() {
    const FIELD: &str = "required = [\"phone\"]\n[[profile.step.field]]\nid = \"back-by\"\ntitle_zh = \"几点\"\n\
        title_en = \"By\"\nform = \"number\"\nneed = \"required\"\n";
    let profile = |keys: &str, takes: &str, direction: &str, field: &str| {
        format!(
            "[[profile]]\nid = \"in\"\ntitle_zh = \"进\"\ntitle_en = \"In\"\ntakes = \"{takes}\"\n\
             directions = [\"{direction}\"]\nsession_timeout_s = 600\nidle_timeout_s = 60\n{keys}\n\
             [[profile.step]]\nkind = \"registration\"\ntimeout_s = 60\n{field}"
        )
    };
    let read = |text: &str| read_profiles("ours.toml", text).map_err(|mistakes| mistakes.to_string());
    let all = "overdue_h = 12\noverdue_at = \"18:00\"\noverdue_field = \"back-by\"";
    let sound = read(&profile(all, "person", "inbound", FIELD)).unwrap();
    let stay = sound[0].stay.clone().unwrap();
    assert_eq!((stay.hours, stay.until, stay.field), (12, Some(1_080), Some("back-by".parse().unwrap())));
    assert_eq!(sound[0].looks_back().as_secs(), 12 * 3_600, "nobody is forgotten before they are overdue");
    assert_eq!(read(&profile("", "person", "inbound", FIELD)).unwrap()[0].stay, None);
    let table = [
        (profile("overdue_at = \"18:00\"", "person", "inbound", FIELD), "overdue_h: missing"),
        (profile("overdue_h = 673", "person", "inbound", FIELD), "overdue_h = 673: must be 1 to 672"),
        (
            profile("overdue_h = 9\noverdue_at = \"6pm\"", "person", "inbound", FIELD),
            "must be a time of the day such as \"18:00\"",
        ),
        (profile(all, "occupant", "inbound", FIELD), "the vehicle's profile says it for everybody in it"),
        (profile(all, "person", "outbound", FIELD), "nobody comes in by this profile"),
        (
            profile(all, "person", "inbound", &FIELD.replace("\"number\"", "\"text\"")),
            "must be a field of the registration whose form is number; there is none called back-by",
        ),
    ];
    for (text, expected) in table {
        let said = read(&text).unwrap_err();
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
