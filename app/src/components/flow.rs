//! `For` and `Show` as Leptos has them, but compiled once, and not once for each place that uses
//! them: what differs from place to place is behind a pointer. It is some 18 kB for each list and
//! 3 kB for each condition.

mod rows;

use std::collections::HashMap;

use leptos::prelude::*;

use self::rows::{Row, RowOwner, Rows};

/// Shows a list, in which a row keeps its elements for as long as it keeps its key. A row is one element.
#[component]
pub fn For<I, T, K, N>(
    /// What is listed.
    each: impl Fn() -> I + Send + 'static,
    /// What tells a row from the others.
    key: impl Fn(&T) -> K + Send + 'static,
    /// What is shown of one of them.
    children: impl Fn(T) -> N + Clone + Send + 'static,
) -> impl IntoView
where
    I: IntoIterator<Item = T>,
    T: Send + 'static,
    K: ToString,
    N: IntoView + 'static,
{
    rows(Box::new(move || {
        let row = |item: T| {
            let (key, children) = (key(&item).to_string(), children.clone());
            Row { key, view: Box::new(move || children(item).into_any()) }
        };
        each().into_iter().map(row).collect()
    }))
}

/// Shows a list of what changes: a row keeps its elements, and with them the keyboard, while what it
/// shows changes. A row is one element.
#[component]
pub fn LiveRows<T, K, N>(
    /// What is listed.
    all: Signal<Vec<T>>,
    /// What tells a row from the others.
    key: fn(&T) -> K,
    /// What is shown of one of them, as it is now.
    children: impl Fn(Memo<T>) -> N + Clone + Send + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: ToString + 'static,
    N: IntoView + 'static,
{
    let keys = move || all.with(|all| all.iter().map(|one| key(one).to_string()).collect());
    let places = places(Box::new(keys));
    let row = move |first: T| {
        let wanted = key(&first).to_string();
        let now = Memo::new(move |last: Option<&T>| {
            let place = places.with(|places| places.get(&wanted).copied());
            let found = place.and_then(|place| all.with(|all| all.get(place).cloned()));
            // What is there no more is shown as it was last, until its row goes.
            found.unwrap_or_else(|| last.unwrap_or(&first).clone())
        });
        children(now)
    };
    view! {
        <For each=move || all.get() key let:first>
            {row(first)}
        </For>
    }
}

/// Where in a list each key is: looked for once, and not by each row.
fn places(keys: Box<dyn Fn() -> Vec<String> + Send + Sync>) -> Memo<HashMap<String, usize>> {
    Memo::new(move |_| keys().into_iter().zip(0..).collect())
}

fn rows(each: Box<dyn Fn() -> Vec<Row> + Send>) -> AnyView {
    let list = RowOwner::of(Owner::current().unwrap_or_default());
    view! { {move || Rows { rows: each(), owner: list.clone() }} }.into_any()
}

/// Shows something while a condition holds; it is made anew each time that it begins to hold.
#[component]
pub fn Show(
    /// The condition.
    when: impl Fn() -> bool + Send + Sync + 'static,
    /// What is shown while it holds.
    children: ChildrenFn,
    /// What is shown while it does not hold.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView {
    either(Memo::new(move |_| when()), children, fallback)
}

fn either(holds: Memo<bool>, children: ChildrenFn, fallback: ViewFn) -> AnyView {
    let shown = move || if holds.get() { children() } else { fallback.run() };
    // An optional view, because there is code for those anyway.
    view! { {move || Some(shown())} }.into_any()
}
