//! Who speaks on a connection, and what that lets it ask for. The rules are those of [`crate::sync::tls_keys`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawPathParams, Request, State};
use axum::http::{HeaderValue, StatusCode};
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
use crate::ledger::{PinRefused, Standing};
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
    let (now, name) = (hub.now(), kiosk.clone());
    let standing = hub.read(move |ledger| ledger.standing(&kiosk, via, now)).await?.map_err(|kept_out| {
        tracing::warn!(kiosk = %name, error = %kept_out, "request refused");
        kept_out
    })?;
    let mut response = next.run(request).await;
    match standing {
        Standing::Good => {}
        Standing::RenewKey => {
            response.headers_mut().insert(RENEW_HEADER, HeaderValue::from_static("1"));
        }
    }
    Ok(response)
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
