//! Balancing, health and breakers in virtual time.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::ir::units::Millis;
use crate::ir::{Address, Breaker as Rules, Health, Protocol, Sourced, Target, Via};
use crate::source::Pointer;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_seconds(1000).plus_millis(millis)
}

fn service(weights: &[u32], balance: Balance) -> Service {
    let here = Pointer::root;
    let target = |(i, &weight): (usize, &u32)| Target {
        address: Address {
            protocol: Protocol::Http,
            host: "127.0.0.1".into(),
            port: 3000 + u16::try_from(i).unwrap(),
            path: String::new(),
        },
        weight,
        pointer: here(),
    };
    Service {
        name: "s".into(),
        pointer: here(),
        targets: weights.iter().enumerate().map(target).collect(),
        balance: Sourced::new(balance, here()),
        health: Some(Sourced::new(
            Health {
                path: "/".into(),
                every: Millis(1000),
                timeout: Millis(100),
                healthy_after: 2,
                unhealthy_after: 3,
            },
            here(),
        )),
        breaker: Some(Sourced::new(
            Rules {
                failures: 3,
                open: Millis(5000),
                server_errors: false,
            },
            here(),
        )),
        tls: None,
        via: Via::default(),
        raw: None,
    }
}

#[test]
fn turns_follow_the_weights_and_are_spread() {
    let mut pool = Pool::new(&service(&[1, 2, 1], Balance::RoundRobin));
    let order: Vec<usize> = (0..8).filter_map(|_| pool.choose(at(0), 0, &[])).collect();
    assert_eq!(order, [1, 0, 2, 1, 1, 0, 2, 1]);
}

#[test]
fn the_least_busy_target_is_next() {
    let mut pool = Pool::new(&service(&[1, 1], Balance::LeastConnections));
    let first = pool.choose(at(0), 0, &[]).unwrap();
    let second = pool.choose(at(0), 0, &[]).unwrap();
    assert_ne!(first, second);
    pool.released(second);
    assert_eq!(pool.choose(at(1), 0, &[]), Some(second));
}

#[test]
fn a_client_stays_with_its_target_and_only_those_of_a_lost_one_move() {
    let mut pool = Pool::new(&service(&[1, 1, 2], Balance::HashClientIp));
    let before: Vec<usize> = (0..4000)
        .map(|c| pool.choose(at(0), mix(c), &[]).unwrap())
        .collect();
    let share = before.iter().filter(|&&t| t == 2).count();
    assert!(
        (1800..2200).contains(&share),
        "{share} of 4000 for weight 2 of 4"
    );
    for _ in 0..3 {
        pool.probed(1, false, at(1));
    }
    for (client, &old) in before.iter().enumerate() {
        let new = pool.choose(at(2), mix(client as u64), &[]).unwrap();
        assert!(if old == 1 { new != 1 } else { new == old });
    }
}

#[test]
fn probes_take_a_target_out_and_bring_it_back() {
    let mut pool = Pool::new(&service(&[1], Balance::RoundRobin));
    assert!(!pool.probed(0, false, at(0)) && !pool.probed(0, false, at(1)));
    assert!(
        !pool.probed(0, true, at(2)),
        "a success starts the count again"
    );
    assert!(!pool.probed(0, false, at(3)) && !pool.probed(0, false, at(4)));
    assert!(pool.probed(0, false, at(5)));
    assert_eq!(pool.choose(at(6), 0, &[]), None);
    assert!(!pool.probed(0, true, at(7)));
    assert!(pool.probed(0, true, at(8)));
    assert_eq!(pool.choose(at(9), 0, &[]), Some(0));
}

#[test]
fn a_breaker_opens_at_its_number_and_lets_one_trial_through() {
    let mut pool = Pool::new(&service(&[1], Balance::RoundRobin));
    for _ in 0..3 {
        assert_eq!(pool.choose(at(0), 0, &[]), Some(0));
        pool.judged(0, true, at(0));
    }
    assert_eq!(pool.choose(at(4999), 0, &[]), None);
    assert_eq!(pool.wait(at(4000)), 1);
    assert_eq!(pool.choose(at(5000), 0, &[]), Some(0), "the trial");
    assert_eq!(pool.choose(at(5001), 0, &[]), None, "only one");
    pool.judged(0, true, at(5002));
    assert_eq!(pool.choose(at(10_001), 0, &[]), None, "it failed");
    assert_eq!(pool.choose(at(10_002), 0, &[]), Some(0));
    pool.judged(0, false, at(10_003));
    assert_eq!(pool.choose(at(10_004), 0, &[]), Some(0), "it went well");
}

#[test]
fn a_success_between_failures_keeps_the_breaker_closed() {
    let mut pool = Pool::new(&service(&[1], Balance::RoundRobin));
    for failed in [true, true, false, true, true] {
        pool.choose(at(0), 0, &[]);
        pool.judged(0, failed, at(0));
    }
    assert_eq!(pool.choose(at(1), 0, &[]), Some(0));
}

#[test]
fn a_retry_goes_to_another_target_where_there_is_one() {
    let mut pool = Pool::new(&service(&[1, 1], Balance::RoundRobin));
    let first = pool.choose(at(0), 0, &[]).unwrap();
    assert_ne!(pool.choose(at(0), 0, &[first]), Some(first));
    let mut single = Pool::new(&service(&[1], Balance::RoundRobin));
    assert_eq!(single.choose(at(0), 0, &[0]), Some(0));
}
