//! Reads `kiosk.toml`.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use super::badge::BadgeHash;
use super::bundle::{File, SignerKey};
use super::error::{Mistakes, Report};
use super::list::rule_file::lists;
use super::mqtt::mqtt;
use super::policy::Policy;
use super::profile::{Profile, Profiles};
use super::profile_file::{SHIPPED, read_profiles, shipped};
use super::section::{Kind, Section, integer, name, number, one_of, path, read_file, text};
use super::site::{Attendant, Lane, PinHash, PlaceCodeRules, PostRules, Site, Web};
use super::step_rule::Ask;
use crate::base::{CentiCelsius, LaneId, Slug};
use crate::model::training::PRACTICE_NAMES;
use crate::model::{
    BodySite, Class, Direction, Picture, PlatePrefix, Post, Role, ScreeningRule, SubjectKind, Title,
};

/// Most memory that checking a PIN may take, in KiB: 64 MiB, half of what the smallest board has to spare.
const PIN_MEMORY_KIB_MAX: u32 = 64 * 1024;

/// Reads a further profile file that the site names; the error completes "…: ".
pub(super) type Load<'l> = dyn FnMut(&str) -> Result<String, String> + 'l;

pub(super) fn parse(file: &str, text: &str, load: &mut Load<'_>) -> Result<Site, Mistakes> {
    read_file(file, text, |report, table| site(report, table, load))
}

fn site(report: &mut Report<'_>, mut file: Section<'_>, load: &mut Load<'_>) -> Option<Site> {
    let kiosk = file.need(report, "id", &name());
    let title = file.need(report, "title", &text(120));
    let place = file.need(report, "site", &name());
    let utc_offset_minutes = file.need(report, "utc_offset", &offset());
    let state = file.get_or(report, "state", &absolute(), PathBuf::from("/var/lib/kakou"));
    let roster = file.get_or(report, "roster", &absolute(), state.join("roster.bin"));
    let hub = file.get(report, "hub", &hub_address());
    let notice = file.get(report, "notice", &integer(1..=999_999u32));
    let days = file.get_or(report, "personal_retention_days", &integer(1..=30u64), 14);
    let record_days = file.get_or(report, "record_retention_days", &integer(30..=3_650u64), 90);
    let pictures =
        file.list(report, "pictures", &one_of(&Picture::VERDICTS.map(|verdict| (verdict.name(), verdict))));
    let signers = signers(report, &mut file);
    let web = web(report, &mut file);
    let mqtt = mqtt(report, &mut file, kiosk.as_ref());
    let screening = screening(report, &mut file);
    let local_plates = local_plates(report, &mut file);
    let (available, files) = profiles(report, &mut file, load);
    let lanes = lanes(report, &mut file, &available);
    let attendants = attendants(report, &mut file);
    signed_by_somebody(report, &mut file, &lanes, &attendants);
    let lists = lists(report, &mut file);
    let post = post_rules(report, &mut file);
    let place_code = place_code(report, &mut file);
    let used = |profile: &&Profile| lanes.iter().any(|lane| lane.profiles.by_id(&profile.id).is_some());
    let profiles: Vec<Profile> = available.iter().filter(used).cloned().collect();
    let personal_retention = Duration::from_secs(days * 86_400);
    note_forgotten(report, &file, &profiles, personal_retention);
    file.finish(report);
    let needed = |file: &File| {
        let read = read_profiles(&file.name, &file.text).unwrap_or_default();
        read.iter().any(|profile| profiles.iter().any(|used| used.id == profile.id))
    };
    let profile_files = files.into_iter().filter(needed).collect();
    Some(Site {
        kiosk: kiosk?,
        title: title?,
        site: place?,
        utc_offset_minutes: utc_offset_minutes?,
        state,
        roster,
        web,
        hub,
        mqtt,
        personal_retention,
        record_retention: Duration::from_secs(record_days * 86_400),
        pictures,
        place_code,
        lanes,
        lists,
        attendants,
        post,
        policy: Policy::new(notice, screening, profiles).with_local_plates(local_plates),
        signers,
        profile_files,
    })
}

