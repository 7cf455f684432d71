//! The page of one agent or collection, following live.

use colloquy_protocol::{frame::EventFrame, model::NotificationType, topic::Topic};
use leptos::{html, prelude::*};
use leptos_router::hooks::{use_navigate, use_params_map};

use crate::{
    api::{
        ApiError, Seen, delete_if_there,
        entity::{Change, Entity, Followed, path_of, path_of_all, read},
        together,
    },
    components::{
        dialog::ConfirmDialog,
        entity_edit::{EditEntity, edit_what_was_left, forget_change},
        entity_events::{EntityEvents, latest_events},
        entity_view::EntityView,
        flow::Show,
        load::Load,
        note::{Gone, NotFound, OutOfDate},
        time::TimeAgo,
        title::Title,
        toasts::use_toasts,
    },
    session::use_session,
    stores::live::{Live, Outcome},
};

/// An entity and its latest events.
pub type Story<T> = Seen<(T, Vec<EventFrame>)>;

/// An entity and its latest events, as they are being loaded; none: there is no such entity.
pub type StoryResource<T> = Resource<Result<Option<Story<T>>, ApiError>>;

/// Loads the entity whose id is in the page's path.
pub fn story_of_one<T: Entity>() -> StoryResource<T> {
    let parameters = use_params_map();
    let id = move || parameters.with(|map| map.get("id")).unwrap_or_default();
    Resource::new(id, |id| async move {
        match load_story(&id).await {
            Err(error) if error.is_missing() => Ok(None),
            story => story.map(Some),
        }
    })
}

async fn load_story<T: Entity>(id: &str) -> Result<Story<T>, ApiError> {
    let entity = read::<T>(id).await?;
    let events = latest_events(&entity.value.topic()).await?;
    together(entity, events)
}

/// The whole page of one entity.
#[component]
pub fn EntityPage<T: EntityView>(
    /// What [`story_of_one`] gave.
    story: StoryResource<T>,
) -> impl IntoView {
    view! {
        <div class="page">
            <nav class="crumbs" aria-label="Where this is">
                <a href=path_of_all(T::KIND)>{T::PLURAL}</a>
            </nav>
            <Load
                from=story
                failure="It could not be loaded."
                title=T::PLURAL
                stays=true
                let:story
            >
                {match story {
                    Some(loaded) => view! { <Found<T> loaded /> }.into_any(),
                    None => missing::<T>(),
                }}
            </Load>
        </div>
    }
    .into_any()
}

/// What the page follows.
struct Current<T> {
    entity: T,
    is_gone: bool,
}

