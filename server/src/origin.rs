//! An origin: who a page belongs to, as browsers name it in `Origin`.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use axum::http::uri::Authority;

/// A scheme, a host and a port, such as `https://chat.example.org:8443`.
///
/// In lower case and without the scheme's default port, so that equal origins are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// How the hub is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// A text that is not an origin; `null` is none either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected scheme://host or scheme://host:port, without a path")]
pub struct InvalidOrigin;

impl Origin {
    /// The origin of what is served for that `Host`.
    ///
    /// # Errors
    /// When `host` is not an authority.
    pub fn of_host(scheme: Scheme, host: &str) -> Result<Self, InvalidOrigin> {
        match scheme {
            Scheme::Http => Self::new("http", host),
            Scheme::Https => Self::new("https", host),
        }
    }

    /// Whether that authority, as a `Host` names it, is this origin's.
    pub fn has_authority(&self, authority: &str) -> bool {
        Self::new(&self.scheme, authority).as_ref() == Ok(self)
    }

    /// Whether this machine alone can be meant: `localhost`, a name below it, or a loopback
    /// address, on any port.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback());
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
    }

    /// Whether a browser can open it: over HTTP, with TLS or without.
    pub fn is_site(&self) -> bool {
        self.scheme == "http" || self.is_https()
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    fn new(scheme: &str, authority: &str) -> Result<Self, InvalidOrigin> {
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority: Authority = authority.parse().map_err(|_| InvalidOrigin)?;
        let host = authority.host().to_ascii_lowercase();
        // What `Authority` allows around the host beside a port: `user@host`, `host:`, `host:x`.
        let port = authority.port_u16();
        let rest = authority.as_str().len() - host.len();
        let port_length = authority.port().map_or(0, |port| ":".len() + port.as_str().len());
        if !is_scheme || host.is_empty() || rest != port_length || (rest > 0) != port.is_some() {
            return Err(InvalidOrigin);
        }
        let default_port = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Ok(Self { port: port.filter(|_| port != default_port), scheme, host })
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
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
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
        assert_eq!(Origin::of_host(Scheme::Http, "LOCALHOST:80"), "http://localhost".parse());
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