/// Nobody is recognised of whom everything is forgotten: what was earlier than that would count as if it had not been.
fn note_forgotten(report: &mut Report<'_>, file: &Section<'_>, profiles: &[Profile], kept: Duration) {
    if let Some(profile) = profiles.iter().find(|profile| profile.looks_back() > kept) {
        let days = profile.looks_back().as_secs().div_ceil(86_400);
        let said = format!("must be at least {days}: profile {} asks what was so long ago", profile.id);
        file.misfit(report, "personal_retention_days", said);
    }
}

/// Two people sign, so one key would never be enough.
fn signers(report: &mut Report<'_>, file: &mut Section<'_>) -> Vec<SignerKey> {
    let key = Kind::new("the 64 hexadecimal digits that `kakou policy key` prints", |value| {
        value.as_str()?.parse::<SignerKey>().ok()
    });
    let signers = file.list(report, "policy_signers", &key);
    let different: BTreeSet<&SignerKey> = signers.iter().collect();
    if signers.len() == 1 || different.len() != signers.len() {
        file.misfit(report, "policy_signers", "must name the keys of at least two people, each once");
    }
    signers
}

fn web(report: &mut Report<'_>, file: &mut Section<'_>) -> Web {
    let default = Web::default();
    let Some(mut table) = file.table(report, "web") else { return default };
    let address =
        Kind::new("an address and port such as \"127.0.0.1:8080\"", |value| value.as_str()?.parse().ok());
    let listen: SocketAddr = table.get_or(report, "listen", &address, default.listen);
    let hosts = table.list(report, "hosts", &host());
    if !listen.ip().is_loopback() && hosts.is_empty() {
        table.misfit(
            report,
            "hosts",
            "must name the kiosk's names or addresses, because listen is not loopback",
        );
    }
    table.finish(report);
    Web { listen, hosts }
}

fn post_rules(report: &mut Report<'_>, file: &mut Section<'_>) -> Option<PostRules> {
    let mut table = file.table(report, "post")?;
    let minutes = integer(1..=240u64);
    let least = table.get_or(report, "ask_after_minutes_min", &minutes, 20);
    let most = table.get_or(report, "ask_after_minutes_max", &minutes, 40);
    if most < least {
        table.misfit(report, "ask_after_minutes_max", "must be at least ask_after_minutes_min");
    }
    let answer_within_s = table.get_or(report, "answer_within_s", &integer(15..=1_800u64), 120);
    let staffed_within_s = table.get(report, "staffed_within_s", &integer(30..=86_400u64));
    table.finish(report);
    Some(PostRules {
        ask_after: [least, most].map(|minutes| Duration::from_secs(minutes * 60)),
        answer_within: Duration::from_secs(answer_within_s),
        staffed_within: staffed_within_s.map(Duration::from_secs),
    })
}

fn place_code(report: &mut Report<'_>, file: &mut Section<'_>) -> Option<PlaceCodeRules> {
    let mut table = file.table(report, "place_code")?;
    let every_s = table.need(report, "every_s", &integer(30..=600u32));
    let prefix = table.get_or(report, "prefix", &text(100), String::new());
    table.finish(report);
    Some(PlaceCodeRules { every_s: every_s?, prefix })
}

/// The beginnings of local plates, in rising order.
pub(super) fn local_plates(report: &mut Report<'_>, file: &mut Section<'_>) -> Vec<PlatePrefix> {
    let expected =
        "a province and the letter of its authority such as \"川A\", or a province alone such as \"川\"";
    let prefix = Kind::new(expected, |value| value.as_str()?.parse::<PlatePrefix>().ok());
    let mut prefixes = file.list(report, "local_plates", &prefix);
    prefixes.sort();
    prefixes
}

