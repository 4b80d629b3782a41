//! A broker of its own for each test, and somebody who listens at it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use kakou::config::mqtt::{self, Mqtt, Transport};
use tempfile::TempDir;

use super::PATIENCE;

const MOSQUITTO: &str = "/usr/sbin/mosquitto";

/// How a broker listens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    Plain,
    Password,
    Tls,
}

/// A mosquitto with its own folder and port. It keeps sessions over a restart in order.
pub struct Broker {
    folder: TempDir,
    port: u16,
    listener: Listener,
    process: Option<(Child, Receiver<String>)>,
}

impl Broker {
    pub fn start(listener: Listener) -> Self {
        let folder = tempfile::Builder::new().prefix("kakou-mqtt").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut broker = Self { folder, port, listener, process: None };
        let own = |name: &str| broker.folder.path().join(name).display().to_string();
        let access = match listener {
            Listener::Plain | Listener::Tls => "allow_anonymous true".to_owned(),
            Listener::Password => {
                std::fs::write(own("password"), "secret\n").unwrap();
                let hash = Command::new("mosquitto_passwd")
                    .args(["-b", "-c", &own("users"), "east", "secret"])
                    .status();
                assert!(hash.unwrap().success());
                format!("allow_anonymous false\npassword_file {}", own("users"))
            }
        };
        let tls = if listener == Listener::Tls { broker.certificates() } else { String::new() };
        // As root, mosquitto would change to a user that cannot read the folder.
        let config = format!(
            "listener {port} 127.0.0.1\n{access}\n{tls}persistence true\npersistence_location {}/\n\
             max_queued_messages 0\nmax_inflight_messages 0\nuser root\nlog_dest stderr\nlog_type all\n",
            broker.folder.path().display()
        );
        std::fs::write(broker.folder.path().join("broker.conf"), config).unwrap();
        broker.again();
        broker
    }

    /// Starts it, also after it was stopped.
    pub fn again(&mut self) {
        let config = self.folder.path().join("broker.conf");
        let mut command = Command::new(MOSQUITTO);
        let mut child =
            command.arg("-c").arg(config).stderr(Stdio::piped()).spawn().expect("mosquitto starts");
        let log = lines(child.stderr.take().unwrap());
        self.process = Some((child, log));
        self.wait_for_log("running");
    }

    /// Stops it in order: it writes down its sessions.
    pub fn stop(&mut self) {
        let Some((mut child, _)) = self.process.take() else { return };
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap();
    }

    /// Waits for the next line of its log that holds `text`.
    pub fn wait_for_log(&self, text: &str) {
        let (_, log) = self.process.as_ref().expect("it runs");
        while !log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {text:?} in the log")).contains(text)
        {
        }
    }

    /// What a site's configuration says of it.
    pub fn site(&self) -> Mqtt {
        let transport = if self.listener == Listener::Tls { Transport::Tls } else { Transport::Plain };
        let own = |name: &str| self.folder.path().join(name);
        let sign_in = (self.listener == Listener::Password).then(|| ("east".to_owned(), own("password")));
        site(
            mqtt::Broker { host: "localhost".to_owned(), port: self.port, transport },
            sign_in,
            own("ca.pem"),
        )
    }

    /// An authority, and a certificate that it made for the broker.
    fn certificates(&self) -> String {
        let own = |name: &str| self.folder.path().join(name);
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        // A name of its own: a certificate whose issuer bears its own name counts as signed by itself.
        params.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
        let ca = params.self_signed(&ca_key).unwrap();
        std::fs::write(own("ca.pem"), ca.pem()).unwrap();
        let issuer = rcgen::Issuer::new(params, ca_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(own("broker.pem"), certificate.pem()).unwrap();
        std::fs::write(own("broker.key"), key.serialize_pem()).unwrap();
        format!("certfile {}\nkeyfile {}\n", own("broker.pem").display(), own("broker.key").display())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A site's copy, published under `copy`.
pub fn site(broker: mqtt::Broker, sign_in: Option<(String, PathBuf)>, ca_file: PathBuf) -> Mqtt {
    Mqtt { broker, topic: "copy".to_owned(), client_id: "kakou-test".to_owned(), sign_in, ca_file }
}

/// A `mosquitto_sub` whose session the broker keeps.
pub struct Subscriber {
    child: Child,
    lines: Receiver<String>,
    seen: BTreeSet<u64>,
}

impl Subscriber {
    pub fn of(broker: &Broker, name: &str) -> Self {
        let site = broker.site();
        let mut command = Command::new("stdbuf");
        command.args([
            "-oL",
            "mosquitto_sub",
            "-d",
            "-c",
            "-q",
            "1",
            "-h",
            "localhost",
            "-t",
            "copy",
            "-i",
            name,
        ]);
        command.args(["-p", &broker.port.to_string()]);
        if site.broker.transport == Transport::Tls {
            command.arg("--cafile").arg(&site.ca_file);
        }
        if let Some((username, _)) = &site.sign_in {
            command.args(["-u", username, "-P", "secret"]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("mosquitto_sub starts");
        let lines = lines(child.stdout.take().unwrap());
        while !lines.recv_timeout(PATIENCE).expect("it subscribes").contains("Subscribed") {}
        Self { child, lines, seen: BTreeSet::new() }
    }

    /// Waits until every number of `all` that is there has come, repetitions allowed.
    pub fn wait_for(&mut self, all: RangeInclusive<u64>) {
        let expected = all.filter(|seq| !(51..=60).contains(seq)).count();
        while self.seen.len() < expected {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{} came", self.seen.len()));
            let number = line.strip_prefix("{\"seq\":").and_then(|rest| rest.strip_suffix('}'));
            self.seen.extend(number.map(|number| number.parse::<u64>().unwrap()));
        }
        assert_eq!(self.seen.len(), expected);
        assert!(!self.seen.contains(&55));
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
