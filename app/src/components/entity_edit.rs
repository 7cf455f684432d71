//! The form that changes an agent or a collection.

use leptos::{
    ev::{BeforeUnloadEvent, SubmitEvent, beforeunload},
    html,
    prelude::*,
};

use crate::{
    api::{
        ApiError,
        entity::{Fields, read, update},
    },
    components::{
        conflict::Conflict,
        draft::{Draft, differences},
        entity_view::EntityView,
        field::problem_of_form,
    },
};

/// How a try to save went.
#[derive(Debug, Clone)]
enum Saved<T> {
    /// This is what it is now.
    Done(T),
    /// Somebody else saved this meanwhile.
    Meanwhile(T),
}

/// The fields with what is there; events leave what was typed alone.
#[component]
pub fn EditEntity<T: EntityView>(
    /// What it is now.
    entity: Signal<T>,
    /// Takes what was saved, here or by somebody else; none when the change was given up.
    on_done: Callback<Option<T>>,
) -> impl IntoView {
    // What the change begins with; its version is the one that must still hold.
    let base = RwSignal::new(entity.get_untracked());
    let draft = Draft::of(base.with_untracked(T::fields));
    let theirs = RwSignal::new(None::<T>);
    let form = NodeRef::<html::Form>::new();
    Effect::new(move || {
        if let Some(form) = form.get() {
            form.focus().ok();
        }
    });
    warn_before_leaving(draft);

    let saving = Action::new(move |fields: &Fields| {
        let (base, fields) = (base.get_untracked(), fields.clone());
        async move {
            match save(base, &fields).await? {
                Saved::Done(now) => on_done.run(Some(now)),
                Saved::Meanwhile(now) => theirs.set(Some(now)),
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let save_draft = move || {
        if let Some(fields) = untrack(|| draft.fields()) {
            saving.dispatch(fields);
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save_draft();
    };
    let changed_meanwhile =
        move || theirs.with(Option::is_none) && base.with(T::fields) != entity.with(T::fields);

    view! {
        <form
            class="card form"
            aria-label=format!("Edit the {}", T::NOUN)
            tabindex="-1"
            node_ref=form
            on:submit=submit
            novalidate
        >
            {T::form(draft, error)}
            <p class="hint" role="status">
                {move || {
                    changed_meanwhile()
                        .then_some(
                            "Somebody else changed it meanwhile. Your text stays; saving shows both versions.",
                        )
                }}
            </p>
            <p class="error" role="alert">
                {problem_of_form(error)}
            </p>
            {move || {
                let now = theirs.get()?;
                let mine = untrack(|| draft.fields())?;
                let (kept, taken) = (now.clone(), now.clone());
                Some(
                    view! {
                        <Conflict
                            noun=T::NOUN
                            sides=differences(&mine, &now.fields())
                            on_theirs=move |()| on_done.run(Some(taken.clone()))
                            on_edit=move |()| {
                                draft.continue_from(kept.fields());
                                base.set(kept.clone());
                                theirs.set(None);
                            }
                            on_mine=move |()| {
                                base.set(now.clone());
                                theirs.set(None);
                                save_draft();
                            }
                        />
                    },
                )
            }}
            <div class="actions end" hidden=move || theirs.with(Option::is_some)>
                <button type="button" class="button" on:click=move |_| on_done.run(None)>
                    "Cancel"
                </button>
                <button
                    type="submit"
                    class="button primary"
                    disabled=move || saving.pending().get() || draft.fields().is_none()
                >
                    "Save"
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// Saves the fields. A version that differs in nothing that people edit (an agent's status) is no
/// conflict.
async fn save<T: EntityView>(mut base: T, fields: &Fields) -> Result<Saved<T>, ApiError> {
    loop {
        match update(&base, fields).await {
            Ok(now) => return Ok(Saved::Done(now)),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let now = read::<T>(base.topic().id()).await?.value;
        if now.fields() != base.fields() {
            return Ok(Saved::Meanwhile(now));
        }
        base = now;
    }
}

/// Lets the browser ask before the page, and with it what was typed, is closed.
fn warn_before_leaving(draft: Draft) {
    Effect::new(move || {
        let listener = window_event_listener(beforeunload, move |event: BeforeUnloadEvent| {
            if untrack(|| draft.is_changed()) {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
