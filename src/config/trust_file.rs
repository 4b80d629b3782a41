//! Reads the file that says which lists of others a hub makes its file of trust of.
//!
//! ```toml
//! blocked = ["d919375fc1e7b6b2"]   # keys that are left out: their names, in hexadecimal or as they are written
//!
//! [[list]]
//! name = "eu-dsc"
//! kind = "hcert-keys"
//! path = "eu-dsc"                  # a file, or a folder with all that is in it; from this file's folder on
//! as_of = "2026-11-28T08:00:00Z"   # when it was fetched; left out: when the newest of its files was written
//! warn_after_h = 36
//! refuse_after_h = 168
//! issuer = "https://a.example"     # of shc-keys: whose keys they are, needed where the files do not say so
//! ```

use std::path::PathBuf;

use jiff::Timestamp;

use super::error::{Mistakes, Report};
use super::section::{Kind, Section, integer, name, one_of, path, read_file, text};
use crate::base::{Slug, Wall};
use crate::model::trust_list::{REFUSE_AFTER_H, TrustListKind, WARN_AFTER_H};

/// Most lists; each has a number of its own in the file of trust.
pub const LISTS_MAX: usize = 200;

/// What a file of trust is to be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSources {
    /// Names of keys that are left out, whichever list has them.
    pub blocked: Vec<String>,
    /// The lists, at least one.
    pub lists: Vec<TrustSource>,
}

/// One list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSource {
    /// What it is called.
    pub name: Slug,
    /// What it is about.
    pub kind: TrustListKind,
    /// File or folder.
    pub path: PathBuf,
    /// As of when, where that is said.
    pub as_of: Option<Wall>,
    /// From which age on people are told, in hours.
    pub warn_after_h: u32,
    /// From which age on nothing is believed by it, in hours.
    pub refuse_after_h: u32,
    /// Whose keys it lists, where its files do not say so.
    pub issuer: Option<String>,
}

impl TrustSources {
    /// Reads the `text` of `file`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        read_file(file, text, sources)
    }
}

fn sources(report: &mut Report<'_>, mut file: Section<'_>) -> Option<TrustSources> {
    let blocked = file.list(report, "blocked", &text(200));
    let rows = file.some_tables(report, "list");
    if rows.len() > LISTS_MAX {
        file.misfit(report, "list", format!("must be at most {LISTS_MAX}"));
    }
    let mut lists: Vec<TrustSource> = vec![];
    for mut row in rows {
        let place = row.place("name");
        let key = row.key("name");
        let Some(list) = source(report, &mut row) else {
            row.finish(report);
            continue;
        };
        row.finish(report);
        if lists.iter().any(|other| other.name == list.name) {
            report.value(place, key, "must be given to one list");
        }
        lists.push(list);
    }
    file.finish(report);
    Some(TrustSources { blocked, lists })
}

fn source(report: &mut Report<'_>, row: &mut Section<'_>) -> Option<TrustSource> {
    let kinds = TrustListKind::ALL.map(|kind| (kind.name(), kind));
    let hours = integer(1..=100_000u32);
    let name = row.need(report, "name", &name());
    let kind = row.need(report, "kind", &one_of(&kinds));
    let path = row.need(report, "path", &path());
    let as_of = row.get(report, "as_of", &moment());
    let warn_after_h = row.get_or(report, "warn_after_h", &hours, WARN_AFTER_H);
    let refuse_after_h = row.get_or(report, "refuse_after_h", &hours, REFUSE_AFTER_H);
    if refuse_after_h < warn_after_h {
        row.misfit(report, "refuse_after_h", "must not be before warn_after_h: nobody would be told");
    }
    let address = text(400)
        .and("an address with https:// and without a slash at its end", |text: &String| {
            text.starts_with("https://") && !text.ends_with('/')
        });
    let issuer = row.get(report, "issuer", &address);
    if issuer.is_some() && kind.is_some_and(|kind| kind != TrustListKind::ShcKeys) {
        row.misfit(report, "issuer", "must be left out but for shc-keys");
    }
    Some(TrustSource { name: name?, kind: kind?, path: path?, as_of, warn_after_h, refuse_after_h, issuer })
}

fn moment() -> Kind<'static, Wall> {
    let read = |text: &str| text.parse::<Timestamp>().ok().map(|moment| Wall(moment.as_millisecond()));
    Kind::new("a time such as \"2026-11-28T08:00:00Z\"", move |value| read(value.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_its_defaults() {
        let text = "blocked = [\"ab\"]\n[[list]]\nname = \"a\"\nkind = \"hcert-keys\"\npath = \"a\"\n\
                    [[list]]\nname = \"b\"\nkind = \"shc-keys\"\npath = \"b\"\nas_of = \"1970-01-01T00:00:01Z\"\n\
                    warn_after_h = 1\nrefuse_after_h = 2\nissuer = \"https://a.example\"\n";
        let read = TrustSources::parse("trust.toml", text).unwrap();
        assert_eq!((read.blocked.as_slice(), read.lists.len()), (&["ab".to_owned()][..], 2));
        assert_eq!((read.lists[0].warn_after_h, read.lists[0].refuse_after_h), (36, 168));
        assert_eq!((read.lists[1].as_of, read.lists[1].warn_after_h), (Some(Wall(1_000)), 1));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |text: &str| TrustSources::parse("trust.toml", text).unwrap_err().to_string();
        let list = |more: &str| format!("[[list]]\nname = \"a\"\nkind = \"rules\"\npath = \"a\"\n{more}\n");
        for (text, says) in [
            (list("as_of = \"today\""), "trust.toml:5: list[1].as_of"),
            (list("refuse_after_h = 1"), "must not be before warn_after_h"),
            (list("issuer = \"https://a.example\""), "must be left out but for shc-keys"),
            (list("issuer = \"a.example/\""), "must be an address with https://"),
            (list("other = 1"), "unknown key"),
            (format!("{}{}", list(""), list("")), "must be given to one list"),
            ("blocked = []".to_owned(), "list"),
            (list("").replace("rules", "keys"), "must be \"hcert-keys\" or "),
        ] {
            let said = said(&text);
            assert!(said.contains(says), "{said}");
        }
    }
}
