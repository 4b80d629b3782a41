//! `kiosk.toml`: what the site wants of its kiosk. `systemd/kiosk.toml` shows every key.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::badge::BadgeHash;
use super::bundle;
use super::error::{Mistakes, Report};
use super::list::ListRule;
use super::mqtt::Mqtt;
use super::policy::Policy;
use super::profile::Profiles;
use super::site_file;
use crate::base::{AttendantId, KioskId, LaneId, Slug};
use crate::model::{Direction, Post, SubjectKind, Verdict};

/// Name of the file in the state folder that holds the key under which identifiers are blinded.
pub const KEY_FILE: &str = "site.key";

/// Name of the folder in the state folder that holds the lists.
pub const LISTS_FOLDER: &str = "lists";

/// Name of the folder in the state folder that holds the urgent log.
pub const URGENT_FOLDER: &str = "urgent";

/// What a site wants of its kiosk, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The kiosk, as its hub knows it.
    pub kiosk: KioskId,
    /// Its name in the site's words.
    pub title: String,
    /// The place that it guards; passes are issued for it.
    pub site: Slug,
    /// The place's time, in minutes ahead of UTC. Only for showing.
    pub utc_offset_minutes: i16,
    /// Where records, keys and lists are kept.
    pub state: PathBuf,
    /// Where the list of known people is kept.
    pub roster: PathBuf,
    /// The kiosk's own pages.
    pub web: Web,
    /// The hub's address, without a slash at the end; none for a kiosk on its own.
    pub hub: Option<String>,
    /// A broker that gets a copy of the records' public parts.
    pub mqtt: Option<Mqtt>,
    /// How long this kiosk can open personal data.
    pub personal_retention: Duration,
    /// How long this kiosk keeps records that the hub has signed for.
    pub record_retention: Duration,
    /// Verdicts of which a picture is kept as evidence; none where the site says nothing.
    pub pictures: Vec<Verdict>,
    /// How its place code changes; none where it shows none.
    pub place_code: Option<PlaceCodeRules>,
    /// Its lanes; at least one.
    pub lanes: Vec<Lane>,
    /// Lists of identifiers whose holders a person has to look at.
    pub lists: Vec<Arc<ListRule>>,
    /// Who may sign in; empty where nobody may, and then nobody can waive or decide.
    pub attendants: Vec<Attendant>,
    /// How it is watched that somebody is at the post; none where it is not.
    pub post: Option<PostRules>,
    /// What rules the lanes.
    pub policy: Policy,
    /// Who may sign policy bundles for this kiosk; none where it takes none.
    pub signers: Vec<bundle::SignerKey>,
    /// The files that its profiles are in, as they were written.
    pub profile_files: Vec<bundle::File>,
}

/// Where the kiosk's own pages are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Address and port; loopback unless hosts are named.
    pub listen: SocketAddr,
    /// Names and addresses under which the pages may be asked for besides loopback.
    pub hosts: Vec<String>,
}

impl Default for Web {
    /// Loopback, port 8080.
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 8_080).into(), hosts: Vec::new() }
    }
}

/// One lane as the site wants it; the board says how it is wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name on the board.
    pub id: LaneId,
    /// Its name in the site's words.
    pub title: String,
    /// What it is for.
    pub takes: SubjectKind,
    /// Which traffic it takes; at least one direction.
    pub directions: Vec<Direction>,
    /// The profiles that rule it.
    pub profiles: Profiles,
    /// How long the barrier waits for somebody to go through.
    pub pass_within: Duration,
    /// How long the beam must be free before the barrier closes.
    pub clear_for: Duration,
    /// How long nobody must be seen before the subject counts as gone.
    pub leave_after: Duration,
}

/// How it is watched that somebody is at the post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostRules {
    /// Shortest and longest time from the last act to the question.
    pub ask_after: [Duration; 2],
    /// How long the answer may take.
    pub answer_within: Duration,
    /// How long nobody may be signed in; none where nobody has to be.
    pub staffed_within: Option<Duration>,
}

/// How the place code changes that visitors scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceCodeRules {
    /// How long one is shown, in seconds: 30 to 600.
    pub every_s: u32,
    /// What each begins with, such as a web address; may be empty.
    pub prefix: String,
}

/// Who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendant {
    /// Staff name, as it stands in records.
    pub id: AttendantId,
    /// Name on the sign-in page.
    pub name: String,
    /// Argon2id hash of the PIN.
    pub pin: PinHash,
    /// Hash of their badge, where they have one.
    pub badge: Option<BadgeHash>,
    /// As what and for whom they are here; none where the site says neither.
    pub post: Option<Post>,
}

/// Argon2id hash of a PIN as a PHC string. Does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(pub(super) String);

impl PinHash {
    /// The PHC string, to compare a PIN with.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PinHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[pin]")
    }
}

impl Site {
    /// Reads the file at `path`, and the profiles that it names next to it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let file = path.display().to_string();
        match text_of(path) {
            Ok(text) => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                site_file::parse(&file, &text, &mut |name| text_of(&folder.join(name)))
            }
            Err(error) => {
                let mut report = Report::new(&file, "");
                report.whole("", error);
                report.finish(None)
            }
        }
    }

    /// Reads the `text` of `file`, with the shipped profiles only.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        site_file::parse(file, text, &mut |name| Err(format!("{name} cannot be read from here")))
    }

    /// The lane called `id`.
    pub fn lane(&self, id: &LaneId) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.id == *id)
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > super::section::FILE_BYTES_MAX as u64 {
        return Err(format!("must be at most {} bytes", super::section::FILE_BYTES_MAX));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}
