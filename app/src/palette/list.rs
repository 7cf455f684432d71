//! The palette's list: the lines that fit what was typed, and what choosing one does.

use std::time::Duration;

use colloquy_protocol::access::Action as Right;
use leptos::{leptos_dom::helpers::debounce, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{
    Palette,
    commands::{Act, Item, entities, matching},
};
use crate::{
    api::{
        ApiError,
        choices::{Choice, choices},
    },
    components::{icon::Icon, theme::use_colours, toasts::use_toasts},
    live::{Connection, use_websocket},
    session::use_session,
};

/// How long somebody has to stop typing before the server is asked.
const TYPING: Duration = Duration::from_millis(120);

/// The list's id.
pub(super) const LIST: &str = "palette-list";

/// What was asked for, and the answer.
type Found = (String, Result<Vec<Choice>, ApiError>);

/// The lines that fit what was typed.
#[component]
pub fn List(
    /// What the field says.
    palette: Palette,
) -> impl IntoView {
    let text = palette.text;
    let last = RwSignal::new(None::<Found>);
    // What was asked for before is no answer to what was typed since.
    let found = Memo::new(move |_| {
        let (wanted, answer) = last.get()?;
        text.with(|text| *text == wanted).then_some(answer)
    });
    let session = use_session();
    let has_ended = session.has_ended();
    let is_signed_in =
        move || !session.is_local() && !has_ended.get() && session.may(Right::ManageOwnAccount);
    let connection = use_websocket().connection();
    let is_closed = Memo::new(move |_| matches!(connection.get(), Connection::Closed(_)));
    let items = Memo::new(move |_| {
        let may = |action| session.may(action);
        let mut items = text.with(|text| matching(text, is_closed.get(), is_signed_in(), may));
        if let Some(Ok(found)) = found.get() {
            items.extend(entities(&found));
        }
        items
    });
    let is_searching =
        move || found.with(Option::is_none) && text.with(|text| !text.trim().is_empty());

    let mut search = debounce(TYPING, move |wanted| spawn_local(look_up(wanted, text, last)));
    Effect::new(move || {
        let wanted = text.get();
        if !wanted.trim().is_empty() {
            search(wanted);
        }
    });
    Effect::new(move || palette.count.set(items.with(Vec::len)));
    Effect::new(move || {
        if let Some(place) = palette.active() {
            show_option(place);
        }
    });

    let act = use_act(palette.notifying);
    let run = move |item: Item| {
        palette.open.set(false);
        act(item.act);
    };
    let choose = run.clone();
    Effect::new(move || {
        if !palette.entered.get() {
            return;
        }
        let item = items.with(|items| items.get(palette.place_in(items.len())?).cloned());
        match item {
            Some(item) => choose(item),
            // Something may still be found.
            None if is_searching() => {}
            None => palette.entered.set(false),
        }
    });

    let options = move || {
        let run = run.clone();
        items.with(|items| {
            let line =
                |(place, item): (usize, &Item)| option(place, item.clone(), palette, run.clone());
            items.iter().enumerate().map(line).collect_view()
        })
    };
    let status = move || match found.get() {
        _ if is_searching() => "Searching…".to_owned(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(_)) if items.with(Vec::is_empty) => "Nothing has this name or id.".to_owned(),
        _ => String::new(),
    };
    view! {
        <ul id=LIST role="listbox" aria-label="Results">
            {options}
        </ul>
        <p class="quiet" role="status">
            {status}
        </p>
    }
    .into_any()
}

fn option(
    place: usize,
    item: Item,
    palette: Palette,
    run: impl Fn(Item) + 'static,
) -> impl IntoView {
    let Item { name, id, kind, shape, .. } = item.clone();
    view! {
        <li
            id=option_id(place)
            role="option"
            aria-selected=move || (palette.active() == Some(place)).to_string()
            on:pointermove=move |_| palette.steps.set(place as isize)
            on:click=move |_| run(item.clone())
        >
            <Icon shape />
            <span class="palette-name">{name}</span>
            {id.map(|id| view! { <code class="palette-name quiet">{id}</code> }.into_any())}
            <span class="quiet">{kind}</span>
        </li>
    }
    .into_any()
}

/// Asks the server, and takes the answer if nothing else was typed meanwhile.
async fn look_up(wanted: String, text: RwSignal<String>, last: RwSignal<Option<Found>>) {
    let answer = choices(Some(wanted.trim())).await;
    if text.try_get_untracked().as_ref() == Some(&wanted) {
        last.try_set(Some((wanted, answer.map(|loaded| loaded.value))));
    }
}

/// What choosing a line does.
fn use_act(notifying: RwSignal<bool>) -> impl Fn(Act) + Clone + 'static {
    let (navigate, socket, colours) = (use_navigate(), use_websocket(), use_colours());
    let (session, toasts) = (use_session(), use_toasts());
    move |act| match act {
        Act::Go(address) => navigate(&address, NavigateOptions::default()),
        Act::Load(address) => {
            // It fails only for an address that is none.
            window().location().set_href(address).ok();
        }
        Act::Notify => notifying.set(true),
        Act::SwitchColours => colours.switch(),
        Act::Connect => socket.connect(),
        Act::Disconnect => socket.disconnect(),
        Act::SignOut => session.sign_out(toasts),
    }
}

/// The id of a line.
pub(super) fn option_id(place: usize) -> String {
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
