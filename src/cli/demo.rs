//! `kakou demo`: a whole checkpoint on simulated hardware, with its hub beside it, and traffic already flowing.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{oneshot, watch};

use super::simulated::SimBoard;
use super::wiring;
use crate::base::{ClockTrust, Pii, Random, Wall};
use crate::config::bundle::SignerKey;
use crate::config::roster::Roster;
use crate::config::{Board, Site, site};
use crate::control::{Command, KioskStatus};
use crate::daemon;
use crate::hub::{self, Hub, Shown, Wanted};
use crate::journal::SigningKey;
use crate::model::blind::IdentifierKind;
use crate::model::credential::Purpose;
use crate::model::{Blinder, Class, SubjectKind};
use crate::platform::clock::{Clock, mono, pause};
use crate::platform::entropy::OsEntropy;
use crate::platform::files;
use crate::sim::world::{Car, Cast, Resident, World};
use crate::sync::enrolment::{Enrolment, PublicKey, Request};
use crate::sync::outbox;

const BOARD: &str = include_str!("../../boards/simulated.toml");
const SITE: &str = include_str!("demo/kiosk.toml");
/// The demo attendants' PIN.
const PIN: &str = "2468";
/// How often the world moves on.
const STEP: Duration = Duration::from_millis(20);

/// Arguments of `kakou demo`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the demo keeps its records; a new folder each time when left out, removed at the end.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Where the kiosk's pages listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the hub listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8800")]
    hub: SocketAddr,
    /// A simulated board with other devices; its lanes must be those of the demo, person-in and vehicle.
    #[arg(long, value_name = "FILE")]
    board: Option<PathBuf>,
    /// Nobody comes by themselves: only what is done on the screens happens.
    #[arg(long)]
    quiet: bool,
    /// Where the simulated world's chances come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the demo until it is interrupted.
pub fn run(arguments: &Arguments) -> ExitCode {
    super::exit(start(arguments))
}

fn start(arguments: &Arguments) -> Result<()> {
    super::logs();
    let (folder, ours) = match &arguments.data {
        Some(folder) => (folder.clone(), false),
        None => (std::env::temp_dir().join(format!("kakou-demo-{}", std::process::id())), true),
    };
    let done = super::runtime()?.block_on(checkpoint(arguments, &folder));
    if ours {
        // A folder in the system's temporary place that stays behind is no reason to fail.
        let _ = std::fs::remove_dir_all(&folder);
    }
    done
}

async fn checkpoint(arguments: &Arguments, folder: &Path) -> Result<()> {
    let board = match &arguments.board {
        Some(file) => Board::read(file)?,
        None => Board::parse("boards/simulated.toml", BOARD)?,
    };
    let mut site = own_site(folder)?;
    site.web.listen = arguments.listen;
    let clock = Clock::new().context("the system's clocks")?;
    let wall = {
        let clock = clock.clone();
        move || clock.wall()
    };
    let options = hub::Options { listen: arguments.hub, data: folder.join("hub"), names: vec![] };
    let hub = hub::start(options, Arc::new(wall), Box::new(OsEntropy::new())).await?;
    enrol(&hub.hub, &hub.url, &site).await?;
    let cast = cast(&hub.hub, &site, clock.wall())?;
    write_roster(&site, &cast, clock.wall())?;

    let mut random = Random::new(arguments.seed);
    let mut simulated = SimBoard::new(&board, &site.lanes, random.fork("devices"));
    let pins = simulated.pins.clone();
    let heartbeat = outbox::Settings { heartbeat: Duration::from_secs(5), ..outbox::Settings::default() };
    let lanes = site.lanes.clone();
    let parts = wiring::parts(&board, site, Path::new("demo/kiosk.toml"), &pins, &mut simulated, heartbeat)?;
    let mut running = daemon::start(parts).await?;
    let chips = simulated.clock.clone();
    let rigs = simulated.rigs(&board, &lanes)?;
    let pause_between = (Duration::from_secs(2), Duration::from_secs(7));
    let mut world = World::new(rigs, cast, pause_between, mono(), &mut random);
    if arguments.quiet {
        world.close();
    }
    say(&greeting(&format!("http://{}", running.address), &hub.url, &hub.sign_in_url, clock.trust()))?;
    let ending = Arc::new(AtomicBool::new(false));
    let live = Live {
        status: running.status.clone(),
        commands: running.commands.clone(),
        signed_in: running.signed_in.clone(),
        ending: Arc::clone(&ending),
    };
    let living = std::thread::Builder::new().name("world".to_owned()).spawn(move || live.on(world, &chips));
    let living = living.context("a thread for the world")?;
    let ended = tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
        error = running.ended() => Err(error.into()),
    };
    ending.store(true, Ordering::Relaxed);
    // The world only ends when told; that it panicked is on the screen already.
    let world = tokio::task::spawn_blocking(move || living.join()).await;
    running.stop().await;
    // Its devices stay plugged in until the kiosk no longer reads them.
    drop(world);
    hub.stop().await?;
    ended
}

