//! Exposure, focus, mains and pace of a V4L2 camera, set as the board file says.
//!
//! A control that the camera lacks, or that its driver does not take, is a warning: a picture that is a little worse is better than
//! none. A value outside of what the camera offers is a mistake in the board file, and the camera is not opened.

use std::collections::BTreeSet;
use std::io;

use linuxvideo::Device;
use linuxvideo::controls::{Cid, CtrlType};

use crate::config::board::{Controls, Exposure, Focus, FrameRate, PowerLine};

/// One control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Control {
    ExposureMode,
    Exposure,
    FrameRate,
    FocusMode,
    Focus,
    PowerLine,
}

impl Control {
    fn name(self) -> &'static str {
        match self {
            Self::ExposureMode => "auto_exposure",
            Self::Exposure => "exposure_time_absolute",
            Self::FrameRate => "exposure_dynamic_framerate",
            Self::FocusMode => "focus_automatic_continuous",
            Self::Focus => "focus_absolute",
            Self::PowerLine => "power_line_frequency",
        }
    }

    fn id(self) -> Cid {
        match self {
            Self::ExposureMode => Cid::EXPOSURE_AUTO,
            Self::Exposure => Cid::EXPOSURE_ABSOLUTE,
            Self::FrameRate => Cid::EXPOSURE_AUTO_PRIORITY,
            Self::FocusMode => Cid::FOCUS_AUTO,
            Self::Focus => Cid::FOCUS_ABSOLUTE,
            Self::PowerLine => Cid::POWER_LINE_FREQUENCY,
        }
    }
}

/// What values a control takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// From the first to the second in steps of the third.
    Range(i32, i32, i32),
    /// These.
    Menu(Vec<i32>),
}

/// A camera's controls, as its driver has them.
pub(super) trait Panel {
    /// What `control` takes; none when there is no such control.
    fn offer(&mut self, control: Control) -> io::Result<Option<Offer>>;

    /// Sets it.
    fn set(&mut self, control: Control, value: i32) -> io::Result<()>;
}

/// What could not be set, in words; each of a camera is warned of once.
pub(super) type Warned = BTreeSet<String>;

