//! Who speaks with a hub over TLS: real handshakes, real requests, and the program itself.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod inbox;
mod online;
mod place;
mod program;
mod renewal;

use kakou::base::Wall;
use kakou::sync::{Answer, blobs};

use place::{Centre, DAY, Kiosk, NOW, kakou, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_is_answered_with_its_own_certificate_and_nobody_else_about_it() {
    let centre = Centre::start().await;
    let (east, west) = (centre.enrol("east-1", 1).await, centre.enrol("west-1", 2).await);
    assert_eq!(east.head(&centre.client(&east)).await.unwrap().next.get(), 1);
    east.beat(&centre.client(&east)).await.unwrap();
    let stranger = centre.stranger();
    refused(east.head(&stranger).await, "certificate: a request about a kiosk needs");
    // A heartbeat that the kiosk signed does not get in for somebody else.
    refused(east.beat(&stranger).await, "certificate:");
    refused(east.head(&centre.fixed(&west)).await, "not pinned for this kiosk");
    refused(east.beat(&centre.fixed(&west)).await, "not pinned for this kiosk");
    let unknown = Kiosk::new("nobody-1", 3);
    refused(unknown.head(&centre.fixed(&west)).await, "not pinned for this kiosk");
    let epoch = east.epoch;
    for what in ["entries?from=1", "hole", "salvage", "end", "heartbeat"] {
        for name in ["east-1", "%65ast-1"] {
            let path = format!("/v1/logs/{name}/{epoch}/{what}");
            let (status, said) = post(&centre, &path, vec![7; 9]).await;
            assert!(status == 403 && said.contains("certificate"), "{path}: {status} {said}");
        }
    }
    // Pictures too: neither what is there nor a chunk.
    let (name, blob) = (&east.name, kakou::base::BlobId([7; 32]));
    for client in [&stranger, &centre.fixed(&west)] {
        for answer in
            [client.ask_about_blob(name, &blob).await, client.put_blob(name, &blob, 0, vec![7; 9]).await]
        {
            assert!(matches!(answer, blobs::Answer::Refused(_) | blobs::Answer::Lost(_)), "{answer:?}");
        }
    }
    let own = centre.client(&east).ask_about_blob(name, &blob).await;
    assert_eq!(own, blobs::Answer::Unknown, "it is let in, and nothing of this name is known");
    // Whoever has no certificate still sees the pages, as far as they are for him, and may enrol.
    assert_eq!(get(&centre, "/").await, 401);
    let (status, said) = post(&centre, "/v1/enrol", b"{}".to_vec()).await;
    assert!(status == 400 && said.contains("body"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hubs_clock_ten_years_off_keeps_no_kiosk_out() {
    let centre = Centre::start().await;
    let years = 10 * 365 * DAY.as_millis() as i64;
    for (name, seed, enrolled) in [("east-1", 1, NOW), ("west-1", 2, Wall(NOW.0 - years))] {
        centre.at(enrolled);
        let kiosk = centre.enrol(name, seed).await;
        for now in [Wall(NOW.0 + years), Wall(NOW.0 - years), NOW] {
            centre.at(now);
            kiosk.head(&centre.fixed(&kiosk)).await.unwrap();
            kiosk.head(&centre.client(&kiosk)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_kiosk_is_refused_at_once_on_the_connection_that_it_has_and_let_in_by_a_token() {
    let centre = Centre::start().await;
    let east = centre.enrol("east-1", 1).await;
    let client = centre.client(&east);
    east.beat(&client).await.unwrap();
    let cookie = sign_in(&centre).await;
    let page = "/kiosks/east-1/revoke";
    let form = |fields: &'static str| {
        let request = browser().post(format!("{}{page}", centre.url())).header("cookie", &cookie);
        let request = request.header("origin", centre.url()).body(fields);
        request.header("content-type", "application/x-www-form-urlencoded").send()
    };
    assert_eq!(form("officer=Chen&reason=").await.unwrap().status().as_u16(), 400, "nobody without a reason");
    east.head(&client).await.unwrap();
    assert_eq!(form("officer=Chen&reason=stolen").await.unwrap().status().as_u16(), 303);
    refused(east.head(&client).await, "kiosk east-1 is revoked");
    refused(east.beat(&client).await, "kiosk east-1 is revoked");
    place::not_renewed(client.renew_tls_key().await, "revoked");
    let kiosks = text(&centre, "/kiosks", &cookie).await;
    assert!(kiosks.contains("Chen") && kiosks.contains("stolen"), "{kiosks}");
    assert!(text(&centre, "/access", &cookie).await.contains("revoked kiosk east-1"));
    // In hand again.
    let again = centre.enrol("east-1", 1).await;
    again.beat(&centre.client(&again)).await.unwrap();
    let old = east.head(&centre.fixed(&east)).await;
    assert!(matches!(&old, Err(Answer::Refused(why)) if why.contains("not pinned")), "{old:?}");
}

fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap()
}

async fn get(centre: &Centre, path: &str) -> u16 {
    browser().get(format!("{}{path}", centre.url())).send().await.unwrap().status().as_u16()
}

async fn post(centre: &Centre, path: &str, body: Vec<u8>) -> (u16, String) {
    let answer = browser().post(format!("{}{path}", centre.url())).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn text(centre: &Centre, path: &str, cookie: &str) -> String {
    let request = browser().get(format!("{}{path}", centre.url())).header("cookie", cookie);
    request.send().await.unwrap().text().await.unwrap()
}

/// Signs in and returns the cookie.
async fn sign_in(centre: &Centre) -> String {
    let url = centre.running.sign_in_url.replace("localhost", "127.0.0.1");
    let answer = browser().get(url).send().await.unwrap();
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}