pub(super) fn screening(report: &mut Report<'_>, file: &mut Section<'_>) -> ScreeningRule {
    let mut table = file.table(report, "thermometry");
    let mut degrees = |key, low: f64, high: f64, default: f64| {
        let value = table.as_mut().and_then(|table| table.get(report, key, &number(low..=high)));
        value.unwrap_or(default)
    };
    let plain = ScreeningRule::PLAIN;
    let threshold = degrees("threshold_c", 36.0, 40.0, plain.threshold.degrees());
    let guard = degrees("guard_c", 0.0, 1.0, 0.3);
    let correction = degrees("correction_c", -2.0, 2.0, 0.0);
    let cold = degrees("cold_c", 25.0, 35.9, plain.cold.degrees());
    let hot = degrees("hot_c", 40.1, 50.0, plain.hot.degrees());
    let ceiling = degrees("ceiling_c", 37.0, 41.0, plain.ceiling.degrees());
    let implausible = degrees("implausible_c", 33.0, 36.2, plain.implausible.degrees());
    let outdoor = degrees("outdoor_c", -10.0, 25.0, plain.outdoor.degrees());
    let low = degrees("surroundings_c_min", 5.0, 25.0, plain.surroundings[0].degrees());
    let high = degrees("surroundings_c_max", 25.0, 38.0, plain.surroundings[1].degrees());
    let sites = BodySite::ALL.map(|site| (site.name(), site));
    let site = table.as_mut().and_then(|table| table.get(report, "site", &one_of(&sites)));
    let site = site.unwrap_or(plain.site);
    let second_site = table.as_mut().and_then(|table| table.get(report, "second_site", &one_of(&sites)));
    let outdoor_hot =
        table.as_mut().and_then(|table| table.get(report, "outdoor_hot_c", &number(25.0..=45.0)));
    let factor =
        table.as_mut().and_then(|table| table.get(report, "surroundings_factor", &number(0.0..=1.0)));
    if let Some(table) = table {
        if second_site == Some(site) {
            table.misfit(report, "second_site", "must be another than site");
        }
        if ceiling < threshold {
            table.misfit(report, "ceiling_c", "must not be below threshold_c");
        }
        table.finish(report);
    }
    ScreeningRule {
        threshold: celsius(threshold),
        guard: hundredths(guard),
        correction: hundredths(correction),
        factor: factor.map_or(site.factor(), |factor| hundredths(factor * 10.0)),
        cold: celsius(cold),
        hot: celsius(hot),
        ceiling: celsius(ceiling),
        implausible: celsius(implausible),
        outdoor: celsius(outdoor),
        surroundings: [celsius(low), celsius(high)],
        site,
        second_site,
        outdoor_hot: outdoor_hot.map(celsius),
    }
}

/// The profiles to choose from, and the files that they are in.
fn profiles(
    report: &mut Report<'_>,
    file: &mut Section<'_>,
    load: &mut Load<'_>,
) -> (Vec<Profile>, Vec<File>) {
    let mut profiles = shipped().unwrap_or_default();
    let mut files: Vec<File> = SHIPPED
        .iter()
        .map(|(name, text)| File { name: (*name).to_owned(), text: (*text).to_owned() })
        .collect();
    for name in file.list(report, "profile_files", &text(256)) {
        match load(&name).map(|text| (read_profiles(&name, &text), text)) {
            Ok((Ok(more), text)) => {
                profiles.extend(more);
                files.push(File { name, text });
            }
            Ok((Err(mistakes), _)) => {
                mistakes.as_slice().iter().for_each(|mistake| report.also(mistake.clone()));
            }
            Err(error) => file.misfit(report, "profile_files", format!("{name}: {error}")),
        }
    }
    (profiles, files)
}

const TAKES: [(&str, SubjectKind); 2] = [("person", SubjectKind::Person), ("vehicle", SubjectKind::Vehicle)];

const DIRECT: [(&str, &[Direction]); 3] = [
    ("inbound", &[Direction::Inbound]),
    ("outbound", &[Direction::Outbound]),
    ("both", &[Direction::Inbound, Direction::Outbound]),
];

fn lanes(report: &mut Report<'_>, file: &mut Section<'_>, available: &[Profile]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for mut table in file.some_tables(report, "lane") {
        let Some(lane) = lane(report, &mut table, available) else { continue };
        if lanes.iter().any(|known| known.id == lane.id) {
            table.misfit(report, "id", "must be the name of one lane only");
        }
        lanes.push(lane);
    }
    lanes
}

