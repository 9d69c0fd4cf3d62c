//! A service that answers what reached it as JSON, and can be told by its path to be slow, to reset or to answer something else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

/// A running echo service; it ends with the test process.
#[derive(Clone, Debug)]
pub struct Echo {
    /// Where it listens, on the loopback interface.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    length: usize,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Echo {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let echo = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let running = echo.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let echo = running.clone();
                std::thread::spawn(move || echo.serve(stream));
            }
        });
        echo
    }

    /// Request lines that reached it, as `METHOD TARGET`, since the last call.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some(request) = read(&mut reader) {
            self.seen
                .lock()
                .unwrap()
                .push(format!("{} {}", request.method, request.target));
            if request.target.starts_with("/reset") {
                return;
            }
            if request.header("upgrade") == Some("websocket") {
                let _ = writer.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
                let mut buffer = [0; 1024];
                while let Ok(n @ 1..) = reader.read(&mut buffer) {
                    let _ = writer.write_all(&buffer[..n]);
                }
                return;
            }
            if writer.write_all(&self.answer(&request)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Request) -> Vec<u8> {
        let path = request.target.split('?').next().unwrap_or_default();
        let mut parts = path.trim_start_matches('/').split('/');
        let (word, value) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let echoed = json!({
            "method": request.method,
            "target": request.target,
            "headers": request.headers.iter().map(|(name, value)| json!([name.to_ascii_lowercase(), value])).collect::<Vec<_>>(),
            "length": request.length,
        });
        let delay = if word == "delay" {
            value
        } else {
            request.header("x-echo-delay").unwrap_or("0")
        };
        std::thread::sleep(Duration::from_millis(delay.parse().unwrap_or(0)));
        let asked = if word == "status" {
            value
        } else {
            request.header("x-echo-status").unwrap_or("200")
        };
        let (status, extra, body) = match word {
            "json" => (
                200,
                String::new(),
                r#"{"z":1,"items":[1,{"b": 2,"a":12345678901234567890},"x,]"],"k":{}}"#.to_owned(),
            ),
            "jwks" => (
                200,
                String::new(),
                include_str!("../cases/keys/jwks.json").to_owned(),
            ),
            "authorize" => authorize(request),
            _ => (
                asked.parse().unwrap_or(200),
                String::new(),
                echoed.to_string(),
            ),
        };
        let length = body.len();
        let body = if request.method == "HEAD" {
            String::new()
        } else {
            body
        };
        format!(
            "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nX-Secret: 1\r\nX-Request-ID: from-the-service\r\nAccess-Control-Allow-Origin: https://evil.example\r\n{extra}\r\n{body}"
        )
        .into_bytes()
    }
}

/// 200 for `Authorization: good`, 403 with a body for `known`, 500 for `broken`, else 401.
fn authorize(request: &Request) -> (u16, String, String) {
    let asked = json!({ "method": request.header("x-forwarded-method"), "uri": request.header("x-forwarded-uri") });
    match request.header("authorization") {
        Some("good") => (
            200,
            "X-Granted: reader\r\nX-Other: no\r\n".to_owned(),
            asked.to_string(),
        ),
        Some("known") => (403, String::new(), r#"{"why":"not you"}"#.to_owned()),
        Some("broken") => (500, String::new(), String::new()),
        _ => (
            401,
            "WWW-Authenticate: Asked\r\n".to_owned(),
            r#"{"why":"who are you"}"#.to_owned(),
        ),
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.trim_end().splitn(3, ' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        target,
        headers,
        length: 0,
    };
    request.length = match (
        request.header("content-length"),
        request.header("transfer-encoding"),
    ) {
        (Some(length), _) => {
            let length = length.parse().ok()?;
            reader.read_exact(&mut vec![0; length]).ok()?;
            length
        }
        (None, Some(_)) => read_chunks(reader)?,
        (None, None) => 0,
    };
    Some(request)
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut total = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        reader.read_exact(&mut vec![0; size + 2]).ok()?;
        if size == 0 {
            return Some(total);
        }
        total += size;
    }
}
