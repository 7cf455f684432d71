//! The last row of a form.

use leptos::{
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, HtmlElement},
};

use crate::keyboard::focused;

/// Why a form was not submitted, the button that leaves it, if there is one, and the one that submits
/// it. When the form is refused, the keyboard moves to the first field at fault.
#[component]
pub fn FormActions(
    /// The word on the button that submits.
    verb: &'static str,
    /// How that button looks beside others: classes of `.button`.
    #[prop(default = "primary")]
    kind: &'static str,
    /// Leaves the form.
    #[prop(into, optional)]
    on_cancel: Option<Callback<()>>,
    /// Whether it is being done, or cannot be done as the form is. The button says so and keeps the
    /// keyboard; pressing it does nothing.
    #[prop(into)]
    pending: Signal<bool>,
    /// Why it was not done, when it was last tried.
    error: Signal<Option<String>>,
    /// The id of the form, when this row is not in it.
    #[prop(optional)]
    form: Option<&'static str>,
) -> impl IntoView {
    let submit = NodeRef::<html::Button>::new();
    focus_fault(submit, error);
    let cancel = on_cancel.map(|on_cancel| {
        view! {
            <button type="button" class="button" on:click=move |_| on_cancel.run(())>
                "Cancel"
            </button>
        }
    });
    view! {
        <p class="error" role="alert">
            {move || error.get()}
        </p>
        <div class="actions end">
            {cancel}
            <button
                type="submit"
                form=form
                class=format!("button {kind}")
                aria-disabled=move || pending.get().to_string()
                node_ref=submit
            >
                {verb}
            </button>
        </div>
    }
    .into_any()
}

/// Moves the keyboard to the first field at fault around the button that submits a form, each time that
/// it is refused: in the form, or in the dialog when the button is beside the form. Whoever went on to
/// something else meanwhile stays there.
pub fn focus_fault(submit: NodeRef<html::Button>, error: Signal<Option<String>>) {
    Effect::new(move || {
        if error.with(Option::is_none) {
            return;
        }
        // The fields know of it in the next frame.
        request_animation_frame(move || {
            let submit = submit.try_get_untracked().flatten();
            let around = submit.and_then(|it| it.closest("form, dialog").ok().flatten());
            let is_here = |around: &Element| match focused() {
                Some(focused) => around.contains(Some(&focused)),
                None => true,
            };
            let field = around
                .filter(is_here)
                .and_then(|it| it.query_selector("[aria-invalid=true]").ok().flatten());
            if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
                // It fails only for an element that can have no focus.
                field.focus().ok();
            }
        });
    });
}
