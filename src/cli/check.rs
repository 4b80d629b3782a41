//! `kakou check`: says everything that is wrong with a board and a site, or what is in force.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::list::{self, Looked};
use super::list_words;
use crate::config::mqtt::{Broker, Transport};
use crate::config::profile_file::{class_name, direction_name};
use crate::config::site::Lane;
use crate::config::{Board, Profile, Site, pair};
use crate::engine::prove::prove_all;
use crate::journal::retention;

/// What to check.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The board file: how this kiosk is wired.
    #[arg(long)]
    board: PathBuf,
    /// The site's configuration: what it wants of this kiosk.
    #[arg(long)]
    config: PathBuf,
}

/// Runs the subcommand. Exit code 0: all is well; 1: every mistake is on standard error.
pub fn run(arguments: &Arguments) -> ExitCode {
    let board = Board::read(&arguments.board);
    let site = Site::read(&arguments.config);
    let file = arguments.config.display().to_string();
    let said = match (&board, &site) {
        (Ok(board), Ok(site)) => match pair::check(board, site, &file) {
            Ok(()) => match prove_all(&site.policy.profiles).and_then(|_| shown(board, site)) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(said) => said,
            },
            Err(mistakes) => mistakes.to_string(),
        },
        (Err(board), Err(site)) => format!("{board}\n{site}"),
        (Err(mistakes), Ok(_)) | (Ok(_), Err(mistakes)) => mistakes.to_string(),
    };
    // With standard error gone as well, only the exit code is left to say it.
    let _ = writeln!(io::stderr().lock(), "{said}");
    ExitCode::FAILURE
}

/// Prints what is in force; the error is what is wrong with the files of lists.
fn shown(board: &Board, site: &Site) -> Result<(), String> {
    let damaged = print(board, site).map_err(|error| error.to_string())?;
    if damaged.is_empty() { Ok(()) } else { Err(damaged.join("\n")) }
}

