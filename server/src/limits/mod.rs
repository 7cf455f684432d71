//! How much each may ask of the hub.
//!
//! - [`Limit`]: the limits by name; [`rate`]: how often; [`places`]: how many at once
//! - [`lines`]: how much of it the log is told
//!
//! | limit | of whom | beyond it |
//! |---|---|---|
//! | attempts to sign in | an address; an account, of strangers from everywhere | 429 |
//! | saying one's password to change it | an address; a person | 429 |
//! | requests | a principal; an address, when nobody knows who asks | 429 |
//! | messages, over REST and sockets; acknowledgements of messages | a principal | 429; on a socket an error, and 4006 for who goes on |
//! | sockets | a principal, an address | 429 |
//! | sockets | all together: some places stay free for requests | 503 |
//! | connections | an address | 429, and closed |
//!
//! Nobody is limited by who they are in local mode, and neither is the data folder's owner at the control
//! socket.
//! What is limited for everybody (bytes, seconds, connections in all) is `serve`'s.

mod limit;
mod lines;
mod places;
mod rate;

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use colloquy_protocol::{
    account::email_key,
    id::{Principal, PrincipalKind},
};
use sha2::{Digest, Sha256};

pub(crate) use self::lines::Lines;
pub use self::{limit::Limit, places::Place};
use self::{places::Places, rate::Rate};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    metrics,
    mode::Mode,
    settings::Settings,
};

/// Programs talk more than people do.
const AGENTS: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");

/// One reads more than one writes, and each message is acknowledged twice.
const READERS: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");

/// An account may be tried from so many addresses before it is closed to strangers: if it were as soon
/// as it is for one of them, one who knows its name could keep its owner out.
const STRANGERS: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");

/// The most connections that sockets leave to requests.
const MOST_KEPT_FREE: usize = 64;

/// When to come back after there were too many at once: nobody knows when one of them ends.
const PLACE_RETRY: Duration = Duration::from_secs(10);

/// How much each may ask of the hub. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    mode: Mode,
    /// By hash: whatever comes as a name, this is all that is kept of it.
    sign_ins_of_account: Rate<[u8; 32]>,
    sign_ins_of_address: Rate<IpAddr>,
    passwords_of_person: Rate<Principal>,
    requests: Quotas,
    requests_of_strangers: Rate<IpAddr>,
    messages: Quotas,
    acknowledgements: Quotas,
    sockets: Places<()>,
    sockets_of_principal: Places<Principal>,
    sockets_of_address: Places<IpAddr>,
    connections_of_address: Places<IpAddr>,
}

impl Limits {
    /// The limits that the settings say.
    pub fn new(settings: &Settings, mode: Mode) -> Self {
        let of_address = settings.max_connections_per_address;
        Self(Arc::new(Shared {
            mode,
            sign_ins_of_account: Rate::per_minute(
                settings.limit_sign_ins.saturating_mul(STRANGERS),
            ),
            sign_ins_of_address: Rate::per_minute(settings.limit_sign_ins),
            passwords_of_person: Rate::per_minute(settings.limit_sign_ins),
            requests: Quotas::new(settings.limit_requests),
            requests_of_strangers: Rate::per_minute(settings.limit_requests),
            messages: Quotas::new(settings.limit_messages),
            acknowledgements: Quotas::new(settings.limit_messages.saturating_mul(READERS)),
            sockets: Places::new(most_sockets(settings.max_connections)),
            sockets_of_principal: Places::new(settings.max_connections_per_principal),
            sockets_of_address: Places::new(of_address),
            connections_of_address: Places::new(of_address),
        }))
    }

