//! TLS towards clients and services: certificates of the spec, or one made at start for development.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

use crate::ir::{Gateway, HostPattern, KeyMaterial, Secret, TlsVersion, UpstreamTls};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(list) if !list.is_empty() => Ok(list),
        _ => Err("the PEM holds no certificate".into()),
    }
}

fn private_key(key: &KeyMaterial) -> Result<Option<PrivateKeyDer<'static>>, String> {
    let pem: &[u8] = match key {
        KeyMaterial::File(file) => &file.content,
        KeyMaterial::Secret(Secret::Known { text, .. }) => text.as_bytes(),
        KeyMaterial::Secret(Secret::Reference(_)) => return Ok(None),
    };
    PrivateKeyDer::from_pem_slice(pem)
        .map(Some)
        .map_err(|_| "the PEM holds no private key".into())
}

/// What accepts TLS for a gateway, where it asks for it. Without a key, or with one that is not a key but a development value, a
/// certificate for its hosts is made.
///
/// # Errors
/// What is wrong with its certificate or key.
pub fn acceptor(gateway: &Gateway) -> Result<Option<TlsAcceptor>, String> {
    let Some(settings) = &gateway.tls else {
        return Ok(None);
    };
    let at = |error: String| format!("{}: {error}", settings.pointer);
    let key = match &settings.key {
        Some(key) => private_key(key).map_err(at)?,
        None => None,
    };
    let (chain, key) = match (&settings.certificate, key) {
        (Some(file), Some(key)) => (certificates(&file.content).map_err(at)?, key),
        _ => development_certificate(gateway).map_err(at)?,
    };
    let versions: &[&rustls::SupportedProtocolVersion] = match settings.min_version {
        TlsVersion::V1_2 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::V1_3 => &[&rustls::version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(|e| at(e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| at(format!("the certificate and its key: {e}")))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn development_certificate(gateway: &Gateway) -> Result<Pair, String> {
    let mut names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    names.extend(gateway.hosts.iter().map(|host| match host {
        HostPattern::Exact(name) => name.clone(),
        HostPattern::Below(suffix) => format!("*.{suffix}"),
    }));
    let made = rcgen::generate_simple_self_signed(names).map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(str::to_owned)?;
    Ok((vec![made.cert.der().clone()], key))
}

/// Settings for a service.
///
/// # Errors
/// What is wrong with its certificates.
pub fn client(settings: &UpstreamTls) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let builder = if settings.verify {
        builder.with_root_certificates(match &settings.ca {
            None => system_roots()?,
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(&file.content)? {
                    roots.add(certificate).map_err(|e| e.to_string())?;
                }
                roots
            }
        })
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified(provider())))
    };
    let config = match &settings.client {
        None => builder.with_no_client_auth(),
        Some((file, key)) => {
            let key = private_key(key)?.ok_or("the key of the client certificate is not known")?;
            builder
                .with_client_auth_cert(certificates(&file.content)?, key)
                .map_err(|e| e.to_string())?
        }
    };
    Ok(Arc::new(config))
}

/// The system's roots, for authorizers and key sets.
///
/// # Errors
/// When the system has none.
pub fn roots() -> Result<Arc<ClientConfig>, String> {
    client(&UpstreamTls {
        ca: None,
        verify: true,
        client: None,
    })
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err("the system has no root certificates, name some with `ca`".into());
    }
    Ok(roots)
}

/// Takes any certificate, because the spec says `verify: false`.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
