//! Posts of the attendant's face, turned into commands.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::{MOVED_ON, SignedIn, address, dialog, entries, manifest};
use crate::base::{CentiCelsius, LaneId, Pii};
use crate::control::{Act, LaneStatus, OddPlate, Refused, Registration};
use crate::model::Role;
use crate::web::page::not_found;
use crate::web::session::Flash;
use crate::web::shared::{Shared, lane};
use crate::web::words::desk;

/// Longest text of a registration's field, in characters.
const FIELD_MAX: usize = 100;

/// Fields of a post.
pub type Fields = BTreeMap<String, String>;

/// A field, or nothing.
pub fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(String::as_str).unwrap_or_default()
}

/// `POST /attendant/lane/{lane}/do`
pub async fn perform(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let back = Redirect::to(&address(lane, "")).into_response();
    if is_stale(lane, &fields) {
        shared.sessions.leave(&signed_in.token, Flash { zh: MOVED_ON.zh.into(), en: MOVED_ON.en.into() });
        return back;
    }
    let done = match parse(&fields, signed_in.by.role()) {
        Ok(act) => shared.ask(&id, Some(&signed_in.by.id), act).await,
        Err(refused) => Err(refused),
    };
    match done {
        Ok(()) => back,
        Err(refused) => match dialog::again(lane, &fields, &refused, &headers) {
            // What was typed stays on the screen, with what is wrong beside it.
            Some(page) => (StatusCode::UNPROCESSABLE_ENTITY, page).into_response(),
            None => {
                shared.sessions.leave(&signed_in.token, desk::refused(&refused).into());
                back
            }
        },
    }
}

/// `POST /attendant/lane/{lane}/pad/{kind}`: one key of a pad without its script, or the whole.
pub async fn key(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path((id, kind)): Path<(LaneId, String)>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let status = shared.status();
    let (Some(shown), Some(kind)) = (lane(&status, &id), dialog::pad_kind(&kind)) else { return not_found() };
    match field(&fields, "key") {
        "" | "enter" => perform(State(shared), signed_in, Path(id), headers, Form(fields)).await,
        key => {
            let text = kind.press(field(&fields, "text"), key);
            dialog::pad_page(shown, kind, &text, None, &headers).into_response()
        }
    }
}

/// Whether the page was about a subject who is gone. Acts that belong to no subject are never stale.
pub fn is_stale(lane: &LaneStatus, fields: &Fields) -> bool {
    match field(fields, "act") {
        "begin" | "next" | "emergency" | "close-barrier" | "practice" => false,
        _ => field(fields, "seen").parse() != Ok(lane.passages),
    }
}

/// The act that the fields ask for, of somebody who is here as `role`.
fn parse(fields: &Fields, role: Role) -> Result<Act, Refused> {
    let text = || Pii::new(field(fields, "text").trim().to_owned());
    Ok(match field(fields, "act") {
        "begin" => Act::Begin { subject: named(fields, "subject")?, direction: named(fields, "direction")? },
        "id" => Act::TypeIdNumber(text()),
        "plate" => {
            let confirmed = field(fields, "odd") == "confirmed";
            Act::TypePlate { text: text(), odd: if confirmed { OddPlate::Confirmed } else { OddPlate::Ask } }
        }
        "no-plate" => Act::NoPlate,
        "count" => {
            let count = field(fields, "text").parse();
            Act::DeclareOccupants(count.map_err(|_| bad("occupants", "a number"))?)
        }
        "take-manifest" => manifest::take(fields)?,
        "not-here" => Act::NotHere,
        "companion" => Act::AwaitCompanion,
        "no-companion" => Act::NoCompanion,
        "register" => Act::Register(registration(fields)),
        "attest" => Act::Attest(named(fields, "what")?),
        "enter" => Act::Enter { step: named(fields, "step")?, entry: entries::parse(fields, role)? },
        "waive" => Act::Waive { step: named(fields, "step")?, reason: named(fields, "reason")? },
        "again" => Act::MeasureAgain,
        "contact" => Act::ContactTemperature(contact(field(fields, "text"))?),
        "start-disinfection" => Act::StartDisinfection { agent: named(fields, "agent")? },
        "stop-disinfection" => Act::StopDisinfection,
        "decide" => Act::Decide { decision: named(fields, "decision")?, reason: named(fields, "reason")? },
        "set-down" => Act::SetDown { decision: named(fields, "decision")?, reason: named(fields, "reason")? },
        "emergency" => Act::Emergency,
        "leave" => Act::Leave,
        "next" => Act::Next,
        "close-barrier" => Act::CloseBarrier,
        "practice" => Act::Practice(named(fields, "what")?),
        _ => return Err(bad("act", "a known act")),
    })
}

