//! What a file named on the command line is: profiles, a draft, a bundle, or a kiosk's configuration.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::config::bundle::{self, Bundle, Refusal, Signed, read_draft};
use crate::config::profile_file::read_profiles;
use crate::config::{Profile, Site};
use crate::platform::files;

/// What was read.
pub enum Source {
    /// Profiles.
    Profiles(Vec<Profile>),
    /// A draft: a bundle that nobody has signed.
    Draft(Box<Bundle>),
    /// A bundle with its signatures.
    Bundle(Box<Signed>),
    /// A kiosk's configuration.
    Site(Box<Site>),
}

/// Reads `file`; the inner error is everything that is wrong with it.
///
/// # Errors
///
/// When it cannot be read at all.
pub fn read(file: &Path) -> Result<Result<Source, String>> {
    let name = file.display().to_string();
    let bytes = files::read_if_there(file, bundle::FILE_BYTES_MAX).with_context(|| name.clone())?;
    let Some(bytes) = bytes else { bail!("{name}: 没有此文件 there is no such file") };
    let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(signed(&name, &bytes)) };
    let keys: Vec<&str> =
        text.lines().map(str::trim_start).filter_map(|line| line.split(['=', ']']).next()).collect();
    let has = |wanted: &str| keys.iter().any(|key| key.trim() == wanted);
    Ok(if has("[[profile") {
        read_profiles(&name, text).map(Source::Profiles).map_err(|mistakes| mistakes.to_string())
    } else if has("[[lane") {
        let site = Site::read(file).map_err(|mistakes| mistakes.to_string());
        site.map(|site| Source::Site(Box::new(site)))
    } else {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let load = &mut |name: &str| text_of(&folder.join(name));
        let draft = read_draft(&name, text, load).map_err(|mistakes| mistakes.to_string());
        draft.map(|draft| Source::Draft(Box::new(draft)))
    })
}

/// A draft or a bundle, as what is in it.
///
/// # Errors
///
/// When it cannot be read; the inner error is what is wrong with it.
pub fn read_bundle(file: &Path) -> Result<Result<Signed, String>> {
    let name = file.display();
    Ok(match read(file)? {
        Ok(Source::Draft(bundle)) => Ok(Signed { bundle: *bundle, signatures: vec![] }),
        Ok(Source::Bundle(signed)) => Ok(*signed),
        Ok(Source::Profiles(_) | Source::Site(_)) => {
            Err(format!("{name}: 既非策略包也非草案 neither a bundle nor a draft"))
        }
        Err(said) => Err(said),
    })
}

fn signed(name: &str, bytes: &[u8]) -> Result<Source, String> {
    let signed = Signed::decode(bytes).map_err(|refusal: Refusal| format!("{name}: {refusal}"))?;
    Ok(Source::Bundle(Box::new(signed)))
}

fn text_of(path: &Path) -> Result<String, String> {
    let bytes = files::read_if_there(path, crate::config::section::FILE_BYTES_MAX);
    let bytes = bytes.map_err(|error| error.to_string())?.ok_or("there is no such file")?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
