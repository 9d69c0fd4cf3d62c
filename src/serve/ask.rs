//! Small requests of the gateway's own: key sets, authorizers, health probes; answers of a bounded size in a bounded time.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Limited};

use super::body::Upload;
use super::endpoint::{Endpoint, Sender};
use super::live::address;
use super::tls;

/// How it went.
#[derive(Debug)]
pub enum Asked {
    /// There is an answer.
    Answered {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: HeaderMap,
        /// Its body.
        body: Bytes,
    },
    /// There is none in time.
    Timeout,
    /// There is none, or too much of one.
    Failed,
}

/// GETs a URL of the spec on a connection of its own.
pub async fn ask_url(
    url: &url::Url,
    headers: HeaderMap,
    within: Duration,
    largest: usize,
) -> Asked {
    let config = match url.scheme() {
        "https" => match tls::roots() {
            Ok(config) => Some(config),
            Err(_) => return Asked::Failed,
        },
        _ => None,
    };
    let Some(Ok(endpoint)) = address(url).map(|address| Endpoint::new(address, config)) else {
        return Asked::Failed;
    };
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    ask(
        &endpoint,
        &format!("{}{query}", url.path()),
        headers,
        within,
        largest,
    )
    .await
}

/// GETs a path of an endpoint on a connection of its own.
pub async fn ask(
    endpoint: &Endpoint,
    path: &str,
    headers: HeaderMap,
    within: Duration,
    largest: usize,
) -> Asked {
    let all = async {
        let Ok(mut sender) = endpoint.connect(within, false).await else {
            return Asked::Failed;
        };
        ask_on(&mut sender, endpoint, path, headers, largest).await
    };
    tokio::time::timeout(within, all)
        .await
        .unwrap_or(Asked::Timeout)
}

/// GETs a path on a connection that is there.
pub async fn ask_on(
    sender: &mut Sender,
    endpoint: &Endpoint,
    path: &str,
    headers: HeaderMap,
    largest: usize,
) -> Asked {
    let Ok(uri) = Uri::try_from(path) else {
        return Asked::Failed;
    };
    let mut request = Request::new(Upload::Empty);
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request.headers_mut().insert(HOST, endpoint.host.clone());
    let Ok(response) = sender.send_request(request).await else {
        return Asked::Failed;
    };
    let (parts, body) = response.into_parts();
    match Limited::new(body, largest).collect().await {
        Ok(body) => Asked::Answered {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_bytes(),
        },
        Err(_) => Asked::Failed,
    }
}
