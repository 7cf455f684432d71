//! Who uses the page, and what they may do.
//!
//! It is read once, while the page is rendered, and given to every component: what one may not do
//! is not offered. The server decides all the same; this only spares people a refusal.
//!
//! A session can end while a page is open (it expired, or somebody ended it). Then the page asks to
//! sign in again and stays as it is: what was typed is still there, and the hub's connection resumes.

#[cfg(not(feature = "ssr"))]
use std::sync::OnceLock;

use colloquy_protocol::{
    access::Action,
    account::{AuthMode, Me, Session},
    close::CloseCode,
    id::{Principal, PrincipalId, PrincipalKind},
    model::NotificationType,
    session::Ended,
};
use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{ApiError, account},
    components::toasts::Toasts,
    live::{Connection, use_websocket},
    stores::live::pause_after,
};

/// Who uses the page. See [`use_session`].
#[derive(Debug, Clone, Copy)]
pub struct CurrentSession {
    session: RwSignal<Session>,
    /// Whether the server does not know any more who uses the page.
    has_ended: RwSignal<bool>,
    /// Whether the page asks to sign in again.
    asks: RwSignal<bool>,
    /// Whether the page is about to be left: nothing is asked any more.
    leaves: RwSignal<bool>,
    /// How often somebody has signed in over the page.
    sign_ins: RwSignal<u32>,
}

/// Answers to requests come where no context is; in a browser there is one page.
#[cfg(not(feature = "ssr"))]
static OF_THE_PAGE: OnceLock<CurrentSession> = OnceLock::new();

/// Gives the components below the session. To be called once, by the app, after
/// [`crate::live::provide_websocket`].
pub fn provide_session() {
    let current = CurrentSession {
        session: RwSignal::new(SharedValue::new(rendered).into_inner()),
        has_ended: RwSignal::new(false),
        asks: RwSignal::new(false),
        leaves: RwSignal::new(false),
        sign_ins: RwSignal::new(0),
    };
    provide_context(current);
    #[cfg(not(feature = "ssr"))]
    OF_THE_PAGE.get_or_init(|| current);
    current.watch_the_connection();
}

/// The session of whoever uses the page.
///
/// # Panics
/// Outside of the app: [`provide_session`] was not called by a component above.
pub fn use_session() -> CurrentSession {
    expect_context()
}

/// How often somebody has signed in over the page until now: what a request is told later about who asks may
/// be about who asked before.
#[cfg(not(feature = "ssr"))]
pub(crate) fn sign_ins() -> u32 {
    OF_THE_PAGE.get().and_then(|current| current.sign_ins.try_get_untracked()).unwrap_or_default()
}

/// Is told by every request that the server answered with 401, which was sent after so many sign-ins. Who
/// wanted to change something is asked to sign in again, each time.
#[cfg(not(feature = "ssr"))]
pub(crate) fn was_refused(after: u32, is_change: bool) {
    if let Some(current) = OF_THE_PAGE.get()
        && sign_ins() == after
    {
        current.end(is_change);
    }
}

impl CurrentSession {
    /// Whether whoever uses the page may do that.
    pub fn may(self, action: Action) -> bool {
        self.session.with(|now| now.caller.as_ref().is_some_and(|me| me.rights.allow(action)))
    }

    /// The same, for what is shown by a signal.
    pub fn allows(self, action: Action) -> Signal<bool> {
        Memo::new(move |_| self.may(action)).into()
    }

    /// Whoever uses the page, as they see themselves; none: nobody who is known.
    pub fn caller(self) -> Option<Me> {
        self.session.with(|now| now.caller.clone())
    }

    /// Whether nobody has an identity yet.
    pub fn is_local(self) -> bool {
        self.session.with(|now| now.mode == AuthMode::Local)
    }

    /// Whether the hub waits for its first person, whom the set-up link makes.
    pub fn waits_for_the_first(self) -> bool {
        self.session.with(|now| now.set_up)
    }

    /// As whom the page acts. It stays the same for as long as the page is open.
    pub fn principal(self) -> Option<Principal> {
        self.session.with_untracked(|now| {
            now.caller.as_ref().map(|me| Principal { id: me.id.clone(), kind: me.kind })
        })
    }

    /// Whether that is who uses the page.
    pub fn is_me(self, id: &PrincipalId, kind: PrincipalKind) -> bool {
        self.session.with_untracked(|now| {
            now.caller.as_ref().is_some_and(|me| me.id == *id && me.kind == kind)
        })
    }

    /// Whether one has to sign in again before anything else works.
    pub fn has_ended(self) -> Signal<bool> {
        self.has_ended.into()
    }

    /// Whether the page asks to sign in again.
    pub(crate) fn asks(self) -> RwSignal<bool> {
        self.asks
    }

    /// Takes what one changed of oneself.
    pub(crate) fn changed(self, me: Me) {
        self.session.update(|now| now.caller = Some(me));
    }

