//! The palette's dialog: a field, and the lines that fit what is typed into it.

use std::time::Duration;

use leptos::{
    ev::KeyboardEvent, html, leptos_dom::helpers::debounce, prelude::*, task::spawn_local,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::commands::{Act, Item, entity, matching};
use crate::{
    api::{
        ApiError,
        choices::{Choice, choices},
    },
    components::{dialog::Dialog, icon::Icon, notify::NotifyDialog, theme::use_colours},
    live::{Connection, use_websocket},
    session::use_session,
};

/// How long somebody has to stop typing before the server is asked.
const TYPING: Duration = Duration::from_millis(120);

/// The most agents, chats and collections that are listed.
const MOST: usize = 30;

const LIST: &str = "palette-list";

/// The dialog, and the one that it can open.
#[component]
pub fn Palette(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let notifying = RwSignal::new(false);
    view! {
        <Dialog id="palette-title" open title="Go to anything">
            <Panel open notifying />
        </Dialog>
        <NotifyDialog id="palette-notify-title" open=notifying />
    }
}

/// A combobox as the ARIA practices describe it: the focus stays in the field, the arrow keys
/// move through the list.
#[component]
fn Panel(open: RwSignal<bool>, notifying: RwSignal<bool>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Result<Vec<Choice>, ApiError>>);
    let active = RwSignal::new(0_usize);
    let session = use_session();
    let connection = use_websocket().connection();
    let is_closed = Memo::new(move |_| matches!(connection.get(), Connection::Closed(_)));
    let items = Memo::new(move |_| {
        let mut items = text.with(|text| matching(text, is_closed.get(), |action| session.may(action)));
        if let Some(Ok(found)) = found.get() {
            items.extend(found.iter().take(MOST).map(entity));
        }
        items
    });

    let mut search =
        debounce(TYPING, move |wanted: String| spawn_local(look_up(wanted, text, found)));
    let mut typed = move |typed: String| {
        active.set(0);
        found.set(None);
        if !typed.trim().is_empty() {
            search(typed.clone());
        }
        text.set(typed);
    };
    let act = use_act(notifying);
    let run = move |item: Option<Item>| {
        if let Some(item) = item {
            open.set(false);
            act(item.act);
        }
    };
    let choose = run.clone();
    let on_key = move |event: KeyboardEvent| {
        let count = items.with(Vec::len).max(1);
        match event.key().as_str() {
            _ if event.is_composing() => return,
            "ArrowDown" => active.update(|place| *place = (*place + 1) % count),
            "ArrowUp" => active.update(|place| *place = (*place + count - 1) % count),
            "Enter" => choose(items.with(|items| items.get(active.get()).cloned())),
            _ => return,
        }
        event.prevent_default();
    };
    Effect::new(move || show_option(active.get()));

    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        // It fails only for a field that is not in the page any more.
        input.get().map(|input| input.focus().ok());
    });
    let options = move || {
        let run = run.clone();
        items.with(|items| {
            let line =
                |(place, item): (usize, &Item)| option(place, item.clone(), active, run.clone());
            items.iter().enumerate().map(line).collect_view()
        })
    };
    view! {
        <div class="palette">
            <input
                node_ref=input
                type="text"
                role="combobox"
                aria-label="Name, id or command"
                placeholder="Name, id or command"
                aria-expanded="true"
                aria-controls=LIST
                aria-autocomplete="list"
                aria-activedescendant=move || {
                    items.with(|items| active.get() < items.len()).then(|| option_id(active.get()))
                }
                autocomplete="off"
                spellcheck="false"
                autofocus
                on:input:target=move |event| typed(event.target().value())
                on:keydown=on_key
            />
            <ul id=LIST role="listbox" aria-label="What fits">
                {options}
            </ul>
            <p class="quiet" role="status">
                {move || state(&text.get(), found.get().as_ref(), items.with(Vec::is_empty))}
            </p>
        </div>
    }
    .into_any()
}

fn option(
    place: usize,
    item: Item,
    active: RwSignal<usize>,
    run: impl Fn(Option<Item>) + 'static,
) -> impl IntoView {
    let Item { name, kind, shape, .. } = item.clone();
    view! {
        <li
            id=option_id(place)
            role="option"
            aria-selected=move || (active.get() == place).to_string()
            on:pointermove=move |_| active.set(place)
            on:click=move |_| run(Some(item.clone()))
        >
            <Icon shape />
            <span class="palette-name">{name}</span>
            <span class="quiet">{kind}</span>
        </li>
    }
    .into_any()
}

/// Asks the server, and takes the answer if nothing else was typed meanwhile.
async fn look_up(
    wanted: String,
    text: RwSignal<String>,
    found: RwSignal<Option<Result<Vec<Choice>, ApiError>>>,
) {
    let answer = choices(Some(wanted.trim())).await;
    if text.try_get_untracked() == Some(wanted) {
        found.try_set(Some(answer.map(|loaded| loaded.value)));
    }
}

/// What choosing a line does.
fn use_act(notifying: RwSignal<bool>) -> impl Fn(Act) + Clone + 'static {
    let (navigate, socket, colours) = (use_navigate(), use_websocket(), use_colours());
    move |act| match act {
        Act::Go(address) => navigate(&address, NavigateOptions::default()),
        Act::Notify => notifying.set(true),
        Act::SwitchColours => colours.switch(),
        Act::Connect => socket.connect(),
        Act::Disconnect => socket.disconnect(),
    }
}

fn state(text: &str, found: Option<&Result<Vec<Choice>, ApiError>>, is_empty: bool) -> String {
    match found {
        Some(Err(error)) => error.to_string(),
        None if !text.trim().is_empty() => "Searching…".to_owned(),
        Some(Ok(_)) if is_empty => "Nothing has this name or id.".to_owned(),
        _ => String::new(),
    }
}

fn option_id(place: usize) -> String {
    format!("palette-option-{place}")
}

/// Scrolls a line into view, no further than needed.
fn show_option(place: usize) {
    if let Some(option) = document().get_element_by_id(&option_id(place)) {
        let how = ScrollIntoViewOptions::new();
        how.set_block(ScrollLogicalPosition::Nearest);
        option.scroll_into_view_with_scroll_into_view_options(&how);
    }
}
