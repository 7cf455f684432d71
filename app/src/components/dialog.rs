//! A dialog over the page.

use leptos::{
    ev::{Event, SubmitEvent},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{HtmlDialogElement, HtmlElement},
};

use crate::components::{
    flow::Show,
    form_actions::FormActions,
    icon::{Icon, Shape},
};

/// The browser's own modal dialog: Escape closes it, and so does a press beside it unless it `stays`; the
/// keyboard stays in it and then goes back to where it was.
#[component]
pub fn Dialog(
    /// The id of its title, which no other dialog of the page has.
    id: &'static str,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// Whether a press beside it does not close it: what it shows is not shown again.
    #[prop(optional)]
    stays: bool,
    /// What it shows, made anew each time that it is opened.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            show(dialog, open);
        } else {
            dialog.close();
        }
    });
    // What is in it fills it, so that only what is pressed beside it is pressed on the dialog itself.
    let is_beside = move |press: &Event| {
        let dialog = dialog.get_untracked();
        dialog.is_some_and(|dialog| press.target().as_ref() == Some(dialog.as_ref()))
    };
    // Who selects text may let go beside it.
    let began_beside = StoredValue::new(false);
    view! {
        <dialog
            node_ref=dialog
            aria-labelledby=id
            on:close=move |_| open.set(false)
            on:pointerdown=move |press| began_beside.set_value(is_beside(&press))
            on:click=move |press| {
                if !stays && began_beside.get_value() && is_beside(&press) {
                    open.set(false);
                }
            }
        >
            <Show when=move || open.get()>
                <div class="dialog-body">
                    <div class="dialog-head">
                        <h2 id=id>{move || title.get()}</h2>
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

/// Shows a dialog in the next frame, when what is in it is there, with the keyboard in its first
/// field; that of a question begins at the button that leaves it. One that is to be open from the start
/// is in no page yet: then a later frame shows it.
fn show(dialog: HtmlDialogElement, open: RwSignal<bool>) {
    request_animation_frame(move || {
        if !open.try_get_untracked().unwrap_or_default() || dialog.open() {
            return;
        }
        if dialog.show_modal().is_err() {
            return show(dialog, open);
        }
        let first = |selector| dialog.query_selector(selector).ok().flatten();
        let field = first("[autofocus]")
            .or_else(|| first("input, textarea, select"))
            .or_else(|| first("form button"));
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            // It fails only for an element that can have no focus.
            field.focus().ok();
        }
    });
}

/// Asks before something is done that cannot be undone.
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
    /// Why it was not done, when it was last tried.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <Dialog id open title>
            <Question open text verb on_confirm pending error />
        </Dialog>
    }
    .into_any()
}

/// What a confirmation shows. It is made anew each time that it is opened, and what went wrong before
/// that stands in it no more.
#[component]
fn Question(
    open: RwSignal<bool>,
    text: Signal<String>,
    verb: &'static str,
    on_confirm: Callback<()>,
    pending: Signal<bool>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let is_tried = RwSignal::new(pending.get_untracked());
    let confirm = move |event: SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        on_confirm.run(());
    };
    let error = move || if is_tried.get() && !pending.get() { error.get() } else { None };
    view! {
        <form class="form" on:submit=confirm>
            <p>{move || text.get()}</p>
            <FormActions
                verb
                kind="danger"
                on_cancel=move |()| open.set(false)
                pending
                error=Signal::derive(error)
            />
        </form>
    }
    .into_any()
}
