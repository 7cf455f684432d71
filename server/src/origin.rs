//! An origin: who a page belongs to, as browsers name it in `Origin`.

use std::{fmt, str::FromStr};

use axum::http::uri::Authority;

/// A scheme and an authority, such as `https://chat.example.org:8443`.
///
/// In lower case and without the scheme's default port, so that equal origins are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    authority: String,
}

/// A text that is not an origin; `null` is none either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected scheme://host or scheme://host:port, without a path")]
pub struct InvalidOrigin;

impl Origin {
    /// The origin of what is served over plain HTTP for that `Host`.
    ///
    /// # Errors
    /// When `host` is not an authority.
    pub fn of_http_host(host: &str) -> Result<Self, InvalidOrigin> {
        Self::new("http", host)
    }

    fn new(scheme: &str, authority: &str) -> Result<Self, InvalidOrigin> {
        let scheme = scheme.to_ascii_lowercase();
        let parsed: Authority = authority.parse().map_err(|_| InvalidOrigin)?;
        let known_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let port = parsed.as_str().strip_prefix(parsed.host());
        let port_fits = match port {
            Some("") => true,
            Some(_) => parsed.port_u16().is_some(),
            None => false,
        };
        if !known_scheme || !port_fits || parsed.host().is_empty() {
            return Err(InvalidOrigin);
        }
        let host = parsed.host().to_ascii_lowercase();
        let authority = match (scheme.as_str(), parsed.port_u16()) {
            ("http", Some(80)) | ("https", Some(443)) | (_, None) => host,
            (_, Some(port)) => format!("{host}:{port}"),
        };
        Ok(Self { scheme, authority })
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        Self::new(scheme, authority)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_origins_are_equal() {
        for (text, normal) in [
            ("http://LocalHost:80", "http://localhost"),
            ("HTTPS://a.example:443", "https://a.example"),
            ("https://a.example:80", "https://a.example:80"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), normal);
        }
        assert_eq!(Origin::of_http_host("LOCALHOST:80"), "http://localhost".parse());
    }

    #[test]
    fn refuses_what_is_no_origin() {
        for text in [
            "",
            "null",
            "a.example",
            "http://",
            "://a.example",
            "http://a.example/",
            "http://me@a.example",
            "http://a.example:port",
            "http://a.example:99999",
            "http://a b",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
