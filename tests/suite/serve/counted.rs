//! Limits and quotas over sockets: exact under concurrency, in Redis as in memory, and told by Retry-After.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gateway_gen::serve::Options;

use super::rig::{Rig, Service, options, until};

fn spec(service: &Service, counters: &str) -> String {
    format!(
        "version: 1\nname: t\ngateway: {{ access_log: none {counters} }}\nservices: {{ s: '{}' }}\n\
         auth: {{ k: {{ api_key: {{ header: X-API-Key }} }} }}\nplans: {{ p: {{ limit: {{ rate: 1/h, burst: 50 }}, quota: 7/month }} }}\n\
         consumers: {{ c: {{ plan: p, api_key: 'secret://c' }}, d: {{ api_key: 'secret://d' }} }}\n\
         routes:\n  GET /burst: {{ to: s, auth: none, limit: {{ rate: 1/h, burst: 40, per: everyone }} }}\n\
         \x20 GET /quota: {{ to: s, auth: k }}\n  GET /tenant: {{ to: s, auth: none, limit: {{ rate: 1/h, burst: 2, per: {{ header: X-Tenant }} }} }}\n\
         \x20 GET /both: {{ to: s, auth: none, limit: [{{ rate: 1/h, burst: 5, per: everyone }}, {{ rate: 1/h, burst: 1, per: {{ header: X-Tenant }} }}] }}\n",
        service.url()
    )
}

fn statuses(rig: &Rig, count: usize, path: &str) -> (usize, usize) {
    let all: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..count / 8)
                        .map(|_| rig.get(path).status)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    (
        all.iter().filter(|s| **s == 200).count(),
        all.iter().filter(|s| **s == 429).count(),
    )
}

fn check(rig: &Rig) {
    assert_eq!(statuses(rig, 160, "/burst"), (40, 120));
    let refused = rig.get("/burst");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&wait), "{wait}");
    assert_eq!(refused.body(), r#"{"message":"too many requests"}"#);
    for _ in 0..7 {
        assert_eq!(rig.get_with("/quota", &["X-API-Key: c-value"]).status, 200);
    }
    let over = rig.get_with("/quota", &["X-API-Key: c-value"]);
    assert_eq!(
        (over.status, over.body()),
        (429, r#"{"message":"the quota is used up"}"#)
    );
    assert_eq!(
        rig.get_with("/quota", &["X-API-Key: d-value"]).status,
        200,
        "another consumer has no quota"
    );
    for (tenant, expected) in [("a", 200), ("a", 200), ("a", 429), ("b", 200)] {
        assert_eq!(
            rig.get_with("/tenant", &[&format!("X-Tenant: {tenant}")])
                .status,
            expected
        );
    }
    // What the second limit refuses takes nothing from the first.
    let tenants = ["a", "a", "a", "a", "b", "c", "d", "e", "f"];
    let got = tenants.map(|tenant| {
        rig.get_with("/both", &[&format!("X-Tenant: {tenant}")])
            .status
    });
    assert_eq!(got, [200, 429, 429, 429, 200, 200, 200, 200, 429]);
}

#[test]
fn limits_in_memory_are_exact_under_concurrency() {
    let service = Service::ok();
    check(&Rig::with(
        &spec(&service, ""),
        &Options {
            workers: Some(2),
            ..options()
        },
        None,
    ));
}

#[test]
fn a_monthly_quota_starts_again_when_the_clock_says_so() {
    let service = Service::ok();
    let spec = spec(&service, "");
    let rig = Rig::new(&spec);
    for _ in 0..8 {
        rig.get_with("/quota", &["X-API-Key: c-value"]);
    }
    assert_eq!(rig.get_with("/quota", &["X-API-Key: c-value"]).status, 429);
    let later = Rig::with(
        &spec,
        &Options {
            clock_offset: 32 * 86_400_000,
            ..options()
        },
        None,
    );
    assert_eq!(
        later.get_with("/quota", &["X-API-Key: c-value"]).status,
        200
    );
}

struct Redis(Child, u16);

impl Redis {
    fn start(port: u16) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            "/tmp",
        ]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = child else {
            assert!(std::env::var("CI").is_err(), "redis-server not found");
            eprintln!("skipped: redis-server not found");
            return None;
        };
        until("redis", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Self(child, port))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn limits_in_redis_are_exact_over_two_nodes() {
    let Some(redis) = Redis::start(free_port()) else {
        return;
    };
    let service = Service::ok();
    let spec = spec(
        &service,
        &format!(", counters: {{ redis: 'redis://127.0.0.1:{}' }}", redis.1),
    );
    let (one, two) = (Rig::new(&spec), Rig::new(&spec));
    check(&one);
    assert_eq!(two.get("/burst").status, 429);
    assert_eq!(two.get_with("/quota", &["X-API-Key: c-value"]).status, 429);
}

#[test]
fn a_bucket_in_redis_refills_as_it_does_in_memory() {
    let Some(redis) = Redis::start(free_port()) else {
        return;
    };
    let service = Service::ok();
    let spec = format!(
        "version: 1\nname: t\ngateway: {{ access_log: none, counters: {{ redis: 'redis://127.0.0.1:{}' }} }}\nservices: {{ s: '{}' }}\n\
         routes: {{ GET /x: {{ to: s, auth: none, limit: {{ rate: 10/s, burst: 2, per: everyone }} }} }}\n",
        redis.1,
        service.url()
    );
    let rig = Rig::new(&spec);
    let three = || {
        [
            rig.get("/x").status,
            rig.get("/x").status,
            rig.get("/x").status,
        ]
    };
    assert_eq!(three(), [200, 200, 429]);
    std::thread::sleep(Duration::from_millis(250));
    assert_eq!(three(), [200, 200, 429]);
}

#[test]
fn without_its_redis_a_gateway_does_what_the_spec_says() {
    let service = Service::ok();
    let port = free_port();
    let admit = Rig::new(&spec(
        &service,
        &format!(", counters: {{ redis: 'redis://127.0.0.1:{port}' }}"),
    ));
    let refuse = Rig::new(&spec(
        &service,
        &format!(", counters: {{ redis: 'redis://127.0.0.1:{port}', on_failure: refuse }}"),
    ));
    for _ in 0..50 {
        assert_eq!(admit.get("/burst").status, 200);
    }
    let refused = refuse.get("/burst");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    let Some(_redis) = Redis::start(port) else {
        return;
    };
    until("counting again", || refuse.get("/tenant").status == 200);
}
