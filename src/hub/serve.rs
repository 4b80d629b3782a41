//! Starting and stopping the hub.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::time::Instant;

use super::peer::KnowsPeer;
use super::session;
use super::state::{Clock, Error, Hub};
use crate::journal::Entropy;
use crate::platform::net;

/// Where a hub listens and what it keeps.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on. Loopback speaks HTTP; any other HTTPS. Port 0: any free one.
    pub listen: SocketAddr,
    /// Its directory; made when there is none.
    pub data: PathBuf,
    /// Names for the certificate that is made at the first start, besides the address.
    pub names: Vec<String>,
}

/// A hub that runs until it is told to stop.
#[derive(Debug)]
pub struct Running {
    /// The hub itself.
    pub hub: Arc<Hub>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its address for a browser or a kiosk on this machine, such as `http://127.0.0.1:8800`.
    pub url: String,
    /// The address that signs a browser in.
    pub sign_in_url: String,
    handle: Handle<SocketAddr>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Stops taking requests, lets those under way finish for a moment, and returns when all are done.
    ///
    /// # Errors
    ///
    /// What made the server end before.
    pub async fn stop(self) -> Result<(), Error> {
        self.handle.graceful_shutdown(Some(Duration::from_secs(2)));
        self.ended().await
    }

    /// Returns when the server ends by itself, which only a fault makes it do.
    ///
    /// # Errors
    ///
    /// What made it end.
    pub async fn ended(self) -> Result<(), Error> {
        let ended = self.task.await.map_err(|error| Error::Failed(error.to_string()))?;
        ended.map_err(|error| Error::Failed(error.to_string()))
    }
}

/// Starts a hub; it answers when this returns.
///
/// # Errors
///
/// When its files or its address cannot be used.
pub async fn start(options: Options, clock: Clock, entropy: Box<dyn Entropy>) -> Result<Running, Error> {
    let Options { listen, data, names } = options;
    let failed = |error| Error::File { file: data.clone(), error };
    std::fs::create_dir_all(&data).map_err(failed)?;
    let hub = Hub::open(&data, clock, entropy)?;
    hub.issuers.look(Instant::now());
    let listener = net::listen(listen).map_err(|error| Error::Listen { address: listen, error })?;
    let address = listener.local_addr().map_err(|error| Error::Listen { address: listen, error })?;
    let handle = Handle::new();
    let bound = |error: std::io::Error| Error::Listen { address, error };
    let (hub, task, scheme) = if address.ip().is_loopback() {
        let hub = Arc::new(hub);
        let service = super::router(Arc::clone(&hub)).into_make_service();
        let server = axum_server::from_tcp(listener).map_err(bound)?.handle(handle.clone());
        (hub, tokio::spawn(server.serve(service)), "http")
    } else {
        let mut names = names;
        names.extend([address.ip().to_string(), "localhost".to_owned()]);
        let (tls, certificate) = net::server_tls(&data, &names).map_err(|e| Error::Tls(e.to_string()))?;
        let hub = Arc::new(hub.with_certificate(certificate));
        let service = super::router(Arc::clone(&hub)).into_make_service();
        let server = axum_server::from_tcp(listener).map_err(bound)?.handle(handle.clone());
        let server = server.acceptor(KnowsPeer::new(RustlsConfig::from_config(tls)));
        (hub, tokio::spawn(server.serve(service)), "https")
    };
    let host = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    let url = format!("{scheme}://{host}");
    let sign_in_url = format!("{url}/?key={}", session::sign_in_key(&hub));
    Ok(Running { hub, address, url, sign_in_url, handle, task })
}
