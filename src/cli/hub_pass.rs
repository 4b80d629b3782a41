//! `kakou hub pass`: issues a pass.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::base::{Pii, Slug, Wall};
use crate::hub::{Hub, Issued, Shown, Wanted, issue, link};
use crate::ledger::Day;
use crate::model::credential::Purpose;
use crate::model::{Class, SubjectKind};

/// What a pass is for, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum For {
    Entry,
    ReEntry,
    Transit,
    ContactCard,
}

/// Issues a pass and prints it as text and as a QR symbol.
#[derive(Args, Debug)]
pub struct Pass {
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
    /// The place it is for, as in the kiosks' site files.
    #[arg(long)]
    site: Slug,
    /// What the holder is to the place: resident, worker, visitor, transit, key-person; observed for a contact card.
    /// Left out: transit for transit, observed for a contact card, else resident.
    #[arg(long, value_parser = class)]
    class: Option<Class>,
    /// The holder's name; the pass holds its masked form only.
    #[arg(long)]
    name: Option<String>,
    /// The vehicle's plate, for a vehicle's pass.
    #[arg(long)]
    plate: Option<String>,
    /// What it is for: entry, re-entry, transit or contact-card. Somebody under observation holds a contact card.
    #[arg(long = "for", default_value = "entry")]
    purpose: For,
    /// Where to; for transit.
    #[arg(long, required_if_eq("purpose", "transit"))]
    to: Option<String>,
    /// When the holder's temperature was screened and good, such as 2026-11-28T08:00:00+08:00; for re-entry.
    #[arg(long)]
    screened: Option<jiff::Timestamp>,
    /// Hours that it is good for from now on, instead of whole days.
    #[arg(long, conflicts_with = "days", value_parser = clap::value_parser!(i64).range(1..=168))]
    hours: Option<i64>,
    /// Shown on a telephone by a code that changes every 30 seconds, for seven days at most; prints the page's address behind
    /// the hub's own.
    #[arg(long)]
    turning: bool,
    /// Days that it is good for, today included.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=3_660))]
    days: i64,
    /// Also writes the symbol to this file, as SVG.
    #[arg(long)]
    svg: Option<PathBuf>,
}

/// Issues it.
///
/// # Errors
///
/// When the claims make no pass, or the symbol cannot be written.
pub fn run(args: &Pass, hub: &Hub) -> Result<()> {
    let wanted = wanted(args, hub.now())?;
    let pass = issue(hub, &wanted).map_err(anyhow::Error::msg)?;
    let mut out = io::stdout().lock();
    if let Some(link) = link(&pass) {
        if args.svg.is_some() {
            bail!("a pass whose code changes has no picture: leave --svg out");
        }
        // Behind the address of the hub: which that is, only whoever reaches it knows.
        writeln!(out, "{}", link.expose())?;
        writeln!(
            out,
            "把本中心的网址接在前面，只发给持证人本人 behind the hub's address, for the holder alone"
        )?;
    } else {
        print(args, &pass, &mut out)?;
    }
    writeln!(out, "撤销用编号 to revoke it by: {}", pass.id)?;
    Ok(())
}

fn print(args: &Pass, Issued { text, .. }: &Issued, out: &mut impl io::Write) -> Result<()> {
    let symbol = QrCode::with_error_correction_level(text, EcLevel::M)?;
    if let Some(file) = &args.svg {
        let drawn = symbol.render::<qrcode::render::svg::Color<'_>>().min_dimensions(320, 320).build();
        std::fs::write(file, drawn).with_context(|| file.display().to_string())?;
    }
    writeln!(out, "{text}")?;
    // Dark on light whatever the terminal's colours are: a reader needs the light border.
    let drawn = symbol.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    writeln!(out, "{drawn}")?;
    Ok(())
}

fn wanted(args: &Pass, now: Wall) -> Result<Wanted> {
    let purpose = match (args.purpose, &args.to, args.screened) {
        (For::Entry, None, None) => Purpose::Entry,
        (For::ReEntry, None, screened) => {
            Purpose::ReEntry { screened: screened.map(|at| Wall::from_secs(at.as_second())) }
        }
        (For::Transit, Some(to), None) => Purpose::Transit { to: Pii::new(to.clone()) },
        (For::ContactCard, None, None) => Purpose::ContactCard,
        (For::Entry | For::ReEntry | For::Transit | For::ContactCard, ..) => {
            bail!("--to is for transit, and --screened for re-entry")
        }
    };
    let usual = match purpose {
        Purpose::Entry | Purpose::ReEntry { .. } => Class::Resident,
        Purpose::Transit { .. } => Class::Transit,
        Purpose::ContactCard => Class::Observed,
    };
    let today = Day::of(now);
    let (not_before, expires) = match args.hours {
        Some(hours) => (now, Wall(now.0 + hours * 3_600_000)),
        None => (today.start(), today.plus(args.days).start()),
    };
    Ok(Wanted {
        subject: if args.plate.is_some() { SubjectKind::Vehicle } else { SubjectKind::Person },
        class: args.class.unwrap_or(usual),
        site: args.site.clone(),
        not_before,
        expires,
        name: args.name.clone().map(Pii::new),
        plate: args.plate.clone().map(Pii::new),
        purpose,
        shown: if args.turning { Shown::Turning } else { Shown::Printed },
    })
}

fn class(text: &str) -> Result<Class, String> {
    match text {
        "resident" => Ok(Class::Resident),
        "worker" => Ok(Class::Worker),
        "visitor" => Ok(Class::Visitor),
        "transit" => Ok(Class::Transit),
        "observed" => Ok(Class::Observed),
        "key-person" => Ok(Class::KeyPerson),
        _ => Err("expected resident, worker, visitor, transit, observed or key-person".to_owned()),
    }
}
