//! What a page shows is in its address: search, filters, order and the place in a list survive a
//! reload, and can be sent to somebody.

use std::{fmt::Display, str::FromStr, time::Duration};

use leptos::{leptos_dom::helpers::debounce, prelude::*, task::tick};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};

use crate::components::field::FieldNotes;

/// How long somebody has to stop typing before the search begins.
pub(crate) const TYPING: Duration = Duration::from_millis(200);

/// A query parameter of the page's address; none when it is absent or empty.
pub fn use_parameter(name: &'static str) -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get(name)).filter(|value| !value.is_empty()))
}

/// A query parameter that is to be an id, say, as far as it can be used: what is wrong with it is said at
/// its field.
pub fn use_usable<T: FromStr<Err: Display> + 'static>(
    name: &'static str,
) -> Signal<Option<String>> {
    let value = use_parameter(name);
    Signal::derive(move || usable::<T>(value.get()))
}

fn usable<T: FromStr<Err: Display>>(text: Option<String>) -> Option<String> {
    text.filter(|text| problem::<T>(text).is_none()).map(|text| text.trim().to_owned())
}

/// What is wrong with a text that is to be an id, say.
pub fn problem<T: FromStr<Err: Display>>(text: &str) -> Option<String> {
    text.trim().parse::<T>().err().map(|error| error.to_string())
}

/// What is said at its field of a parameter that cannot be used.
pub fn not_used(
    value: Memo<Option<String>>,
    problem: fn(&str) -> Option<String>,
) -> Signal<Option<String>> {
    Signal::derive(move || {
        let problem = value.with(|value| value.as_deref().and_then(problem))?;
        Some(format!("Not used: {problem}."))
    })
}

/// The parameters that say where a list begins.
const PLACES: [&str; 2] = ["cursor", "before"];

/// Changes query parameters of the page's address; `None` takes one away. The list that they
/// describe begins at its start again.
pub fn use_set_parameters() -> impl Fn(&[(&'static str, Option<&str>)]) + Clone + 'static {
    let (location, navigate) = (use_location(), use_navigate());
    move |changes: &[(&'static str, Option<&str>)]| {
        let mut query = location.query.get_untracked();
        for place in PLACES {
            query.remove(place);
        }
        for (name, value) in changes {
            query.remove(name);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.insert(*name, value.to_owned());
            }
        }
        let address = location.pathname.get_untracked() + &query.to_query_string();
        let options = NavigateOptions { replace: true, scroll: false, ..Default::default() };
        navigate(&address, options);
    }
}

/// Opens a dialog when the page's address says `new`, and closes it when that does so no more: somebody
/// went back. The address says so until the dialog is closed: changing it while the router is still on its way here would end that way in the middle.
pub fn open_by_address(open: RwSignal<bool>) {
    let asked = use_parameter("new");
    let query = use_location().query;
    let set = use_set_parameters();
    Effect::new(move |was_asked: Option<bool>| {
        let is_asked = asked.get().is_some();
        if is_asked || was_asked == Some(true) {
            open.set(is_asked);
        }
        is_asked
    });
    Effect::new(move |was_open: Option<bool>| {
        let is_open = open.get();
        let says_new = query.with_untracked(|query| query.get("new").is_some());
        if was_open == Some(true) && !is_open && says_new {
            set(&[("new", None)]);
        }
        is_open
    });
}

/// Closes a dialog that may be open by the page's address, before going to another page: once this
/// returns, the address does not say `new` any more, so coming back does not open it again.
pub async fn close_by_address(open: RwSignal<bool>) {
    open.set(false);
    tick().await;
}

/// Sets a query parameter to what is typed, once somebody stops typing.
pub fn use_search(parameter: &'static str) -> impl FnMut(String) + 'static {
    let set = use_set_parameters();
    debounce(TYPING, move |text: String| set(&[(parameter, Some(&text))]))
}

/// A search field that is a query parameter.
#[component]
pub fn SearchBox(
    /// The parameter.
    #[prop(default = "q")]
    parameter: &'static str,
    /// What is searched.
    label: &'static str,
) -> impl IntoView {
    let value = use_parameter(parameter);
    let mut search = use_search(parameter);
    view! {
        <input
            type="search"
            dir="auto"
            aria-label=label
            placeholder=label
            autocomplete="off"
            prop:value=move || value.get().unwrap_or_default()
            value=value.get_untracked()
            on:input:target=move |event| search(event.target().value())
        />
    }
}

/// A field for an id, say, that is a query parameter. It takes effect while one types, unless something is
/// wrong with the text.
#[component]
pub fn FilterField(
    /// The parameter.
    parameter: &'static str,
    /// What it is.
    label: &'static str,
    /// What stands in it while it is empty.
    placeholder: &'static str,
    /// What is wrong with a text.
    problem: fn(&str) -> Option<String>,
) -> impl IntoView {
    let value = use_parameter(parameter);
    let mut search = use_search(parameter);
    let error = not_used(value, problem);
    view! {
        <div class="field filter">
            <input
                type="search"
                aria-label=label
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || error.with(Option::is_some).to_string()
                aria-describedby=format!("{parameter}-error")
                value=value.get_untracked()
                prop:value=move || value.get().unwrap_or_default()
                on:input:target=move |event| search(event.target().value())
            />
            <FieldNotes id=parameter error />
        </div>
    }
    .into_any()
}

/// A choice that is a query parameter. The first option is what holds without the parameter.
#[component]
pub fn Choice(
    /// The parameter.
    parameter: &'static str,
    /// What is chosen.
    label: &'static str,
    /// Each value and its words.
    options: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let value = use_parameter(parameter);
    let set = use_set_parameters();
    let options = options
        .into_iter()
        .enumerate()
        .map(|(place, (option, words))| {
            let is_chosen = move || match value.get() {
                Some(value) => value == option,
                None => place == 0,
            };
            view! {
                <option value=option prop:selected=is_chosen selected=is_chosen>
                    {words}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            aria-label=label
            on:change:target=move |event| set(&[(parameter, Some(&event.target().value()))])
        >
            {options}
        </select>
    }
    .into_any()
}

/// The way to the next part of a list, and back to its start.
#[component]
pub fn Pager(
    /// The list's next cursor; none: this is the last part.
    #[prop(into)]
    next: Signal<Option<String>>,
) -> impl IntoView {
    let cursor = use_parameter("cursor");
    let location = use_location();
    let address = move |cursor: Option<String>| {
        let mut query = location.query.get();
        query.remove("cursor");
        if let Some(cursor) = cursor {
            query.insert("cursor", cursor);
        }
        location.pathname.get() + &query.to_query_string()
    };
    view! {
        <nav class="pager" aria-label="Pages of the list">
            {move || cursor.get().map(|_| view! { <a class="button" href=address(None)>"Back to the start"</a> })}
            {move || {
                next.get()
                    .map(|next| view! { <a class="button" href=address(Some(next))>"Next"</a> })
            }}
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::{time::Timestamp, topic::Topic};

    use super::*;

    #[test]
    fn what_is_wrong_is_said_and_not_asked_for() {
        let usable_topic = |text: &str| usable::<Topic>(Some(text.to_owned()));
        assert_eq!(usable_topic(" chat:* ").as_deref(), Some("chat:*"));
        assert_eq!(usable_topic("ada"), None);
        assert!(problem::<Topic>("ada").is_some_and(|problem| problem.contains("agent:ID")));
        assert_eq!(usable::<Timestamp>(Some("xx".to_owned())), None);
    }
}
