//! Short notices in the corner: the hub's notifications, and what this page did.

use std::{rc::Rc, time::Duration};

use colloquy_protocol::{event::server::SystemNotification, model::NotificationType};
use leptos::{html, prelude::*};
use web_sys::HtmlDivElement;

use crate::{
    components::{
        flow::For,
        icon::{Icon, Shape},
        time::every,
    },
    keyboard::hand_on,
    live::use_websocket,
};

/// How many seconds a notice stays that nobody is at. Warnings and errors stay until they are closed.
const SHOWN: u32 = 6;

/// The most notices at a time; older ones make room.
const CAPACITY: usize = 5;

/// The most of them on a small screen, where the style hides older ones and shows how many they are.
const FEW: usize = 3;

/// The notices that are shown.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    /// The key of the next one.
    next: StoredValue<u64>,
}

#[derive(Debug, Clone)]
struct Toast {
    key: u64,
    tone: NotificationType,
    text: String,
}

/// Gives the components below a place for notices. To be called once, by the app.
pub fn provide_toasts() {
    provide_context(Toasts { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
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
        self.shown.update(|toasts| {
            toasts.push(Toast { key, tone, text });
            if toasts.len() > CAPACITY {
                toasts.remove(0);
            }
        });
        key
    }

    /// Takes a notice away, if it is still there.
    pub fn close(self, key: u64) {
        self.shown.try_update(|toasts| toasts.retain(|toast| toast.key != key));
    }
}

/// Where notices are shown, with those that the hub sends to everybody.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    use_websocket().on::<SystemNotification>(move |notification| {
        toasts.show(notification.notification_type, notification.message.clone());
    });
    let more = move || match toasts.shown.with(Vec::len).saturating_sub(FEW) {
        0 => None,
        more => Some(format!("and {more} more")),
    };
    view! {
        <div class="toasts" role="log" aria-label="Notices">
            <p class="quiet toasts-more">{more}</p>
            <For each=move || toasts.shown.get() key=|toast| toast.key let:toast>
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
