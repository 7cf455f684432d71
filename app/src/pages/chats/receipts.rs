//! Who received and who read a message.

use colloquy_protocol::{id::MessageId, model::Receipt};
use leptos::prelude::*;

use crate::{
    components::{
        flow::{For, Show},
        markdown::TabIndex,
        time::TimeAgo,
    },
    session::use_session,
    stores::{open_chat::OpenChat, people::People},
};

/// How many people are named; more are counted.
const NAMED: usize = 2;

/// Who else has a message, in few words; opened, each of them and when.
#[component]
pub fn Receipts(
    /// The message.
    id: MessageId,
    /// The chat that is open.
    chat: OpenChat,
    /// What people are called.
    people: People,
    /// Whether the Tab key stops at it.
    tab_index: TabIndex,
) -> impl IntoView {
    let session = use_session();
    let is_other = move |one: &&Receipt| !session.is_me(&one.principal_id, one.principal_kind);
    let receipts = chat.part(move |held| {
        let others = held.receipts(&id).iter().filter(is_other);
        others.cloned().collect::<Vec<_>>()
    });
    let is_read = move || receipts.with(|all| all.iter().any(|one| one.read_at.is_some()));
    let words = move || {
        receipts.with(|all| {
            let (read, received): (Vec<_>, Vec<_>) =
                all.iter().partition(|receipt| receipt.read_at.is_some());
            if read.is_empty() {
                format!("Received by {}", names(&received, people))
            } else {
                format!("Read by {}", names(&read, people))
            }
        })
    };
    view! {
        <Show when=move || receipts.with(|all| !all.is_empty())>
            <details class="receipts" data-read=move || is_read().to_string()>
                <summary tabindex=tab_index>{words}</summary>
                <ul>
                    <For
                        each=move || receipts.get()
                        key=|receipt| format!("{:?} {}", receipt.read_at, receipt.principal_id)
                        let:receipt
                    >
                        <Line receipt people />
                    </For>
                </ul>
            </details>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(receipt: Receipt, people: People) -> impl IntoView {
    let Receipt { principal_id: id, principal_kind: kind, received_at, read_at, .. } = receipt;
    view! {
        <li>
            <span dir="auto">{move || people.name(&id, kind)}</span>
            <span class="quiet">
                "received " <TimeAgo at=received_at />
                {read_at.map(|at| view! { <span>", read " <TimeAgo at /></span> })}
            </span>
        </li>
    }
    .into_any()
}

fn names(receipts: &[&Receipt], people: People) -> String {
    let name = |receipt: &&Receipt| people.name(&receipt.principal_id, receipt.principal_kind);
    let named: Vec<_> = receipts.iter().take(NAMED).map(name).collect();
    match receipts.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
