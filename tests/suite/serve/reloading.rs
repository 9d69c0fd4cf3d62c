//! Reload and stop under load: no request fails, counts survive, a bad edit changes nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway_gen::serve::{Loaded, Loader, Options, Ready};

use super::rig::{Rig, Service, gateway, options, until};

fn spec(service: &Service, number: usize) -> String {
    format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: '{}' }}\n\
         routes:\n  GET /x/*: {{ to: s, auth: none }}\n  GET /version: {{ auth: none, respond: {{ status: 200, body: '{number}' }} }}\n\
         \x20 GET /limited: {{ to: s, auth: none, limit: {{ rate: 1/h, burst: 3, per: everyone }} }}\n",
        service.url()
    )
}

fn loader(file: PathBuf) -> Loader {
    Box::new(move || {
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("broken") {
            return Loaded::Wrong;
        }
        Loaded::Ready(Box::new(Ready {
            gateway: gateway(&text),
            files: vec![(file.clone(), text.into_bytes())],
        }))
    })
}

fn rig(file: &Path, options: &Options) -> Rig {
    let text = std::fs::read_to_string(file).unwrap();
    let ready = Ready {
        gateway: gateway(&text),
        files: vec![(file.to_owned(), text.into_bytes())],
    };
    Rig::ready(ready, options, Some(loader(file.to_owned())))
}

fn replace(file: &Path, text: &str) {
    // As editors do: written aside, then renamed over.
    let draft = file.with_extension("draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, file).unwrap();
}

#[test]
fn an_edit_takes_effect_a_bad_one_does_not_and_counts_survive() {
    let service = Service::ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.yaml");
    replace(&file, &spec(&service, 1));
    let rig = rig(&file, &options());
    assert_eq!(rig.get("/version").body(), "1");
    assert_eq!(
        [rig.get("/limited").status, rig.get("/limited").status],
        [200, 200]
    );
    replace(&file, &spec(&service, 2));
    until("version 2", || rig.get("/version").body() == "2");
    replace(&file, "broken");
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(rig.get("/version").body(), "2");
    replace(&file, &spec(&service, 3));
    until("version 3", || rig.get("/version").body() == "3");
    assert_eq!(
        [rig.get("/limited").status, rig.get("/limited").status],
        [200, 429]
    );
}

/// A minute where RELOAD_SECONDS says so, three seconds otherwise.
#[test]
fn under_load_with_an_edit_every_second_no_request_fails() {
    let seconds = std::env::var("RELOAD_SECONDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    let service = Service::new(|head, stream| {
        if head.starts_with("GET /x/slow") {
            std::thread::sleep(Duration::from_millis(150));
        }
        super::rig::reply(stream, "200 OK", "ok");
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.yaml");
    replace(&file, &spec(&service, 0));
    let rig = rig(
        &file,
        &Options {
            workers: Some(2),
            ..options()
        },
    );
    let (stop, failed, done) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let started = Instant::now();
    let mut edits = 0;
    std::thread::scope(|scope| {
        for client in 0..6 {
            let (rig, stop, failed, done) = (&rig, &stop, &failed, &done);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let good = match client {
                        0 => rig.get("/version").status == 200,
                        1 => rig.get("/x/slow").body() == "ok",
                        2 => rig.get("/none").status == 404,
                        _ => rig.get("/x/a").body() == "ok",
                    };
                    done.fetch_add(1, Ordering::Relaxed);
                    failed.fetch_add(usize::from(!good), Ordering::Relaxed);
                }
            });
        }
        while started.elapsed() < Duration::from_secs(seconds) {
            edits += 1;
            replace(&file, &spec(&service, edits));
            std::thread::sleep(Duration::from_secs(1));
        }
        stop.store(true, Ordering::Relaxed);
    });
    until("the last edit", || {
        rig.get("/version").body() == edits.to_string()
    });
    assert_eq!(
        failed.load(Ordering::Relaxed),
        0,
        "of {}",
        done.load(Ordering::Relaxed)
    );
    assert!(done.load(Ordering::Relaxed) > 100);
}

#[test]
fn stopping_lets_a_request_under_way_end() {
    let service = Service::new(|_, stream| {
        std::thread::sleep(Duration::from_millis(400));
        super::rig::reply(stream, "200 OK", "ok");
    });
    let rig = Rig::new(&spec(&service, 1));
    let address = rig.address;
    let slow = std::thread::spawn(move || {
        super::rig::send(address, b"GET /x/a HTTP/1.1\r\nHost: a\r\n\r\n")
    });
    until("the request", || !service.seen().is_empty());
    let started = Instant::now();
    rig.stop();
    let reply = slow.join().unwrap();
    assert_eq!((reply.status, reply.body()), (200, "ok"), "{}", reply.text);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(std::net::TcpStream::connect(address).is_err());
}
