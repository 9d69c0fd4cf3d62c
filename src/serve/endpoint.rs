//! An address that is connected to: a service's target, an authorizer, a key set's host.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::body::Upload;
use crate::ir::{Address, Protocol};

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Refused, unreachable, no such host, or no TLS.
    Refused,
    /// It took longer than it may.
    Timeout,
}

/// What one sends requests with.
pub type Sender = hyper::client::conn::http1::SendRequest<Upload>;

/// An address with what is needed to speak to it.
pub struct Endpoint {
    /// Where.
    pub address: Address,
    /// Its Host header.
    pub host: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Endpoint {
    /// Prepares an address; `tls` is needed for https.
    ///
    /// # Errors
    /// A host name that cannot stand in a header or certificate.
    pub fn new(address: Address, tls: Option<Arc<ClientConfig>>) -> Result<Self, String> {
        let wrong = || format!("`{}` is not a host name", address.host);
        let host = HeaderValue::from_str(&address.authority()).map_err(|_| wrong())?;
        let tls = match (address.protocol, tls) {
            (Protocol::Http, _) => None,
            (Protocol::Https, Some(config)) => {
                let name = ServerName::try_from(address.host.clone()).map_err(|_| wrong())?;
                Some((TlsConnector::from(config), name))
            }
            (Protocol::Https, None) => {
                return Err(format!("`{}` has no TLS settings", address.host));
            }
        };
        Ok(Self { address, host, tls })
    }

    /// Connects, within `limit`. With `upgrades` the connection can be handed over after a 101.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn connect(&self, limit: Duration, upgrades: bool) -> Result<Sender, ConnectFailure> {
        match tokio::time::timeout(limit, self.dial(upgrades)).await {
            Ok(Ok(sender)) => Ok(sender),
            Ok(Err(())) => Err(ConnectFailure::Refused),
            Err(_) => Err(ConnectFailure::Timeout),
        }
    }

    async fn dial(&self, upgrades: bool) -> Result<Sender, ()> {
        let place = (self.address.host.as_str(), self.address.port);
        let stream = TcpStream::connect(place).await.map_err(drop)?;
        stream.set_nodelay(true).map_err(drop)?;
        match &self.tls {
            None => handshake(TokioIo::new(stream), upgrades).await,
            Some((connector, name)) => {
                let stream = connector
                    .connect(name.clone(), stream)
                    .await
                    .map_err(drop)?;
                handshake(TokioIo::new(stream), upgrades).await
            }
        }
    }
}

async fn handshake<T>(io: T, upgrades: bool) -> Result<Sender, ()>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = hyper::client::conn::http1::handshake(io)
        .await
        .map_err(drop)?;
    // Its errors reach whoever waits for the answer.
    if upgrades {
        tokio::task::spawn_local(async move { drop(connection.with_upgrades().await) });
    } else {
        tokio::task::spawn_local(async move { drop(connection.await) });
    }
    Ok(sender)
}
