//! A service's addresses: targets, TLS towards them, and other addresses on some engines.

use super::run::{Run, shown};
use super::{auth, codes, files, urls};
use crate::ir::{Address, Protocol, Sourced, Target, UpstreamTls, Via, ViaAws};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// The targets of a service, with one protocol and base path.
pub(super) fn targets(run: &Run<'_>, written: &spec::Service, at: &Pointer) -> Vec<Target> {
    let has_url = written.url.is_some() || run.was_written(at, "url");
    let list = at.key("targets");
    let has_targets = !written.targets.is_empty() || run.was_written(&list, "0");
    match (has_url, has_targets) {
        (true, true) => {
            let message = "a service has either `url` or `targets`".to_owned();
            run.say(
                Diagnostic::error(codes::TARGETS, Place::key(list.clone()), message)
                    .help("move the URL into `targets`")
                    .related(Place::key(at.key("url")), "the other address"),
            );
        }
        (false, false) if run.document.has(&list) && !run.was_written(at, "targets") => {
            run.error_key(
                codes::TARGETS,
                &list,
                "the list of targets is empty".to_owned(),
                "list at least one URL",
            );
        }
        (false, false) if !run.was_written(at, "targets") => {
            run.error_key(
                codes::TARGETS,
                at,
                "the service has no address".to_owned(),
                "add `url` or `targets`",
            );
        }
        _ => {}
    }
    let mut targets = Vec::new();
    if let Some(url) = &written.url {
        let here = if written.short {
            at.clone()
        } else {
            at.key("url")
        };
        targets.extend(urls::address(run, url, &here).map(|address| Target {
            address,
            weight: 1,
            pointer: here,
        }));
    }
    for (index, target) in written.targets.iter().enumerate() {
        targets.extend(self::target(run, target, list.index(index)));
    }
    same_kind(run, &targets);
    targets
}

fn target(run: &Run<'_>, written: &spec::Target, at: Pointer) -> Option<Target> {
    let weight = written.weight.unwrap_or(1);
    if !(1..=100).contains(&weight) {
        let message = format!("a weight of {weight} is out of range");
        run.error(
            codes::RANGE,
            &at.key("weight"),
            message,
            "write 1 to 100; to take a target out, remove it",
        );
    }
    let inner = at.key("url");
    let here = if run.document.has(&inner) {
        inner
    } else {
        at.clone()
    };
    let address = urls::address(run, &written.url, &here)?;
    Some(Target {
        address,
        weight,
        pointer: at,
    })
}

fn same_kind(run: &Run<'_>, targets: &[Target]) {
    let Some((first, others)) = targets.split_first() else {
        return;
    };
    for (index, target) in others.iter().enumerate() {
        let (a, b) = (&first.address, &target.address);
        let first_here = Place::value(first.pointer.clone());
        let here = Place::value(target.pointer.clone());
        let twice = targets[..=index]
            .iter()
            .find(|earlier| earlier.address == *b);
        let found = if let Some(earlier) = twice {
            Diagnostic::error(codes::TARGETS, here, "the same target is listed twice")
                .help("remove one; for a larger share use `weight`")
                .related(Place::value(earlier.pointer.clone()), "first listed here")
        } else if a.protocol != b.protocol {
            Diagnostic::error(
                codes::TARGETS,
                here,
                "the targets of a service speak one protocol",
            )
            .help(format!(
                "write `{}` here too, or make two services",
                a.protocol.name()
            ))
            .related(first_here, "the first target")
        } else if a.path != b.path {
            Diagnostic::error(
                codes::TARGETS,
                here,
                "the targets of a service have one base path",
            )
            .help("give all the same path, or make two services")
            .related(first_here, "the first target")
        } else {
            continue;
        };
        run.say(found);
    }
}

