//! What people have in common is on record, and the next run's monitor goes on from there.

use kakou::model::Verdict;

use crate::walk::Walk;

#[test]
fn after_twenty_people_the_lane_notes_how_its_thermometer_is_and_goes_on_from_there() {
    let mut walk = Walk::new();
    for turn in 1..=41 {
        walk.begin();
        assert_eq!(walk.measured_at(34.2).0, Verdict::Admitted);
        walk.gone();
        assert_eq!(walk.noted.len(), turn / 20);
    }
    let last = walk.noted[1];
    assert_eq!((last.screenings, last.skin.deviation), (20, 0), "{last:?}");
    assert!((3_400..=3_450).contains(&last.skin.mean) && (10..=20).contains(&last.correction), "{last:?}");
    // Twenty more in a run that begins anew, and in one that goes on.
    for (notes, expected) in [(&[][..], walk.noted[0].correction), (&walk.noted, last.correction + 10)] {
        let mut next = Walk::new();
        next.runner.resume(notes);
        (0..20).for_each(|_| {
            next.begin();
            next.measured_at(34.2);
            next.gone();
        });
        assert!((next.noted[0].correction - expected).abs() <= 2, "{:?}, {expected}", next.noted[0]);
    }
}