/// Three digits of a contact thermometer: tenths of a degree, `365` for 36.5 °C.
pub fn contact(text: &str) -> Result<CentiCelsius, Refused> {
    let tenths = text.parse::<i32>().ok().filter(|tenths| (100..=999).contains(tenths));
    tenths
        .and_then(|tenths| CentiCelsius::new(tenths * 10))
        .ok_or(bad("temperature", "three digits, such as 365"))
}

fn registration(fields: &Fields) -> Registration {
    let text = |name| {
        let text: String = field(fields, name).trim().chars().take(FIELD_MAX).collect();
        (!text.is_empty()).then(|| Pii::new(text))
    };
    Registration {
        name: text("name"),
        phone: text("phone"),
        origin: text("origin"),
        destination: text("destination"),
        host: text("host"),
        more: fields.keys().filter_map(|name| Some((name.parse().ok()?, text(name)?))).collect(),
        code: field(fields, "code").parse().ok(),
    }
}

/// A value by its name in records and files.
pub fn named<T: for<'de> Deserialize<'de>>(fields: &Fields, name: &'static str) -> Result<T, Refused> {
    let text: StrDeserializer<'_, ValueError> = field(fields, name).into_deserializer();
    T::deserialize(text).map_err(|_| bad(name, "one of the choices"))
}

pub const fn bad(field: &'static str, why: &'static str) -> Refused {
    Refused::BadField { field, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Decision, Entry, Practice};
    use crate::model::{Attestation, Reason};

    #[test]
    fn fields_become_the_act_they_name() {
        let infant = "infant".parse().unwrap();
        let table = [
            ("act=no-plate", Act::NoPlate),
            ("act=close-barrier", Act::CloseBarrier),
            ("act=practice&what=good-pass", Act::Practice(Practice::GoodPass)),
            ("act=count&text=3", Act::DeclareOccupants(3)),
            ("act=attest&what=mask", Act::Attest(Attestation::Mask)),
            (
                "act=waive&step=temperature&reason=infant",
                Act::Waive { step: "temperature".parse().unwrap(), reason: infant },
            ),
            ("act=contact&text=365", Act::ContactTemperature(CentiCelsius::new(3_650).unwrap())),
            (
                "act=enter&step=cleared&entry=sign-off",
                Act::Enter { step: "cleared".parse().unwrap(), entry: Entry::SignOff { role: Role::Lead } },
            ),
            (
                "act=decide&decision=turn-back&reason=declined",
                Act::Decide { decision: Decision::TurnBack, reason: Reason::Declined },
            ),
        ];
        for (post, act) in table {
            assert_eq!(parse(&fields(post), Role::Lead), Ok(act), "{post}");
        }
    }

    #[test]
    fn what_is_missing_or_made_up_is_refused() {
        for post in [
            "",
            "act=",
            "act=admit",
            "act=count",
            "act=count&text=-1",
            "act=count&text=256",
            "act=contact&text=36.5",
            "act=contact&text=9999",
            "act=waive&step=temperature",
            "act=waive&step=No%20Step&reason=infant",
            "act=waive&step=temperature&reason=A%20B",
            "act=decide&decision=open&reason=declined",
        ] {
            assert!(parse(&fields(post), Role::Lead).is_err(), "{post}");
        }
    }

    #[test]
    fn a_registration_keeps_only_what_was_filled_in() {
        let registration = registration(&fields("name= 王小明 &phone=&host=x"));
        assert_eq!(registration.name, Some(Pii::new("王小明".to_owned())));
        assert_eq!((registration.phone, registration.host.is_some()), (None, true));
        let long = Fields::from([("name".to_owned(), "王".repeat(5_000))]);
        assert_eq!(super::registration(&long).name.unwrap().expose().chars().count(), FIELD_MAX);
    }

    fn fields(post: &str) -> Fields {
        let pairs = post.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
