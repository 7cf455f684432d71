//! HTTPS without a proxy: the certificate, read again when its files change.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use colloquy_protocol::time::Timestamp;
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
use x509_parser::{certificate::Validity, parse_x509_certificate, time::ASN1Time};

use crate::{metrics, settings::Settings};

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// How long before its end a certificate that was not renewed yet is warned of. One that lives for less
/// than three times as long is warned of in the last third of its life.
const WARNED_OF: Duration = Duration::from_hours(14 * 24);

// The settings that name the files.
const CERT: &str = "--tls-cert";
const KEY: &str = "--tls-key";

/// Why HTTPS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of the two is set without the other.
    #[error("tls_cert and tls_key (--tls-cert and --tls-key) go together, and {0} is not set")]
    Alone(&'static str),
    /// A file cannot be read.
    #[error("{} ({setting}) cannot be read: {cause}", .path.display())]
    Read {
        /// What names it.
        setting: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is not what it should be.
    #[error("{} ({CERT}) holds no certificate that can be read: {cause}", .path.display())]
    Cert {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// A key is encrypted.
    #[error(
        "{} ({KEY}) is encrypted, and nobody is asked for its passphrase: \
         `openssl pkey -in {} -out NEW_FILE` writes it as it is",
        .0.display(), .0.display()
    )]
    EncryptedKey(PathBuf),
    /// A file is not what it should be.
    #[error("{} ({KEY}) holds no key that can be read: {cause}", .path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// The certificate and the key are of no use together.
    #[error(
        "{} ({CERT}) and {} ({KEY}) cannot be used together: {cause}",
        .cert.display(), .key.display()
    )]
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

/// What the files say, as it is used.
#[derive(Debug)]
struct Identity {
    config: Arc<ServerConfig>,
    /// How long the server's own certificate is good for, if that can be told.
    life: Option<Life>,
}

/// How long a certificate is good for.
#[derive(Debug, Clone, Copy)]
struct Life {
    begins: Timestamp,
    ends: Timestamp,
}

/// How long it is still good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Standing {
    Good,
    EndsSoon,
    NotYet,
    Ended,
}

/// What new connections are spoken to with.
#[derive(Debug, Clone)]
pub(crate) struct Tls(watch::Receiver<Arc<ServerConfig>>);

/// Whether HTTPS can be served, if the settings ask for it.
///
/// # Errors
/// When it cannot, and why.
pub async fn check(settings: &Settings) -> Result<(), TlsError> {
    let is_served = Tls::open(settings).await?.is_some();
    let url = settings.url();
    if is_served && url.starts_with("http:") {
        tracing::warn!(%url, "HTTPS is served, and --public-url is not: links to it lead nowhere.");
    }
    Ok(())
}

impl Tls {
    /// Reads the certificate, and what reads it again, for ever, when it changes; `None` when the
    /// settings name none.
    pub(crate) async fn open(
        settings: &Settings,
    ) -> Result<Option<(Self, impl Future<Output = ()> + use<>)>, TlsError> {
        let files = match (settings.tls_cert.clone(), settings.tls_key.clone()) {
            (Some(cert), Some(key)) => Files { cert, key },
            (Some(_), None) => return Err(TlsError::Alone("tls_key")),
            (None, Some(_)) => return Err(TlsError::Alone("tls_cert")),
            (None, None) => return Ok(None),
        };
        let contents = files.read().await?;
        let Identity { config, life } = files.identity(&contents)?;
        let (renew, current) = watch::channel(config);
        Ok(Some((Self(current), keep_current(files, contents, life, renew))))
    }

    /// For the next connection. Those that are there go on with what they began with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.borrow().clone().into()
    }
}

