//! A dialog over the page.

use leptos::{html, prelude::*};

use crate::components::icon::{Icon, Shape};

/// The browser's own modal dialog: Escape closes it, the keyboard stays in it and then goes back
/// to where it was.
#[component]
pub fn Dialog(
    /// The id of its title, which no other dialog of the page has.
    id: &'static str,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// What it shows, made anew each time that it is opened.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            // It fails only for a dialog that is not in the page any more.
            dialog.show_modal().ok();
        } else if !open.get() {
            dialog.close();
        }
    });
    view! {
        <dialog node_ref=dialog aria-labelledby=id on:close=move |_| open.set(false)>
            <Show when=move || open.get()>
                <div class="dialog-body">
                    <div class="dialog-head">
                        <h2 id=id>{title}</h2>
                        <button
                            type="button"
                            class="button icon"
                            aria-label="Close"
                            on:click=move |_| open.set(false)
                        >
                            <Icon shape=Shape::Close />
                        </button>
                    </div>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
    .into_any()
}

/// Asks before something is done that can not be taken back.
#[component]
pub fn ConfirmDialog(
    /// The id of its title, which no other dialog of the page has.
    id: &'static str,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What is asked.
    #[prop(into)]
    title: Signal<String>,
    /// What will happen.
    #[prop(into)]
    text: Signal<String>,
    /// The word on the button that does it.
    verb: &'static str,
    /// Does it. The dialog stays open until somebody closes it.
    #[prop(into)]
    on_confirm: Callback<()>,
    /// Whether it is being done.
    #[prop(into)]
    pending: Signal<bool>,
    /// Why it was not done.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <Dialog id open title>
            <p>{text}</p>
            <p class="error" role="alert">
                {error}
            </p>
            <div class="actions end">
                <button type="button" class="button" on:click=move |_| open.set(false)>
                    "Cancel"
                </button>
                <button
                    type="button"
                    class="button danger"
                    disabled=pending
                    on:click=move |_| on_confirm.run(())
                >
                    {verb}
                </button>
            </div>
        </Dialog>
    }
    .into_any()
}
