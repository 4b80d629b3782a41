//! `[mqtt]` in `kiosk.toml`: a broker that gets a copy of the records' public parts.

use std::path::{Path, PathBuf};

use super::error::Report;
use super::section::{Kind, Section, path, text};
use crate::base::KioskId;

/// Where Debian keeps the certificates of public authorities.
const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A broker for a copy of the records. Nothing waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
    /// Host and port.
    pub broker: Broker,
    /// Where records are published, with the kiosk's name filled in.
    pub topic: String,
    /// How the kiosk calls itself at the broker.
    pub client_id: String,
    /// Who signs in there, with the file that holds the password.
    pub sign_in: Option<(String, PathBuf)>,
    /// PEM file of the authorities that may vouch for the broker.
    pub ca_file: PathBuf,
}

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether what is said to it is encrypted.
    pub transport: Transport,
}

/// How a broker is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS.
    Tls,
    /// In the clear: on this machine only.
    Plain,
}

/// Reads the table, if there is one.
pub(super) fn mqtt(report: &mut Report<'_>, file: &mut Section<'_>, kiosk: Option<&KioskId>) -> Option<Mqtt> {
    let mut table = file.table(report, "mqtt")?;
    let name = kiosk.map_or("kiosk", |kiosk| kiosk.as_str());
    let broker = table.need(report, "broker", &broker());
    let topic = table.get_or(report, "topic", &topic(), "kakou/{kiosk}/records".to_owned());
    let client_id = table.get_or(report, "client_id", &text(64), format!("kakou-{name}"));
    let username = table.get(report, "username", &text(120));
    let password = table.get(report, "password_file", &absolute());
    let ca_file = table.get_or(report, "ca_file", &absolute(), PathBuf::from(CA_FILE));
    let sign_in = match (username, password) {
        (Some(username), Some(file)) => Some((username, file)),
        (None, None) => None,
        (Some(_), None) => {
            table.misfit(report, "username", "needs password_file beside it");
            None
        }
        (None, Some(_)) => {
            table.misfit(report, "password_file", "needs username beside it");
            None
        }
    };
    table.finish(report);
    Some(Mqtt { broker: broker?, topic: topic.replace("{kiosk}", name), client_id, sign_in, ca_file })
}

fn absolute() -> Kind<'static, PathBuf> {
    path().and("an absolute path", |path: &PathBuf| Path::is_absolute(path))
}

/// MQTT 3.1.1, §4.7: a topic that is published to has no wildcard; topics with `$` are the broker's own.
fn topic() -> Kind<'static, String> {
    text(200).and("a topic without + and #, not beginning with $ or /", |topic: &String| {
        !topic.contains(['+', '#', '\0']) && !topic.starts_with(['$', '/'])
    })
}

/// When and where somebody passed concerns nobody on the way, even without a name.
fn broker() -> Kind<'static, Broker> {
    Kind::new("mqtts://host[:port], or mqtt:// with a loopback address only", |value| {
        let (transport, authority) = match value.as_str()?.split_once("://")? {
            ("mqtts", authority) => (Transport::Tls, authority),
            ("mqtt", authority) => (Transport::Plain, authority),
            (_, _) => return None,
        };
        let (host, port) = super::site_file::host_and_port(authority)?;
        if transport == Transport::Plain && !super::site_file::is_loopback(&host) {
            return None;
        }
        // The ports registered with IANA for MQTT without and with TLS.
        let usual = if transport == Transport::Tls { 8_883 } else { 1_883 };
        Some(Broker { host, port: port.unwrap_or(usual), transport })
    })
}
