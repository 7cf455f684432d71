//! One connection.

use colloquy_protocol::{
    id::{ConnectionId, PrincipalKind},
    model::{ConnectionInfo, FAR_BEHIND},
    topic::Topic,
};
use leptos::prelude::*;

use crate::{
    components::{
        browser::browser,
        counted::counted,
        flow::{For, Show},
        icon::{Icon, Shape},
        time::TimeAgo,
    },
    stores::names::LiveNames,
};

/// How many topics are named until somebody wants to see all.
const NAMED: usize = 20;

/// Who it is, what it wants, and how it keeps up. What changes in it changes in its place.
#[component]
pub fn ConnectionRow(
    /// The connection.
    info: Memo<ConnectionInfo>,
    /// This page's own.
    own: Signal<Option<ConnectionId>>,
    /// What agents and people are called.
    names: LiveNames,
    /// Asks whether to close it.
    #[prop(into)]
    on_close: Callback<ConnectionId>,
) -> impl IntoView {
    let ConnectionInfo { id, user_id, user_kind, connected_at, address, user_agent, .. } =
        info.get_untracked();
    let own_id = id.clone();
    let is_own = Memo::new(move |_| own.with(|own| own.as_ref() == Some(&own_id)));
    let subscriptions = Memo::new(move |_| info.with(|it| it.subscriptions.clone()));
    let behind = Memo::new(move |_| info.with(|it| it.behind));
    let (shape, kind) = match user_kind {
        PrincipalKind::Agent => (Shape::Agent, "agent"),
        PrincipalKind::User => (Shape::Person, "person"),
    };
    let program = user_agent.as_deref().map_or("unknown program".to_owned(), browser);
    let title = user_id.to_string();
    let name = Signal::derive(move || names.of(&user_id, user_kind));
    let from = address.clone();
    let label = move || format!("Close the connection of {} from {from}", name.get());

    view! {
        <tr>
            <td class="who">
                <p class="who-name">
                    <Icon shape />
                    <strong title=title>{move || name.get()}</strong>
                    <span class="quiet">{kind}</span>
                    <Show when=move || is_own.get()>
                        <span class="tag own">"this page"</span>
                    </Show>
                </p>
                <p class="quiet who-agent" title=user_agent>
                    {address} " · " {program}
                </p>
            </td>
            <td data-label="Connected">
                <TimeAgo at=connected_at />
            </td>
            <td data-label="Subscribed to">
                <Topics subscriptions ready=Signal::derive(move || info.with(|it| it.ready)) />
            </td>
            <td data-label="Queue" class="number">
                {move || info.with(queue)}
            </td>
            <td data-label="Lag" class="number">
                {move || match behind.get() {
                    0 => view! { <span class="quiet">"none"</span> }.into_any(),
                    far if far > FAR_BEHIND => {
                        let events = counted(far, "event");
                        view! { <span class="tag">{events} " behind"</span> }.into_any()
                    }
                    few => few.to_string().into_any(),
                }}
            </td>
            <td class="row-actions">
                <button
                    type="button"
                    class="button"
                    aria-label=label
                    on:click=move |_| on_close.run(id.clone())
                >
                    "Close"
                </button>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Topics(subscriptions: Memo<Vec<Topic>>, ready: Signal<bool>) -> impl IntoView {
    let all = RwSignal::new(false);
    let most = move || if all.get() { usize::MAX } else { NAMED };
    let named = move || {
        let most = most();
        subscriptions.with(|topics| topics.iter().take(most).cloned().collect::<Vec<_>>())
    };
    let others = Memo::new(move |_| subscriptions.with(Vec::len).saturating_sub(most()));
    view! {
        <Show when=move || subscriptions.with(Vec::is_empty)>
            <span class="quiet">"nothing but notifications"</span>
        </Show>
        <ul class="topic-list">
            <For each=named key=Topic::clone let:topic>
                <li data-kind=topic.kind().as_str()>
                    <code>{topic.to_string()}</code>
                </li>
            </For>
        </ul>
        <Show when=move || others.get() != 0>
            <button type="button" class="button" on:click=move |_| all.set(true)>
                {move || format!("and {}", counted(others.get() as u64, "other"))}
            </button>
        </Show>
        <Show when=move || !ready.get()>
            <span class="quiet">"not ready yet"</span>
        </Show>
    }
    .into_any()
}

fn queue(info: &ConnectionInfo) -> String {
    match info.queued_messages {
        0 => "empty".to_owned(),
        many => format!("{many} ({} KiB)", info.queued_bytes.div_ceil(1024)),
    }
}