fn lane(report: &mut Report<'_>, table: &mut Section<'_>, available: &[Profile]) -> Option<Lane> {
    let id: Option<LaneId> = table.need(report, "id", &name());
    if let Some(id) = &id {
        table.rename(format!("lane[{id}]."));
    }
    if id.as_ref().is_some_and(|id| id.as_str().starts_with(PRACTICE_NAMES)) {
        table.misfit(
            report,
            "id",
            format!("must not begin with {PRACTICE_NAMES}: lanes in training are called so"),
        );
    }
    let title = table.need(report, "title", &text(120));
    let takes = table.need(report, "takes", &one_of(&TAKES));
    let directions = table.need(report, "direct", &one_of(&DIRECT));
    let profiles = lane_profiles(report, table, available, takes, directions);
    let pass_within_s = table.get_or(report, "pass_within_s", &integer(3..=300u64), 15);
    let clear_for_ms = table.get_or(report, "clear_for_ms", &integer(200..=30_000u64), 1_000);
    let leave_after_s = table.get_or(report, "leave_after_s", &integer(1..=120u64), 5);
    table.note_unknown(report);
    Some(Lane {
        id: id?,
        title: title?,
        takes: takes?,
        directions: directions?.to_vec(),
        profiles: profiles?,
        pass_within: Duration::from_secs(pass_within_s),
        clear_for: Duration::from_millis(clear_for_ms),
        leave_after: Duration::from_secs(leave_after_s),
    })
}

fn lane_profiles(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    available: &[Profile],
    takes: Option<SubjectKind>,
    directions: Option<&[Direction]>,
) -> Option<Profiles> {
    let ids: Vec<Slug> = table.list(report, "profiles", &name());
    let profiles = match Profiles::only(available, &ids) {
        Ok(profiles) => profiles,
        Err(conflict) => {
            let known: Vec<&str> = available.iter().map(|profile| profile.id.as_str()).collect();
            table.misfit(report, "profiles", format!("{conflict}; known are {}", known.join(", ")));
            return None;
        }
    };
    for &direction in directions? {
        if profiles.choose(takes?, direction, Class::Unknown).is_none() {
            let expected =
                format!("must have one for a {takes:?} going {direction:?} of any class", takes = takes?);
            table.misfit(report, "profiles", expected.to_lowercase());
        }
    }
    Some(profiles)
}

fn attendants(report: &mut Report<'_>, file: &mut Section<'_>) -> Vec<Attendant> {
    let mut attendants: Vec<Attendant> = Vec::new();
    for mut table in file.tables(report, "attendant") {
        let Some(attendant) = attendant(report, &mut table) else { continue };
        if attendants.iter().any(|known| known.id == attendant.id) {
            table.misfit(report, "id", "must be the name of one attendant only");
        }
        if attendant.badge.is_some() && attendants.iter().any(|known| known.badge == attendant.badge) {
            // By the name: what is on a badge, or its hash, is not quoted.
            table.misfit(report, "id", "must have a badge of their own, or none");
        }
        attendants.push(attendant);
    }
    attendants
}

/// A signature of a role that nobody here has would keep everybody out of whom it is asked.
fn signed_by_somebody(
    report: &mut Report<'_>,
    file: &mut Section<'_>,
    lanes: &[Lane],
    attendants: &[Attendant],
) {
    let role = |attendant: &Attendant| attendant.post.as_ref().map(|post| post.role).unwrap_or_default();
    let profiles = lanes.iter().flat_map(|lane| lane.profiles.iter());
    let steps = profiles.flat_map(|profile| profile.steps.iter().map(move |step| (profile, step)));
    let missing = steps.filter_map(|(profile, step)| {
        let Ask::SignOff { by, second_by, .. } = &step.ask else { return None };
        let nobody = |roles: &Vec<Role>| {
            !roles.is_empty() && !attendants.iter().any(|attendant| roles.contains(&role(attendant)))
        };
        [by, second_by].into_iter().any(nobody).then_some((&profile.id, &step.id))
    });
    // Where nobody can sign in at all, that is what is wrong.
    let missing: BTreeSet<_> = missing.filter(|_| !attendants.is_empty()).collect();
    for (profile, step) in missing {
        let said = format!("must name somebody whose role may sign step {step} of profile {profile}");
        file.misfit(report, "attendant", said);
    }
}

