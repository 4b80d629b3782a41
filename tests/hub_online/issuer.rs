//! An issuer on this machine that speaks as a published gate interface does: a POST of signed fields, `errcode` and `data` back.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use data_encoding::HEXUPPER;
use ring::hmac;
use serde_json::{Value as Json, json};
use tokio::sync::watch;

/// What the issuer and the hub know.
pub const SECRET: &str = "correct horse battery staple";

/// What it replies.
#[derive(Clone)]
pub enum Reply {
    /// This, to whoever signs.
    Json(Json),
    /// This, with that status.
    Status(u16, String),
    /// Look elsewhere.
    Redirect,
    /// Nothing until it is released.
    Never,
    /// A good beginning, and no more.
    Begun,
}

/// What it was asked.
#[derive(Clone)]
pub struct Asked {
    /// The headers.
    pub head: String,
    pub body: Vec<u8>,
}

pub struct MockIssuer {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    reply: Mutex<Reply>,
    asked: watch::Sender<Vec<Asked>>,
    elsewhere: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl MockIssuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/health/decode", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            reply: Mutex::new(Reply::Never),
            asked: watch::Sender::default(),
            elsewhere: watch::Sender::default(),
            released: watch::Sender::default(),
        });
        let router = Router::new().route("/health/decode", post(decode)).route("/elsewhere", any(elsewhere));
        let router = router.with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared }
    }

    pub fn replies(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap() = reply;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.borrow().clone()
    }

    pub async fn until_asked(&self, count: usize) {
        let mut asked = self.shared.asked.subscribe();
        asked.wait_for(|asked| asked.len() >= count).await.unwrap();
    }

    /// How often it was looked for elsewhere.
    pub fn elsewhere(&self) -> usize {
        *self.shared.elsewhere.borrow()
    }

    /// Answers, with nothing, whoever waits.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }
}

async fn elsewhere(State(shared): State<Arc<Shared>>) -> &'static str {
    shared.elsewhere.send_modify(|count| *count += 1);
    ""
}

async fn decode(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let head = format!("{headers:?}");
    shared.asked.send_modify(|asked| asked.push(Asked { head, body: body.to_vec() }));
    let reply = shared.reply.lock().unwrap().clone();
    let json = |json: &Json| ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response();
    match reply {
        Reply::Json(_) if !is_signed(&body) => json(&json!({ "errcode": 4003, "errmsg": "sign error" })),
        Reply::Json(reply) => json(&reply),
        Reply::Status(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Reply::Redirect => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response()
        }
        Reply::Never => {
            let mut released = shared.released.subscribe();
            let _ = released.wait_for(|released| *released).await;
            "".into_response()
        }
        Reply::Begun => {
            let first = futures_util::stream::iter([Ok::<_, std::convert::Infallible>("{\"errcode\":0,")]);
            let rest = futures_util::stream::pending();
            Body::from_stream(futures_util::StreamExt::chain(first, rest)).into_response()
        }
    }
}

/// Whether `sign` is the HMAC of all other fields, sorted by their names.
fn is_signed(body: &[u8]) -> bool {
    let Ok(Json::Object(mut fields)) = serde_json::from_slice(body) else { return false };
    let Some(Json::String(sign)) = fields.remove("sign") else { return false };
    let mut pairs: Vec<(&String, &str)> =
        fields.iter().map(|(name, value)| (name, value.as_str().unwrap())).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    HEXUPPER.encode(hmac::sign(&key, pairs.join("&").as_bytes()).as_ref()) == sign
}
