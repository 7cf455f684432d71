//! HTTPS without a proxy: the certificate, read again when its files change.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    fs,
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject},
        },
    },
};

use crate::settings::Settings;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Why HTTPS can not be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can not be read.
    #[error("{}: {cause}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {cause}", .path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// The certificate and the key are of no use together.
    #[error("{}, {}: {cause}", .cert.display(), .key.display())]
    Useless {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        cause: rustls::Error,
    },
}

/// The files of a certificate and its key.
#[derive(Debug, Clone)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What the files hold.
#[derive(Debug, PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// What new connections are spoken to with.
#[derive(Debug, Clone)]
pub(crate) struct Tls(watch::Receiver<Arc<ServerConfig>>);

/// Whether HTTPS can be served, if the settings ask for it.
///
/// # Errors
/// When it can not, and why.
pub async fn check(settings: &Settings) -> Result<(), TlsError> {
    Tls::open(settings).await.map(drop)
}

impl Tls {
    /// Reads the certificate, and what reads it again, for ever, when it changes; `None` when the
    /// settings name none.
    pub(crate) async fn open(
        settings: &Settings,
    ) -> Result<Option<(Self, impl Future<Output = ()> + use<>)>, TlsError> {
        let (Some(cert), Some(key)) = (settings.tls_cert.clone(), settings.tls_key.clone()) else {
            return Ok(None);
        };
        let files = Files { cert, key };
        let contents = files.read().await?;
        let (renew, current) = watch::channel(files.config(&contents)?);
        Ok(Some((Self(current), keep_current(files, contents, renew))))
    }

    /// For the next connection. Those that are there go on with what they began with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.borrow().clone().into()
    }
}

/// Looks at the contents, not at times: a link may lead elsewhere from one moment to the next.
async fn keep_current(files: Files, mut seen: Contents, renew: watch::Sender<Arc<ServerConfig>>) {
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unreadable = false;
    loop {
        looks.tick().await;
        let read = files.read().await;
        let failed = match read {
            Ok(contents) if contents == seen => continue,
            Ok(contents) => {
                let config = files.config(&contents);
                seen = contents;
                unreadable = false;
                match config {
                    Ok(config) => {
                        renew.send_replace(config);
                        tracing::info!("The certificate was read again.");
                        continue;
                    }
                    Err(error) => error,
                }
            }
            // Said once, not at each look.
            Err(_) if unreadable => continue,
            Err(error) => {
                unreadable = true;
                error
            }
        };
        tracing::error!(error = %failed, "The new certificate can not be used; the old one is.");
    }
}

impl Files {
    async fn read(&self) -> Result<Contents, TlsError> {
        Ok(Contents { cert: read(&self.cert).await?, key: read(&self.key).await? })
    }

    fn config(&self, contents: &Contents) -> Result<Arc<ServerConfig>, TlsError> {
        let cert = CertificateDer::pem_slice_iter(&contents.cert).collect::<Result<Vec<_>, _>>();
        let cert = cert.map_err(|cause| TlsError::Pem { path: self.cert.clone(), cause })?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key);
        let key = key.map_err(|cause| TlsError::Pem { path: self.key.clone(), cause })?;
        let useless =
            |cause| TlsError::Useless { cert: self.cert.clone(), key: self.key.clone(), cause };
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(useless)?
            .with_no_client_auth()
            .with_single_cert(cert, key)
            .map_err(useless)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config.into())
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).await.map_err(|cause| TlsError::Read { path: path.to_owned(), cause })
}
