//! The form that changes an agent, a chat or a collection.

use colloquy_protocol::topic::Topic;
use leptos::{
    ev::{BeforeUnloadEvent, SubmitEvent, beforeunload},
    html,
    prelude::*,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    api::{
        ApiError,
        entity::{Entity, Fields, read, update},
    },
    components::{
        conflict::Conflict,
        draft::{Contents, Draft, differences},
        entity_view::EntityForm,
        field::problem_of_form,
        flow::Show,
        form_actions::FormActions,
    },
    tab_storage,
};

/// How a try to save went.
#[derive(Debug, Clone)]
enum Saved<T> {
    /// This is what it is now.
    Done(T),
    /// Somebody else saved this meanwhile.
    Meanwhile(T),
}

/// What the browser keeps of a change until it is saved or given up.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    /// What the change began with.
    base: T,
    /// What was typed.
    contents: Contents,
}

/// Opens the form again when the page was left before a change was saved.
pub fn edit_what_was_left(topic: Topic, editing: RwSignal<bool>) {
    Effect::new(move || {
        if tab_storage::read::<IgnoredAny>(&place(&topic)).is_some() {
            editing.set(true);
        }
    });
}

/// Drops what the browser keeps of a change.
pub fn forget_change(topic: &Topic) {
    tab_storage::forget(&place(topic));
}

