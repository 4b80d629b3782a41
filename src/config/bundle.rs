//! Policy bundles: everything that rules a kiosk for a while, in one file that two people have signed.
//!
//! # Format
//!
//! A file is a CBOR ([RFC 8949]) array of three: the text `kakou-policy-1`, the content as a byte string, and an array of
//! signatures, each an array of the signer's Ed25519 public key (32 bytes) and the signature (64 bytes). A signature is over
//! the bytes `kakou policy bundle 1`, a zero byte, and the content.
//!
//! The content is a CBOR array whose fields stand at the types below. It is canonical: definite lengths, shortest integers,
//! lists that say so in rising order and without doubles, no field left out and none added. What is decoded is encoded again
//! and must be the same bytes, so that one bundle has one form and nothing in it goes unread by whoever signs.
//!
//! A policy that nobody signed, such as that of a site file, is kept for replay in the same form without signatures, as version 0.
//!
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949

mod difference;
mod draft;
mod verify;

use minicbor::{Decode, Encode};
use ring::digest;

pub use difference::{difference, hex, summary, time};
pub use draft::read_draft;
pub use verify::{Refusal, SignerKey, Terms, check, signed_bytes, verify};

use super::error::Mistakes;
use super::policy::Policy;
use super::profile::{Profile, Profiles};
use super::profile_file::read_profiles;
use super::site::Site;
use crate::base::{CentiCelsius, PolicyId, Slug, Wall};
use crate::model::{AreaMode, BodySite, PlatePrefix, ScreeningRule};

/// Largest bundle, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Most elements of each list.
const LIST_MAX: usize = 256;

/// Most signatures that are looked at.
const SIGNATURES_MAX: usize = 16;

const MAGIC: &str = "kakou-policy-1";

/// What rules a kiosk for a while.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bundle {
    /// Rises from one bundle to the next; 0 for a policy that nobody signed.
    #[n(0)]
    pub version: u64,
    /// The places that it is for, in rising order.
    #[n(1)]
    pub sites: Vec<Slug>,
    /// From when on it may rule.
    #[n(2)]
    pub from: Wall,
    /// Until when. A bundle without an end is refused.
    #[n(3)]
    pub until: Option<Wall>,
    /// Number of the notice that every decision cites.
    #[n(4)]
    pub notice: Option<u32>,
    /// The public notices that it rests on, by rising number.
    #[n(5)]
    pub notices: Vec<Notice>,
    /// The mode that the area is in while it rules.
    #[n(6)]
    pub mode: AreaMode,
    /// The mode that the area is in once it has expired; the policy is then that of the site file.
    #[n(7)]
    pub mode_after: AreaMode,
    /// How skin temperature is judged.
    #[n(8)]
    pub thresholds: Thresholds,
    /// The profiles that it puts in force, of those in its files, in rising order; lanes choose among them.
    #[n(9)]
    pub profiles: Vec<Slug>,
    /// The profile files, as they were written.
    #[n(10)]
    pub files: Vec<File>,
    /// The lists that go with it, by rising name.
    #[n(11)]
    pub lists: Vec<List>,
    /// Which plates are local, in rising order; left out, and never empty, where it calls none so.
    #[n(12)]
    pub local_plates: Option<Vec<PlatePrefix>>,
}

/// A public notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Notice {
    /// Its number.
    #[n(0)]
    pub number: u32,
    /// Its title in Chinese.
    #[n(1)]
    pub title_zh: String,
    /// Its title in English.
    #[n(2)]
    pub title_en: String,
    /// SHA-256 of the text that was published.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub sha256: [u8; 32],
}

/// A list that goes with a policy: a kiosk takes the policy once exactly this is in force there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct List {
    /// Its name.
    #[n(0)]
    pub name: Slug,
    /// SHA-256 of the CSV file that its issuers push, as `kakou list import` prints it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sha256: [u8; 32],
}

/// A profile file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct File {
    /// Its name, for messages.
    #[n(0)]
    pub name: String,
    /// Its text.
    #[n(1)]
    pub text: String,
}

/// [`ScreeningRule`] as a bundle carries it. What is as [`ScreeningRule::PLAIN`] has it is left out from `ceiling` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Thresholds {
    /// Threshold temperature, in hundredths of a degree.
    #[n(0)]
    pub threshold: i32,
    /// Half the width of the guard band, likewise.
    #[n(1)]
    pub guard: u16,
    /// Correction for the place of measurement, likewise.
    #[n(2)]
    pub correction: i16,
    /// Share of the difference between skin and surroundings, in thousandths.
    #[n(3)]
    pub factor: u16,
    /// Skin below this is too cold to measure.
    #[n(4)]
    pub cold: i32,
    /// Above this it is no skin.
    #[n(5)]
    pub hot: i32,
    /// From here on a person decides.
    #[n(6)]
    pub ceiling: Option<i32>,
    /// A core equivalent below this is no living person's.
    #[n(7)]
    pub implausible: Option<i32>,
    /// Whoever comes from colder air is measured twice.
    #[n(8)]
    pub outdoor: Option<i32>,
    /// Surroundings that the correction was checked for.
    #[n(9)]
    pub surroundings: Option<[i32; 2]>,
    /// Where on the body.
    #[n(10)]
    pub site: Option<BodySite>,
    /// Where after three readings within the guard band.
    #[n(11)]
    pub second_site: Option<BodySite>,
    /// Whoever comes from hotter air is measured twice.
    #[n(12)]
    pub outdoor_hot: Option<i32>,
}

