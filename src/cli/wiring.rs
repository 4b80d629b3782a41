//! From a board and a site to a kiosk's parts: opens what is real, asks somebody else for what is simulated.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use super::opening::{open_alarms, open_journal, open_pictures};
use crate::base::{ClockTrust, DeviceId, NoReading, Stamp};
use crate::config::board::side::PlateWiring;
use crate::config::board::{Device, Driver, Place, Side};
use crate::config::bundle::Bundle;
use crate::config::roster::{self, Roster};
use crate::config::site::PlaceCodeRules;
use crate::config::{Board, Lists, Site, pair, site};
use crate::control::Direct;
use crate::credential::Trust;
use crate::credential::place_code::PlaceCodes;
use crate::daemon::Link;
use crate::daemon::devices::LineInput;
use crate::daemon::id_reader::IdReader;
use crate::daemon::keeper::Rules;
use crate::daemon::keyboard::Keyboard;
use crate::daemon::lists::{Taken, Watched};
use crate::daemon::policy::office::LOOK_EVERY;
use crate::daemon::policy::store::{Store as Bundles, Trusted};
use crate::daemon::policy::thresholds::judged_by;
use crate::daemon::policy::{Own, POLICY_FOLDER, PolicyParts, keep};
use crate::daemon::reader::Reader;
use crate::daemon::trust::TrustShelf;
use crate::daemon::{LaneParts, LaneRunner, OnPins, Parts, Readers};
use crate::drivers::lines::{Active, Input};
use crate::drivers::{SideSensor, ThermalArray, Thermometer};
use crate::engine::prove::prove_all;
use crate::engine::{Context, Settings, Times};
use crate::journal::VerifyingKey;
use crate::model::{AreaMode, Blinder, BodySite, Direction, Nearby, ScreeningRule};
use crate::platform::assemble::{self, Pins};
use crate::platform::clock::{Clock, mono};
use crate::platform::disk::DirDisk;
use crate::platform::mqtt::{self, Broker};
use crate::platform::own_key::OwnKeys;
use crate::platform::passed::Passed;
use crate::platform::{camera, files, keyboard, serial};
use crate::sync::enrolment::Enrolment;
use crate::sync::outbox;
use crate::thermometry::{Fitted, Plate, Reach, Settings as Thermometry, Surroundings};
use crate::vision::Reader as CodeReader;
use crate::vision::raw::Source;
use crate::{config, web};

/// Where devices come from that the board file calls simulated.
pub trait Simulated {
    /// The thermometer of a simulated device.
    fn thermometer(&mut self, device: &Device) -> Option<Box<dyn Thermometer + Send>>;

    /// A simulated thermal array.
    fn thermal_array(&mut self, _: &Device) -> Option<Box<dyn ThermalArray + Send>> {
        None
    }

    /// A simulated sensor beside the thermometer.
    fn side_sensor(&mut self, device: &Device) -> Option<Box<dyn SideSensor + Send>>;

    /// The path of a simulated reader, of codes or of identity cards.
    fn reader(&mut self, device: &Device) -> Option<std::path::PathBuf>;

    /// The camera of a simulated device.
    fn camera(&mut self, device: &Device) -> Option<Box<dyn Source>>;
}

/// For boards on which everything is real.
pub struct NothingSimulated;

impl Simulated for NothingSimulated {
    fn thermometer(&mut self, _: &Device) -> Option<Box<dyn Thermometer + Send>> {
        None
    }

    fn side_sensor(&mut self, _: &Device) -> Option<Box<dyn SideSensor + Send>> {
        None
    }

    fn reader(&mut self, _: &Device) -> Option<std::path::PathBuf> {
        None
    }

    fn camera(&mut self, _: &Device) -> Option<Box<dyn Source>> {
        None
    }
}

