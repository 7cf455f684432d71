//! `/connections`: who is connected, subscribed to what, how far behind.

pub mod row;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use colloquy_protocol::{
    access::Action as Right,
    id::{ConnectionId, PrincipalKind},
    model::{ConnectionInfo, Page},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use self::row::ConnectionRow;
use crate::{
    api::{
        ApiError, Seen,
        connections::{self, FAR},
    },
    components::{
        address::{Choice, Pager, SearchBox, use_parameter},
        dialog::ConfirmDialog,
        flow::{LiveRows, Show},
        load::Load,
        note::{Empty, NothingMatches, OutOfDate},
        time::while_visible,
        title::Title,
    },
    live::use_websocket,
    parts::lazy_page,
    session::use_session,
    stores::{
        live::{Live, Outcome},
        names::{LiveNames, Names, load_names},
    },
};

/// How often is asked who is connected: no event tells it.
const PERIOD: Duration = Duration::from_secs(2);

lazy_page! {
    /// The page.
    CONNECTIONS in hub: connections_page
}

/// How many rows a part of the list has.
const LIMIT: &str = "50";

/// What the address asks for; each as the REST API takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    q: Option<String>,
    behind: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    /// Whether only those that fit are listed.
    fn is_narrowed(&self) -> bool {
        *self != Self::default()
    }
}

fn connections_page() -> AnyView {
    let [q, behind, cursor] = ["q", "behind", "cursor"].map(use_parameter);
    let asked =
        Memo::new(move |_| Asked { q: q.get(), behind: behind.get(), cursor: cursor.get() });
    let list = Resource::new(move || asked.get(), load);
    let session = use_session();
    view! {
        <Title text="Connections" />
        <div class="page">
            <header class="page-header">
                <div>
                    <h1>"Connections"</h1>
                    <p class="lede">
                        {move || {
                            if session.may(Right::WatchConnections) {
                                "Who listens to the hub, to what, and whether they keep up."
                            } else {
                                "Where you listen to the hub, to what, and whether you keep up."
                            }
                        }}
                    </p>
                </div>
            </header>
            <div class="toolbar" role="search">
                <SearchBox label="Search names, ids, addresses and programs" />
                <Choice
                    parameter="behind"
                    label="Which"
                    options=vec![("", "All"), (FAR, "Far behind only")]
                />
            </div>
            <Load
                from=list
                failure="The connections could not be loaded."
                stays=true
                let((asked, loaded, names))
            >
                <Connections asked loaded names />
            </Load>
        </div>
    }
    .into_any()
}

type Loaded = (Asked, Seen<Page<ConnectionInfo>>, Names);

async fn load(asked: Asked) -> Result<Loaded, ApiError> {
    let page = list(&asked).await?;
    let is_agent = |one: &&ConnectionInfo| one.user_kind == PrincipalKind::Agent;
    let agents = page.value.items.iter().filter(is_agent).map(|one| one.user_id.clone());
    let names = load_names(agents.collect()).await?;
    Ok((asked, page, names))
}

async fn list(asked: &Asked) -> Result<Seen<Page<ConnectionInfo>>, ApiError> {
    connections::list(&[
        ("q", asked.q.as_deref()),
        ("behind", asked.behind.as_deref()),
        ("cursor", asked.cursor.as_deref()),
        ("limit", Some(LIMIT)),
    ])
    .await
}

#[component]
fn Connections(asked: Asked, loaded: Seen<Page<ConnectionInfo>>, names: Names) -> impl IntoView {
    let names = LiveNames::new(names);
    let is_narrowed = asked.is_narrowed();
    let load = move || {
        let asked = asked.clone();
        async move { list(&asked).await }
    };
    let live = Live::new(loaded, [], load, |_, _| Outcome::None);
    while_visible(PERIOD, move || live.poll());
    let page = live.value();
    let list = Memo::new(move |before: Option<&Vec<ConnectionInfo>>| {
        let now = page.with(|page| page.items.clone());
        let order = in_place(&ids_of(before.map_or(&[], Vec::as_slice)), ids_of(&now));
        let mut now: HashMap<_, _> = now.into_iter().map(|one| (one.id.clone(), one)).collect();
        order.iter().filter_map(|id| now.remove(id)).collect::<Vec<_>>()
    });
    let next = Signal::derive(move || page.with(|page| page.next_cursor.clone()));
    let own = use_own_connection();
    Effect::new(move || {
        if own.with(Option::is_some) {
            live.reload();
        }
    });
    let asked = RwSignal::new(None::<ConnectionId>);
    let asking = RwSignal::new(false);
    let ask = move |id: ConnectionId| {
        asked.set(Some(id));
        asking.set(true);
    };

    view! {
        <OutOfDate
            title="The connections could not be refreshed."
            error=live.error()
            on_retry=move |()| live.reload()
        />
        <section class="card listing" aria-label="Connections">
            <Show when=move || list.with(Vec::is_empty)>{nobody(is_narrowed)}</Show>
            <Show when=move || !list.with(Vec::is_empty)>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Connected"</th>
                            <th scope="col">"Subscribed to"</th>
                            <th scope="col">"Queue"</th>
                            <th scope="col">"Lag"</th>
                            <th scope="col">
                                <span class="visually-hidden">"Actions"</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        <LiveRows
                            all=list.into()
                            key=|one: &ConnectionInfo| one.id.clone()
                            let:info
                        >
                            <ConnectionRow info own names on_close=ask />
                        </LiveRows>
                    </tbody>
                </table>
            </Show>
        </section>
        <Pager next />
        <CloseDialog live own asked open=asking />
    }
    .into_any()
}

