//! A hub on a free port, with one kiosk enrolled; what is asked of it is listed, and chunks can be met on their way.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::Request as HttpRequest;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use data_encoding::BASE32_NOPAD;
use kakou::base::{BlobId, Epoch, Seq, Wall};
use kakou::hub::{Hub, router};
use kakou::journal::SigningKey;
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::sync::enrolment::{PublicKey, Request};
use reqwest::Method;

use crate::common::kiosk::NOW;

pub type OnPut = Arc<dyn Fn() + Send + Sync>;

pub struct Centre {
    pub hub: Arc<Hub>,
    pub client: HubClient,
    pub folder: tempfile::TempDir,
    /// Requests of kiosks, in their order.
    pub asked: Arc<Mutex<Vec<String>>>,
    /// While it is true, batches of records are answered with 503.
    pub busy: Arc<AtomicBool>,
    url: String,
    browser: reqwest::Client,
    cookie: String,
}

impl Centre {
    pub async fn start() -> Self {
        Self::with(tempfile::tempdir().unwrap(), None, Arc::new(|| {})).await
    }

    /// A hub in `folder`; `on_put` is told of each chunk before the hub gets it.
    pub async fn with(folder: tempfile::TempDir, quota: Option<u64>, on_put: OnPut) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(|| Wall(NOW.0 + 60_000));
        let hub = Hub::open(folder.path(), clock, Box::new(OsEntropy::new())).unwrap();
        let hub = Arc::new(match quota {
            Some(quota) => hub.with_blob_quota(quota),
            None => hub,
        });
        let asked = Arc::new(Mutex::new(vec![]));
        let (list, busy) = (Arc::clone(&asked), Arc::new(AtomicBool::new(false)));
        let is_busy = Arc::clone(&busy);
        let listed = from_fn(move |request: HttpRequest, next: Next| {
            let said = format!("{} {}", request.method(), request.uri().path());
            if request.method() == Method::PUT {
                on_put();
            }
            let refused = said.ends_with("/entries") && is_busy.load(Ordering::SeqCst);
            list.lock().unwrap().push(said);
            async move {
                if refused {
                    return StatusCode::SERVICE_UNAVAILABLE.into_response();
                }
                next.run(request).await
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = router(Arc::clone(&hub)).layer(listed);
        tokio::spawn(async move { axum::serve(listener, server).await });
        let client = HubClient::at(&url, None).unwrap();
        let follows_nothing = reqwest::redirect::Policy::none();
        let browser = reqwest::Client::builder().redirect(follows_nothing).no_proxy().build().unwrap();
        let key = BASE32_NOPAD.encode(&hub.keys().seed("sign-in")[..16]).to_ascii_lowercase();
        let signed_in = browser.get(format!("{url}/?key={key}")).send().await.unwrap();
        let cookie =
            signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { hub, client, folder, asked, busy, url, browser, cookie }
    }

    /// Enrols a kiosk that signs with the key of this seed.
    pub async fn enrol(&self, kiosk: &str, seed: u8) {
        let token = self.hub.make_token(Some(kiosk.parse().unwrap())).await.unwrap();
        let key = PublicKey(SigningKey::from_seed(&[seed; 32]).verifying().0);
        let request = Request { token: token.to_string(), kiosk: None, key, tls_key: None };
        self.client.enrol(&request).await.unwrap();
    }

    /// The page of a record.
    pub async fn page(&self, epoch: Epoch, seq: Seq) -> String {
        let path = format!("{}/records/east-1/{epoch}/{seq}", self.url);
        let answer = self.browser.get(path).header("cookie", &self.cookie).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert!(!answer.headers()["content-security-policy"].to_str().unwrap().contains("data:"));
        answer.text().await.unwrap()
    }

    pub async fn access_log(&self) -> String {
        let request = self.browser.get(format!("{}/access", self.url)).header("cookie", &self.cookie);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Sends a form of a record's page.
    pub async fn form(&self, epoch: Epoch, seq: Seq, more: &str, fields: &str) -> reqwest::Response {
        let path = format!("{}/records/east-1/{epoch}/{seq}{more}", self.url);
        let request = self.browser.post(path).header("cookie", &self.cookie).header("origin", &self.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(fields.to_owned()).send().await.unwrap()
    }

    /// A raw request about a blob: its status, what is there, and whether that is all.
    pub async fn raw(&self, method: Method, kiosk: &str, what: &str, body: Vec<u8>) -> (u16, String, String) {
        let url = format!("{}/v1/kiosks/{kiosk}/blobs/{what}", self.url);
        let answer = self.browser.request(method, url).body(body).send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let held = format!("{}{}", header("upload-offset"), header("upload-complete"));
        (answer.status().as_u16(), held, answer.text().await.unwrap())
    }

    pub fn file(&self, blob: &BlobId) -> PathBuf {
        self.folder.path().join(format!("blobs/east-1.{blob}"))
    }
}