/// Everything that one kiosk needs, opened.
///
/// # Errors
///
/// With the file or the device, and what is wrong with it.
pub fn parts(
    board: &Board,
    site: Site,
    site_file: &Path,
    pins: &dyn Pins,
    simulated: &mut dyn Simulated,
    link_settings: outbox::Settings,
) -> Result<Parts> {
    check(board, &site, &site_file.display().to_string())?;
    let (state, named) = (site.state.clone(), |file: &Path| file.display().to_string());
    std::fs::create_dir_all(&state).with_context(|| named(&state))?;
    let key_file = state.join(site::KEY_FILE);
    let site_key = files::secret(&key_file).with_context(|| named(&key_file))?;
    let (blinder, place_codes) = (Blinder::new(&site_key), place_codes_of(&site, &site_key));
    let (roster, mut lists) = (Arc::new(roster_of(&site, &blinder)?), Taken::read(&site, &blinder));
    let enrolment = enrolment_of(&state)?;
    same_kiosk(&site, enrolment.as_ref(), site_file)?;
    let disk = DirDisk::open(&state.join("journal")).with_context(|| named(&state.join("journal")))?;
    let seed = enrolment.as_ref().map(|_| secret(&state.join("log.key"))).transpose()?;
    let journal = open_journal(&disk, &site, enrolment.as_ref().zip(seed.as_ref()))?;
    let pictures =
        open_pictures(&state.join("blobs"), (&site.pictures, enrolment.is_some()), &disk, &journal);
    let passed = passed_of(&state, enrolment.as_ref(), journal.1.last.as_ref().map(|(_, stamp)| stamp));
    let place = place_codes.clone();
    let trust = trust_of(&site, enrolment.as_ref());
    let (shelf, unusable) = TrustShelf::open(&state, trust.keys.clone());
    let lost = unusable.then(|| "trust-file".parse().ok()).flatten();
    lists.missing.extend(lost.map(|name| (name, NoReading::Checksum)));
    let trust = Trust { passed: passed.at(), place, lists: shelf.in_force(), ..trust };
    let (mut lanes, policy) = (Vec::new(), policy_of(&site, &passed, (&lists, &blinder))?);
    for lane in &site.lanes {
        let (policy, roster) = (Arc::clone(&policy.own.policy), Arc::clone(&roster));
        let context = context_of(policy, lane, (roster, Arc::clone(&lists.lists)), &blinder);
        let trust = Trust { lane: Some(lane.id.clone()), ..trust.clone() };
        let (lane, context) = ((lane, site.utc_offset_minutes), Arc::new(context));
        lanes.push(one_lane(board, lane, context, Arc::new(trust), pins, simulated)?);
    }
    let (tls_keys, broker_time) = (OwnKeys::within(&state), passed.clone());
    let link = enrolment.zip(seed);
    let link =
        link.map(|(enrolment, seed)| Link { enrolment, seed, tls_keys, passed, settings: link_settings });
    let copy =
        site.mqtt.as_ref().map(|mqtt| Ok((Broker::new(mqtt, broker_time)?, state.join("mqtt.cursor"))));
    Ok(Parts {
        pictures,
        retention: rules(&site),
        copy: copy.transpose().map_err(|error: mqtt::Error| anyhow::anyhow!("mqtt: {error}"))?,
        alarms: open_alarms(&state, &site.kiosk),
        post: site.post,
        kiosk: site.kiosk,
        title: site.title,
        policy,
        lanes,
        journal,
        disk,
        view: state.join("view.sqlite"),
        inbox: state.join("inbox.bin"),
        blinder,
        lists,
        trust: shelf,
        hub: link,
        attendants: site.attendants.into_iter().map(attendant).collect(),
        listen: site.web.listen,
        hosts: site.web.hosts,
        clock: Clock::new().context("the system's clocks")?,
        simulated: board.simulated,
        place_codes,
        place_time: web::PlaceTime { utc_offset_minutes: site.utc_offset_minutes },
    })
}

/// Board and site fit, and the site's rules decide every case that there can be.
fn check(board: &Board, site: &Site, site_file: &str) -> Result<()> {
    pair::check(board, site, site_file)?;
    prove_all(&site.policy.profiles).map(drop).map_err(anyhow::Error::msg)
}

