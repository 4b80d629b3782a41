//! What stands before a sensor, and whoever looks at it.

use std::sync::Arc;

use crate::thermometry::radiometry;

/// Emissivity of what stands before the sensor.
const EMISSIVITY: f64 = 0.98;

/// What stands before a sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// Surface temperature of who stands there in °C; `None` for nobody.
    pub target: Option<f64>,
    /// Share of the field that the target fills, 0 to 1.
    pub fill: f64,
    /// Temperature of what is behind, in °C; also what the target reflects.
    pub background: f64,
    /// Temperature of the air about the sensor, in °C.
    pub ambient: f64,
    /// How far off whoever stands there is, in millimetres, as a distance sensor sees it; `None` for nobody.
    pub distance_mm: Option<u16>,
}

impl Scene {
    /// Nobody, indoors at 22 °C.
    pub const EMPTY: Self =
        Self { target: None, fill: 1.0, background: 22.0, ambient: 22.0, distance_mm: None };

    /// What a perfect sensor set to emissivity 1 would see.
    pub fn seen(&self) -> f64 {
        match self.target {
            None => self.background,
            Some(target) => {
                let skin = radiometry::seen(target, self.background, EMISSIVITY);
                radiometry::filled(skin, self.background, self.fill)
            }
        }
    }
}

/// A simulated sensor of whatever kind, from the world's side.
pub trait Looks: Send + Sync {
    /// Puts `scene` before the sensor from now on.
    fn set_scene(&self, scene: Scene);

    /// What is before the sensor.
    fn scene(&self) -> Scene;
}

/// Sensors of one place, which look at the same.
pub struct Together(pub Vec<Arc<dyn Looks>>);

impl Looks for Together {
    fn set_scene(&self, scene: Scene) {
        self.0.iter().for_each(|sensor| sensor.set_scene(scene));
    }

    fn scene(&self) -> Scene {
        self.0.first().map_or(Scene::EMPTY, |sensor| sensor.scene())
    }
}
