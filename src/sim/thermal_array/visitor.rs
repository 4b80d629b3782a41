//! The same visitor before an array as before a spot sensor: a face in the middle of its field.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Handle, Person, Scene};
use crate::model::BodySite;
use crate::sim::thermometer::{self, Looks};

/// How much warmer an array is than the air about it, in °C (melexis/mlx90640-library, issue 66), and its supply.
const WARMER: f64 = 8.0;
const VOLTS: f64 = 3.3;
/// How much warmer than its forehead an array finds a simulated face, in °C: of the corners of its eyes a median leaves so much.
const CORNERS: f64 = 0.2;

/// An array that looks at what a spot sensor would look at.
#[derive(Debug)]
pub struct Visitors {
    hand: Handle,
    face: Person,
    scene: Mutex<thermometer::Scene>,
}

impl Visitors {
    /// Visitors before the array of `hand`, as near as it wants them to be.
    pub fn new(hand: Handle) -> Arc<Self> {
        let plain = Person::new(0.0);
        let face = if hand.width() < 32 { plain.wide(13.0).at(15.5, 11.5) } else { plain };
        let visitors = Self { hand, face, scene: Mutex::new(thermometer::Scene::EMPTY) };
        visitors.set_scene(thermometer::Scene::EMPTY);
        Arc::new(visitors)
    }
}

impl Looks for Visitors {
    fn set_scene(&self, scene: thermometer::Scene) {
        *self.scene.lock().unwrap_or_else(PoisonError::into_inner) = scene;
        let room = Scene::empty(scene.background);
        // Half as wide, a face fills a quarter of a field; each of its pixels sees nothing but skin.
        let person = |forehead| {
            let warmest = Some(warmest(forehead, scene.background));
            let seen = thermometer::Scene { target: warmest, fill: 1.0, ..scene }.seen();
            let face = self.face.clone();
            Person { skin: seen - CORNERS, width: face.width * scene.fill.sqrt(), ..face }
        };
        self.hand.set_scene(Scene { people: scene.target.map(person).into_iter().collect(), ..room });
        self.hand.set_die(scene.ambient + WARMER, VOLTS);
    }

    fn scene(&self) -> thermometer::Scene {
        *self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The warmest place of a face whose middle of the forehead, which a spot sensor sees, is so warm: both say the same of the
/// body.
fn warmest(forehead: f64, surroundings: f64) -> f64 {
    let factor = |site: BodySite| f64::from(site.factor()) / 1_000.0;
    let body = forehead + factor(BodySite::ForeheadCentre) * (forehead - surroundings);
    (body + factor(BodySite::FaceMax) * surroundings) / (1.0 + factor(BodySite::FaceMax))
}