/// Opens the policy's bundles, and keeps the site's own policy for deciding again; the gate is served without that too.
fn policy_of(
    site: &Site,
    passed: &Passed,
    (lists, blinder): (&Taken, &Blinder),
) -> Result<PolicyParts<DirDisk>> {
    let folder = site.state.join(POLICY_FOLDER);
    let mut disk = DirDisk::open(&folder).with_context(|| folder.display().to_string())?;
    let bundle = Bundle::of_site(site);
    match keep(&mut disk, &bundle) {
        Ok(id) if id == site.policy.id => {}
        Ok(other) => tracing::error!(policy = %site.policy.id, kept = %other, "policy is kept as another"),
        Err(error) => {
            let folder = folder.display();
            tracing::error!(%folder, %error, "policy cannot be kept: nobody can decide again what it decides");
        }
    }
    let of_lane = |lane: &site::Lane| (lane.id.clone(), lane.profiles.clone());
    let wanted = |lane: &site::Lane| {
        (lane.id.clone(), lane.profiles.iter().map(|profile| profile.id.clone()).collect())
    };
    let lanes = site.lanes.iter().map(wanted).collect();
    let trusted = Trusted {
        site: site.site.clone(),
        signers: site.signers.clone(),
        lanes,
        recognised: site.personal_retention,
    };
    let store = Bundles::open(disk, trusted).with_context(|| folder.display().to_string())?;
    let lanes = site.lanes.iter().map(of_lane).collect();
    // What is damaged is on record from the start.
    let noted = lists.missing.iter().map(|(list, _)| list.clone()).collect();
    let (lists, blinder) = (Arc::clone(&lists.lists), blinder.clone());
    let watched = Watched::new(site, &blinder);
    let own = Own { policy: Arc::new(site.policy.clone()), lanes, bundle, lists, blinder };
    Ok(PolicyParts { store, own, passed: passed.clone(), lists: watched, noted, look_every: LOOK_EVERY })
}

/// The kiosk is enrolled under the name that the site gives it.
fn same_kiosk(site: &Site, enrolment: Option<&Enrolment>, site_file: &Path) -> Result<()> {
    if let Some(other) = enrolment.filter(|enrolment| enrolment.kiosk != site.kiosk) {
        bail!(
            "{site_file}: id = {}: {} was enrolled as {}; change one, or enrol again",
            site.kiosk,
            site.state.join("hub.toml").display(),
            other.kiosk,
            site_file = site_file.display()
        );
    }
    Ok(())
}

fn secret(file: &Path) -> Result<Zeroizing<[u8; 32]>> {
    Ok(files::secret(file).with_context(|| file.display().to_string())?.into())
}

fn rules(site: &Site) -> Rules {
    let (records, personal) = (site.record_retention, site.personal_retention);
    Rules { records, personal, ahead_minutes: site.utc_offset_minutes }
}

/// The hub that this kiosk is enrolled with, if any.
pub fn enrolment_of(state: &Path) -> Result<Option<Enrolment>> {
    let file = state.join("hub.toml");
    let named = || file.display().to_string();
    let Some(bytes) = files::read_if_there(&file, 64 * 1024).with_context(named)? else { return Ok(None) };
    let text = String::from_utf8(bytes).with_context(named)?;
    Enrolment::from_text(&text).map(Some).with_context(named)
}

/// A time that has certainly passed: by the hub's last note, and by the last record if its clock was right.
fn passed_of(state: &Path, enrolment: Option<&Enrolment>, last: Option<&Stamp>) -> Passed {
    let by_hub = |hub: &Enrolment| Passed::by_hub(state.join("hub.note"), VerifyingKey(hub.note_key.0));
    let passed = enrolment.map(by_hub).unwrap_or_default();
    let synced = last.filter(|last| last.trust == ClockTrust::Synced);
    synced.into_iter().for_each(|last| passed.learn(last.wall));
    passed
}

fn trust_of(site: &Site, enrolment: Option<&Enrolment>) -> Trust {
    let keys = enrolment.map(|enrolment| enrolment.pass_keys.iter().map(|key| key.0).collect());
    Trust::new(site.site.clone(), keys.unwrap_or_default())
}

/// The place code that the site wants, under a key that follows from the site's.
fn place_codes_of(site: &Site, key: &[u8; 32]) -> Option<PlaceCodes> {
    let PlaceCodeRules { every_s, prefix } = site.place_code.clone()?;
    Some(PlaceCodes::new(key, (&site.site, &site.kiosk), every_s, prefix))
}

fn roster_of(site: &Site, blinder: &Blinder) -> Result<Roster> {
    let named = || site.roster.display().to_string();
    match files::read_if_there(&site.roster, roster::FILE_BYTES_MAX).with_context(named)? {
        None => {
            tracing::warn!(file = %site.roster.display(), "no roster: everybody is unknown");
            Ok(Roster::default())
        }
        Some(bytes) => {
            let roster = Roster::decode(&bytes, blinder).with_context(named)?;
            tracing::info!(people = roster.len(), "roster read");
            Ok(roster)
        }
    }
}

/// What a lane decides by; the area's mode is the usual one until another is in force.
fn context_of(
    policy: Arc<config::Policy>,
    lane: &site::Lane,
    (roster, lists): (Arc<Roster>, Arc<Lists>),
    blinder: &Blinder,
) -> Context {
    let (profiles, mode) = (lane.profiles.clone(), AreaMode::default());
    Context { policy, profiles, roster, lists, blinder: blinder.clone(), mode }
}