fn attendant(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Attendant> {
    let id = table.need(report, "id", &name());
    if let Some(id) = &id {
        table.rename(format!("attendant[{id}]."));
    }
    let shown = table.need(report, "name", &text(60));
    let pin = table.need_hidden(report, "pin", &pin());
    let hash = Kind::new("a hash, as `kakou badge` prints it", |value| BadgeHash::parse(value.as_str()?));
    let badge = table.get_hidden(report, "badge", &hash);
    let post = post(report, table);
    table.note_unknown(report);
    Some(Attendant { id: id?, name: shown?, pin: pin?, badge, post })
}

/// As what and for whom; none where neither is said.
fn post(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Post> {
    let role = table.get(report, "role", &one_of(&Role::ALL.map(|role| (role.name(), role))));
    let zh = table.get(report, "agency_zh", &text(30));
    let en = table.get(report, "agency_en", &text(30));
    let agency = match (zh, en) {
        (Some(zh), Some(en)) => Some(Title { zh, en }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            table.misfit(report, "agency_zh", "must be given together with agency_en");
            None
        }
    };
    (role.is_some() || agency.is_some()).then(|| Post { role: role.unwrap_or_default(), agency })
}

fn pin() -> Kind<'static, PinHash> {
    Kind::new("an argon2id string, as `kakou pin` prints it", |value| {
        let written = value.as_str().filter(|text| text.len() <= 256)?;
        let hash = PasswordHash::new(written).ok()?;
        let cost = Params::try_from(&hash).ok()?;
        let payable = cost.m_cost() <= PIN_MEMORY_KIB_MAX && cost.t_cost() <= 10 && cost.p_cost() <= 4;
        let good =
            hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some() && payable;
        good.then(|| PinHash(written.to_owned()))
    })
}

fn offset() -> Kind<'static, i16> {
    Kind::new("an offset from UTC such as \"+08:00\", at most 14 hours", |value| {
        let (sign, rest) = value.as_str()?.split_at_checked(1)?;
        let (hours, minutes) = rest.split_once(':').filter(|_| rest.len() == 5)?;
        let digits =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok())?;
        let ahead = digits(hours)? * 60 + digits(minutes).filter(|minutes| *minutes < 60)?;
        let ahead = match sign {
            "+" => ahead,
            "-" => -ahead,
            _ => return None,
        };
        (-840..=840).contains(&ahead).then_some(ahead)
    })
}

fn absolute() -> Kind<'static, PathBuf> {
    path().and("an absolute path", |path: &PathBuf| Path::is_absolute(path))
}

fn host() -> Kind<'static, String> {
    Kind::new("a host name or an address, without port", |value| {
        let written = value.as_str()?;
        is_host(written).then(|| written.to_owned())
    })
}

fn is_host(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let named = (1..=253).contains(&text.len()) && text.bytes().all(letter) && !text.starts_with(['-', '.']);
    named || text.parse::<IpAddr>().is_ok()
}

/// What carries records about people over a network is encrypted; on loopback nobody else listens.
fn hub_address() -> Kind<'static, String> {
    Kind::new("https://host[:port], or http:// with a loopback address only", |value| {
        let written = value.as_str()?.strip_suffix('/').unwrap_or(value.as_str()?);
        let (scheme, authority) = written.split_once("://")?;
        let (host, _) = host_and_port(authority)?;
        let allowed = scheme == "https" || (scheme == "http" && is_loopback(&host));
        allowed.then(|| written.to_owned())
    })
}

/// Host, without the brackets of an IPv6 address, and port, if there is one; `None` when they are none.
pub(super) fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let port = match port {
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?),
        None => None,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let bracketed = bare.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()) == (bare != host);
    (bracketed && is_host(bare)).then(|| (bare.to_owned(), port))
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `degrees` are within the range of their key.
fn celsius(degrees: f64) -> CentiCelsius {
    CentiCelsius::from_degrees(degrees).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
}

/// `value` times 100; 0 for what does not fit, which the ranges of the keys leave out.
fn hundredths<T: TryFrom<i32> + Default>(value: f64) -> T {
    let whole = CentiCelsius::from_degrees(value).map_or(0, CentiCelsius::get);
    T::try_from(whole).unwrap_or_default()
}
