//! Who may change a list, and what is held or refused; what is in force stays in all but one case.

use kakou::base::{EditionId, Wall};
use kakou::config::list::change::Push;
use kakou::config::list::{Changes, ListFile, Pushed, Refused};

use crate::fixtures::*;

#[test]
fn a_push_by_one_issuer_alone_is_held_until_another_accepts_exactly_that() {
    let (before, after) = (people(0..10), people(5..12));
    let file = in_force(&before);
    let police = [issuer("police")];
    let (held, pushed, changes) = file.push(&rule(), &push(&after, &police)).unwrap();
    assert_eq!(pushed, Pushed::HeldForSecond);
    assert_eq!(changes, Changes { added: 2, removed: 5, altered: 0 });
    assert_eq!(listed(&held), before, "what is in force stays");
    assert_eq!(held.in_force(), file.in_force());
    let id = held.held().unwrap().id();
    assert_eq!(held.held_changes(NOW), Some(changes));
    let other = EditionId([9; 16]);
    assert_eq!(held.accept(&rule(), &issuer("street"), other, NOW), Err(Refused::OtherEdition { held: id }));
    let accepted = held.accept(&rule(), &issuer("street"), id, NOW).unwrap();
    assert_eq!((listed(&accepted), accepted.held()), (after, None));
    let edition = accepted.in_force().unwrap();
    assert_eq!(edition.pushed_by(), Some(&issuer("police")));
    assert_eq!(edition.accepted(), Some((&issuer("street"), NOW)));
}

#[test]
fn nobody_accepts_what_they_pushed_and_no_stranger_pushes_accepts_or_drops() {
    let file = in_force(&people(0..3));
    let one = people(0..4);
    let (health, stranger) = (issuer("health"), issuer("somebody"));
    let by = [health.clone()];
    let (held, ..) = file.push(&rule(), &push(&one, &by)).unwrap();
    let id = held.held().unwrap().id();
    assert_eq!(held.accept(&rule(), &health, id, NOW), Err(Refused::SameIssuer(health.clone())));
    assert_eq!(held.accept(&rule(), &stranger, id, NOW), Err(Refused::NoIssuer(stranger.clone())));
    assert_eq!(held.drop_held(&rule(), &stranger), Err(Refused::NoIssuer(stranger.clone())));
    let pushed = |issuers: &[_]| file.push(&rule(), &push(&one, issuers)).map(|(_, pushed, _)| pushed);
    assert_eq!(pushed(std::slice::from_ref(&stranger)), Err(Refused::NoIssuer(stranger.clone())));
    assert_eq!(pushed(&[health.clone(), stranger.clone()]), Err(Refused::NoIssuer(stranger)));
    assert_eq!(pushed(&[health.clone(), health.clone()]), Err(Refused::SameIssuer(health.clone())));
    assert_eq!(pushed(&[]), Err(Refused::IssuerCount));
    let three = [health, issuer("street"), issuer("police")];
    assert_eq!(pushed(&three), Err(Refused::IssuerCount));
}

#[test]
fn what_an_issuer_pushed_who_is_struck_off_since_cannot_be_accepted() {
    let entries = people(0..4);
    let health = [issuer("health")];
    let (held, ..) = ListFile::default().push(&rule(), &push(&entries, &health)).unwrap();
    let mut since = rule();
    since.issuers.retain(|name| *name != issuer("health"));
    let id = held.held().unwrap().id();
    assert_eq!(held.accept(&since, &issuer("street"), id, NOW), Err(Refused::NoIssuer(issuer("health"))));
    assert!(held.drop_held(&since, &issuer("street")).is_ok());
}

#[test]
fn one_thousand_three_hundred_and_seventeen_entries_from_one_issuer_are_held_and_the_list_in_force_stays() {
    let file = in_force(&people(0..20));
    let (many, health) = (people(0..1_317), [issuer("health")]);
    let (held, pushed, changes) = file.push(&rule(), &push(&many, &health)).unwrap();
    assert_eq!((pushed, changes.added), (Pushed::HeldForSecond, 1_297));
    assert_eq!(listed(&held), people(0..20));
}