fn attendant(attendant: site::Attendant) -> web::Attendant {
    let site::Attendant { id, name, pin, badge, post } = attendant;
    web::Attendant { id, name, pin: pin.as_str().to_owned(), badge, post }
}

fn one_lane(
    board: &Board,
    (lane, utc_offset_minutes): (&site::Lane, i16),
    context: Arc<Context>,
    trust: Arc<Trust>,
    pins: &dyn Pins,
    simulated: &mut dyn Simulated,
) -> Result<LaneParts> {
    let devices: Vec<&Device> = board.devices.iter().filter(|device| device.lane == lane.id).collect();
    let mut opened = Opened::default();
    for device in &devices {
        opened.open(device, pins, simulated).with_context(|| format!("device {}", device.id))?;
    }
    let Opened {
        gate,
        lamp,
        sprayer,
        light,
        travel_max,
        thermometers,
        arrays,
        sides,
        readers,
        cameras,
        lines,
    } = opened;
    let watched = |device: &Device| context.profiles.sensors().any(|sensor| *sensor == device.id);
    let brow = devices.iter().filter(|device| !watched(device)).find_map(|device| device.driver.spot());
    let Some(barrier) = gate else { bail!("lane {} has no barrier", lane.id) };
    let direct =
        match (lane.directions.contains(&Direction::Inbound), lane.directions.contains(&Direction::Outbound))
        {
            (true, true) => Direct::Both,
            (false, true) => Direct::Outbound,
            (true | false, false) => Direct::Inbound,
        };
    let settings = Settings {
        id: lane.id.clone(),
        title: lane.title.clone(),
        takes: lane.takes,
        direct,
        utc_offset_minutes,
        barrier: Times { travel_max, pass_within: lane.pass_within, clear_for: lane.clear_for },
        leave_after: lane.leave_after,
    };
    let fitted = devices.iter().filter_map(|device| device.driver.side());
    let mut screening = thermometry(&context.policy.screening, brow, fitted);
    if !arrays.is_empty() {
        screening.site = Some(BodySite::FaceMax);
        let area = devices.iter().find_map(|device| device.driver.array()).and_then(|array| array.plate);
        if let Some(plate) = &mut screening.plate {
            plate.area = area;
        }
    }
    let outputs = OnPins::new(barrier, lamp, sprayer).lit_by(light);
    let runner = LaneRunner::new(settings, context, screening, trust, Box::new(outputs));
    let named = |device: &&Device| (device.id.clone(), device.driver.name());
    Ok(LaneParts {
        id: lane.id.clone(),
        runner,
        devices: devices.iter().map(named).collect(),
        thermometers,
        arrays,
        sides,
        readers,
        cameras,
        lines,
    })
}

/// What the policy, the sensor's wiring and what is fitted beside it together make of a screening.
fn thermometry<'s>(
    rule: &ScreeningRule,
    sensor: Option<config::board::Spot>,
    sides: impl Iterator<Item = &'s Side>,
) -> Thermometry {
    let base = Thermometry::default();
    let head = sensor.map_or(base.head, |spot| spot.head());
    let noise = sensor.map_or(base.noise, |spot| spot.noise);
    let mut settings = Thermometry { head, noise, ..base };
    for side in sides {
        match side {
            Side::Thermometer { of: Nearby::Air, .. } => settings.surroundings = Surroundings::Thermometer,
            Side::Thermometer { of: Nearby::Outdoor, .. } => settings.outdoor = Fitted::Yes,
            Side::Thermometer { of: Nearby::Plate, plate, .. } => {
                settings.plate = plate.map(|PlateWiring { every_s, emissivity }| Plate {
                    every: std::time::Duration::from_secs(every_s.into()),
                    emissivity,
                    area: None,
                });
            }
            Side::Distance { near_mm, far_mm, .. } => {
                settings.distance = Some(Reach { near: *near_mm, far: *far_mm });
            }
            Side::Supply { .. } => settings.supply = Fitted::Yes,
        }
    }
    judged_by(&settings, rule)
}

