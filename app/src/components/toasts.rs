//! Short notices in the corner: the hub's notifications, and what this page did.

use std::{rc::Rc, time::Duration};

use colloquy_protocol::{event::server::SystemNotification, model::NotificationType};
use leptos::{html, prelude::*};
use web_sys::HtmlDivElement;

use crate::{
    components::{
        flow::{For, Show},
        icon::{Icon, Shape},
        time::every,
    },
    keyboard::hand_on,
    live::use_websocket,
};

/// How many seconds a notice stays that nobody is at. Warnings and errors stay until they are closed.
const SHOWN: u32 = 6;

/// The most notices at a time; older ones make room.
const CAPACITY: usize = 12;

/// The most that are seen: the style hides older ones until newer ones are gone.
const SEEN: usize = 3;

/// The notices that there are.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    held: RwSignal<Held>,
    /// The key of the next one.
    next: StoredValue<u64>,
}

#[derive(Debug, Default)]
struct Held {
    toasts: Vec<Toast>,
    /// How many have made room since there were none.
    dropped: usize,
}

#[derive(Debug, Clone)]
struct Toast {
    key: u64,
    tone: NotificationType,
    text: String,
}

/// Gives the components below a place for notices. To be called once, by the app.
pub fn provide_toasts() {
    provide_context(Toasts { held: RwSignal::default(), next: StoredValue::new(0) });
}

/// The place for notices.
///
/// # Panics
/// Outside of the app: [`provide_toasts`] was not called by a component above.
pub fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    /// Shows a notice; what it is closed with.
    pub fn show(self, tone: NotificationType, text: impl Into<String>) -> u64 {
        let text = text.into();
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        self.held.update(|held| held.add(Toast { key, tone, text }));
        key
    }

    /// Takes a notice away, if it is still there.
    pub fn close(self, key: u64) {
        self.held.try_update(|held| held.close(key));
    }
}

impl Held {
    fn add(&mut self, toast: Toast) {
        self.toasts.push(toast);
        if self.toasts.len() > CAPACITY {
            self.toasts.remove(0);
            self.dropped += 1;
        }
    }

    fn close(&mut self, key: u64) {
        self.toasts.retain(|toast| toast.key != key);
        if self.toasts.is_empty() {
            self.dropped = 0;
        }
    }

    /// How many are not seen.
    fn unseen(&self) -> usize {
        self.toasts.len().saturating_sub(SEEN) + self.dropped
    }
}

/// Where notices are shown, with those that the hub sends to everybody.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    use_websocket().on::<SystemNotification>(move |notification| {
        toasts.show(notification.notification_type, notification.message.clone());
    });
    let more = move || match toasts.held.with(Held::unseen) {
        0 => None,
        more => Some(format!("and {more} more")),
    };
    view! {
        <div class="toasts" role="log" aria-label="Notices">
            <Show when=move || toasts.held.with(|held| held.toasts.len() > 1)>
                <p class="quiet toasts-more">
                    {move || more()}
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| toasts.held.set(Held::default())
                    >
                        "Close all"
                    </button>
                </p>
            </Show>
            <For
                each=move || toasts.held.with(|held| held.toasts.clone())
                key=|toast| toast.key
                let:toast
            >
                <ToastView toast />
            </For>
        </div>
    }
    .into_any()
}

/// One notice. The time that it stays begins anew for as long as the pointer or the keyboard is in it.
#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let toasts = use_toasts();
    let Toast { key, tone, text } = toast;
    let goes = matches!(tone, NotificationType::Info | NotificationType::Success);
    let element = NodeRef::<html::Div>::new();
    let seconds = StoredValue::new(0);
    let tick = move || {
        let is_here = |toast: HtmlDivElement| toast.matches(":hover, :has(:focus-visible)");
        let is_somebody_here = element.get_untracked().is_some_and(|it| is_here(it) == Ok(true));
        seconds.update_value(|seconds| *seconds = if is_somebody_here { 0 } else { *seconds + 1 });
        if seconds.get_value() >= SHOWN {
            toasts.close(key);
        }
    };
    if goes {
        every(Duration::from_secs(1), Rc::new(tick));
    }
    view! {
        <div
            node_ref=element
            class="toast"
            data-tone=tone.as_str()
            role=(tone == NotificationType::Error).then_some("alert")
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    hand_on();
                    toasts.close(key);
                }
            }
        >
            <Icon shape=mark(tone) />
            <p class="toast-text">
                <span class="visually-hidden">{tone.as_str()} ": "</span>
                <span dir="auto">{text}</span>
            </p>
            <button
                type="button"
                class="button icon"
                aria-label="Close the notice"
                on:click=move |_| toasts.close(key)
            >
                <Icon shape=Shape::Close />
            </button>
        </div>
    }
    .into_any()
}

/// How serious a notice is, in a drawing of its own.
pub(crate) fn mark(tone: NotificationType) -> Shape {
    match tone {
        NotificationType::Info => Shape::Info,
        NotificationType::Warning => Shape::Warning,
        NotificationType::Error => Shape::Error,
        NotificationType::Success => Shape::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_made_room_are_counted_until_all_are_gone() {
        let mut held = Held::default();
        let toast = |key| Toast { key, tone: NotificationType::Error, text: String::new() };
        let count = CAPACITY as u64 + 2;
        (0..3).for_each(|key| held.add(toast(key)));
        assert_eq!(held.unseen(), 0);
        (3..count).for_each(|key| held.add(toast(key)));
        assert_eq!(held.unseen(), CAPACITY + 2 - SEEN);
        held.close(count - 1);
        assert_eq!(held.unseen(), CAPACITY + 1 - SEEN);
        (0..count).for_each(|key| held.close(key));
        assert_eq!(held.unseen(), 0);
    }
}