/// The world beside the demo's clock.
struct Live {
    status: watch::Receiver<Arc<KioskStatus>>,
    commands: tokio::sync::mpsc::Sender<Asked>,
    signed_in: watch::Receiver<usize>,
    ending: Arc<AtomicBool>,
}

type Asked = (Command, oneshot::Sender<Result<(), crate::control::Refused>>);

impl Live {
    fn on(self, mut world: World, chips: &crate::sim::clock::SimClock) -> World {
        while !self.ending.load(Ordering::Relaxed) {
            let now = mono();
            chips.set(now);
            let status = Arc::clone(&self.status.borrow());
            // Whoever signs in takes over; the simulated attendant steps back until they leave.
            world.set_attended(*self.signed_in.borrow() == 0);
            for command in world.step(now, &status.lanes) {
                // The simulated attendant sees on the screen what came of it, as a real one does.
                let (reply, _) = oneshot::channel();
                if self.commands.try_send((command, reply)).is_err() {
                    break;
                }
            }
            pause(STEP);
        }
        world
    }
}

/// Enrols the demo's kiosk with its hub by a one-time token, as `kakou enrol` does, unless it is enrolled already.
/// The demo's site with a folder of its own, and two people who sign policies, whose keys lie in that folder. It is
/// written there as well: `kakou policy hand-in` asks for it.
fn own_site(folder: &Path) -> Result<Site> {
    let folder = std::path::absolute(folder)?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let key = |name: &str| -> Result<String> {
        let seed = files::secret(&folder.join(name)).with_context(|| name.to_owned())?;
        Ok(SignerKey(SigningKey::from_seed(&seed).verifying().0).to_string())
    };
    let signers = [key("signer-1.key")?, key("signer-2.key")?];
    let state = folder.join("kiosk").display().to_string();
    let text = format!("state = {state:?}\npolicy_signers = {signers:?}\n{SITE}");
    let file = folder.join("kiosk.toml");
    files::write_atomically(&file, text.as_bytes()).with_context(|| file.display().to_string())?;
    Ok(Site::parse(&file.display().to_string(), &text)?)
}

async fn enrol(hub: &Hub, url: &str, site: &Site) -> Result<()> {
    std::fs::create_dir_all(&site.state).with_context(|| site.state.display().to_string())?;
    if wiring::enrolment_of(&site.state)?.is_some() {
        return Ok(());
    }
    let token = hub.make_token(Some(site.kiosk.clone())).await?;
    let seed = files::secret(&site.state.join("log.key"))?;
    let key = PublicKey(SigningKey::from_seed(&seed).verifying().0);
    let client = crate::platform::http::HubClient::at(url, token.certificate)?;
    let request = Request { token: token.to_string(), kiosk: Some(site.kiosk.clone()), key, tls_key: None };
    let grant = client.enrol(&request).await?;
    let enrolment = Enrolment::new(url, token.certificate, grant);
    files::write_atomically(&site.state.join("hub.toml"), enrolment.to_text()?.as_bytes())?;
    Ok(())
}

