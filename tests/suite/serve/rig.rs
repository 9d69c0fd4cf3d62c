//! A serve in this process for a spec given as text, a client that sends exactly what it is told, and services made of closures.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gateway_gen::ir::Gateway;
use gateway_gen::resolve::{self, resolve};
use gateway_gen::serve::{Loader, Options, Ready, Running, start};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;

/// The meaning of a spec; every secret's text is its name and `-value`.
pub fn gateway(text: &str) -> Gateway {
    let options = ReadOptions {
        input: Input::Text {
            name: "gateway.yaml".into(),
            text: text.into(),
        },
        env: None,
        variables: &|_| None,
        services: vec![],
    };
    let document = read(&options).unwrap();
    let decoded = document.decode::<Spec>();
    let options = resolve::Options {
        secrets: resolve::Secrets::Inline(&|name| Some(format!("{name}-value"))),
        files: &|path| std::fs::read(path),
        complete: true,
    };
    let resolved = resolve(decoded.value.as_ref().unwrap(), &document, &options);
    resolved.gateway.unwrap_or_else(|| {
        let found = decoded.diagnostics.iter().chain(&resolved.diagnostics);
        panic!("{:#?}", found.map(|d| &d.message).collect::<Vec<_>>())
    })
}

/// A serve that runs until it is dropped.
pub struct Rig {
    running: Option<Running>,
    /// Where plain HTTP listens.
    pub address: SocketAddr,
}

/// Small, quick to lose patience, silent.
pub fn options() -> Options {
    Options {
        listen: Some(([127, 0, 0, 1], 0).into()),
        workers: Some(1),
        client_timeout: Duration::from_millis(500),
        drain: Duration::from_secs(5),
        ..Options::default()
    }
}

impl Rig {
    /// Serves a spec. `access_log: none` is put into it.
    pub fn new(spec: &str) -> Self {
        Self::with(spec, &options(), None)
    }

    /// Serves a spec as asked.
    pub fn with(spec: &str, options: &Options, reload: Option<Loader>) -> Self {
        let ready = Ready {
            gateway: gateway(spec),
            files: vec![],
        };
        Self::ready(ready, options, reload)
    }

    /// Serves what was read elsewhere.
    pub fn ready(ready: Ready, options: &Options, reload: Option<Loader>) -> Self {
        let running = start(ready, options, reload).unwrap();
        let address = running.http.unwrap();
        Self {
            running: Some(running),
            address,
        }
    }

    /// Where the console listens.
    pub fn console(&self) -> SocketAddr {
        self.running.as_ref().unwrap().console.unwrap()
    }

    /// GETs a path.
    pub fn get(&self, path: &str) -> Reply {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
        ))
    }

    /// GETs a path with header lines.
    pub fn get_with(&self, path: &str, headers: &[&str]) -> Reply {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{lines}\r\n"
        ))
    }

    /// Sends bytes and reads what comes back until the connection ends.
    pub fn send(&self, request: &str) -> Reply {
        send(self.address, request.as_bytes())
    }

    /// Stops it and waits for what is under way.
    pub fn stop(mut self) {
        self.running.take().unwrap().stop();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// All of it.
    pub text: String,
    /// The first answer's status; 0 without one.
    pub status: u16,
}

impl Reply {
    /// The first value of a header of the first answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        let fields = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        fields
            .into_iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// What follows the first head.
    pub fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }
}

/// Sends bytes to an address and reads what comes back until the connection ends or nothing comes for five seconds.
pub fn send(address: SocketAddr, request: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    // Whoever refuses may close before all is sent.
    let _ = stream.write_all(request);
    finish(stream)
}

/// Reads until the connection ends.
pub fn finish(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5)?.parse().ok())
        .unwrap_or(0);
    Reply { text, status }
}

/// A service: each connection is handed to a closure, and request heads are kept.
#[derive(Clone)]
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// One that does with each request (its head) what the closure says.
    pub fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let (seen, answer) = (service.seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || connection(stream, &seen, &*answer));
            }
        });
        service
    }

    /// One that answers each request with 200 and `ok`, reading bodies by Content-Length.
    pub fn ok() -> Self {
        Self::new(|_, stream| reply(stream, "200 OK", "ok"))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of requests that reached it.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Answers with a status and a body.
pub fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn connection(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str, &mut TcpStream),
) {
    let _ = stream.set_nodelay(true);
    let mut bytes = Vec::new();
    let mut buffer = [0; 16384];
    loop {
        while let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end + 4]).into_owned();
            bytes.drain(..end + 4);
            let length = |line: &str| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            };
            let length: usize = head.lines().find_map(length).unwrap_or(0);
            while bytes.len() < length {
                match stream.read(&mut buffer) {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            bytes.drain(..length.min(bytes.len()));
            seen.lock().unwrap().push(head.clone());
            answer(&head, &mut stream);
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
}

/// Waits until something holds, for at most ten seconds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(10));
    }
}
