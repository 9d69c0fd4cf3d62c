//! Spreading requests in a real nginx: by fewest connections, and by a hash of a header or of the client.

use super::services::get;
use super::{Spec, binaries};
use crate::support::echo::Echo;
use crate::support::nginx::{Binary, Nginx};

fn two(binary: &Binary, balance: &str) -> (Echo, Echo, Nginx) {
    let (one, two) = (Echo::start(), Echo::start());
    let spec = format!(
        "version: 1\nname: spread\nservices:\n  two: {{ targets: [\"http://{}\", \"http://{}\"], balance: {balance} }}\nroutes:\n  ANY /*: {{ to: two, auth: none }}\ntargets: {{ nginx: {{ version: \"{}\" }} }}\n",
        one.address, two.address, binary.version
    );
    let made = Spec::new(&spec).build();
    let nginx = Nginx::start(binary, &made.folder, &[]);
    (one, two, nginx)
}

#[test]
fn a_busy_target_gets_nothing_while_another_has_fewer_connections() {
    for binary in binaries() {
        let (one, two, nginx) = two(&binary, "least_connections");
        let gateway = nginx.http;
        let slow = std::thread::spawn(move || get(gateway, "/delay/1500", ""));
        std::thread::sleep(std::time::Duration::from_millis(300));
        for _ in 0..8 {
            assert_eq!(get(gateway, "/quick", ""), 200);
        }
        let (one, two) = (one.seen(), two.seen());
        let (busy, free) = if one.iter().any(|line| line.contains("delay")) {
            (one, two)
        } else {
            (two, one)
        };
        assert_eq!((busy.len(), free.len()), (1, 8), "{busy:?} {free:?}");
        assert_eq!(slow.join().unwrap(), 200);
    }
}

#[test]
fn a_hash_of_a_header_sends_equal_values_to_one_target_and_uses_both() {
    for binary in binaries() {
        let (one, two, nginx) = two(&binary, "{ hash: { header: X-Shard } }");
        let (mut first, mut second) = (0, 0);
        for shard in 0..40 {
            for _ in 0..3 {
                assert_eq!(
                    get(nginx.http, "/a", &format!("X-Shard: s{shard}\r\n")),
                    200
                );
            }
            let seen = (one.seen().len(), two.seen().len());
            assert!(matches!(seen, (3, 0) | (0, 3)), "shard {shard}: {seen:?}");
            first += usize::from(seen.0 == 3);
            second += usize::from(seen.1 == 3);
        }
        assert!(first >= 5 && second >= 5, "{first} and {second} of 40");
    }
}

#[test]
fn a_hash_of_the_client_sends_it_to_one_target() {
    for binary in binaries() {
        let (one, two, nginx) = two(&binary, "{ hash: client_ip }");
        for _ in 0..10 {
            assert_eq!(get(nginx.http, "/a", ""), 200);
        }
        let seen = (one.seen().len(), two.seen().len());
        assert!(matches!(seen, (10, 0) | (0, 10)), "{seen:?}");
    }
}
