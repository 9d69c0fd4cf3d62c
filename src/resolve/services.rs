//! The `services` section: balancing, health and breaker; addresses are in [`super::upstream`].

use indexmap::IndexMap;

use super::run::{Run, shown};
use super::{codes, headers, names, upstream};
use crate::ir::units::Millis;
use crate::ir::{Balance, Breaker, Health, Raw, Service, Sourced};
use crate::report::Place;
use crate::source::Pointer;
use crate::spec::{self, OrNone};

/// Every service that could be resolved, by name.
pub(super) fn services(run: &Run<'_>) -> IndexMap<String, Service> {
    let section = Pointer::root().key("services");
    let each = run.spec.services.iter().map(|(name, written)| {
        let at = section.key(name);
        names::name(run, "service", name, Place::key(at.clone()));
        (name.clone(), service(run, name, written, at))
    });
    each.collect()
}

fn service(run: &Run<'_>, name: &str, written: &spec::Service, at: Pointer) -> Service {
    let targets = upstream::targets(run, written, &at);
    let https = targets.first().map(|target| target.address.protocol);
    let health = match &written.health {
        Some(OrNone::Some(health)) => Some(self::health(run, health, at.key("health"))),
        Some(OrNone::None) | None => None,
    };
    let breaker = match &written.breaker {
        Some(OrNone::Some(breaker)) => Some(self::breaker(run, breaker, at.key("breaker"))),
        Some(OrNone::None) | None => None,
    };
    Service {
        name: name.to_owned(),
        balance: balance(run, written, &at),
        tls: upstream::tls(run, written, https, &at),
        via: upstream::via(run, written, &at),
        raw: written
            .raw
            .as_ref()
            .map(|raw| Sourced::new(self::raw(raw), at.key("raw"))),
        targets,
        health,
        breaker,
        pointer: at,
    }
}

/// Engine-native configuration as it is; targets check it.
pub(super) fn raw(raw: &spec::ServiceRaw) -> Raw {
    Raw {
        kong: raw.kong.clone(),
        nginx: raw.nginx.clone(),
        aws: raw.aws.clone(),
    }
}

fn balance(run: &Run<'_>, written: &spec::Service, at: &Pointer) -> Sourced<Balance> {
    let Some(balance) = &written.balance else {
        return Sourced::new(Balance::RoundRobin, at.clone());
    };
    let at = at.key("balance");
    let balance = match balance {
        spec::Balance::RoundRobin => Balance::RoundRobin,
        spec::Balance::LeastConnections => Balance::LeastConnections,
        spec::Balance::HashClientIp => Balance::HashClientIp,
        spec::Balance::HashHeader(name) => {
            headers::name(run, name, || Place::value(at.key("hash").key("header")));
            Balance::HashHeader(name.clone())
        }
    };
    Sourced::new(balance, at)
}

fn health(run: &Run<'_>, written: &spec::Health, at: Pointer) -> Sourced<Health> {
    let path = &written.path;
    let fits = path.starts_with('/')
        && path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&b));
    if !fits {
        let message = format!("`{}` is not a path to probe", shown(path));
        run.error(
            codes::PATH,
            &at.key("path"),
            message,
            "write a path such as `/healthz`",
        );
    }
    let health = Health {
        path: path.clone(),
        every: written.every.unwrap_or(Millis(10_000)),
        timeout: written.timeout.unwrap_or(Millis(2000)),
        healthy_after: written.healthy_after.unwrap_or(2),
        unhealthy_after: written.unhealthy_after.unwrap_or(3),
    };
    for (key, value) in [("every", health.every), ("timeout", health.timeout)] {
        if value.0 == 0 {
            let message = format!("`{key}` cannot be nothing");
            run.error(codes::RANGE, &at.key(key), message, "write at least `1ms`");
        }
    }
    let counts = [
        ("healthy_after", health.healthy_after),
        ("unhealthy_after", health.unhealthy_after),
    ];
    for (key, value) in counts {
        if !(1..=255).contains(&value) {
            let message = format!("{value} probes in a row are out of range");
            run.error(codes::RANGE, &at.key(key), message, "write 1 to 255");
        }
    }
    Sourced::new(health, at)
}

fn breaker(run: &Run<'_>, written: &spec::Breaker, at: Pointer) -> Sourced<Breaker> {
    if !(1..=255).contains(&written.failures) {
        let message = format!("{} failures in a row are out of range", written.failures);
        run.error(codes::RANGE, &at.key("failures"), message, "write 1 to 255");
    }
    if written.open.0 == 0 {
        let message = "a breaker that opens for no time does nothing".to_owned();
        run.error(
            codes::RANGE,
            &at.key("open"),
            message,
            "write at least `1ms`, or `breaker: none`",
        );
    }
    let breaker = Breaker {
        failures: written.failures,
        open: written.open,
        server_errors: written.when.contains(&spec::BreakerCause::ServerError),
    };
    Sourced::new(breaker, at)
}
