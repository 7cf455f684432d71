//! Where a request comes from and which origin it asked: as the connection says or, behind a
//! trusted proxy, as the proxy says in `X-Forwarded-For`, `-Proto` and `-Host`.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::origin::Scheme;

/// The connection that a request came by, in its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    /// Its other end.
    pub(crate) peer: SocketAddr,
    /// Whether it is one of HTTPS.
    pub(crate) tls: bool,
}

/// Where a request truly comes from, in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Who asks.
    pub(crate) address: IpAddr,
    /// Their port; a proxy does not say it.
    port: Option<u16>,
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What proxies add, and nobody else.
const OF_PROXIES: [&str; 4] = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"];

/// What a request says about itself, beside its path.
pub(super) struct Asked<'a> {
    pub(super) peer: Peer,
    pub(super) scheme: Scheme,
    /// The authority that a trusted proxy was asked for.
    pub(super) forwarded_host: Option<&'a str>,
}

/// Whether that address is in one of the networks.
pub(crate) fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// The header that shows that a request came through a proxy, if one does.
pub(super) fn of_proxy(headers: &HeaderMap) -> Option<&'static str> {
    OF_PROXIES.into_iter().find(|name| headers.contains_key(*name))
}

impl<'a> Asked<'a> {
    /// What the connection says, and what a trusted proxy says of it.
    pub(super) fn of(connection: Connection, headers: &'a HeaderMap, proxies: &[IpNet]) -> Self {
        let peer = connection.peer;
        let direct = Peer { address: peer.ip().to_canonical(), port: Some(peer.port()) };
        let scheme = if connection.tls { Scheme::Https } else { Scheme::Http };
        if !is_in(proxies, peer.ip()) {
            return Self { peer: direct, scheme, forwarded_host: None };
        }
        // The last value is the nearest proxy's.
        let scheme = match values(headers, &FORWARDED_PROTO).next_back() {
            Some(text) if text.eq_ignore_ascii_case("https") => Scheme::Https,
            Some(text) if text.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => scheme,
        };
        Self {
            peer: forwarded_for(headers, proxies).unwrap_or(direct),
            scheme,
            forwarded_host: values(headers, &FORWARDED_HOST).next_back(),
        }
    }
}

/// The nearest that is no trusted proxy; what stands before it was written by whoever it is.
fn forwarded_for(headers: &HeaderMap, proxies: &[IpNet]) -> Option<Peer> {
    let mut nearest = None;
    for text in values(headers, &FORWARDED_FOR).rev() {
        // What is no address ends the chain: nobody knows what is behind it.
        let Some(address) = address(text) else { break };
        nearest = Some(Peer { address, port: None });
        if !is_in(proxies, address) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it: perhaps with a port, and then IPv6 in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().map(|address: SocketAddr| address.ip()).ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok().or_else(with_port).or_else(bracketed);
    address.map(|address| address.to_canonical())
}

/// The values of a list that may be spread over several headers.
fn values<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl DoubleEndedIterator<Item = &'a str> {
    let lists = headers.get_all(name).into_iter();
    lists.flat_map(|list| list.to_str().unwrap_or_default().split(',')).map(str::trim)
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];

    fn asked(peer: &str, headers: &[(HeaderName, &'static str)]) -> (String, bool, Option<String>) {
        let proxies = PROXIES.map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        let connection = Connection { peer: peer.parse().unwrap(), tls: false };
        let asked = Asked::of(connection, &map, &proxies);
        let host = asked.forwarded_host.map(str::to_owned);
        (asked.peer.to_string(), asked.scheme == Scheme::Https, host)
    }

    #[test]
    fn whoever_is_no_trusted_proxy_says_nothing_of_others() {
        let forged = [
            (FORWARDED_FOR, "1.2.3.4"),
            (FORWARDED_PROTO, "https"),
            (FORWARDED_HOST, "hub.example.org"),
        ];
        let expected = ("192.0.2.1:80".to_owned(), false, None);
        assert_eq!(asked("192.0.2.1:80", &forged), expected);
        assert_eq!(asked("[::ffff:192.0.2.1]:80", &forged), expected);
    }

    #[test]
    fn a_trusted_proxy_says_who_asks_and_for_what() {
        let said = [
            (FORWARDED_FOR, "1.2.3.4"),
            (FORWARDED_PROTO, "https"),
            (FORWARDED_HOST, "hub.example.org"),
        ];
        let expected = ("1.2.3.4".to_owned(), true, Some("hub.example.org".to_owned()));
        assert_eq!(asked("10.0.0.1:80", &said), expected);
        assert_eq!(asked("[::ffff:10.0.0.1]:80", &said), expected);
        assert_eq!(asked("10.0.0.1:80", &[]), ("10.0.0.1:80".to_owned(), false, None));
    }

    #[test]
    fn the_nearest_that_is_no_proxy_is_who_asks() {
        for (list, expected) in [
            ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"),
            ("1.2.3.4:5678", "1.2.3.4"),
            ("[2001:db8::1]:5678, fd00::1", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("nonsense", "10.0.0.1:80"),
            ("", "10.0.0.1:80"),
        ] {
            assert_eq!(asked("10.0.0.1:80", &[(FORWARDED_FOR, list)]).0, expected, "{list}");
        }
        let two = [(FORWARDED_FOR, "6.6.6.6"), (FORWARDED_FOR, "1.2.3.4")];
        assert_eq!(asked("10.0.0.1:80", &two).0, "1.2.3.4", "headers are one list");
    }
}