/// Who comes: everybody is made up; their passes are real ones of the demo's hub.
fn cast(hub: &Hub, site: &Site, now: Wall) -> Result<Cast> {
    let pass = |subject, class, name: Option<&str>, plate: Option<&str>| {
        let wanted = Wanted {
            subject,
            class,
            site: site.site.clone(),
            not_before: Wall(now.0 - 3_600_000),
            expires: Wall(now.0 + 30 * 86_400_000),
            name: name.map(|name| Pii::new(name.to_owned())),
            plate: plate.map(|plate| Pii::new(plate.to_owned())),
            purpose: Purpose::Entry,
            shown: Shown::Printed,
        };
        hub::issue(hub, &wanted).map(|pass| pass.text).map_err(anyhow::Error::msg)
    };
    let names = ["王小明", "李秀英", "张伟", "刘洋", "陈静", "杨丽", "赵强", "黄磊", "周敏", "吴芳"];
    let classes = [Class::Resident, Class::Resident, Class::Resident, Class::Worker, Class::Visitor];
    let residents = (0_u32..).zip(names.iter().zip(classes.iter().cycle())).map(|(index, (name, class))| {
        let pass = pass(SubjectKind::Person, *class, Some(name), None)?;
        Ok(Resident { pass, id_number: id_number(index) })
    });
    let plates = ["川A8K476", "京AD92035", "川K3R520", "渝B77H18", "粤BDF1234", "川A00599"];
    let cars = (0..).zip(plates).map(|(index, plate)| {
        let pass = (index % 2 == 0).then(|| pass(SubjectKind::Vehicle, Class::Resident, None, Some(plate)));
        Ok(Car { plate: plate.to_owned(), pass: pass.transpose()? })
    });
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Ok(Cast {
        residents: residents.collect::<Result<_>>()?,
        cars: cars.collect::<Result<_>>()?,
        strange_codes: texts(&[
            "https://h5.example.org/healthAct/index.html?t=9f8e7d",
            "shc:/56762909",
            "hello",
        ]),
        names: texts(&names),
        origins: texts(&["成都", "重庆", "绵阳", "德阳"]),
    })
}

/// A made-up identity number with a right check digit: no such person has the sequence numbers 000 to 009 there.
fn id_number(index: u32) -> String {
    let head = format!("5101041990010100{}", index % 10);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize =
        head.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{head}{}", &"10X98765432"[sum % 11..=sum % 11])
}

/// The roster knows half of the people by their identity number.
fn write_roster(site: &Site, cast: &Cast, now: Wall) -> Result<()> {
    let blinder = Blinder::new(&files::secret(&site.state.join(site::KEY_FILE))?);
    let known = cast.residents.iter().step_by(2);
    let row =
        |person: &Resident| (blinder.blind(IdentifierKind::IdNumber, &person.id_number), Class::Resident);
    let roster = Roster::new(known.map(row), now);
    files::write_atomically(&site.roster, &roster.encode(&blinder))?;
    Ok(())
}

/// Where to look and what to try. A host whose clock nothing vouches for is named once, here: the records say so
/// too, and the screens of a simulated kiosk raise no alarm about it.
fn greeting(kiosk: &str, hub: &str, hub_sign_in: &str, trust: ClockTrust) -> String {
    let clock = match trust {
        ClockTrust::None => {
            "本机没有校时服务，时间照用，记录中注明未校准。\n\
             No time service on this computer: its time is used, and records say that nothing vouches for it.\n"
        }
        ClockTrust::Rtc | ClockTrust::Synced => "",
    };
    format!(
        "卡口 Kakou: a whole checkpoint, simulated at the lowest seams.\n\n  \
           kiosk       {kiosk}/\n  \
           subject     {kiosk}/lane/person-in    what a person at the gate sees\n  \
           attendant   {kiosk}/attendant         李娜 or 王强, PIN {PIN}\n  \
           hub         {hub_sign_in}\n\n\
         Try: watch {kiosk}/lane/person-in while people come and go; sign in as attendant and take over\n\
         (the simulated one steps back); refuse somebody; find the passage in the ledger at {hub}.\n\
         {clock}Ctrl-C stops both.\n"
    )
}

fn say(greeting: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(greeting.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id_number::IdNumber;

    #[test]
    fn the_made_up_identity_numbers_pass_their_own_check() {
        for index in 0..10 {
            assert!(IdNumber::parse(&Pii::new(id_number(index))).is_ok(), "{}", id_number(index));
        }
    }

    #[test]
    fn a_host_without_time_service_is_named_once_and_no_other() {
        let said = |trust| greeting("http://k", "http://h", "http://h/?key=1", trust);
        assert!(said(ClockTrust::None).contains("没有校时服务"));
        for trust in [ClockTrust::Rtc, ClockTrust::Synced] {
            assert!(!said(trust).contains("校时"), "{trust:?}");
        }
        assert!(said(ClockTrust::Synced).contains("\n  hub         http://h/?key=1\n"));
    }

    #[test]
    fn the_demo_board_and_site_fit_together() {
        let site = Site::parse("site", SITE).unwrap();
        for board in [BOARD, include_str!("../../boards/simulated-sensors.toml")] {
            let board = Board::parse("board", board).unwrap();
            crate::config::pair::check(&board, &site, "site").unwrap();
        }
        assert_eq!(site.attendants.len(), 2);
    }
}