/// The fields with what is there, or with what was typed before the form was left; events leave them alone.
#[component]
pub fn EditEntity<T: EntityForm>(
    /// What it is now.
    entity: Signal<T>,
    /// Whether it is there no more: what was typed stays to be read, and cannot be saved.
    is_gone: Signal<bool>,
    /// Takes what was saved, here or by somebody else.
    on_saved: Callback<T>,
    /// Called when the change was saved or given up.
    on_close: Callback<()>,
) -> impl IntoView {
    let place = place(&entity.with_untracked(T::topic));
    let left = tab_storage::read::<Kept<T>>(&place);
    let (begun, contents) = left.map(|left| (left.base, left.contents)).unzip();
    let was_left = contents.is_some();
    // What the change begins with; its version is the one that must still hold.
    let base = RwSignal::new(begun.unwrap_or_else(|| entity.get_untracked()));
    let draft = Draft::of(base.with_untracked(T::fields));
    if let Some(contents) = contents {
        draft.restore(contents);
    }
    let theirs = RwSignal::new(None::<T>);
    let form = NodeRef::<html::Form>::new();
    Effect::new(move || {
        // Who comes back to the page did not ask for the form just now.
        if let Some(form) = form.get().filter(|_| !was_left) {
            form.focus().ok();
        }
    });
    Effect::new(move || {
        if !draft.is_changed() {
            tab_storage::forget(&place);
        } else {
            tab_storage::keep(&place, &Kept { base: base.get(), contents: draft.contents() });
        }
    });
    warn_before_leaving(draft);

    let saving = Action::new(move |fields: &Fields| {
        let (begun, fields) = (base.get_untracked(), fields.clone());
        async move {
            match save(begun, &fields).await? {
                // The form may have been left meanwhile, and the page with it.
                Saved::Done(now) if theirs.is_disposed() => {
                    forget_change(&now.topic());
                    on_saved.try_run(now);
                }
                Saved::Done(now) if untrack(|| draft.fields()).as_ref() != Some(&fields) => {
                    // What was typed meanwhile is a change of what was saved.
                    draft.was_saved(now.fields());
                    on_saved.run(now.clone());
                    base.set(now);
                }
                Saved::Done(now) => {
                    forget_change(&now.topic());
                    on_saved.run(now);
                    on_close.run(());
                }
                // Nothing is compared with metadata that cannot be read at the moment: the next try
                // to save shows both.
                Saved::Meanwhile(now) if !theirs.is_disposed() => {
                    if untrack(|| draft.fields()).is_some() {
                        theirs.set(Some(now));
                    }
                }
                Saved::Meanwhile(_) => {}
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || saving.value().get()?.err());
    let save_draft = Callback::new(move |()| {
        if let Some(fields) = untrack(|| draft.fields())
            && !is_gone.get_untracked()
        {
            saving.dispatch(fields);
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        save_draft.run(());
    };
    let give_up = Callback::new(move |theirs: Option<T>| {
        forget_change(&base.with_untracked(T::topic));
        if let Some(theirs) = theirs {
            on_saved.run(theirs);
        }
        on_close.run(());
    });
    let is_stale = Signal::derive(move || {
        theirs.with(Option::is_none) && base.with(T::fields) != entity.with(T::fields)
    });
    let is_idle =
        Signal::derive(move || saving.pending().get() || is_gone.get() || draft.fields().is_none());

    view! {
        <form
            class="form"
            aria-label=format!("Edit the {}", T::NOUN)
            tabindex="-1"
            node_ref=form
            on:submit=submit
            novalidate
        >
            {T::form(draft, error)}
            <Hint is_gone is_stale was_left />
            {move || {
                theirs
                    .get()
                    .map(|now| {
                        view! { <Versions now base draft theirs give_up save_draft /> }
                    })
            }}
            <Show when=move || theirs.with(Option::is_none)>
                <FormActions
                    verb="Save"
                    on_cancel=move |()| give_up.run(None)
                    pending=is_idle
                    error=problem_of_form(error)
                />
            </Show>
        </form>
    }
    .into_any()
}

/// What is good to know about the change.
#[component]
fn Hint(is_gone: Signal<bool>, is_stale: Signal<bool>, was_left: bool) -> impl IntoView {
    let words = move || {
        if is_gone.get() {
            Some("It is gone, so this cannot be saved. Your text stays until you cancel.")
        } else if is_stale.get() {
            Some("Somebody else changed it meanwhile. Your text stays; saving shows both versions.")
        } else {
            was_left.then_some("This is what you had not saved yet. Cancel drops it.")
        }
    };
    view! {
        <p class="hint" role="status">
            {move || words()}
        </p>
    }
    .into_any()
}

/// What was typed and what was saved meanwhile, and the choice between them.
#[component]
fn Versions<T: EntityForm>(
    now: T,
    base: RwSignal<T>,
    draft: Draft,
    theirs: RwSignal<Option<T>>,
    give_up: Callback<Option<T>>,
    save_draft: Callback<()>,
) -> impl IntoView {
    let mine = untrack(|| draft.fields())?;
    let sides = differences(T::NAME_LABEL, &mine, &now.fields());
    let now = StoredValue::new(now);
    // The next try is to change what was saved meanwhile.
    let begin_anew = move || {
        base.set(now.get_value());
        theirs.set(None);
    };
    let conflict = view! {
        <Conflict
            noun=T::NOUN
            sides
            on_theirs=move |()| give_up.run(Some(now.get_value()))
            on_edit=move |()| {
                draft.continue_from(now.with_value(T::fields));
                begin_anew();
            }
            on_mine=move |()| {
                begin_anew();
                save_draft.run(());
            }
        />
    };
    Some(conflict.into_any())
}

/// Saves the fields. A version that differs in nothing that people edit (an agent's status, who is in a
/// chat) is no conflict, and neither is one that is what is to be saved: the answer to a try before may
/// be lost.
async fn save<T: Entity>(mut base: T, fields: &Fields) -> Result<Saved<T>, ApiError> {
    loop {
        match update(&base, fields).await {
            Ok(now) => return Ok(Saved::Done(now)),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let now = read::<T>(base.topic().id()).await?.value;
        if now.fields() == *fields {
            return Ok(Saved::Done(now));
        }
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

/// Where the browser keeps the change of an entity.
fn place(topic: &Topic) -> String {
    format!("draft:{topic}")
}
