//! RFC 9180 hybrid encryption of one sealing key to one hub.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use super::entropy::Entropy;
use super::seal::{Error, SealingKey};

type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// Encrypts `key` to the hub; returns the encapsulated key and the ciphertext.
pub(super) fn seal_to_hub(
    hub: &[u8; 32],
    origin: &str,
    key: &SealingKey,
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let public = PublicKey::from_bytes(hub).map_err(|_| Error::PublicKey)?;
    let mut drawn = Drawn::new(entropy)?;
    let (encapsulated, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            &info(origin),
            key.expose(),
            &key.number().to_le_bytes(),
            &mut drawn,
        )
        .map_err(|_| Error::PublicKey)?;
    Ok((encapsulated.to_bytes().to_vec(), sealed))
}

/// Decrypts what [`seal_to_hub`] made.
pub(super) fn open_from_kiosk(
    private: &[u8; 32],
    origin: &str,
    number: u32,
    encapsulated: &[u8],
    sealed: &[u8],
) -> Result<SealingKey, Error> {
    let private = PrivateKey::from_bytes(private).map_err(|_| Error::Unopened)?;
    let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| Error::Malformed)?;
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        &info(origin),
        sealed,
        &number.to_le_bytes(),
    );
    let plain = Zeroizing::new(plain.map_err(|_| Error::Unopened)?);
    let secret = plain.as_slice().try_into().map_err(|_| Error::Malformed)?;
    Ok(SealingKey::new(number, secret))
}

/// The private key that follows from a seed (RFC 9180, §7.1.3).
pub(super) fn private_from_seed(seed: &[u8; 32]) -> [u8; 32] {
    let (private, _) = X25519HkdfSha256::derive_keypair(seed);
    private.to_bytes().into()
}

/// The public key of `private`.
pub(super) fn public_of(private: &[u8; 32]) -> [u8; 32] {
    let public = PrivateKey::from_bytes(private).map(|private| X25519HkdfSha256::sk_to_pk(&private));
    // Every 32 bytes are an X25519 private key.
    public.map_or([0; 32], |public| public.to_bytes().into())
}

fn info(origin: &str) -> Vec<u8> {
    format!("kakou/sealing-key/1 {origin}").into_bytes()
}

/// Bytes drawn beforehand, because the library's generators may not fail.
struct Drawn {
    bytes: Zeroizing<[u8; 64]>,
    used: usize,
}

impl Drawn {
    fn new(entropy: &mut dyn Entropy) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; 64]);
        entropy.fill(&mut bytes[..])?;
        Ok(Self { bytes, used: 0 })
    }
}

impl TryRng for Drawn {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        let end = self.used + out.len();
        assert!(end <= self.bytes.len(), "an encapsulation draws 32 bytes");
        out.copy_from_slice(&self.bytes[self.used..end]);
        self.used = end;
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}