/// One signature on a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Signature {
    /// The signer's public key.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// Ed25519 over [`signed_bytes`].
    #[cbor(n(1), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

/// A bundle with the signatures that stand on it, which may or may not be good: see [`verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub bundle: Bundle,
    /// By whom.
    pub signatures: Vec<Signature>,
}

#[derive(Encode, Decode)]
struct Envelope {
    #[n(0)]
    magic: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    content: Vec<u8>,
    #[n(2)]
    signatures: Vec<Signature>,
}

impl Signed {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is no bundle, or not in the one form that it may have.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        let no_bundle = |error: minicbor::decode::Error| Refusal::NoBundle(error.to_string());
        let Envelope { magic, content, signatures } = minicbor::decode(bytes).map_err(no_bundle)?;
        if magic != MAGIC {
            return Err(Refusal::NoBundle(format!("begins with {magic:?}")));
        }
        let bundle: Bundle = minicbor::decode(&content).map_err(no_bundle)?;
        let signed = Self { bundle, signatures };
        if signed.signatures.len() > SIGNATURES_MAX
            || !signed.bundle.is_in_order()
            || signed.encode() != bytes
        {
            return Err(Refusal::NotCanonical);
        }
        Ok(signed)
    }

    /// The file.
    pub fn encode(&self) -> Vec<u8> {
        let envelope = Envelope {
            magic: MAGIC.to_owned(),
            content: self.bundle.content(),
            signatures: self.signatures.clone(),
        };
        // Writing into memory cannot fail.
        minicbor::to_vec(envelope).unwrap_or_default()
    }
}

impl Bundle {
    /// A site's own policy, which nobody signed, so that it can be kept.
    pub fn of_site(site: &Site) -> Self {
        let Policy { id: _, notice, screening, profiles, local_plates } = &site.policy;
        let mut files = site.profile_files.clone();
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            version: 0,
            sites: vec![site.site.clone()],
            from: Wall(0),
            until: None,
            notice: *notice,
            notices: vec![],
            mode: AreaMode::Normal,
            mode_after: AreaMode::Normal,
            thresholds: Thresholds::of(screening),
            profiles: profiles.iter().map(|profile| profile.id.clone()).collect(),
            files,
            lists: vec![],
            local_plates: Some(local_plates.clone()).filter(|prefixes| !prefixes.is_empty()),
        }
    }

    /// The canonical bytes that are signed.
    pub fn content(&self) -> Vec<u8> {
        // Writing into memory cannot fail.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// First half of the SHA-256 of the content, to tell bundles apart on screens.
    pub fn digest(&self) -> PolicyId {
        let mut id = PolicyId([0; 16]);
        id.0.copy_from_slice(&digest::digest(&digest::SHA256, &self.content()).as_ref()[..16]);
        id
    }

    /// The profiles that it puts in force.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its files, or a profile that is in none or in several of them.
    pub fn profiles(&self) -> Result<Vec<Profile>, Mistakes> {
        let mut all: Vec<(String, Profile)> = Vec::new();
        for File { name, text } in &self.files {
            all.extend(read_profiles(name, text)?.into_iter().map(|profile| (name.clone(), profile)));
        }
        let mut wanted = Vec::new();
        for id in &self.profiles {
            let named: Vec<_> = all.iter().filter(|(_, profile)| profile.id == *id).collect();
            match named.as_slice() {
                [(_, profile)] => wanted.push(profile.clone()),
                [] => return Err(mistake("profiles", &format!("no file of the bundle has {id}"))),
                [(one, _), (other, _), ..] => {
                    return Err(mistake("profiles", &format!("{id} is in {one} and in {other}")));
                }
            }
        }
        Ok(wanted)
    }

    /// The policy that it puts in force.
    ///
    /// # Errors
    ///
    /// As for [`profiles`](Self::profiles).
    pub fn policy(&self) -> Result<Policy, Mistakes> {
        let policy = Policy::new(self.notice, self.thresholds.screening(), self.profiles()?);
        Ok(policy.with_local_plates(self.local_plates.clone().unwrap_or_default()))
    }

    /// The profiles for a lane that wants these.
    ///
    /// # Errors
    ///
    /// When one is not in the bundle, or they are no set.
    pub fn for_lane(&self, wanted: &[Slug]) -> Result<Profiles, Mistakes> {
        Profiles::only(&self.profiles()?, wanted)
            .map_err(|conflict| mistake("profiles", &conflict.to_string()))
    }

    /// The title of the notice that it cites, in Chinese and English.
    pub fn notice_title(&self) -> Option<(&str, &str)> {
        let notice = self.notices.iter().find(|notice| Some(notice.number) == self.notice)?;
        Some((&notice.title_zh, &notice.title_en))
    }

    /// Whether its lists are within their limits and in the order that they must have.
    fn is_in_order(&self) -> bool {
        fn rises<T: Ord>(list: impl Iterator<Item = T>) -> bool {
            list.collect::<Vec<_>>().windows(2).all(|pair| pair[0] < pair[1])
        }
        let local_plates = self.local_plates.as_deref();
        if local_plates.is_some_and(<[PlatePrefix]>::is_empty) {
            return false;
        }
        let local_plates = local_plates.unwrap_or_default();
        let lengths = [
            local_plates.len(),
            self.sites.len(),
            self.notices.len(),
            self.profiles.len(),
            self.files.len(),
            self.lists.len(),
        ];
        lengths.iter().all(|length| *length <= LIST_MAX)
            && rises(self.sites.iter())
            && rises(self.notices.iter().map(|notice| notice.number))
            && rises(self.profiles.iter())
            && rises(self.files.iter().map(|file| &file.name))
            && rises(self.lists.iter().map(|list| &list.name))
            && rises(local_plates.iter())
    }
}

