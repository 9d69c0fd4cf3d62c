//! TLS towards services in a real nginx: roots of one's own, a client certificate, and certificates that must not be trusted.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::services::get;
use super::{Spec, binaries};
use crate::support::nginx::{Binary, Nginx};

/// An authority with certificates for `localhost` and for a client, as PEM files in `folder`.
fn certificates(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    write("ca.crt", params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    for name in ["localhost", "client", "127.0.0.1"] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("leaf {name}"));
        write(
            &format!("{name}.crt"),
            params.signed_by(&key, &issuer).unwrap().pem(),
        );
        write(&format!("{name}.key"), key.serialize_pem());
    }
    let other = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    write("other.crt", params.self_signed(&other).unwrap().pem());
}

/// A service that speaks TLS and asks for a client certificate: 200 with one, 401 without.
fn service(binary: &Binary, folder: &Path, certificate: &str) -> (Nginx, SocketAddr) {
    let conf = format!(
        "pid nginx.pid;\nerror_log error.log;\nevents {{\n}}\nhttp {{\naccess_log off;\nserver {{\nlisten 1;\n}}\nserver {{\nlisten 2 ssl;\nssl_certificate tls/{certificate}.crt;\nssl_certificate_key tls/{certificate}.key;\nssl_verify_client optional;\nssl_client_certificate tls/ca.crt;\nlocation / {{\nif ($ssl_client_verify != SUCCESS) {{\nreturn 401;\n}}\nreturn 200 ok;\n}}\n}}\n}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), conf).unwrap();
    let nginx = Nginx::start(binary, folder, &[]);
    let address = nginx.https.unwrap();
    (nginx, address)
}

/// What the gateway answers for the service, with these lines of its `tls`.
fn asked(binary: &Binary, folder: &Path, host: &str, port: u16, tls: &str) -> u16 {
    let spec = Spec::new(&format!(
        "version: 1\nname: upstream\nservices:\n  ledger: {{ url: \"https://{host}:{port}\", tls: {{ {tls} }} }}\nroutes:\n  ANY /*: {{ to: ledger, auth: none }}\ntargets: {{ nginx: {{ version: \"{}\" }} }}\n",
        binary.version
    ));
    let tls = spec.folder.path().join("tls");
    std::fs::create_dir(&tls).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, tls.join(path.file_name().unwrap())).unwrap();
    }
    let made = spec.build();
    let nginx = Nginx::start(binary, &made.folder, &[]);
    let status = get(nginx.http, "/a", "");
    eprintln!("{status}: {}", nginx.errors());
    status
}

const CLIENT: &str = "client_certificate: tls/client.crt, client_key: tls/client.key";

#[test]
fn a_service_is_trusted_by_its_authority_and_name_and_knows_the_gateway_by_its_certificate() {
    for binary in binaries() {
        let folder = tempfile::tempdir().unwrap();
        let tls = folder.path().join("tls");
        certificates(&tls);
        let (_service, address) = service(&binary, folder.path(), "localhost");
        let ask = |host: &str, lines: &str| asked(&binary, &tls, host, address.port(), lines);
        assert_eq!(ask("localhost", &format!("ca: tls/ca.crt, {CLIENT}")), 200);
        assert_eq!(
            ask("localhost", "ca: tls/ca.crt"),
            401,
            "no client certificate"
        );
        assert_eq!(
            ask("localhost", &format!("ca: tls/other.crt, {CLIENT}")),
            502,
            "another authority"
        );
        assert_eq!(
            ask("localhost", CLIENT),
            502,
            "not among the system's roots"
        );
        assert_eq!(
            ask("127.0.0.1", &format!("ca: tls/ca.crt, {CLIENT}")),
            502,
            "another name"
        );
        assert_eq!(ask("127.0.0.1", &format!("verify: false, {CLIENT}")), 200);
        drop(_service);
        let (_service, address) = service(&binary, folder.path(), "127.0.0.1");
        let lines = format!("ca: tls/ca.crt, {CLIENT}");
        let status = asked(&binary, &tls, "127.0.0.1", address.port(), &lines);
        assert_eq!(status, 502, "the loss `address-certificate`");
    }
}