/// One lane's devices as they are opened.
#[derive(Default)]
struct Opened {
    gate: Option<crate::drivers::barrier::Barrier<crate::drivers::pins::AnyOutput>>,
    lamp: Option<crate::drivers::lamp::Lamp<crate::drivers::pins::AnyOutput>>,
    sprayer: Option<crate::drivers::sprayer::Sprayer<crate::drivers::pins::AnyOutput>>,
    light: Option<crate::drivers::illuminator::Illuminator>,
    travel_max: std::time::Duration,
    thermometers: Vec<(DeviceId, Box<dyn Thermometer + Send>)>,
    arrays: Vec<(DeviceId, Box<dyn ThermalArray + Send>)>,
    sides: Vec<(DeviceId, Box<dyn SideSensor + Send>)>,
    readers: Readers,
    cameras: Vec<(DeviceId, Box<dyn Source>, CodeReader)>,
    lines: Vec<LineInput>,
}

impl Opened {
    fn open(&mut self, device: &Device, pins: &dyn Pins, simulated: &mut dyn Simulated) -> Result<()> {
        let id = device.id.clone();
        match &device.driver {
            Driver::Mlx90614(_)
            | Driver::Mlx90614Iio(_)
            | Driver::Mlx90632(_)
            | Driver::ThermometerIio(_) => {
                let real = assemble::thermometer(device)?;
                let opened = real.or_else(|| simulated.thermometer(device));
                self.thermometers.push((id, opened.context("nothing simulates it")?));
            }
            Driver::Side(side) => {
                let opened = assemble::side_sensor(&id, side).or_else(|| simulated.side_sensor(device));
                self.sides.push((id, opened.context("nothing simulates it")?));
            }
            Driver::Mlx90640(_) | Driver::Mlx90641(_) => {
                let opened = assemble::thermal_array(device)?.or_else(|| simulated.thermal_array(device));
                self.arrays.push((id, opened.context("nothing simulates it")?));
            }
            Driver::Scanner(scanner) => {
                let path = match &scanner.path {
                    Place::Path(path) => path.clone(),
                    Place::Simulated => simulated.reader(device).context("nothing simulates it")?,
                };
                let (device, baud, module) = (id.clone(), scanner.baud, assemble::module(scanner));
                let name = path.display().to_string();
                let open = move || serial::open(&device, &path, baud).map_err(|error| error.to_string());
                self.readers.codes.push(Reader { device: id, path: name, module, open: Box::new(open) });
            }
            Driver::Keyboard(wiring) => {
                let (device, at) = (id.clone(), wiring.at.clone());
                let open = move || keyboard::open(&device, &at).map_err(|error| error.to_string());
                self.readers.keyboards.push(Keyboard { device: id, open: Box::new(open) });
            }
            Driver::IdReader(reader) => {
                let path = match &reader.path {
                    Place::Path(path) => path.clone(),
                    Place::Simulated => simulated.reader(device).context("nothing simulates it")?,
                };
                let (device, baud) = (id.clone(), reader.baud);
                let open = move || serial::open_tty(&device, &path, baud).map_err(|error| error.to_string());
                self.readers.cards.push(IdReader { device: id, open: Box::new(open) });
            }
            Driver::Camera(camera) => {
                let source = match simulated.camera(device) {
                    Some(source) => source,
                    None => camera::open(camera)?,
                };
                self.cameras.push((id, source, CodeReader::with(&camera.symbologies)));
            }
            Driver::Barrier(wiring) => {
                let gate = assemble::gate(pins, &device.id, wiring, mono())?;
                self.travel_max = std::time::Duration::from_millis(u64::from(wiring.travel_ms_max));
                self.gate = Some(gate.barrier);
                for input in [wiring.opened, wiring.closed].into_iter().flatten() {
                    self.line(&id, &input, pins)?;
                }
            }
            Driver::Lamp(wiring) => self.lamp = Some(assemble::lamp(pins, &device.id, wiring)?),
            Driver::Sprayer(wiring) => self.sprayer = Some(assemble::sprayer(pins, &device.id, wiring)?),
            Driver::Illuminator(wiring) => {
                self.light = Some(assemble::illuminator(pins, &device.id, wiring)?);
            }
            Driver::Input(input) => self.line(&id, input, pins)?,
        }
        Ok(())
    }

    fn line(&mut self, id: &DeviceId, input: &config::board::Input, pins: &dyn Pins) -> Result<()> {
        let active = match input.active {
            config::board::Voltage::High => Active::High,
            config::board::Voltage::Low => Active::Low,
        };
        self.lines.push(LineInput {
            device: id.clone(),
            signal: input.signal,
            input: Input::new(pins.input(id, input)?, active),
            still: std::time::Duration::from_millis(u64::from(input.debounce_ms)),
        });
        Ok(())
    }
}
