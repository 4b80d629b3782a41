//! A country's signing CA, those who sign seals by it, and each layer of what they write.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use kakou::credential::certificate;
use kakou::credential::key::Keys;
use kakou::credential::report::{Moment, Report};
use kakou::credential::verify;
use kakou::model::{Authenticity, Currency};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm, date_time_ymd,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm,
};
use serde_json::{Value as Json, json};

use crate::NOW;

/// The use that signers of seals name.
pub const SEALS: [u64; 7] = [2, 23, 136, 1, 1, 14, 2];

/// A signing CA, its certificate, and whoever is signed by it.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub der: Vec<u8>,
}

impl Authority {
    pub fn new(country: &str) -> Self {
        Self::with(country, &PKCS_ECDSA_P256_SHA256, |_| ())
    }

    /// One that is changed before it signs itself.
    pub fn with(
        country: &str,
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = named(country, "CSCA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2035, 1, 1);
        change(&mut params);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { params, key, der }
    }

    pub fn keys(&self) -> Keys {
        Keys::new(certificate::keys(&self.der).unwrap())
    }

    pub fn signer(&self, country: &str) -> Signer {
        self.signer_with(country, &PKCS_ECDSA_P256_SHA256, |_| ())
    }

    /// A signer whose certificate is changed before it is signed.
    pub fn signer_with(
        &self,
        country: &str,
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Signer {
        self.signer_under(&self.params, (country, algorithm), change)
    }

    /// A signer whose certificate says that a CA of that country has signed it.
    pub fn signer_as_of(&self, authority: &str, country: &str) -> Signer {
        self.signer_under(&named(authority, "CSCA"), (country, &PKCS_ECDSA_P256_SHA256), |_| ())
    }

    fn signer_under(
        &self,
        authority: &CertificateParams,
        (country, algorithm): (&str, &'static SignatureAlgorithm),
        change: impl FnOnce(&mut CertificateParams),
    ) -> Signer {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = named(country, "Signer");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(SEALS.to_vec())];
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2031, 1, 1);
        change(&mut params);
        let issuer = Issuer::from_params(authority, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap().der().to_vec();
        Signer { key, certificate }
    }
}

fn named(country: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if !country.is_empty() {
        params.distinguished_name.push(DnType::CountryName, country);
    }
    params.distinguished_name.push(DnType::CommonName, format!("{name} {country}"));
    params
}

/// Whoever signs seals.
pub struct Signer {
    key: KeyPair,
    pub certificate: Vec<u8>,
}

impl Signer {
    pub fn algorithm(&self) -> &'static str {
        if self.key.algorithm() == &PKCS_ECDSA_P384_SHA384 { "ES384" } else { "ES256" }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let way = if self.algorithm() == "ES384" {
            &ECDSA_P384_SHA384_FIXED_SIGNING
        } else {
            &ECDSA_P256_SHA256_FIXED_SIGNING
        };
        self.sign_as(way, message)
    }

    /// As certificates have signatures, and seals do not.
    pub fn sign_in_der(&self, message: &[u8]) -> Vec<u8> {
        self.sign_as(&ECDSA_P256_SHA256_ASN1_SIGNING, message)
    }

    fn sign_as(&self, way: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(way, &self.key.serialize_der(), &random).unwrap();
        pair.sign(&random, message).unwrap().as_ref().to_vec()
    }

    /// A seal of `data`, well signed.
    pub fn seal(&self, data: &Json) -> String {
        let signature = self.sign(&canonical(data));
        text(data, self.algorithm(), &BASE64.encode(&self.certificate), &BASE64URL_NOPAD.encode(&signature))
    }
}

/// A vaccination of nobody.
pub fn vaccination(state: &str) -> Json {
    json!({
        "hdr": {"t": "icao.vacc", "v": 1, "is": state},
        "msg": {
            "uvci": "U32870", "pid": {"n": "Citizen Jane Sue", "dob": "1961-05-15", "sex": "F", "i": "PA0941262"},
            "ve": [{"des": "XM68M6", "nam": "Comirnaty", "dis": "RA01.0", "vd": [{"dvc": "2021-03-03", "seq": 1}]}],
        },
    })
}

/// The members in their order and nothing between: what RFC 8785 makes of data whose keys are ASCII and whose numbers are small.
pub fn canonical(data: &Json) -> Vec<u8> {
    data.to_string().into_bytes()
}

pub fn text(data: &Json, algorithm: &str, certificate: &str, signature: &str) -> String {
    json!({"data": data, "sig": {"alg": algorithm, "cer": certificate, "sigvl": signature}}).to_string()
}

pub fn check(text: &str, keys: &Keys) -> Report {
    verify(text.as_bytes(), keys, &Moment::sure(NOW))
}

pub fn is_accepted(report: &Report) -> bool {
    report.authentic == Authenticity::Genuine && report.current == Currency::Current && report.fault.is_none()
}