    /// Goes on after somebody has signed in over the page: with the same person where it was, with
    /// another one from the start, because what the page holds is not theirs.
    pub(crate) fn signed_in(self, session: Session) {
        let is_same = session.caller.as_ref().is_some_and(|me| self.is_me(&me.id, me.kind));
        if !is_same {
            self.reload();
            return;
        }
        // What depends on rights stays as it is while these do.
        if self.session.with_untracked(|now| *now != session) {
            self.session.set(session);
        }
        self.sign_ins.update(|count| *count += 1);
        self.has_ended.set(false);
        self.asks.set(false);
    }

    /// Leaves the page for another one that is rendered for whoever is signed in then.
    pub(crate) fn go(self, address: &str) {
        self.leaves.set(true);
        // It fails only for an address that is none, and then the page stays.
        if window().location().replace(address).is_err() {
            self.leaves.set(false);
        }
    }

    /// Whether the page is about to be left, because somebody signs out, for one.
    pub(crate) fn is_leaving(self) -> Signal<bool> {
        self.leaves.into()
    }

    /// Signs out here, and goes where one can sign in. When that fails, it is said.
    pub(crate) fn sign_out(self, toasts: Toasts) {
        spawn_local(async move {
            match self.leaving(account::sign_out()).await {
                Ok(()) => self.go("/sign-in"),
                Err(error) => {
                    let text = format!("You are still signed in. {error}");
                    toasts.show(NotificationType::Error, text);
                }
            }
        });
    }

    /// Does something that ends the session on purpose: meanwhile nobody is asked to sign in again.
    ///
    /// # Errors
    /// Those of what is done.
    pub(crate) async fn leaving<T>(
        self,
        act: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        self.leaves.set(true);
        let done = act.await;
        if done.is_err() {
            self.leaves.set(false);
        }
        done
    }

    /// The session has ended: who does not know that yet is asked to sign in again, and who `asks_anyway`.
    fn end(self, asks_anyway: bool) {
        let is_known = self.session.try_with_untracked(|now| now.caller.is_some()) == Some(true);
        let is_news = self.has_ended.try_get_untracked() == Some(false);
        let is_told = is_known && (is_news || asks_anyway);
        if is_told && self.leaves.try_get_untracked() == Some(false) {
            self.has_ended.set(true);
            self.asks.set(true);
        }
    }

    /// The hub closes connections whose session has ended, and those whose rights have changed.
    fn watch_the_connection(self) {
        let socket = use_websocket();
        let (connection, welcome) = (socket.connection(), socket.welcome());
        let came_back = StoredValue::new(false);
        Effect::new(move || match connection.get() {
            Connection::Live => came_back.set_value(false),
            Connection::Closed(Ended::ByHub(CloseCode::Unauthorised)) => {
                spawn_local(async move {
                    match self.refresh().await {
                        // Known all the same: somebody signed in meanwhile, in another tab. Once.
                        Ok(true) if !came_back.get_value() => {
                            came_back.set_value(true);
                            socket.connect();
                        }
                        Ok(_) => {}
                        // Whoever cannot be told has to say it.
                        Err(_) => self.end(false),
                    }
                });
            }
            _ => {}
        });
        Effect::new(move |before: Option<Option<_>>| {
            let now = welcome.with(|it| it.as_ref().map(|it| it.connection_id.clone()));
            let is_another = matches!(&before, Some(Some(before)) if Some(before) != now.as_ref());
            if is_another && !untrack(move || self.is_local()) {
                spawn_local(async move {
                    self.refresh().await.ok();
                });
            }
            now
        });
        // Who has signed in again is connected again.
        Effect::new(move |before: Option<bool>| {
            let has_ended = self.has_ended.get();
            let is_closed = matches!(connection.get_untracked(), Connection::Closed(_));
            if before == Some(true) && !has_ended && is_closed {
                socket.connect();
            }
            has_ended
        });
    }

    /// Asks who uses the page now, until there is an answer; whether they are known.
    async fn refresh(self) -> Result<bool, ApiError> {
        let mut failures = 0;
        let session = loop {
            match account::session().await {
                Err(error) if error.may_pass() => {
                    failures += 1;
                    sleep(pause_after(failures)).await;
                }
                answer => break answer?,
            }
        };
        let is_known = session.caller.is_some();
        if is_known {
            self.signed_in(session);
        } else {
            self.end(false);
        }
        Ok(is_known)
    }

    fn reload(self) {
        self.leaves.set(true);
        // Browsers do not refuse it.
        window().location().reload().ok();
    }
}

/// What the server said when it rendered the page; in the browser it is in the page.
fn rendered() -> Session {
    #[cfg(feature = "ssr")]
    if let Some(session) = crate::api::session_of_rendering() {
        return session;
    }
    Session { mode: AuthMode::Required, set_up: false, caller: None }
}
