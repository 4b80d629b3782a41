//! The copy for an MQTT broker, against Debian's mosquitto: everything arrives, whatever happens to the broker.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use broker::{Broker, Listener, Subscriber};
use kakou::base::{Random, Wall};
use kakou::config::mqtt::{self, Mqtt, Transport};
use kakou::platform::mqtt::{self as platform, Read, Source, run};
use kakou::platform::passed::Passed;
use kakou::sync::copy::{Copier, Settings};
use tokio::sync::watch;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_backlog_arrives_whole_and_what_comes_later_follows() {
    let broker = Broker::start(Listener::Plain);
    let mut subscriber = Subscriber::of(&broker, "a");
    let copying = Copying::start(&broker.site(), 1_000);
    subscriber.wait_for(1..=1_000);
    copying.durable.send_replace(1_003);
    subscriber.wait_for(1..=1_003);
    assert!(copying.stop() >= 1_000, "acknowledgements were counted");
}

#[test]
fn a_broker_that_is_restarted_midway_gets_what_it_did_not_acknowledge_again() {
    let mut broker = Broker::start(Listener::Plain);
    let mut subscriber = Subscriber::of(&broker, "a");
    let copying = Copying::start(&broker.site(), 150);
    subscriber.wait_for(1..=150);
    broker.stop();
    copying.durable.send_replace(600);
    broker.again();
    subscriber.wait_for(1..=600);
    copying.stop();
}

#[test]
fn over_tls_the_broker_must_be_vouched_for_by_the_sites_own_authority() {
    let broker = Broker::start(Listener::Tls);
    let mut subscriber = Subscriber::of(&broker, "a");
    let copying = Copying::start(&broker.site(), 20);
    subscriber.wait_for(1..=20);
    copying.stop();

    let stranger = Broker::start(Listener::Tls);
    let mixed_up = Mqtt { ca_file: stranger.site().ca_file, ..broker.site() };
    let refused = Copying::start(&mixed_up, 20);
    broker.wait_for_log("alert");
    broker.wait_for_log("alert");
    assert_eq!((refused.read(), refused.stop()), (0, 0), "nothing was read for a broker nobody vouches for");
}

#[test]
fn a_brokers_certificate_is_judged_at_the_time_that_has_certainly_passed() {
    let broker = Broker::start(Listener::Tls);
    let passed = Passed::default();
    // The year 5000: the certificate has ended by then, whatever the system's clock says.
    passed.learn(Wall::from_secs(95_617_584_000));
    let refused = Copying::after(passed, &broker.site(), 20);
    broker.wait_for_log("alert");
    assert_eq!((refused.read(), refused.stop()), (0, 0));
}

#[test]
fn a_wrong_password_publishes_nothing_and_the_right_one_does() {
    let broker = Broker::start(Listener::Password);
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "guessed\n").unwrap();
    let site = broker.site();
    let sign_in = site.sign_in.clone().map(|(name, _)| (name, wrong));
    let refused = Copying::start(&Mqtt { sign_in, ..site.clone() }, 5);
    broker.wait_for_log("not authorised");
    broker.wait_for_log("not authorised");
    assert_eq!((refused.read(), refused.stop()), (0, 0));

    let mut subscriber = Subscriber::of(&broker, "a");
    let copying = Copying::start(&site, 5);
    subscriber.wait_for(1..=5);
    copying.stop();
}

#[test]
fn a_broker_that_accepts_and_never_acknowledges_is_tried_afresh() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, accepts) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4_096];
            let _ = stream.read(&mut buffer);
            // CONNACK, no session, accepted (MQTT 3.1.1, §3.2).
            let _ = stream.write_all(&[0x20, 2, 0, 0]);
            accepted.send(()).unwrap();
            std::thread::spawn(move || while stream.read(&mut buffer).is_ok_and(|count| count > 0) {});
        }
    });
    let silent = mqtt::Broker { host: "127.0.0.1".into(), port: address.port(), transport: Transport::Plain };
    let site = broker::site(silent, None, "/none".into());
    let copying = Copying::start(&site, 5);
    for _ in 0..3 {
        accepts.recv_timeout(PATIENCE).expect("connects again");
    }
    assert!(copying.read() >= 5, "it did publish");
    assert_eq!(copying.stop(), 0, "nothing counts without an acknowledgement");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let broker = mqtt::Broker { host: "b".into(), port: 1, transport: Transport::Tls };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let error =
        |site: &Mqtt| platform::Broker::new(site, Passed::default()).err().expect("refused").to_string();
    let site = broker::site(broker.clone(), None, ca.clone());
    assert!(error(&site).starts_with(&format!("{}: ", ca.display())), "{}", error(&site));
    std::fs::write(&ca, "no certificate").unwrap();
    assert!(error(&site).contains("ca.pem: holds no usable certificate"), "{}", error(&site));
    let password = folder.path().join("password");
    let site = broker::site(broker, Some(("east".into(), password)), ca);
    assert!(error(&site).contains("password: "), "{}", error(&site));
}

/// A copy that is being made of numbered payloads.
struct Copying {
    durable: watch::Sender<u64>,
    counts: Arc<Counts>,
    runtime: tokio::runtime::Runtime,
}

#[derive(Default)]
struct Counts {
    read: AtomicU64,
    done: AtomicU64,
}

impl Copying {
    fn start(site: &Mqtt, durable: u64) -> Self {
        Self::after(Passed::default(), site, durable)
    }

    /// A copy by a kiosk that knows of a time that has certainly passed.
    fn after(passed: Passed, site: &Mqtt, durable: u64) -> Self {
        let settings = Settings {
            retry_first: Duration::from_millis(20),
            retry_max: Duration::from_millis(200),
            silence_max: Duration::from_millis(1_500),
            ..Settings::default()
        };
        let (durable, seen) = watch::channel(durable);
        let counts = Arc::new(Counts::default());
        let copy = Copier::new(settings, Random::new(1), 0);
        let broker = platform::Broker::new(site, passed).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(run(broker, copy, Numbered(Arc::clone(&counts)), seen));
        Self { durable, counts, runtime }
    }

    /// How many payloads were read so far.
    fn read(&self) -> u64 {
        self.counts.read.load(Ordering::Relaxed)
    }

    /// Ends it; returns how far it was.
    fn stop(self) -> u64 {
        self.runtime.shutdown_timeout(PATIENCE);
        self.counts.done.load(Ordering::Relaxed)
    }
}

/// Payloads that are their numbers; numbers 51 to 60 are missing.
struct Numbered(Arc<Counts>);

impl Source for Numbered {
    fn read(&mut self, from: u64, most: u64) -> Result<Read, String> {
        if (51..=60).contains(&from) {
            return Ok(Read::MissingThrough(60));
        }
        let end = if from < 51 { (from + most).min(51) } else { from + most };
        self.0.read.fetch_add(end - from, Ordering::Relaxed);
        Ok(Read::Records((from..end).map(|seq| format!("{{\"seq\":{seq}}}").into_bytes()).collect()))
    }

    fn done(&mut self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
    }
}