fn mistake(key: &str, expected: &str) -> Mistakes {
    let (file, key) = ("bundle".to_owned(), key.to_owned());
    super::Mistake { file, line: None, key, value: None, expected: expected.to_owned() }.into()
}

impl Thresholds {
    /// What `rule` says.
    pub fn of(rule: &ScreeningRule) -> Self {
        let plain = ScreeningRule::PLAIN;
        let unless = |value: CentiCelsius, plain| Some(value.get()).filter(|_| value != plain);
        let surroundings = rule.surroundings.map(CentiCelsius::get);
        Self {
            threshold: rule.threshold.get(),
            guard: rule.guard,
            correction: rule.correction,
            factor: rule.factor,
            cold: rule.cold.get(),
            hot: rule.hot.get(),
            ceiling: unless(rule.ceiling, plain.ceiling),
            implausible: unless(rule.implausible, plain.implausible),
            outdoor: unless(rule.outdoor, plain.outdoor),
            surroundings: Some(surroundings).filter(|_| rule.surroundings != plain.surroundings),
            site: Some(rule.site).filter(|site| *site != plain.site),
            second_site: rule.second_site,
            outdoor_hot: rule.outdoor_hot.map(CentiCelsius::get),
        }
    }

    /// The same for the engine. A temperature that none can be counts as the nearest that can; [`check`] refuses it before.
    pub fn screening(&self) -> ScreeningRule {
        let celsius = |value| CentiCelsius::new(value).unwrap_or(CentiCelsius::ABSOLUTE_ZERO);
        let plain = ScreeningRule::PLAIN;
        ScreeningRule {
            threshold: celsius(self.threshold),
            guard: self.guard,
            correction: self.correction,
            factor: self.factor,
            cold: celsius(self.cold),
            hot: celsius(self.hot),
            ceiling: self.ceiling.map_or(plain.ceiling, celsius),
            implausible: self.implausible.map_or(plain.implausible, celsius),
            outdoor: self.outdoor.map_or(plain.outdoor, celsius),
            surroundings: self.surroundings.map_or(plain.surroundings, |limits| limits.map(celsius)),
            site: self.site.unwrap_or(plain.site),
            second_site: self.second_site,
            outdoor_hot: self.outdoor_hot.map(celsius),
        }
    }

    /// The limits that a site file has as well.
    fn is_plausible(&self) -> bool {
        let [low, high] = self.surroundings.unwrap_or([1_600, 3_200]);
        (3_600..=4_000).contains(&self.threshold)
            && self.guard <= 100
            && (-200..=200).contains(&self.correction)
            && self.factor <= 1_000
            && (2_500..=3_590).contains(&self.cold)
            && (4_010..=5_000).contains(&self.hot)
            && self.ceiling.is_none_or(|ceiling| (3_700..=4_100).contains(&ceiling))
            && self.ceiling.unwrap_or(3_800).max(self.threshold) == self.ceiling.unwrap_or(3_800)
            && self.implausible.is_none_or(|value| (3_300..=3_620).contains(&value))
            && self.outdoor.is_none_or(|value| (-1_000..=2_500).contains(&value))
            && self.outdoor_hot.is_none_or(|value| (2_500..=4_500).contains(&value))
            && (500..=2_500).contains(&low)
            && (2_500..=3_800).contains(&high)
            && self.second_site != Some(self.site.unwrap_or_default())
    }
}