#[test]
fn two_issuers_change_a_little_at_once_and_much_only_when_the_second_accepts_it() {
    let file = in_force(&people(0..100));
    let two = [issuer("police"), issuer("health")];
    let (little, much) = (people(25..125), people(25..126));
    let (after, pushed, changes) = file.push(&rule(), &push(&little, &two)).unwrap();
    assert_eq!((pushed, changes.total()), (Pushed::InForce, 50), "exactly the bulk passes");
    assert_eq!(listed(&after), little);
    let (held, pushed, changes) = file.push(&rule(), &push(&much, &two)).unwrap();
    assert_eq!((pushed, changes.total()), (Pushed::HeldForBulk, 51));
    assert_eq!(listed(&held), people(0..100));
    let (again, pushed, _) = held.push(&rule(), &push(&much, &two)).unwrap();
    assert_eq!(
        (pushed, listed(&again)),
        (Pushed::HeldForBulk, people(0..100)),
        "saying it twice is no acceptance"
    );
    let turned = [issuer("health"), issuer("police")];
    let (again, pushed, _) = held.push(&rule(), &push(&much, &turned)).unwrap();
    assert_eq!(
        (pushed, listed(&again)),
        (Pushed::HeldForBulk, people(0..100)),
        "nor is naming them the other way round"
    );
    let id = held.held().unwrap().id();
    assert_eq!(held.accept(&rule(), &issuer("police"), id, NOW), Err(Refused::SameIssuer(issuer("police"))));
    assert_eq!(listed(&held.accept(&rule(), &issuer("health"), id, NOW).unwrap()), much);
}

#[test]
fn every_kind_of_change_counts_towards_bulk_and_entries_that_are_over_do_not() {
    let file = in_force(&people(0..100));
    let two = [issuer("police"), issuer("health")];
    let of = |entries: &Entries| file.push(&rule(), &push(entries, &two)).unwrap();
    let (_, pushed, changes) = of(&people(0..49));
    assert_eq!((pushed, changes), (Pushed::HeldForBulk, Changes { removed: 51, ..Changes::default() }));
    let mut longer = people(0..100);
    longer.values_mut().take(51).for_each(|span| *span = days(11));
    let (_, pushed, changes) = of(&longer);
    assert_eq!((pushed, changes), (Pushed::HeldForBulk, Changes { altered: 51, ..Changes::default() }));
    let later = Push {
        entries: &people(0..49),
        issuers: &two,
        now: NOW + std::time::Duration::from_hours(240),
        source: None,
    };
    let (_, pushed, changes) = file.push(&rule(), &later).unwrap();
    assert_eq!((pushed, changes.total()), (Pushed::InForce, 0), "they were over at this very second");
    let sooner = Push { now: Wall(later.now.0 - 1), ..later };
    assert_eq!(file.push(&rule(), &sooner).unwrap().1, Pushed::HeldForBulk);
}

#[test]
fn over_the_cap_nothing_is_taken_not_even_to_be_held() {
    let file = in_force(&people(0..3));
    let (full, over) = (people(0..2_000), people(0..2_001));
    let health = [issuer("health")];
    let refused = file.push(&rule(), &push(&over, &health)).unwrap_err();
    assert_eq!(refused, Refused::OverCap { entries: 2_001, cap: 2_000 });
    let (held, ..) = file.push(&rule(), &push(&full, &health)).unwrap();
    let narrower = kakou::config::ListRule { cap: 1_999, ..rule() };
    let id = held.held().unwrap().id();
    let refused = held.accept(&narrower, &issuer("street"), id, NOW).unwrap_err();
    assert_eq!(
        refused,
        Refused::OverCap { entries: 2_000, cap: 1_999 },
        "the cap of the day on which it is accepted"
    );
}

#[test]
fn no_entry_lasts_longer_than_the_site_allows() {
    let health = [issuer("health")];
    let taken = |until: u32| {
        let entries = [(blind(1), kakou::config::list::rows::Span { from: 0, until })].into();
        ListFile::default().push(&rule(), &push(&entries, &health)).map(|(_, pushed, _)| pushed)
    };
    assert_eq!(taken(now_secs() + 30 * DAY), Ok(Pushed::HeldForSecond));
    assert_eq!(taken(now_secs() + 30 * DAY + 1), Err(Refused::TooLong { days_max: 30 }));
    let entries = [(blind(1), days(30))].into();
    let (held, ..) = ListFile::default().push(&rule(), &push(&entries, &health)).unwrap();
    let shorter = kakou::config::ListRule { days_max: 29, ..rule() };
    let id = held.held().unwrap().id();
    assert_eq!(held.accept(&shorter, &issuer("street"), id, NOW), Err(Refused::TooLong { days_max: 29 }));
}

