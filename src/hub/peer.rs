//! Who speaks on a connection, and what that lets it ask for. The rules are those of [`crate::sync::tls_keys`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{AddExtension, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::net::TcpStream;
use tower_layer::Layer as _;

use super::api::text_of;
use super::reply::Refusal;
use super::state::Hub;
use crate::base::KioskId;
use crate::journal::TlsKeyId;
use crate::ledger::{KeptOut, PinRefused, Standing};
use crate::platform::client_auth::key_of;
use crate::sync::tls_keys::{Current, RENEW_HEADER, Via};

/// The key that somebody proved to hold on a TLS connection, if any. Requests in the clear have none of this.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<TlsKeyId>);

/// Accepts TLS connections and tells every request on them who speaks.
#[derive(Clone)]
pub struct KnowsPeer(RustlsAcceptor);

impl KnowsPeer {
    /// With the hub's own certificate, and whatever else TLS needs.
    pub fn new(config: RustlsConfig) -> Self {
        Self(RustlsAcceptor::new(config))
    }
}

type Accepted<S> = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;

impl<S: Send + 'static> Accept<TcpStream, S> for KnowsPeer {
    type Stream = Accepted<S>;
    type Service = AddExtension<S, Peer>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let peer = Peer(key_of(stream.get_ref().1.peer_certificates()));
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}

/// Lets a request about a kiosk through when it comes from that kiosk, and asks it for a new TLS key when one is due.
pub async fn only_that_kiosk(
    State(hub): State<Arc<Hub>>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let kiosk = params.iter().find_map(|(name, value)| (name == "kiosk").then_some(value));
    let kiosk: KioskId = kiosk
        .unwrap_or_default()
        .parse()
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let via = via(request.extensions().get::<Peer>());
    // A question about a code waits for an issuer, and its answer is about a person.
    let waits = request.method() == Method::GET || request.uri().path().ends_with("/online");
    let standing = standing(&hub, &kiosk, via).await?;
    let mut response = next.run(request).await;
    // What changes something is judged again where it is written; what only asks may have waited for its answer.
    if waits {
        self::standing(&hub, &kiosk, via).await?;
    }
    match standing {
        Standing::Good => {}
        Standing::RenewKey => {
            response.headers_mut().insert(RENEW_HEADER, HeaderValue::from_static("1"));
        }
    }
    Ok(response)
}

async fn standing(hub: &Hub, kiosk: &KioskId, via: Via) -> Result<Standing, Refusal> {
    let (now, name) = (hub.now(), kiosk.clone());
    let standing = hub.read(move |ledger| ledger.standing(&name, via, now)).await?;
    match &standing {
        Ok(_) => {}
        // Anybody can ask that.
        Err(KeptOut::NoCertificate | KeptOut::OtherKey) => tracing::debug!(%kiosk, "request of a stranger"),
        Err(error) => tracing::warn!(%kiosk, %error, "request refused"),
    }
    Ok(standing?)
}

fn via(peer: Option<&Peer>) -> Via {
    peer.map_or(Via::Loopback, |Peer(key)| Via::Tls(*key))
}

/// Pins the TLS key of this connection for a kiosk whose log key signed for it.
pub async fn pin(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let kiosk: KioskId =
        kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let statement = text_of(body)?;
    let presented = peer.and_then(|Extension(Peer(key))| key);
    let (now, name) = (hub.now(), kiosk.clone());
    let pinned = hub.write(move |ledger| ledger.pin_tls_key(&kiosk, &statement, presented, now)).await?;
    match pinned {
        Ok(key) => {
            tracing::info!(kiosk = %name, %key, "TLS key pinned");
            Ok(Json(Current { current: Some(key) }).into_response())
        }
        Err(PinRefused::Follows { current }) => {
            Ok((StatusCode::CONFLICT, Json(Current { current })).into_response())
        }
        Err(refused) => {
            tracing::warn!(kiosk = %name, error = %refused, "TLS key refused");
            Err(refused.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
    use tokio::sync::Notify;

    use super::*;
    use crate::base::Wall;
    use crate::journal::VerifyingKey;
    use crate::ledger::Officer;
    use crate::platform::entropy::OsEntropy;

    const NOW: Wall = Wall(1_795_312_800_000);

    #[tokio::test(flavor = "multi_thread")]
    async fn an_answer_that_was_waited_for_does_not_go_to_a_kiosk_that_was_revoked_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open(folder.path(), Arc::new(|| NOW), Box::new(OsEntropy::new())).unwrap();
        let (hub, east) = (Arc::new(hub), "east-1".parse::<KioskId>().unwrap());
        let token = hub.make_token(Some(east.clone())).await.unwrap().digest();
        let enrolled = hub.write(move |ledger| ledger.enrol(&token, None, VerifyingKey([6; 32]), NOW));
        enrolled.await.unwrap().unwrap();
        let officer = Officer::new("Chen", "stolen").unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (began, may_end) = (Arc::clone(&asked), Arc::clone(&answer));
        let waits = move || async move {
            // Before the test hears of it: whoever waits already is woken.
            let mut ended = std::pin::pin!(may_end.notified());
            ended.as_mut().enable();
            began.notify_one();
            ended.await;
            "a command, or what an issuer says"
        };
        let router = Router::new().route("/v1/kiosks/{kiosk}/inbox", get(waits.clone()));
        let router = router.route("/v1/kiosks/{kiosk}/online", post(waits));
        let router = router.route_layer(from_fn_with_state(Arc::clone(&hub), only_that_kiosk));
        let listener = crate::platform::net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}/v1/kiosks/east-1", listener.local_addr().unwrap());
        let server = axum_server::from_tcp(listener).unwrap().serve(router.into_make_service());
        let server = tokio::spawn(server);
        let inbox = tokio::spawn(client.get(format!("{url}/inbox")).send());
        asked.notified().await;
        let online = tokio::spawn(client.post(format!("{url}/online")).send());
        asked.notified().await;
        let name = east.clone();
        assert!(hub.write(move |ledger| ledger.revoke(&name, &officer, NOW)).await.unwrap().unwrap());
        answer.notify_waiters();
        for waiting in [inbox, online] {
            let answered = waiting.await.unwrap().unwrap();
            assert_eq!(answered.status().as_u16(), 403);
            assert!(answered.text().await.unwrap().contains("east-1 is revoked"));
        }
        server.abort();
    }
}