/// Prints what is in force; returns what is wrong with the files of lists.
fn print(board: &Board, site: &Site) -> io::Result<Vec<String>> {
    let mut out = io::stdout().lock();
    let offset = site.utc_offset_minutes;
    let sign = if offset < 0 { '-' } else { '+' };
    writeln!(out, "kiosk      {} ({})", site.kiosk, site.title)?;
    writeln!(out, "site       {}", site.site)?;
    writeln!(out, "time       UTC{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)?;
    writeln!(out, "state      {}", site.state.display())?;
    writeln!(out, "roster     {}", site.roster.display())?;
    writeln!(out, "hub        {}", site.hub.as_deref().unwrap_or("none"))?;
    if let Some(mqtt) = &site.mqtt {
        let Broker { host, port, transport } = &mqtt.broker;
        let way = if *transport == Transport::Tls { "over TLS" } else { "in the clear" };
        writeln!(out, "copy       MQTT to {host}:{port} {way}, topic {}", mqtt.topic)?;
    }
    writeln!(out, "pages      http://{} {}", site.web.listen, site.web.hosts.join(" "))?;
    let days = |span: Duration| span.as_secs() / 86_400;
    let after = if site.hub.is_some() { "once the hub has them" } else { "then nobody can open them" };
    writeln!(out, "personal   opens here for {} days; {after}", days(site.personal_retention))?;
    let held = days(retention::HELD_FOR);
    writeln!(out, "records    kept {} days, and {held} after the hub signed", days(site.record_retention))?;
    let pictures: Vec<&str> = site.pictures.iter().map(|verdict| verdict.name()).collect();
    writeln!(
        out,
        "pictures   {}",
        if pictures.is_empty() { "none".to_owned() } else { pictures.join(", ") }
    )?;
    print_policy(&mut out, site)?;
    writeln!(out, "board      {}{}", board.name, if board.simulated { " (simulated)" } else { "" })?;
    for lane in &site.lanes {
        print_lane(&mut out, board, lane)?;
    }
    let names: Vec<&str> = site.attendants.iter().map(|attendant| attendant.id.as_str()).collect();
    let names = if names.is_empty() {
        "none: nobody can waive a step or decide".to_owned()
    } else {
        names.join(", ")
    };
    writeln!(out, "attendants {names}")?;
    print_lists(&mut out, site)
}

fn print_lists(out: &mut impl Write, site: &Site) -> io::Result<Vec<String>> {
    let mut damaged = Vec::new();
    for rule in &site.lists {
        let issuers: Vec<&str> = rule.issuers.iter().map(|issuer| issuer.as_str()).collect();
        writeln!(out, "list       {} ({}): asks the attendant, decides nothing", rule.id, rule.title.zh)?;
        writeln!(
            out,
            "  rule     issuers {}; at most {} entries, {} changes at once, {} days",
            issuers.join(", "),
            rule.cap,
            rule.bulk,
            rule.days_max
        )?;
        match list::look(site, rule) {
            Ok(Looked::File(file, now)) => {
                list_words::state(&file, &now)
                    .into_iter()
                    .try_for_each(|line| writeln!(out, "  file     {line}"))?;
            }
            Ok(Looked::NotHere(why)) => writeln!(out, "  file     {why}")?,
            Err(unusable) => {
                writeln!(out, "  file     DAMAGED, and nobody on it is noticed")?;
                damaged.push(format!("list {}: {unusable:#}", rule.id));
            }
        }
    }
    Ok(damaged)
}

fn print_policy(out: &mut impl Write, site: &Site) -> io::Result<()> {
    let notice = site.policy.notice.map_or("no notice".to_owned(), |number| format!("notice {number}"));
    writeln!(out, "policy     {} ({notice})", site.policy.id)?;
    writeln!(out, "screening  {}", site.policy.screening)?;
    let local: Vec<String> = site.policy.local_plates.iter().map(ToString::to_string).collect();
    if local.is_empty() {
        writeln!(out, "plates     none are called local: no plate is local or from out of town")
    } else {
        writeln!(out, "plates     local are {}", local.join(", "))
    }
}

fn print_lane(out: &mut impl Write, board: &Board, lane: &Lane) -> io::Result<()> {
    let directions: Vec<&str> = lane.directions.iter().map(|direction| direction_name(*direction)).collect();
    writeln!(out, "lane       {} ({}): {:?} {}", lane.id, lane.title, lane.takes, directions.join(" and "))?;
    for device in board.devices.iter().filter(|device| device.lane == lane.id) {
        writeln!(out, "  device   {} ({})", device.id, device.driver.name())?;
    }
    for profile in lane.profiles.iter() {
        print_profile(out, profile)?;
    }
    Ok(())
}

fn print_profile(out: &mut impl Write, profile: &Profile) -> io::Result<()> {
    writeln!(out, "  profile  {} ({})", profile.id, profile.title.zh)?;
    for step in &profile.steps {
        let id = Some(step.id.as_str()).filter(|id| *id != step.kind().name());
        let kind = step.kind().name().to_owned() + &id.map(|id| format!(" {id}")).unwrap_or_default();
        let waivers: Vec<&str> = step.waivers.iter().map(|reason| reason.as_str()).collect();
        let waivers = if waivers.is_empty() { "never".to_owned() } else { waivers.join(", ") };
        let classes: Vec<&str> = step.when.classes.iter().map(|class| class_name(*class)).collect();
        let mut only =
            if classes.is_empty() { String::new() } else { format!("; only {}", classes.join(", ")) };
        let modes: Vec<&str> = step.when.modes.iter().map(|mode| mode.name()).collect();
        if !modes.is_empty() {
            only.push_str(&format!("; in {}", modes.join(", ")));
        }
        for earlier in &step.when.after {
            only.push_str(&format!("; after {}", earlier.step));
        }
        writeln!(out, "    step   {kind}: {} s; waived for {waivers}{only}", step.timeout.as_secs())?;
    }
    Ok(())
}
