//! What is sent to an issuer: the fields of a body, filled in, signed and written.

use data_encoding::{HEXLOWER, HEXUPPER};
use ring::{digest, hmac};
use zeroize::Zeroizing;

use crate::base::{Pii, Wall};
use crate::config::online_file::{Adapter, Form, Letters, Part, Sign, SignHow, Template};

/// Signs bodies.
pub struct Signer {
    /// How.
    pub sign: Sign,
    /// With what. It is never sent.
    pub secret: Zeroizing<Vec<u8>>,
}

/// What is filled in besides the code.
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    /// The time.
    pub now: Wall,
    /// What never comes again.
    pub nonce: [u8; 16],
}

/// A body and its type.
pub struct Body {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub bytes: Vec<u8>,
}

/// The body that asks about `code`.
///
/// Values are put in as texts: whatever stands in a code, it stays the value of its field.
pub fn body(adapter: &Adapter, signer: Option<&Signer>, code: &Pii<String>, filling: Filling) -> Body {
    let fill =
        |(name, template): &(String, Template)| (name.clone(), filled(template, code.expose(), filling));
    // In the order of names, as they are signed.
    let mut fields: Vec<(String, String)> = adapter.send.iter().map(fill).collect();
    if let Some(signer) = signer {
        let signature = signer.signature(&fields);
        fields.push((signer.sign.field.clone(), signature));
    }
    match adapter.form {
        Form::Json => {
            let fields: serde_json::Map<_, _> =
                fields.into_iter().map(|(name, value)| (name, value.into())).collect();
            let bytes = serde_json::Value::Object(fields).to_string().into_bytes();
            Body { content_type: "application/json", bytes }
        }
        Form::Urlencoded => {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            Body { content_type: "application/x-www-form-urlencoded", bytes: text.into_bytes() }
        }
    }
}

/// In one pass: what is filled in is not looked at again.
fn filled(Template(parts): &Template, code: &str, Filling { now, nonce }: Filling) -> String {
    let fill = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Code => code.to_owned(),
        Part::Unix => now.as_secs().to_string(),
        Part::UnixMs => now.0.to_string(),
        Part::Nonce => HEXLOWER.encode(&nonce),
    };
    parts.iter().map(fill).collect()
}

impl Signer {
    /// Of `fields`, which are in the order of their names.
    fn signature(&self, fields: &[(String, String)]) -> String {
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = pairs.join("&");
        let digits = match self.sign.letters {
            Letters::Upper => HEXUPPER,
            Letters::Lower => HEXLOWER,
        };
        match self.sign.how {
            SignHow::HmacSha256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
                digits.encode(hmac::sign(&key, text.as_bytes()).as_ref())
            }
            SignHow::Sha256KeyLast => {
                let mut context = digest::Context::new(&digest::SHA256);
                [text.as_bytes(), b"&key=", &self.secret].iter().for_each(|part| context.update(part));
                digits.encode(context.finish().as_ref())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::config::online_file::OnlineFile;

    const FILLING: Filling = Filling { now: Wall(1_795_312_800_123), nonce: [0xAB; 16] };

    fn adapter(form: &str, how: &str) -> (Adapter, Signer) {
        let text = format!(
            "[[adapter]]\nname = \"a\"\nbegins = [\"https://code.example/\"]\nurl = \"https://issuer.example/\"\n\
             form = \"{form}\"\n[adapter.send]\ncode = \"{{code}}\"\napp = \"kakou\"\nat = \"{{unix}}/{{unix_ms}}\"\n\
             nonce = \"{{nonce}}\"\n[adapter.sign]\nfield = \"b\"\nhow = \"{how}\"\nsecret_file = \"s\"\n[adapter.answer]\n\
             accepted = {{ at = \"/c\", is = [0] }}\nresult = {{ at = \"/r\", positive = [1], negative = [2] }}\n"
        );
        let adapter = OnlineFile::parse("online.toml", &text).unwrap().adapters.remove(0);
        let sign = adapter.sign.clone().unwrap();
        (adapter, Signer { sign, secret: Zeroizing::new(b"Jefe".to_vec()) })
    }

    fn sent(form: &str, how: &str, code: &str) -> String {
        let (adapter, signer) = adapter(form, how);
        let Body { bytes, .. } = body(&adapter, Some(&signer), &Pii::new(code.to_owned()), FILLING);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_body_is_filled_in_and_signed_in_the_order_of_names() {
        // Computed by: printf %s 'app=kakou&at=…&code=…&nonce=…' | openssl dgst -sha256 -hmac Jefe
        let hmac = "5E4FBBF1C90ECFCD6E03CE43E48BA666CED78C6AE8B3D2694F03EC53979CA21B";
        let nonce = "ab".repeat(16);
        let fields = "\"app\":\"kakou\",\"at\":\"1795312800/1795312800123\",";
        let body = sent("json", "hmac-sha256", "https://code.example/1");
        let expected =
            format!("{{{fields}\"b\":\"{hmac}\",\"code\":\"https://code.example/1\",\"nonce\":\"{nonce}\"}}");
        assert_eq!(body, expected);
        let plain = "C8923C1D0757F67D57578931DD80CA487FBDF04BA1F1DF9243FE88A83EFC3BE4";
        assert!(sent("json", "sha256-key-last", "https://code.example/1").contains(plain));
        let form = sent("form", "hmac-sha256", "https://code.example/1");
        let expected = format!(
            "app=kakou&at=1795312800%2F1795312800123&code=https%3A%2F%2Fcode.example%2F1&nonce={nonce}&b={hmac}"
        );
        assert_eq!(form, expected);
    }

    #[test]
    fn no_code_changes_what_else_is_sent() {
        for code in [
            "https://code.example/\",\"app\":\"other",
            "https://code.example/&app=other&b=0",
            "https://code.example/{unix}{nonce}{code}",
            "https://code.example/\r\n\u{0}健康\\\u{202E}",
        ] {
            let plain: Json =
                serde_json::from_str(&sent("json", "hmac-sha256", "https://code.example/1")).unwrap();
            let mut fields: Json = serde_json::from_str(&sent("json", "hmac-sha256", code)).unwrap();
            assert_eq!(fields["code"], code);
            assert_ne!(fields["b"], plain["b"], "{code:?} is signed");
            (fields["code"], fields["b"]) = (plain["code"].clone(), plain["b"].clone());
            assert_eq!(fields, plain, "{code:?}");
            let form = sent("form", "hmac-sha256", code);
            let read: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["app", "at", "code", "nonce", "b"]);
            assert_eq!((read[0].1.as_str(), read[2].1.as_str()), ("kakou", code));
        }
    }

    #[test]
    fn the_secret_is_in_nothing_that_is_sent() {
        for (form, how) in [("json", "hmac-sha256"), ("form", "sha256-key-last")] {
            assert!(!sent(form, how, "https://code.example/1").contains("Jefe"));
        }
    }
}
