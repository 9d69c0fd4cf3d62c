//! HTTP/1.1 on a socket, byte for byte: nothing is normalised, so that what is tried is what is sent (RFC 9112).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::probe::{Body, Request};

/// Headers with lower-case names, in order.
pub type Headers = Vec<(String, String)>;

/// Longer than any response timeout that is probed.
const PATIENCE: Duration = Duration::from_secs(40);
/// Heads and bodies larger than this are cut: no probe needs them.
const LARGEST: u64 = 8 << 20;

/// Sends a request on a connection of its own and reads the answer: status, headers, body.
///
/// # Errors
/// When the connection fails, or closes before a whole head.
pub fn exchange(address: SocketAddr, request: &Request) -> std::io::Result<(u16, Headers, String)> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut writer = stream.try_clone()?;
    let sent = send(&mut writer, request);
    let mut reader = BufReader::new(stream);
    // An answer may come before a refused body is all sent: the answer counts.
    let answer = receive(&mut reader, &request.method);
    match (answer, sent) {
        (Ok(answer), _) => Ok(answer),
        (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
    }
}

fn send(writer: &mut impl Write, request: &Request) -> std::io::Result<()> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\n",
        request.method, request.target, request.host
    );
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !request
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
    {
        head.push_str("Connection: close\r\n");
    }
    match request.body {
        Body::None => head.push_str("\r\n"),
        Body::Sized(bytes) => head.push_str(&format!(
            "Content-Type: text/plain\r\nContent-Length: {bytes}\r\n\r\n"
        )),
        Body::Chunked(_) => {
            head.push_str("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
    }
    writer.write_all(head.as_bytes())?;
    let piece = [b'v'; 16 << 10];
    let (Body::Sized(mut left) | Body::Chunked(mut left)) = request.body else {
        return writer.flush();
    };
    while left > 0 {
        let size = left.min(piece.len() as u64);
        let bytes = &piece[..usize::try_from(size).unwrap_or(piece.len())];
        if matches!(request.body, Body::Chunked(_)) {
            writer.write_all(format!("{size:x}\r\n").as_bytes())?;
            writer.write_all(bytes)?;
            writer.write_all(b"\r\n")?;
        } else {
            writer.write_all(bytes)?;
        }
        left -= size;
    }
    if matches!(request.body, Body::Chunked(_)) {
        writer.write_all(b"0\r\n\r\n")?;
    }
    writer.flush()
}

/// Reads a head: its first line and its headers. `None` when the peer closed before it began.
///
/// # Errors
/// When the connection fails or closes within the head.
pub fn read_head(reader: &mut impl BufRead) -> std::io::Result<Option<(String, Headers)>> {
    let Some(first) = read_line(reader)? else {
        return Ok(None);
    };
    let mut headers = Headers::new();
    loop {
        let line = read_line(reader)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(Some((first, headers)));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if reader
        .by_ref()
        .take(64 << 10)
        .read_until(b'\n', &mut bytes)?
        == 0
    {
        return Ok(None);
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    // Header bytes are Latin-1 where they are not ASCII (RFC 9110, 5.5); nothing is lost this way.
    Ok(Some(bytes.iter().map(|&byte| byte as char).collect()))
}

/// Reads a body framed by these headers; without framing it lasts until the connection closes when `until_close`.
///
/// # Errors
/// When the connection fails.
pub fn read_body(
    reader: &mut impl BufRead,
    headers: &Headers,
    until_close: bool,
) -> std::io::Result<Vec<u8>> {
    let value = |name: &str| {
        headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    };
    let mut body = Vec::new();
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let line = read_line(reader)?.unwrap_or_default();
            let size = u64::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                .unwrap_or(0);
            if size == 0 {
                while read_line(reader)?.is_some_and(|trailer| !trailer.is_empty()) {}
                return Ok(body);
            }
            reader.by_ref().take(size).read_to_end(&mut body)?;
            read_line(reader)?;
        }
    }
    match value("content-length").and_then(|length| length.parse::<u64>().ok()) {
        Some(length) => reader
            .by_ref()
            .take(length)
            .read_to_end(&mut body)
            .map(drop)?,
        None if until_close => reader
            .by_ref()
            .take(LARGEST)
            .read_to_end(&mut body)
            .map(drop)?,
        None => {}
    }
    Ok(body)
}

fn receive(reader: &mut impl BufRead, method: &str) -> std::io::Result<(u16, Headers, String)> {
    loop {
        let (line, headers) = read_head(reader)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status: u16 = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or(std::io::ErrorKind::InvalidData)?;
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let bodiless = method == "HEAD" || matches!(status, 101 | 204 | 304);
        let body = if bodiless {
            Vec::new()
        } else {
            read_body(reader, &headers, true).unwrap_or_default()
        };
        return Ok((status, headers, String::from_utf8_lossy(&body).into_owned()));
    }
}
