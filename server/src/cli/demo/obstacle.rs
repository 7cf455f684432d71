//! Why a hub cannot be reached, for people.

use std::{error::Error, io, iter};

use tokio_rustls::rustls;

/// What is in the way.
pub(crate) enum Obstacle {
    /// Nothing listens there: a hub may be started at any time.
    Absence,
    /// Its certificate is not one to be trusted.
    Mistrust(String),
    /// Something else, which may pass.
    Other(String),
}

impl Obstacle {
    /// What an error of the network says.
    pub(crate) fn of(error: Cause<'_>) -> Self {
        if causes(error).any(is_refusal) {
            return Self::Absence;
        }
        let origin = causes(error).last().unwrap_or(error).to_string();
        let tls = causes(error).find_map(|cause| cause.downcast_ref());
        if let Some(rustls::Error::InvalidCertificate(_)) = tls {
            Self::Mistrust(origin)
        } else if let Some(rustls::Error::InvalidMessage(_)) = tls {
            Self::Other(format!("it does not speak TLS, which https:// asks for ({origin})"))
        } else if causes(error).any(is_not_http) {
            Self::Other(format!("it does not speak HTTP, or does so over TLS only ({origin})"))
        } else {
            Self::Other(origin)
        }
    }
}

type Cause<'a> = &'a (dyn Error + 'static);

/// An error, what caused it, what caused that, and so on.
fn causes(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    iter::successors(Some(error), |error| {
        // One that holds another passes it over when it is asked for its source.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held as Cause<'_>),
            None => (*error).source(),
        }
    })
}

fn is_refusal(cause: Cause<'_>) -> bool {
    let cause = cause.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

fn is_not_http(cause: Cause<'_>) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}
