//! Reads a draft: the file from which a bundle is made. `profiles/README.md` lists every key.

use jiff::Timestamp;

use super::{Bundle, File, List, Notice, Thresholds};
use crate::base::{Slug, Wall};
use crate::config::error::{Mistakes, Report};
use crate::config::profile_file::{SHIPPED, read_profiles};
use crate::config::section::{Kind, Section, integer, name, one_of, read_file, text};
use crate::config::site_file::{local_plates, screening};
use crate::model::AreaMode;

/// Reads a further file that the draft names; the error completes "…: ".
type Load<'l> = dyn FnMut(&str) -> Result<String, String> + 'l;

/// Reads the draft `text` of `file` and the profile files that it names.
///
/// # Errors
///
/// Everything that is wrong with it or with those.
pub fn read_draft(file: &str, text: &str, load: &mut Load<'_>) -> Result<Bundle, Mistakes> {
    read_file(file, text, |report, table| draft(report, table, load))
}

fn draft(report: &mut Report<'_>, mut table: Section<'_>, load: &mut Load<'_>) -> Option<Bundle> {
    let table = &mut table;
    let modes = AreaMode::ALL.map(|mode| (mode.name(), mode));
    let version = table.need(report, "version", &integer(1..=i64::MAX));
    let mut sites: Vec<Slug> = table.list(report, "sites", &name());
    if sites.is_empty() {
        table.misfit(report, "sites", "must name at least one place");
    }
    let from = table.need(report, "from", &moment());
    let until = table.need(report, "until", &moment());
    let notice = table.get(report, "notice", &integer(1..=999_999u32));
    let mode = table.get_or(report, "mode", &one_of(&modes), AreaMode::Normal);
    let mode_after = table.need(report, "mode_after", &one_of(&modes));
    let thresholds = Thresholds::of(&screening(report, table));
    let files = files(report, table, load);
    let profiles = table.list(report, "profiles", &name());
    let profiles = profiles_in_force(report, table, &files, profiles);
    let notices = notices(report, table);
    if notice.is_some_and(|number| !notices.iter().any(|notice| notice.number == number)) {
        table.misfit(report, "notice", "must be the number of one of the tables headed [[notice_text]]");
    }
    let lists = lists(report, table);
    let local_plates = local_plates(report, table);
    table.note_unknown(report);
    sites.sort();
    Some(Bundle {
        version: u64::try_from(version?).ok()?,
        sites,
        from: from?,
        until: Some(until?),
        notice,
        notices,
        mode,
        mode_after: mode_after?,
        thresholds,
        profiles,
        files,
        lists,
        local_plates: Some(local_plates).filter(|prefixes| !prefixes.is_empty()),
    })
}

fn files(report: &mut Report<'_>, table: &mut Section<'_>, load: &mut Load<'_>) -> Vec<File> {
    let known: Vec<(&str, (&str, &str))> =
        SHIPPED.iter().map(|shipped| (stem(shipped.0), *shipped)).collect();
    let shipped = table.list(report, "shipped", &one_of(&known));
    let mut files: Vec<File> = shipped
        .into_iter()
        .map(|(name, text)| File { name: name.to_owned(), text: text.to_owned() })
        .collect();
    for name in table.list(report, "profile_files", &text(256)) {
        match load(&name) {
            Ok(text) => files.push(File { name, text }),
            Err(error) => table.misfit(report, "profile_files", format!("{name}: {error}")),
        }
    }
    if files.is_empty() {
        table.misfit(report, "profile_files", "must name a file here, or one under shipped");
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// The part of a file's name that a draft says.
fn stem(file: &str) -> &str {
    let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
    name.strip_suffix(".toml").unwrap_or(name)
}

/// Those that the draft names, or all of its files.
fn profiles_in_force(
    report: &mut Report<'_>,
    table: &Section<'_>,
    files: &[File],
    named: Vec<Slug>,
) -> Vec<Slug> {
    let mut known: Vec<Slug> = Vec::new();
    for File { name, text } in files {
        match read_profiles(name, text) {
            Ok(profiles) => known.extend(profiles.into_iter().map(|profile| profile.id)),
            Err(mistakes) => mistakes.as_slice().iter().for_each(|mistake| report.also(mistake.clone())),
        }
    }
    known.sort();
    if let Some(pair) = known.windows(2).find(|pair| pair[0] == pair[1]) {
        table.misfit(report, "profile_files", format!("profile {} is in two of the files", pair[0]));
    }
    if named.is_empty() {
        return known;
    }
    for id in named.iter().filter(|id| !known.contains(id)) {
        table.misfit(report, "profiles", format!("{id}: must be a profile of one of the files"));
    }
    let mut named = named;
    named.sort();
    named
}

fn notices(report: &mut Report<'_>, table: &mut Section<'_>) -> Vec<Notice> {
    let mut notices = Vec::new();
    for mut table in table.tables(report, "notice_text") {
        let number = table.need(report, "number", &integer(1..=999_999u32));
        let title_zh = table.need(report, "title_zh", &text(120));
        let title_en = table.need(report, "title_en", &text(120));
        let sha256 = table.need(report, "sha256", &sha256());
        table.note_unknown(report);
        let (Some(number), Some(title_zh), Some(title_en), Some(sha256)) =
            (number, title_zh, title_en, sha256)
        else {
            continue;
        };
        if notices.iter().any(|known: &Notice| known.number == number) {
            table.misfit(report, "number", "must be the number of one notice only");
        }
        notices.push(Notice { number, title_zh, title_en, sha256 });
    }
    notices.sort();
    notices
}

fn lists(report: &mut Report<'_>, table: &mut Section<'_>) -> Vec<List> {
    let mut lists = Vec::new();
    for mut table in table.tables(report, "list") {
        let name: Option<Slug> = table.need(report, "name", &name());
        let sha256 = table.need(report, "sha256", &sha256());
        table.note_unknown(report);
        let (Some(name), Some(sha256)) = (name, sha256) else { continue };
        if lists.iter().any(|known: &List| known.name == name) {
            table.misfit(report, "name", "must be the name of one list only");
        }
        lists.push(List { name, sha256 });
    }
    lists.sort();
    lists
}

fn sha256() -> Kind<'static, [u8; 32]> {
    Kind::new("the 64 hexadecimal digits of a SHA-256", |value| {
        data_encoding::HEXLOWER_PERMISSIVE.decode(value.as_str()?.as_bytes()).ok()?.try_into().ok()
    })
}

fn moment() -> Kind<'static, Wall> {
    Kind::new("a time with its offset from UTC, such as \"2026-12-01T00:00:00+08:00\"", |value| {
        value.as_str()?.parse::<Timestamp>().ok().map(|time| Wall(time.as_millisecond()))
    })
}
