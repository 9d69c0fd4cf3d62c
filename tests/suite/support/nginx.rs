//! A real nginx, started on free loopback ports with a folder that `build` wrote.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// An nginx that can be started.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The program.
    pub path: PathBuf,
    /// Where its modules lie.
    pub modules: String,
    /// `1.22` or `1.26`, as `targets.nginx.version` takes it.
    pub version: String,
}

/// Those found: `GATEWAY_GEN_NGINX` or the one on the PATH, and `GATEWAY_GEN_NGINX_126` (what `.ci/nginx-1.26.sh` made).
pub fn binaries() -> Vec<Binary> {
    let first = std::env::var("GATEWAY_GEN_NGINX").unwrap_or_else(|_| "nginx".to_owned());
    let second = std::env::var("GATEWAY_GEN_NGINX_126").unwrap_or_default();
    let found: Vec<Binary> = [first, second]
        .into_iter()
        .filter(|path| !path.is_empty())
        .filter_map(binary)
        .collect();
    assert!(
        std::env::var("CI").as_deref() != Ok("true") || found.len() == 2,
        "in CI both nginx versions are needed: GATEWAY_GEN_NGINX_126 names none that runs"
    );
    if found.is_empty() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "nginx not found, and in CI that is a failure"
        );
        eprintln!("skipped: nginx not found");
    }
    found
}

fn binary(path: String) -> Option<Binary> {
    let output = Command::new(&path).arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = text.trim().rsplit('/').next()?.to_owned();
    let version: Vec<&str> = number.split('.').take(2).collect();
    let beside = Path::new(&path)
        .parent()
        .map(|folder| folder.join("root/usr/lib/nginx/modules"))
        .filter(|folder| folder.is_dir());
    let modules = beside.unwrap_or_else(|| "/usr/lib/nginx/modules".into());
    Some(Binary {
        path: path.into(),
        modules: modules.display().to_string(),
        version: version.join("."),
    })
}

/// Where a test's gateway writes and listens.
pub struct Nginx {
    /// Its HTTP port.
    pub http: SocketAddr,
    /// Its HTTPS port, where it has one.
    pub https: Option<SocketAddr>,
    /// Its folder.
    pub folder: tempfile::TempDir,
    child: Child,
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Copies what `build` wrote and makes it stay on this machine: loopback ports, and loopback addresses for names that nobody resolves here.
pub fn localise(folder: &Path, binary: &Binary) -> (tempfile::TempDir, Vec<SocketAddr>) {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder, copy.path());
    let path = copy.path().join("nginx.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut ports = Vec::new();
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.trim().trim_end_matches(';').split(' ').collect();
        match words.as_slice() {
            ["listen", _, rest @ ..] => {
                let address = free();
                ports.push(address);
                format!(
                    "listen {};",
                    [&[address.to_string().as_str()], rest].concat().join(" ")
                )
            }
            ["server", target, rest @ ..]
                if !target.starts_with(|c: char| c.is_ascii_digit() || c == '{') =>
            {
                let port = target.rsplit(':').next().unwrap();
                format!(
                    "server {};",
                    [&[format!("127.0.0.1:{port}").as_str()], rest]
                        .concat()
                        .join(" ")
                )
            }
            ["load_module", module] => format!(
                "load_module {}/{};",
                binary.modules,
                module.rsplit('/').next().unwrap()
            ),
            _ => line.to_owned(),
        }
    });
    let lines: Vec<String> = lines.collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    open(copy.path());
    (copy, ports)
}

/// nginx gives its workers another user when root starts it; they have to reach their folders.
fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// What `nginx -t` says of a folder; `Err` when it refuses it.
pub fn check(binary: &Binary, folder: &Path) -> Result<String, String> {
    let (copy, _) = localise(folder, binary);
    let output = Command::new(&binary.path)
        .arg("-p")
        .arg(copy.path())
        .args(["-c", "nginx.conf", "-t"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

impl Nginx {
    /// Starts it and waits until it answers.
    pub fn start(binary: &Binary, folder: &Path, environment: &[(&str, &str)]) -> Self {
        let (copy, ports) = localise(folder, binary);
        let mut command = Command::new(&binary.path);
        command
            .arg("-p")
            .arg(copy.path())
            .args(["-c", "nginx.conf", "-g", "daemon off;"]);
        let child = command
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            http: ports[0],
            https: ports.get(1).copied(),
            folder: copy,
            child,
        };
        for _ in 0..200 {
            if TcpStream::connect(nginx.http).is_ok() {
                return nginx;
            }
            if nginx.child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("nginx did not start:\n{}", nginx.errors());
    }

    /// Its error log.
    pub fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// Its access log.
    pub fn access(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end only when the master is asked to; killed, it would leave them behind.
        let _ = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}
