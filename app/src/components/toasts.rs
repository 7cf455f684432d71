//! Short notices in the corner: the hub's notifications, and what this page did.

use std::time::Duration;

use colloquy_protocol::{event::server::SystemNotification, model::NotificationType};
use leptos::prelude::*;

use crate::{
    components::icon::{Icon, Shape},
    live::use_websocket,
};

/// How long a notice stays. Warnings and errors stay until somebody closes them.
const SHOWN: Duration = Duration::from_secs(6);

/// The most notices at a time; older ones make room.
const CAPACITY: usize = 5;

/// The notices that are shown.
#[derive(Debug, Clone, Copy)]
pub struct Toasts(RwSignal<Vec<Toast>>);

#[derive(Debug, Clone)]
struct Toast {
    key: u64,
    tone: NotificationType,
    text: String,
}

/// Gives the components below a place for notices. To be called once, by the app.
pub fn provide_toasts() {
    provide_context(Toasts(RwSignal::new(Vec::new())));
}

/// The place for notices.
///
/// # Panics
/// Outside of the app: [`provide_toasts`] was not called by a component above.
pub fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    /// Shows a notice.
    pub fn show(self, tone: NotificationType, text: impl Into<String>) {
        let text = text.into();
        let key = self.0.try_update(|toasts| {
            let key = toasts.last().map_or(0, |last| last.key + 1);
            toasts.push(Toast { key, tone, text });
            if toasts.len() > CAPACITY {
                toasts.remove(0);
            }
            key
        });
        if let (Some(key), NotificationType::Info | NotificationType::Success) = (key, tone) {
            set_timeout(move || self.close(key), SHOWN);
        }
    }

    fn close(self, key: u64) {
        self.0.try_update(|toasts| toasts.retain(|toast| toast.key != key));
    }
}

/// Where notices are shown, with those that the hub sends to everybody.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    use_websocket().on::<SystemNotification>(move |notification| {
        toasts.show(notification.notification_type, notification.message.clone());
    });
    view! {
        <div class="toasts" role="status" aria-label="Notices">
            <For each=move || toasts.0.get() key=|toast| toast.key let:toast>
                <div class="toast" data-tone=tone(toast.tone)>
                    <Icon shape=Shape::Bell />
                    <p class="toast-text">{toast.text}</p>
                    <button
                        type="button"
                        class="button icon"
                        aria-label="Close the notice"
                        on:click=move |_| toasts.close(toast.key)
                    >
                        <Icon shape=Shape::Close />
                    </button>
                </div>
            </For>
        </div>
    }
    .into_any()
}

fn tone(tone: NotificationType) -> &'static str {
    match tone {
        NotificationType::Info => "info",
        NotificationType::Warning => "warning",
        NotificationType::Error => "error",
        NotificationType::Success => "success",
    }
}