#[test]
fn a_second_issuer_who_pushes_the_same_accepts_and_one_who_pushes_something_else_is_told() {
    let (some, others) = (people(0..80), people(0..81));
    let [health, street] = ["health", "street"].map(|name| [issuer(name)]);
    let (held, ..) = ListFile::default().push(&rule(), &push(&some, &health)).unwrap();
    let (_, pushed, _) = held.push(&rule(), &push(&some, &health)).unwrap();
    assert_eq!(pushed, Pushed::HeldForSecond, "the same issuer again is still one issuer");
    let refused = held.push(&rule(), &push(&others, &street)).unwrap_err();
    let id = held.held().unwrap().id();
    assert_eq!(refused, Refused::OtherHeld { by: issuer("health"), id });
    let (corrected, pushed, _) = held.push(&rule(), &push(&others, &health)).unwrap();
    assert_eq!(pushed, Pushed::HeldForSecond, "their own push they may correct");
    assert_ne!(corrected.held().unwrap().id(), id);
    let (after, pushed, _) = held.push(&rule(), &push(&some, &street)).unwrap();
    assert_eq!((pushed, listed(&after), after.held()), (Pushed::InForce, some, None));
    assert_eq!(after.in_force().unwrap().accepted(), Some((&issuer("street"), NOW)));
}

#[test]
fn dropping_what_is_held_leaves_what_is_in_force() {
    let file = in_force(&people(0..3));
    assert_eq!(file.drop_held(&rule(), &issuer("street")), Err(Refused::NothingHeld));
    assert_eq!(file.accept(&rule(), &issuer("street"), EditionId([0; 16]), NOW), Err(Refused::NothingHeld));
    let (held, ..) = file.push(&rule(), &push(&people(0..9), &[issuer("health")])).unwrap();
    assert_eq!(held.drop_held(&rule(), &issuer("street")), Ok(file));
}

#[test]
fn an_entry_keeps_the_two_who_put_it_there_until_it_is_changed() {
    let mut file = in_force(&people(0..3));
    let two = [issuer("police"), issuer("street")];
    let mut next = people(0..5);
    next.insert(blind(2), days(12));
    (file, ..) = file.push(&rule(), &push(&next, &two)).unwrap();
    let edition = file.in_force().unwrap();
    let who = |number| {
        let issuers = edition.rows().find(&blind(number)).unwrap().issuers;
        issuers.map(|index| edition.name(index).unwrap().as_str())
    };
    assert_eq!([who(0), who(1)], [["health", "street"]; 2]);
    assert_eq!([who(2), who(3), who(4)], [["police", "street"]; 3]);
}

#[test]
fn only_an_edition_in_force_sets_the_age() {
    let (old, new) = (people(0..3), people(0..4));
    let file = in_force(&old);
    let later = NOW + std::time::Duration::from_hours(5);
    let age = |file: &ListFile| file.in_force().unwrap().age(later);
    let hours = |hours| Some(std::time::Duration::from_hours(hours));
    assert_eq!(age(&file), hours(5));
    let alone = [issuer("health")];
    let push = Push { entries: &new, issuers: &alone, now: later, source: None };
    let (held, ..) = file.push(&rule(), &push).unwrap();
    assert_eq!(age(&held), hours(5), "a push that is held makes nothing newer");
    assert!(file.push(&rule(), &Push { entries: &people(0..2_001), ..push }).is_err());
    assert_eq!(age(&file), hours(5), "nor does one that is refused");
    let id = held.held().unwrap().id();
    let much_later = later + std::time::Duration::from_hours(2);
    let accepted = held.accept(&rule(), &issuer("street"), id, much_later).unwrap();
    let edition = accepted.in_force().unwrap();
    assert_eq!(edition.age(much_later), hours(2), "as old as its push, not as its acceptance");
    assert_eq!(edition.age(Wall(later.0 - 1)), None, "no clock makes it younger than new");
}

#[test]
fn hundreds_of_issuers_over_the_years_leave_room_for_those_of_today() {
    let mut file = ListFile::default();
    for year in 0..400_u32 {
        let mut rule = rule();
        rule.issuers = vec![issuer(&format!("a{year}")), issuer(&format!("b{year}"))];
        let entries = people(0..year + 1);
        (file, ..) = file.push(&rule, &push(&entries, &rule.issuers)).unwrap();
    }
    let bytes = file.encode(&rule(), &site(), &blinder());
    assert_eq!(ListFile::decode(&bytes, &rule(), &site(), &blinder()).as_ref(), Ok(&file));
    assert_eq!(listed(&file).len(), 400);
}
