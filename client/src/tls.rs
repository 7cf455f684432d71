//! TLS: whose certificates are trusted.

use std::sync::Arc;

use tokio_rustls::rustls::{
    self, ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Error;

/// What the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name other certificates.
pub(crate) fn of_the_system() -> Result<Arc<ClientConfig>, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or("there are none".to_owned(), ToString::to_string);
        return Err(Error::Certificates(format!("those of the system: {why}")));
    }
    trusting(roots)
}

/// The certificates in a PEM text, and no others.
pub(crate) fn of(pem: &[u8]) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| Error::Certificates(error.to_string()))?;
        roots.add(certificate).map_err(unusable)?;
    }
    if roots.is_empty() {
        return Err(Error::Certificates("there is none in the text".to_owned()));
    }
    trusting(roots)
}

/// Nobody: for a hub that is not asked who it is.
pub(crate) fn nobody() -> Result<Arc<ClientConfig>, Error> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}

fn unusable(error: rustls::Error) -> Error {
    Error::Certificates(error.to_string())
}