/// TLS towards `https` targets; none for others.
pub(super) fn tls(
    run: &Run<'_>,
    written: &spec::Service,
    protocol: Option<Protocol>,
    at: &Pointer,
) -> Option<Sourced<UpstreamTls>> {
    let Some(tls) = &written.tls else {
        let default = UpstreamTls {
            ca: None,
            verify: true,
            client: None,
        };
        return (protocol == Some(Protocol::Https)).then(|| Sourced::new(default, at.clone()));
    };
    let at = at.key("tls");
    if protocol == Some(Protocol::Http) {
        let message = "`tls` has no meaning for targets that speak `http`".to_owned();
        run.error_key(
            codes::TLS,
            &at,
            message,
            "write `https://` in the URLs, or remove `tls`",
        );
    }
    let certificate =
        tls.client_certificate.is_some() || run.was_written(&at, "client_certificate");
    let key = tls.client_key.is_some() || run.was_written(&at, "client_key");
    if certificate != key {
        let (there, missing) = if key {
            ("client_key", "client_certificate")
        } else {
            ("client_certificate", "client_key")
        };
        let message = format!("`{there}` needs `{missing}`");
        run.error_key(
            codes::TLS,
            &at.key(there),
            message,
            "a client certificate and its key go together",
        );
    }
    let client = tls.client_certificate.as_ref().zip(tls.client_key.as_ref());
    let client = client.and_then(|(certificate, key)| {
        let certificate = files::certificates(run, certificate, &at.key("client_certificate"));
        certificate.zip(files::key_material(run, key, &at.key("client_key")))
    });
    let tls = UpstreamTls {
        ca: tls
            .ca
            .as_ref()
            .and_then(|name| files::certificates(run, name, &at.key("ca"))),
        verify: tls.verify.unwrap_or(true),
        client,
    };
    Some(Sourced::new(tls, at))
}

/// Other addresses on some engines.
pub(super) fn via(run: &Run<'_>, written: &spec::Service, at: &Pointer) -> Via {
    let Some(via) = &written.via else {
        return Via::default();
    };
    let at = at.key("via");
    let address = |engine: &str, written: &Option<spec::ViaUrl>| -> Option<Address> {
        let written = written.as_ref()?;
        urls::address(run, &written.url, &at.key(engine).key("url"))
    };
    Via {
        aws: via
            .aws
            .as_ref()
            .and_then(|aws| via_aws(run, aws, &at.key("aws"))),
        kong: address("kong", &via.kong),
        nginx: address("nginx", &via.nginx),
    }
}

fn via_aws(run: &Run<'_>, written: &spec::ViaAws, at: &Pointer) -> Option<ViaAws> {
    match (
        &written.lambda,
        &written.url,
        &written.vpc_link,
        &written.listener,
    ) {
        (Some(arn), None, None, None) => {
            auth::arn(run, arn, "lambda", &at.key("lambda"));
            Some(ViaAws::Lambda(arn.clone()))
        }
        (None, Some(url), None, None) => urls::address(run, url, &at.key("url")).map(ViaAws::Url),
        (None, None, Some(id), Some(listener)) => {
            auth::arn(run, listener, "elasticloadbalancing", &at.key("listener"));
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                let message = format!("`{}` is not the ID of a VPC link", shown(id));
                run.error(
                    codes::VIA,
                    &at.key("vpc_link"),
                    message,
                    "write its ID: letters, digits and `-`",
                );
            }
            Some(ViaAws::VpcLink {
                id: id.clone(),
                listener: listener.clone(),
            })
        }
        (None, None, Some(_), None) if !run.was_written(at, "listener") => {
            run.error_key(
                codes::VIA,
                &at.key("vpc_link"),
                "`vpc_link` needs `listener`".to_owned(),
                "add the load balancer listener's ARN as `listener`",
            );
            None
        }
        (None, None, None, Some(_)) if !run.was_written(at, "vpc_link") => {
            run.error_key(
                codes::VIA,
                &at.key("listener"),
                "`listener` needs `vpc_link`".to_owned(),
                "add the link's ID as `vpc_link`",
            );
            None
        }
        _ => {
            if !["lambda", "url", "vpc_link", "listener"]
                .iter()
                .any(|key| run.was_written(at, key))
                || run.options.complete
            {
                let message = "an address on AWS is exactly one of `lambda`, `url`, and `vpc_link` with `listener`".to_owned();
                run.error_key(codes::VIA, at, message, "keep one of them");
            }
            None
        }
    }
}
