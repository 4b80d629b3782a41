//! `kakou policy key` and `sign`: who may sign, and that they did.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use zeroize::Zeroizing;

use super::source::read_bundle;
use crate::config::bundle::{self, Signature, SignerKey, signed_bytes};
use crate::engine::prove::prove_all;
use crate::journal::SigningKey;
use crate::platform::files;

/// Prints the public half of the key in `file`.
pub fn key(file: &Path, out: &mut impl Write) -> Result<bool> {
    let public = SignerKey(open(file)?.verifying().0);
    writeln!(out, "{public}")?;
    Ok(true)
}

/// Signs what is in `file` with `key` and writes it to `to`. What is not sound is not signed.
pub fn sign(file: &Path, key: &Path, to: &Path, out: &mut impl Write) -> Result<bool> {
    let mut signed = match read_bundle(file)? {
        Ok(signed) => signed,
        Err(said) => return refuse(&said, out),
    };
    let profiles = bundle::check(&signed.bundle).and_then(|()| Ok(signed.bundle.profiles()?));
    let proved = match profiles {
        Ok(profiles) => prove_all(&profiles).map(drop),
        Err(refusal) => Err(refusal.to_string()),
    };
    if let Err(said) = proved {
        return refuse(&said, out);
    }
    // A key that is drawn here would be one that no kiosk trusts.
    ensure!(key.exists(), "{}: 没有此文件 there is no such file", key.display());
    let pair = open(key)?;
    let public = pair.verifying().0;
    if signed.signatures.iter().any(|signature| signature.key == public) {
        return refuse(
            "此密钥已签过，须另一人再签 this key has signed already; somebody else must sign",
            out,
        );
    }
    let made = pair.sign(&signed_bytes(&signed.bundle));
    let signature: [u8; 64] = made.try_into().map_err(|_| anyhow::anyhow!("no Ed25519 signature"))?;
    signed.signatures.push(Signature { key: public, signature });
    files::write_atomically(to, &signed.encode()).with_context(|| to.display().to_string())?;
    let count = signed.signatures.len();
    writeln!(
        out,
        "{}: 第{}版 version {}, 签名 signatures {count}{}",
        to.display(),
        signed.bundle.version,
        signed.bundle.version,
        if count < 2 { " (还须一人 one more person must sign)" } else { "" }
    )?;
    Ok(true)
}

fn refuse(said: &str, out: &mut impl Write) -> Result<bool> {
    writeln!(out, "不予签署 not signed: {said}")?;
    Ok(false)
}

fn open(file: &Path) -> Result<SigningKey> {
    let seed = Zeroizing::new(files::secret(file).with_context(|| file.display().to_string())?);
    Ok(SigningKey::from_seed(&seed))
}
