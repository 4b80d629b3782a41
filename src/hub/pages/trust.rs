//! The hub's file of trust, and how old each list in it is.

use maud::{Markup, html};

use super::super::trust::InPlace;
use super::super::words::{self, Words};
use super::frame::{ago, count, full_time, of, two};
use crate::base::Wall;
use crate::credential::trusted::file::Stated;
use crate::model::trust_list::TrustList;

const COLUMNS: [Words; 5] =
    [("名单", "list"), ("内容", "about"), ("条数", "entries"), ("截至", "as of"), ("状态", "state")];

/// What kiosks get of the hub to judge others' credentials by.
pub fn section(in_place: &InPlace, now: Wall) -> Markup {
    html! {
        section #trust {
            h2 { (two(("核验名单文件", "File of trust"))) }
            @match in_place {
                InPlace::Nothing => p.hint { "尚无核验名单文件：终端只核验本中心的通行证。用 "
                    code { "kakou trust build" } " 制作。"
                    small lang="en" { "There is none: kiosks verify this hub's passes alone. " code { "kakou trust build" } " makes one." } },
                InPlace::Unusable => p.notice role="alert" { "核验名单文件无法使用，终端得不到新名单，继续采用各自已有的。"
                    small lang="en" { "It cannot be used: kiosks get no later one, and go by the ones that they have." } },
                InPlace::File { stated, .. } => (file(stated, now)),
            }
        }
    }
}

fn file(stated: &Stated, now: Wall) -> Markup {
    let Stated { version, built, lists } = stated;
    html! {
        p { (two(("版本", "version"))) " " b { (version) } " · "
            (two(("制作于", "built"))) " " (full_time(*built)) " · " (ago(*built, now)) }
        @if lists.is_empty() {
            p.hint { "不含任何名单。" small lang="en" { "It is made of no lists." } }
        } @else {
            table {
                thead { tr { @for words in COLUMNS { th.number[words == COLUMNS[2]] { (two(words)) } } } }
                tbody { @for list in lists { (row(list, now.max(*built))) } }
            }
        }
    }
}

fn row(list: &TrustList, now: Wall) -> Markup {
    let (symbol, tone, words) = words::trust::age(list.age(now));
    html! {
        tr {
            th scope="row" { (list.name) }
            td data-of=(of(COLUMNS[1])) { (two(words::trust::kind(list.kind))) }
            td.number data-of=(of(COLUMNS[2])) { (count(list.entries)) }
            td data-of=(of(COLUMNS[3])) { (full_time(list.as_of)) " · " (ago(list.as_of, now)) }
            td data-of=(of(COLUMNS[4])) {
                span class={ "mark " (tone) } { i aria-hidden="true" { (symbol) } (two(words)) }
            }
        }
    }
}
