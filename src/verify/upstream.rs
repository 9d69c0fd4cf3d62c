//! Echo upstreams, key server and authorizers of a run, in this process and on loopback.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::generate::faults::Trouble;
use super::probe::Received;
use super::wire::{read_body, read_head};

/// What all of a run's upstreams share: what they received and how they are told to behave.
#[derive(Default)]
pub struct Board {
    received: Mutex<Vec<Received>>,
    orders: Mutex<Orders>,
    stop: AtomicBool,
}

/// How upstreams behave now.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// Trouble by service.
    pub trouble: BTreeMap<String, Trouble>,
    /// The status of every authorizer.
    pub authorizer: Option<u16>,
}

impl Board {
    /// Takes what was received since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *lock(&self.received))
    }

    /// Gives orders.
    pub fn order(&self, orders: Orders) {
        *lock(&self.orders) = orders;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one listener plays.
#[derive(Clone, Debug)]
pub enum Role {
    /// The service of that name: it answers 200 with this body.
    Service(String, String),
    /// Key sets by path.
    Keys(BTreeMap<String, String>),
    /// An authorizer that gives these headers when it allows.
    Authorizer(Vec<String>),
}

/// Listens on a free loopback port until the board's run ends.
///
/// # Errors
/// When no port can be had.
pub fn listen(role: Role, board: &Arc<Board>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let board = Arc::clone(board);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if board.stop.load(Ordering::Relaxed) {
                return;
            }
            let (role, board) = (role.clone(), Arc::clone(&board));
            std::thread::spawn(move || converse(stream, &role, &board));
        }
    });
    Ok(address)
}

/// Answers requests until the connection closes; a broken one is the client's business.
fn converse(stream: TcpStream, role: &Role, board: &Board) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(90)));
    let _ = stream.set_nodelay(true);
    let Ok(mut writer) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Ok(Some((line, headers))) = read_head(&mut reader) {
        let Ok(body) = read_body(&mut reader, &headers, false) else {
            return;
        };
        let mut words = line.split(' ');
        let (method, target) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let answer = match role {
            Role::Keys(sets) => plain(
                if sets.contains_key(target) { 200 } else { 404 },
                sets.get(target).map_or("{}", String::as_str),
            ),
            Role::Authorizer(names) => authorizer(names, board),
            Role::Service(name, text) => {
                // Active health probes are not part of any request.
                if headers.iter().any(|(name, _)| name == "x-forwarded-for") {
                    lock(&board.received).push(Received {
                        service: name.clone(),
                        method: method.to_owned(),
                        target: target.to_owned(),
                        headers,
                        body: body.len() as u64,
                    });
                }
                let trouble = lock(&board.orders).trouble.get(name).copied();
                if trouble == Some(Trouble::NotHttp) {
                    // The connection ends: a client can't know where an answer would begin.
                    let _ = writer.write_all(b"220 mail.example ESMTP\r\n");
                    return;
                }
                match service(method, text, trouble) {
                    Some(answer) => answer,
                    None => return,
                }
            }
        };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn plain(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn authorizer(names: &[String], board: &Board) -> String {
    let status = lock(&board.orders).authorizer.unwrap_or(200);
    let mut head =
        format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n");
    if status == 200 {
        for name in names {
            head.push_str(&format!("{name}: from-authorizer\r\n"));
        }
    }
    format!("{head}\r\n{{}}")
}

/// The body that an echo upstream in no trouble answers with, and the headers that tell who is heard through.
pub const ECHO_HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("X-Echo", "yes"),
    ("X-Powered-By", "echo"),
    ("X-Request-ID", "from-upstream"),
    ("Access-Control-Allow-Origin", "https://upstream.example"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
];

fn service(method: &str, text: &str, trouble: Option<Trouble>) -> Option<String> {
    let (status, body) = match trouble {
        None => (200, text),
        Some(Trouble::Status(status)) => (status, "{\"trouble\":true}"),
        Some(Trouble::NotJson) => (200, "<p>not JSON"),
        Some(Trouble::Reset | Trouble::NotHttp) => return None,
        Some(Trouble::Slow(millis)) => {
            std::thread::sleep(Duration::from_millis(millis));
            (200, text)
        }
    };
    let mut answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in ECHO_HEADERS {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str("\r\n");
    if method != "HEAD" {
        answer.push_str(body);
    }
    Some(answer)
}

impl Drop for Board {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
