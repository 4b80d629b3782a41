//! What somebody said beforehand for their registration, by a code or on a passenger list: shown, and confirmed with one press.

use maud::{Markup, html};

use super::actions::{Action, leads, posts};
use crate::control::{FieldStatus, LaneStatus};
use crate::model::registration_code::BadRegistrationCode;
use crate::web::symbol;
use crate::web::words::{Words, desk, own, words};

/// What the lane's page says of a code that waits, or of what a list says for the registration that comes next.
pub fn note(lane: &LaneStatus) -> Markup {
    const CODE: Words = words("登记码，本人自述：请核对", "As stated by code: check it");
    const LIST: Words = words("名单上的登记：请核对", "As the list says: check it");
    let said = lane.fields.iter().any(|field| field.said().is_some());
    html! {
        @if let Some(fault) = lane.prepared.and_then(|prepared| prepared.fault) {
            p.trouble role="status" { (symbol::CLIPBOARD) (fault_words(fault)) }
        } @else if lane.prepared.is_some() || said {
            div.prepared role="status" {
                p { (symbol::CLIPBOARD) b { (if lane.prepared.is_some() { CODE } else { LIST }) } }
                dl {
                    @for field in &lane.fields {
                        @if let Some(text) = field.said() {
                            dt { (title(field)) } dd { (text) }
                        } @else if field.coded.is_some() {
                            dt { (title(field)) } dd.bad { (words("不合要求，请输入", "does not fit: type it")) }
                        } @else if field.required {
                            dt { (title(field)) } dd.bad { (words("没有，请输入", "not said: type it")) }
                        }
                    }
                }
            }
        }
    }
}

/// Ways to settle the registration: with one press, where everything that is needed was said.
pub fn ways(lane: &LaneStatus) -> Vec<Action> {
    let form = leads(symbol::CLIPBOARD, words("填写登记", "Register"), "/register");
    if !is_complete(lane) {
        return vec![form];
    }
    let mut fields = vec![("act", "register".to_owned())];
    fields.extend(lane.prepared.map(|prepared| ("code", prepared.number.to_string())));
    vec![posts(symbol::TICK, words("登记无误，采用", "As stated: take it"), fields), form]
}

/// What stands beside a field of the form.
pub fn beside(field: &FieldStatus) -> Markup {
    html! {
        @match (&field.coded, &field.known) {
            (Some(Ok(said)), _) => { " " (said) " " (words("登记码已有", "by the code")) },
            (Some(Err(_)), _) => { " " (words("登记码上的不合要求", "what the code says does not fit")) },
            (None, Some(known)) => { " " (known) " " (words("名单已有", "on the list")) },
            (None, None) => @if !field.required { " " (words("可不填", "optional")) },
        }
    }
}

/// Whether everything that is needed was said, and nothing that was said by a code has to be left out.
fn is_complete(lane: &LaneStatus) -> bool {
    let said = lane.fields.iter().any(|field| field.said().is_some());
    let fits = |field: &FieldStatus| match &field.coded {
        Some(Err(_)) => false,
        Some(Ok(_)) => true,
        None => !field.required || field.known.is_some(),
    };
    said && lane.fields.iter().all(fits)
}

fn title(field: &FieldStatus) -> Markup {
    html! { (own(field.title.as_ref(), desk::field(field.name.as_str()))) }
}

/// Why a code cannot be read: never by what is written there.
fn fault_words(fault: BadRegistrationCode) -> Words {
    match fault {
        BadRegistrationCode::NoCode | BadRegistrationCode::NotUtf8 => {
            words("登记码读不出，请输入", "Registration code cannot be read: type it")
        }
        BadRegistrationCode::TooLarge | BadRegistrationCode::TooMany => {
            words("登记码内容太多，请输入", "Registration code says too much: type it")
        }
        BadRegistrationCode::NoField(_)
        | BadRegistrationCode::FieldTwice(_)
        | BadRegistrationCode::Nothing => {
            words("登记码写法不对，请输入", "Registration code is not well formed: type it")
        }
    }
}
