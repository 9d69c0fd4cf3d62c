//! A client of HTTP/1.1 that sends exactly the bytes it is told: no spelling is mended on the way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer as it came.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// 0 where the connection ended without one.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, with chunks joined.
    pub body: Vec<u8>,
}

impl Response {
    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Sends raw bytes and reads one answer to the end.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Response {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // A gateway may answer and close before it has read a body that it refuses.
    let _ = stream.write_all(request);
    let head_only = request.starts_with(b"HEAD ");
    read_response(&mut stream, head_only)
}

/// Reads one answer.
pub fn read_response(stream: &mut TcpStream, head_only: bool) -> Response {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16384];
    loop {
        if let Some(response) = complete(&bytes, head_only, false) {
            return response;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return complete(&bytes, head_only, true).unwrap_or_default(),
            Ok(n) => bytes.extend(&buffer[..n]),
        }
    }
}

fn complete(bytes: &[u8], head_only: bool, closed: bool) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let mut response = Response {
        status,
        headers: headers.collect(),
        body: Vec::new(),
    };
    let rest = &bytes[end + 4..];
    if head_only || status == 204 || status == 304 || status == 101 {
        return Some(response);
    }
    if response.header("transfer-encoding").is_some() {
        response.body = chunks(rest)?;
        return Some(response);
    }
    match response
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok())
    {
        Some(length) if rest.len() >= length => response.body = rest[..length].to_vec(),
        Some(_) if !closed => return None,
        None if !closed => return None,
        _ => response.body = rest.to_vec(),
    }
    Some(response)
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size =
            usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