fn nobody(is_narrowed: bool) -> AnyView {
    if is_narrowed {
        return view! { <NothingMatches /> }.into_any();
    }
    view! {
        <Empty title="Nobody is connected.">
            <p>"Not even this page, as long as it is disconnected."</p>
        </Empty>
    }
    .into_any()
}

fn ids_of(list: &[ConnectionInfo]) -> Vec<ConnectionId> {
    list.iter().map(|one| one.id.clone()).collect()
}

/// The connections in the order in which they are shown: one that comes takes the place of one that went,
/// such as that of this page before it was loaded anew, or else the last one. So the others stay where
/// they are.
fn in_place(before: &[ConnectionId], now: Vec<ConnectionId>) -> Vec<ConnectionId> {
    let (were, are): (HashSet<_>, HashSet<_>) = (before.iter().collect(), now.iter().collect());
    let mut new = now.iter().filter(|id| !were.contains(id));
    let place = |id| if are.contains(id) { Some(id) } else { new.next() };
    let mut shown: Vec<_> = before.iter().filter_map(place).cloned().collect();
    shown.extend(new.cloned());
    shown
}

/// Asks before a connection is closed.
#[component]
fn CloseDialog(
    live: Live<Page<ConnectionInfo>>,
    own: Signal<Option<ConnectionId>>,
    asked: RwSignal<Option<ConnectionId>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let close = Action::new(move |id: &ConnectionId| {
        let id = id.clone();
        async move {
            let closed = connections::close(&id).await;
            if closed.is_ok() {
                live.set(|page| page.items.retain(|one| one.id != id));
                // What is being loaded may still show it.
                live.reload();
                if asked.try_get_untracked().flatten() == Some(id) {
                    open.set(false);
                }
            }
            closed
        }
    });
    let text = Signal::derive(move || {
        if asked.get().is_some() && asked.get() == own.get() {
            "It is this page's own: nothing arrives here any more until you connect again."
        } else {
            "Its client is told not to come back by itself. It can connect again and catch up."
        }
        .to_owned()
    });
    let error = Signal::derive(move || Some(close.value().get()?.err()?.to_string()));
    let confirm = move |()| {
        if let Some(id) = asked.get_untracked() {
            close.dispatch(id);
        }
    };
    view! {
        <ConfirmDialog
            id="close-title"
            open
            title="Close this connection?"
            text
            verb="Close it"
            on_confirm=confirm
            pending=close.pending()
            error
        />
    }
}

/// The id of this page's connection, when it has one.
fn use_own_connection() -> Signal<Option<ConnectionId>> {
    let welcome = use_websocket().welcome();
    Signal::derive(move || {
        welcome.with(|welcome| welcome.as_ref().map(|welcome| welcome.connection_id.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &str) -> Vec<ConnectionId> {
        names.chars().map(|name| name.to_string().parse().unwrap()).collect()
    }

    #[test]
    fn one_that_comes_takes_the_place_of_one_that_went() {
        let shown = |before, now| in_place(&ids(before), ids(now));
        assert_eq!(shown("", "ab"), ids("ab"));
        assert_eq!(shown("ab", "abc"), ids("abc"));
        assert_eq!(shown("ab", "bc"), ids("cb"));
        assert_eq!(shown("abc", "c"), ids("c"));
        assert_eq!(shown("cb", "bcd"), ids("cbd"));
    }
}