/// Sets everything that `wanted` says.
///
/// # Errors
///
/// That a value is outside of what the camera offers, with what it offers.
pub(super) fn set(panel: &mut impl Panel, wanted: &Controls) -> Result<Warned, String> {
    let mut warned = Warned::new();
    for (control, values, lacking) in list(wanted) {
        let offer = match (panel.offer(control), lacking) {
            (Ok(Some(offer)), _) => offer,
            (Ok(None) | Err(_), Lacking::Fine) => continue,
            (Ok(None), Lacking::Warned) => {
                warned.insert(format!("has no control {}", control.name()));
                continue;
            }
            (Err(error), Lacking::Warned) => {
                warned.insert(format!("says nothing of control {}: {error}", control.name()));
                continue;
            }
        };
        let value = values.iter().find(|value| takes(&offer, **value));
        let value = *value.ok_or_else(|| misfit(control, &values, &offer))?;
        if let Err(error) = panel.set(control, value) {
            warned.insert(format!("does not take {} = {value}: {error}", control.name()));
        }
    }
    Ok(warned)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacking {
    Warned,
    /// Nobody asked for it.
    Fine,
}

/// Which controls are set, in order, each to the first of its values that is offered: a mode comes before what it rules.
fn list(wanted: &Controls) -> Vec<(Control, Vec<i32>, Lacking)> {
    let number = |value: u32| vec![i32::try_from(value).unwrap_or(i32::MAX)];
    let mut list = Vec::new();
    match wanted.exposure {
        // 3: the camera chooses the time alone, which is what UVC cameras call automatic; 0: time and iris.
        Some(Exposure::Auto) => list.push((Control::ExposureMode, vec![3, 0], Lacking::Warned)),
        Some(Exposure::Fixed(value)) => {
            list.push((Control::ExposureMode, vec![1], Lacking::Warned));
            list.push((Control::Exposure, number(value), Lacking::Warned));
        }
        None => {}
    }
    match wanted.frame_rate {
        Some(FrameRate::Kept) => list.push((Control::FrameRate, vec![0], Lacking::Warned)),
        Some(FrameRate::Dynamic) => list.push((Control::FrameRate, vec![1], Lacking::Warned)),
        None => {}
    }
    match wanted.focus {
        None => list.push((Control::FocusMode, vec![1], Lacking::Fine)),
        Some(Focus::Auto) => list.push((Control::FocusMode, vec![1], Lacking::Warned)),
        Some(Focus::Fixed(value)) => {
            // A lens that only goes by number has no mode.
            list.push((Control::FocusMode, vec![0], Lacking::Fine));
            list.push((Control::Focus, number(value), Lacking::Warned));
        }
    }
    match wanted.power_line {
        Some(PowerLine::Hz50) => list.push((Control::PowerLine, vec![1], Lacking::Warned)),
        Some(PowerLine::Hz60) => list.push((Control::PowerLine, vec![2], Lacking::Warned)),
        None => {}
    }
    list
}

fn takes(offer: &Offer, value: i32) -> bool {
    match offer {
        Offer::Range(least, most, step) => {
            (least..=most).contains(&&value)
                && (i64::from(value) - i64::from(*least)) % i64::from(*step).max(1) == 0
        }
        Offer::Menu(items) => items.contains(&value),
    }
}

fn misfit(control: Control, values: &[i32], offer: &Offer) -> String {
    let wanted = values.iter().map(i32::to_string).collect::<Vec<_>>().join(" or ");
    let name = control.name();
    match offer {
        Offer::Range(least, most, step) => {
            format!("control {name} cannot be {wanted}: it takes {least} to {most} in steps of {step}")
        }
        Offer::Menu(items) => format!("control {name} cannot be {wanted}: it takes one of {items:?}"),
    }
}

impl Panel for Device {
    fn offer(&mut self, control: Control) -> io::Result<Option<Offer>> {
        for described in self.controls() {
            let described = described?;
            if described.id() != control.id() {
                continue;
            }
            let (least, most) = (described.minimum(), described.maximum());
            if described.control_type() != CtrlType::MENU {
                return Ok(Some(Offer::Range(least, most, described.step())));
            }
            let items = self.enumerate_menu(&described).map(|item| item.map(|item| item.index()));
            let items = items.collect::<io::Result<Vec<u32>>>()?;
            return Ok(Some(Offer::Menu(
                items.into_iter().filter_map(|item| item.try_into().ok()).collect(),
            )));
        }
        Ok(None)
    }

    fn set(&mut self, control: Control, value: i32) -> io::Result<()> {
        self.write_control_raw(control.id(), value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const ALL: Controls = Controls {
        exposure: Some(Exposure::Fixed(50)),
        focus: Some(Focus::Fixed(30)),
        power_line: Some(PowerLine::Hz50),
        frame_rate: Some(FrameRate::Kept),
    };

    #[test]
    fn a_mode_is_set_before_what_it_rules() {
        let mut camera = Fake::uvc();
        assert!(set(&mut camera, &ALL).unwrap().is_empty());
        let expected = [
            (Control::ExposureMode, 1),
            (Control::Exposure, 50),
            (Control::FrameRate, 0),
            (Control::FocusMode, 0),
            (Control::Focus, 30),
            (Control::PowerLine, 1),
        ];
        assert_eq!(camera.set, expected);
    }

    #[test]
    fn what_is_left_out_stays_but_the_camera_focuses_by_itself_if_it_can() {
        let mut camera = Fake::uvc();
        assert!(set(&mut camera, &Controls::default()).unwrap().is_empty());
        assert_eq!(camera.set, [(Control::FocusMode, 1)]);
        camera = Fake::uvc();
        camera.offers.clear();
        assert!(set(&mut camera, &Controls::default()).unwrap().is_empty());
        assert!(camera.set.is_empty());
    }

    #[test]
    fn automatic_exposure_is_whichever_kind_the_camera_has() {
        let auto = Controls { exposure: Some(Exposure::Auto), ..Controls::default() };
        for (menu, value) in [(vec![1, 3], 3), (vec![0, 1], 0)] {
            let mut camera = Fake::uvc();
            camera.offers.insert(Control::ExposureMode, Offer::Menu(menu));
            set(&mut camera, &auto).unwrap();
            assert_eq!(camera.set[0], (Control::ExposureMode, value));
        }
    }

    #[test]
    fn what_is_lacking_or_refused_is_named_and_everything_else_is_set() {
        let mut camera = Fake::uvc();
        camera.offers.remove(&Control::PowerLine);
        camera.refuses = Some(Control::FrameRate);
        let warned: Vec<_> = set(&mut camera, &ALL).unwrap().into_iter().collect();
        assert_eq!(warned.len(), 2, "{warned:?}");
        assert!(warned[0].starts_with("does not take exposure_dynamic_framerate = 0: "), "{warned:?}");
        assert_eq!(warned[1], "has no control power_line_frequency");
        assert_eq!(camera.set.len(), 4);
    }

    #[test]
    fn a_camera_whose_driver_knows_no_controls_works_on() {
        let mut camera = Fake { mute: true, ..Fake::uvc() };
        assert!(set(&mut camera, &Controls::default()).unwrap().is_empty());
        let warned = set(&mut camera, &ALL).unwrap();
        assert_eq!(warned.len(), 5, "{warned:?}");
        assert!(warned.iter().all(|what| what.starts_with("says nothing of control ")), "{warned:?}");
    }

    #[test]
    fn a_value_that_is_not_offered_is_an_error_that_says_what_is() {
        for (wanted, expected) in [
            (
                Controls { focus: Some(Focus::Fixed(251)), ..ALL },
                "control focus_absolute cannot be 251: it takes 0 to 250 in steps of 5",
            ),
            (
                Controls { focus: Some(Focus::Fixed(31)), ..ALL },
                "control focus_absolute cannot be 31: it takes 0 to 250 in steps of 5",
            ),
            (
                Controls { power_line: Some(PowerLine::Hz60), ..ALL },
                "control power_line_frequency cannot be 2: it takes one of [0, 1]",
            ),
        ] {
            assert_eq!(set(&mut Fake::uvc(), &wanted), Err(expected.to_owned()));
        }
        let mut broken = Fake::uvc();
        broken.offers.insert(Control::Focus, Offer::Range(i32::MIN, i32::MAX, 0));
        set(&mut broken, &ALL).unwrap();
    }

    /// A camera with controls as a UVC driver describes them.
    struct Fake {
        offers: BTreeMap<Control, Offer>,
        refuses: Option<Control>,
        /// Whether its driver cannot be asked.
        mute: bool,
        set: Vec<(Control, i32)>,
    }

    impl Fake {
        fn uvc() -> Self {
            let offers = [
                (Control::ExposureMode, Offer::Menu(vec![1, 3])),
                (Control::Exposure, Offer::Range(3, 2_047, 1)),
                (Control::FrameRate, Offer::Range(0, 1, 1)),
                (Control::FocusMode, Offer::Range(0, 1, 1)),
                (Control::Focus, Offer::Range(0, 250, 5)),
                (Control::PowerLine, Offer::Menu(vec![0, 1])),
            ];
            Self { offers: offers.into(), refuses: None, mute: false, set: Vec::new() }
        }
    }

    impl Panel for Fake {
        fn offer(&mut self, control: Control) -> io::Result<Option<Offer>> {
            if self.mute {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Ok(self.offers.get(&control).cloned())
        }

        fn set(&mut self, control: Control, value: i32) -> io::Result<()> {
            if self.refuses == Some(control) {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            self.set.push((control, value));
            Ok(())
        }
    }
}
