//! The last row of a form.

use leptos::prelude::*;

/// The button that leaves a form, and the one that submits it.
#[component]
pub fn FormActions(
    /// The word on the button that submits.
    verb: &'static str,
    /// How that button looks: `primary` or `danger`.
    #[prop(default = "primary")]
    kind: &'static str,
    /// Leaves the form.
    #[prop(into)]
    on_cancel: Callback<()>,
    /// Whether it is being done, or can not be done as the form is. The button says so and keeps the
    /// keyboard; what it submits meanwhile is to do nothing.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether there is nothing that could be submitted.
    #[prop(into, optional)]
    disabled: Signal<bool>,
    /// The id of the form, when this row is not in it.
    #[prop(optional)]
    form: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="actions end">
            <button type="button" class="button" on:click=move |_| on_cancel.run(())>
                "Cancel"
            </button>
            <button
                type="submit"
                form=form
                class=format!("button {kind}")
                disabled=move || disabled.get()
                aria-disabled=move || pending.get().to_string()
            >
                {verb}
            </button>
        </div>
    }
    .into_any()
}