#[component]
fn Found<T: EntityView>(loaded: Story<T>) -> impl IntoView {
    let Seen { value: (entity, events), position } = loaded;
    let topic = entity.topic();
    let id = topic.id().to_owned();
    let created_at = entity.created_at();
    let latest = Seen { value: events, position: position.clone() };
    let current = Seen { value: Current { entity, is_gone: false }, position };
    let again = id.clone();
    let load = move || {
        let id = again.clone();
        async move { Ok(read(&id).await?.map(|entity: T| Current { entity, is_gone: false })) }
    };
    let live = Live::new(current, [topic.clone()], load, follow);
    let entity = Signal::derive(move || live.value().with(|current| current.entity.clone()));
    let name = move || entity.with(|entity| entity.fields().name);
    let is_gone = Signal::derive(move || {
        live.value().with(|current| current.is_gone)
            || live.error().with(|error| error.as_ref().is_some_and(ApiError::is_missing))
    });
    let session = use_session();
    let of_delete = topic.clone();
    let editing = RwSignal::new(false);
    if untrack(|| session.may(T::CHANGE)) {
        edit_what_was_left(topic.clone(), editing);
    }
    let edit = NodeRef::<html::Button>::new();
    let saved = Callback::new(move |entity: T| {
        live.set(|current| {
            // An event of a later change may be there already.
            if entity.version() > current.entity.version() {
                current.entity = entity;
            }
        });
    });
    let close = Callback::new(move |()| {
        editing.set(false);
        // The form goes; the keyboard goes back to where it came from.
        if let Some(button) = edit.get_untracked() {
            button.focus().ok();
        }
    });

    view! {
        <Title text=name />
        <header class="page-header">
            <div>
                <h1>
                    <span dir="auto">{name}</span>
                </h1>
                <p class="quiet facts-line">
                    <code>{id}</code>
                    <span>"created " <TimeAgo at=created_at /></span>
                    <span>
                        "changed " <TimeAgo at=Signal::derive(move || entity.with(T::updated_at)) />
                    </span>
                </p>
            </div>
            <Show when=move || session.may(T::CHANGE)>
                <div class="actions">
                    <button
                        type="button"
                        class="button"
                        node_ref=edit
                        aria-disabled=move || (editing.get() || is_gone.get()).to_string()
                        on:click=move |_| editing.set(true)
                    >
                        "Edit"
                    </button>
                    {delete_button::<T>(of_delete.clone(), Signal::derive(name), is_gone)}
                </div>
            </Show>
        </header>
        <OutOfDate
            title="It could not be refreshed."
            error=live.error()
            on_retry=move |()| live.reload()
        />
        <Show when=move || is_gone.get()>
            <Gone
                title=format!("This {} was deleted.", T::NOUN)
                href=path_of_all(T::KIND)
                link=format!("All {}s", T::NOUN)
            />
        </Show>
        <div class="columns">
            <div class="parts">
                <Show
                    when=move || editing.get()
                    fallback=move || T::parts(entity, is_gone, saved)
                >
                    <div class="card">
                        <EditEntity<T> entity is_gone on_saved=saved on_close=close />
                    </div>
                </Show>
            </div>
            <div class="side">
                {T::beside(entity)}
                <EntityEvents topic latest />
            </div>
        </div>
    }
    .into_any()
}

fn delete_button<T: EntityView>(
    topic: Topic,
    name: Signal<String>,
    is_gone: Signal<bool>,
) -> AnyView {
    let open = RwSignal::new(false);
    let (navigate, toasts) = (use_navigate(), use_toasts());
    let deletion = Action::new(move |(): &()| {
        let (topic, navigate, name) = (topic.clone(), navigate.clone(), name.get_untracked());
        async move {
            delete_if_there(&path_of(&topic)).await?;
            forget_change(&topic);
            toasts.show(NotificationType::Success, format!("{name} was deleted."));
            // Who went elsewhere meanwhile stays there.
            if !open.is_disposed() {
                navigate(path_of_all(T::KIND), Default::default());
            }
            Ok::<_, ApiError>(())
        }
    });
    let error = move || Some(deletion.value().get()?.err()?.to_string());
    view! {
        <button
            type="button"
            class="button"
            aria-disabled=move || is_gone.get().to_string()
            on:click=move |_| open.set(true)
        >
            "Delete…"
        </button>
        <ConfirmDialog
            id="delete-title"
            open
            title=Signal::derive(move || format!("Delete {}?", name.get()))
            text=T::DELETION
            verb="Delete"
            on_confirm=move |()| drop(deletion.dispatch(()))
            pending=deletion.pending()
            error=Signal::derive(error)
        />
    }
    .into_any()
}

fn missing<T: EntityView>() -> AnyView {
    view! {
        <NotFound
            title=format!("There is no such {}", T::NOUN)
            text="It was deleted, or the address is mistyped."
        >
            <a class="button primary" href=path_of_all(T::KIND)>
                {format!("All {}s", T::NOUN)}
            </a>
        </NotFound>
    }
    .into_any()
}

/// Versions only grow, so an event that is older than what was saved here says nothing new.
fn follow<T: Followed>(current: &mut Current<T>, frame: &EventFrame) -> Outcome {
    match T::change(frame) {
        Some(Change::Now(now))
            if now.topic() == current.entity.topic()
                && now.version() >= current.entity.version() =>
        {
            *current = Current { entity: now, is_gone: false };
            Outcome::Changed
        }
        Some(Change::Gone(topic)) if topic == current.entity.topic() => {
            current.is_gone = true;
            Outcome::Changed
        }
        _ => Outcome::None,
    }
}