    /// Counts an attempt to sign in from that address.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub fn sign_in_from(&self, address: Option<IpAddr>) -> Result<()> {
        match address {
            Some(address) if !self.0.mode.is_local() => {
                let taken = self.0.sign_ins_of_address.take(network(address));
                taken.map_err(too_many(Limit::SignInsOfAddress))
            }
            _ => Ok(()),
        }
    }

    /// Counts an attempt to sign in with that account's name, from wherever.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub fn sign_in_as(&self, account: &str) -> Result<()> {
        if self.0.mode.is_local() {
            return Ok(());
        }
        let account = Sha256::digest(email_key(account)).into();
        let taken = self.0.sign_ins_of_account.take(account);
        taken.map_err(too_many(Limit::SignInsOfAccount))
    }

    /// Counts that somebody who is signed in says their password, from wherever.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub(crate) fn password_of(&self, caller: &Caller) -> Result<()> {
        if self.are_unlimited(caller) {
            return Ok(());
        }
        let taken = self.0.passwords_of_person.take(caller.principal.clone());
        taken.map_err(too_many(Limit::SignInsOfAccount))
    }

    /// Counts a request of whoever asks, known or not.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub(crate) fn request(&self, caller: Option<&Caller>, address: Option<IpAddr>) -> Result<()> {
        match (caller, address) {
            (Some(caller), _) => self.take(caller, &self.0.requests, Limit::Requests),
            (None, Some(address)) if !self.0.mode.is_local() => {
                let taken = self.0.requests_of_strangers.take(network(address));
                taken.map_err(too_many(Limit::Requests))
            }
            (None, _) => Ok(()),
        }
    }

    /// Counts a message that somebody sends into a chat, or over a socket to the hub.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub(crate) fn message(&self, caller: &Caller) -> Result<()> {
        self.take(caller, &self.0.messages, Limit::Messages)
    }

    /// Counts that somebody says of a message that they received or read it.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there were too many.
    pub(crate) fn acknowledgement(&self, caller: &Caller) -> Result<()> {
        self.take(caller, &self.0.acknowledgements, Limit::Acknowledgements)
    }

    /// A place for one more socket of somebody, who comes from that address.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there are too many in all, [`Error::TooMany`] when they have too many.
    pub(crate) fn socket(
        &self,
        caller: &Caller,
        address: Option<IpAddr>,
    ) -> Result<Vec<SocketPlace>> {
        let Some(place) = self.0.sockets.take(()) else {
            metrics::limited(Limit::Connections);
            return Err(Error::Unavailable);
        };
        let mut places = vec![SocketPlace::Any(place)];
        if self.are_unlimited(caller) {
            return Ok(places);
        }
        let full = |limit| too_many(limit)(PLACE_RETRY);
        let own = self.0.sockets_of_principal.take(caller.principal.clone());
        let own = own.ok_or_else(|| full(Limit::SocketsOfPrincipal))?;
        places.push(SocketPlace::OfPrincipal(own));
        if let Some(address) = address {
            let place = self.0.sockets_of_address.take(network(address));
            let place = place.ok_or_else(|| full(Limit::ConnectionsOfAddress))?;
            places.push(SocketPlace::OfAddress(place));
        }
        Ok(places)
    }

    /// A place for one more connection from that address.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there are too many from there.
    pub(crate) fn connection(&self, address: IpAddr) -> Result<Option<Place<IpAddr>>> {
        if self.0.mode.is_local() {
            return Ok(None);
        }
        let place = self.0.connections_of_address.take(network(address));
        place.map(Some).ok_or_else(|| too_many(Limit::ConnectionsOfAddress)(PLACE_RETRY))
    }

    /// Forgets whoever has not come for a while, so that what is kept of strangers does not grow.
    pub(crate) fn keep_house(&self) {
        self.0.sign_ins_of_account.forget_idle();
        self.0.sign_ins_of_address.forget_idle();
        self.0.passwords_of_person.forget_idle();
        self.0.requests_of_strangers.forget_idle();
        for quotas in [&self.0.requests, &self.0.messages, &self.0.acknowledgements] {
            quotas.people.forget_idle();
            quotas.agents.forget_idle();
        }
    }

    /// Counts one more of somebody's quota, if they have one.
    fn take(&self, caller: &Caller, quotas: &Quotas, limit: Limit) -> Result<()> {
        if self.are_unlimited(caller) {
            return Ok(());
        }
        quotas.take(&caller.principal).map_err(too_many(limit))
    }

    fn are_unlimited(&self, caller: &Caller) -> bool {
        self.0.mode.is_local() || caller.credential == Credential::Control
    }
}

/// How many of so many connections may be sockets: some stay free for requests, so that a full hub can
/// be asked how it is.
fn most_sockets(connections: usize) -> usize {
    connections - (connections / 20).min(MOST_KEPT_FREE)
}

/// What a socket holds while it is open.
#[derive(Debug)]
#[expect(dead_code, reason = "it is held, and let go when it is dropped")]
pub(crate) enum SocketPlace {
    Any(Place<()>),
    OfPrincipal(Place<Principal>),
    OfAddress(Place<IpAddr>),
}

/// People's quota, and that of agents.
#[derive(Debug)]
struct Quotas {
    people: Rate<Principal>,
    agents: Rate<Principal>,
}

impl Quotas {
    fn new(of_person: NonZeroU32) -> Self {
        let of_agent = of_person.saturating_mul(AGENTS);
        Self { people: Rate::per_minute(of_person), agents: Rate::per_minute(of_agent) }
    }

    fn take(&self, principal: &Principal) -> Result<(), Duration> {
        let rate = match principal.kind {
            PrincipalKind::Agent => &self.agents,
            PrincipalKind::User => &self.people,
        };
        rate.take(principal.clone())
    }
}

/// The error that says which limit was reached, once it is counted.
fn too_many(limit: Limit) -> impl FnOnce(Duration) -> Error {
    move |retry_after| {
        metrics::limited(limit);
        Error::TooMany { limit, retry_after }
    }
}

/// Who has one IPv6 address has the network of 2^64 around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_apart_by_address_and_by_network_of_ipv6() {
        let settings = Settings { limit_requests: NonZeroU32::MIN, ..Settings::default() };
        let limits = Limits::new(&settings, Mode::required());
        for (address, is_refused) in [
            ("192.0.2.1", false),
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.2", false),
            ("2001:db8::1", false),
            ("2001:db8::2", true),
            ("2001:db8:0:1::1", false),
        ] {
            let taken = limits.request(None, Some(address.parse().unwrap()));
            assert_eq!(taken.is_err(), is_refused, "{address}");
        }
    }

    #[test]
    fn agents_have_a_wider_quota() {
        let settings = Settings { limit_messages: NonZeroU32::MIN, ..Settings::default() };
        let limits = Limits::new(&settings, Mode::required());
        let person = Caller::local();
        let agent = person.clone().acting_as("a".parse().unwrap());
        let sent = |caller: &Caller| (0..20).take_while(|_| limits.message(caller).is_ok()).count();
        assert_eq!((sent(&person), sent(&agent)), (1, 10));
        assert_eq!(sent(&Caller::control()), 20, "the owner of the data is not limited");
    }
}