/// Looks at the contents, not at times: a link may lead elsewhere from one moment to the next.
async fn keep_current(
    files: Files,
    mut seen: Contents,
    mut life: Option<Life>,
    renew: watch::Sender<Arc<ServerConfig>>,
) {
    let mut said = Standing::Good;
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unreadable = false;
    loop {
        looks.tick().await;
        said = tell(life, said);
        let read = files.read().await;
        let failed = match read {
            Ok(contents) if contents == seen => continue,
            Ok(contents) => {
                let identity = files.identity(&contents);
                seen = contents;
                unreadable = false;
                match identity {
                    Ok(identity) => {
                        renew.send_replace(identity.config);
                        (life, said) = (identity.life, Standing::Good);
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
        tracing::error!(error = %failed, "The new certificate cannot be used; the old one is.");
    }
}

/// Tells when the certificate ends: Prometheus each time, the log when it is worse than was said.
fn tell(life: Option<Life>, said: Standing) -> Standing {
    let end = life.map_or(f64::NAN, |life| life.ends.as_millis() as f64 / 1_000.0);
    ::metrics::gauge!(metrics::CERTIFICATE_END).set(end);
    let Some(life @ Life { begins, ends }) = life else { return said };
    let standing = life.standing(Timestamp::now());
    if standing <= said {
        return standing;
    }
    match standing {
        Standing::Good => {}
        Standing::EndsSoon => tracing::warn!(%ends, "The certificate has to be renewed soon."),
        Standing::NotYet => {
            tracing::error!(%begins, "The certificate is not valid yet: clients refuse to connect.");
        }
        Standing::Ended => {
            tracing::error!(%ends, "The certificate has ended: clients refuse to connect.");
        }
    }
    standing
}

impl Life {
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(certificate).ok()?;
        let moment =
            |time: ASN1Time| Timestamp::from_millis(time.timestamp().saturating_mul(1_000));
        let Validity { not_before, not_after } = *certificate.validity();
        Some(Self { begins: moment(not_before), ends: moment(not_after) })
    }

    fn standing(self, now: Timestamp) -> Standing {
        let (begins, ends) = (self.begins.as_millis(), self.ends.as_millis());
        let warned_of = ((ends - begins) / 3).min(WARNED_OF.as_millis() as i64);
        match ends - now.as_millis() {
            ..=0 => Standing::Ended,
            _ if now < self.begins => Standing::NotYet,
            left if left <= warned_of => Standing::EndsSoon,
            _ => Standing::Good,
        }
    }
}

impl Files {
    async fn read(&self) -> Result<Contents, TlsError> {
        Ok(Contents { cert: read(CERT, &self.cert).await?, key: read(KEY, &self.key).await? })
    }

    fn identity(&self, contents: &Contents) -> Result<Identity, TlsError> {
        let cert = certificates(&contents.cert)
            .map_err(|cause| TlsError::Cert { path: self.cert.clone(), cause })?;
        let is_encrypted = |line: &[u8]| {
            line.starts_with(b"-----BEGIN ENCRYPTED") || line.starts_with(b"Proc-Type: 4,ENCRYPTED")
        };
        if contents.key.split(|byte| *byte == b'\n').any(is_encrypted) {
            return Err(TlsError::EncryptedKey(self.key.clone()));
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|cause| TlsError::Key { path: self.key.clone(), cause })?;
        let useless =
            |cause| TlsError::Useless { cert: self.cert.clone(), key: self.key.clone(), cause };
        let life = cert.first().and_then(Life::of);
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(useless)?
            .with_no_client_auth()
            .with_single_cert(cert, key)
            .map_err(useless)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Identity { config: config.into(), life })
    }
}

async fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).await.map_err(|cause| TlsError::Read { setting, path: path.to_owned(), cause })
}

/// One certificate at least.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if all.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    #[test]
    fn a_certificate_is_good_until_two_weeks_before_its_end_or_for_two_thirds_of_its_life() {
        let ends = Timestamp::from_millis(1_700_000_000_000);
        for (lives_for, is_warned_of) in [(365 * DAY, 14 * DAY), (6 * DAY, 2 * DAY)] {
            let ago = |millis| Timestamp::from_millis(ends.as_millis() - millis);
            let life = Life { begins: ago(lives_for), ends };
            let standing = |before_its_end| life.standing(ago(before_its_end));
            assert_eq!(standing(lives_for + 1), Standing::NotYet);
            assert_eq!(standing(lives_for), Standing::Good);
            assert_eq!(standing(is_warned_of + 1), Standing::Good);
            assert_eq!(standing(is_warned_of), Standing::EndsSoon);
            assert_eq!(standing(1), Standing::EndsSoon);
            assert_eq!(standing(0), Standing::Ended);
            assert_eq!(standing(-lives_for), Standing::Ended);
        }
    }
}
