//! What is wrong with expressions, and that none runs for ever. That they say what they should is for the conformance suites.

use serde_json::json;

use super::*;

fn said(expression: &Json, data: &Json) -> String {
    match Logic::parse(expression) {
        Ok(logic) => {
            logic.evaluate(data).map_or_else(|failed| failed.to_string(), |value| format!("{value:?}"))
        }
        Err(bad) => bad.to_string(),
    }
}

#[test]
fn what_is_no_expression_says_where() {
    for (expression, expected) in [
        (json!(null), "the expression: must not be null"),
        (json!(3.5), "the expression: must be a whole number"),
        (json!({}), "the expression: must be an object with one key"),
        (json!({"and": [true, {"a": 1, "b": 2}]}), "and/1: must be an object with one key"),
        (json!({"if": [true, false]}), "if: has not the number of operands that it needs"),
        (json!({"!": [{"or": []}]}), "!/0/or: is no operation"),
        (json!({"!": true}), "!: must be a list of operands"),
        (json!({"var": "x..y"}), "var: must be keys and positions with dots between them"),
        (json!({"var": ["x"]}), "var: must be a text: the path to a value"),
        (json!({"plusTime": ["2021-01-01", 1, "week"]}), "plusTime: must add years, months, days or hours"),
        (json!({"plusTime": ["2021-01-01", "1", "day"]}), "plusTime: must add a whole number"),
        (json!({"plusTime": ["2021-01-01"]}), "plusTime: must have a date, an amount and a unit"),
        (json!({"extractFromUVCI": ["x", "0"]}), "extractFromUVCI: must name a part by a whole number"),
    ] {
        assert_eq!(said(&expression, &Json::Null), expected, "{expression}");
    }
}

#[test]
fn what_a_stranger_calls_an_operation_is_said_as_far_as_a_screen_may_show_it() {
    let name = format!("\u{1b}[31m\u{202e}{}", "x".repeat(10_000));
    let said = said(&json!({ name: [] }), &Json::Null);
    assert_eq!(said, format!("[31m{}: is no operation", "x".repeat(36)));
}

#[test]
fn operands_of_another_type_are_errors_and_errors_never_hold() {
    let date = json!({"plusTime": ["2021-01-01", 0, "day"]});
    for (expression, expected) in [
        (json!({"<": [1, "2"]}), "an operand is no whole number"),
        (json!({"<": [1, {"var": "half"}]}), "an operand is no whole number"),
        (json!({"+": [1, {"var": "x"}]}), "an operand is no whole number"),
        (json!({"in": ["a", "abc"]}), "an operand is no list"),
        (json!({"after": ["2021-01-02", "2021-01-01"]}), "an operand is no date"),
        (json!({"plusTime": [{"var": "x"}, 1, "day"]}), "an operand is no date"),
        (json!({"dccDateOfBirth": [1]}), "an operand is no text"),
        (json!({"reduce": ["ab", 1, 0]}), "an operand is no list"),
        (json!({"!": [date]}), "a condition is neither true nor false"),
        (json!({"plusTime": ["2021-01-01", i64::MAX, "day"]}), "a date or number is too large"),
    ] {
        assert_eq!(said(&expression, &json!({"half": 0.5})), expected, "{expression}");
        assert!(!Logic::parse(&expression).unwrap().holds(&Json::Null));
    }
    assert!(!Logic::parse(&json!(1)).unwrap().holds(&Json::Null), "truthy is not true");
    assert!(Logic::parse(&json!(true)).unwrap().holds(&Json::Null));
}

#[test]
fn depth_and_steps_are_bounded() {
    let deep = (0..80).fold(json!(true), |inner, _| json!({"!": [inner]}));
    assert!(said(&deep, &Json::Null).ends_with("is nested too deeply"), "{}", said(&deep, &Json::Null));
    let twice = |inner: Json| json!({"reduce": [{"var": "list"}, {"+": [{"var": "accumulator"}, inner]}, 0]});
    let list: Vec<u32> = (0..300).collect();
    let logic = json!({"reduce": [{"var": "list"}, twice(json!(1)), 0]});
    assert_eq!(said(&logic, &json!({"list": list})), "Number(0.0)", "a turn sees its own two values alone");
    let nested = json!({"reduce": [[list, list, list], {"reduce": [{"var": "current"}, {"+": [{"var": "accumulator"}, 1]}, 0]}, 0]});
    assert_eq!(said(&nested, &Json::Null), "Number(300.0)");
    let long: Vec<u32> = (0..30_000).collect();
    let sum = json!({"reduce": [{"var": "list"}, {"+": [{"var": "accumulator"}, 1]}, 0]});
    assert_eq!(said(&sum, &json!({"list": long})), "takes more than 20000 steps");
}

#[test]
fn a_list_that_is_put_into_itself_has_an_end() {
    let accumulator = json!({"var": "accumulator"});
    let each_turn = |turns: u32, step: &Json| json!({"reduce": [(0..turns).collect::<Vec<_>>(), step, [1]]});
    let twice = json!([accumulator, accumulator]);
    assert_eq!(said(&each_turn(40, &twice), &Json::Null), "takes more than 20000 steps");
    let deeper = json!([accumulator]);
    assert_eq!(said(&each_turn(9_000, &deeper), &Json::Null), "takes more than 20000 steps");
    let reads: Vec<Json> = (0..2_000).map(|_| json!({"var": "accumulator.0"})).collect();
    let wide = json!({"reduce": [[1], reads, vec![1; 3_000]]});
    assert_eq!(said(&wide, &Json::Null), "takes more than 20000 steps", "what is copied is counted");
}

#[test]
fn texts_are_never_copied_so_that_no_number_of_them_takes_more_than_the_data() {
    let data = json!({"ci": format!("URN:UVCI:01:XX:{}", "x".repeat(1_000))});
    let logic = Logic::parse(&json!({"extractFromUVCI": [{"var": "ci"}, 2]})).unwrap();
    let Ok(Value::Text(part)) = logic.evaluate(&data) else { panic!("a part") };
    assert_eq!(part.len(), 1_000);
    assert!(data["ci"].as_str().unwrap().as_bytes().as_ptr_range().contains(&part.as_ptr()));
}
