//! What an entity says of itself, in words and as metadata.

use colloquy_protocol::model::Metadata;
use leptos::prelude::*;

use crate::{
    api::ApiError,
    components::{
        draft::Draft,
        field::{TextField, problem_of},
        flow::Show,
        json_editor::JsonEditor,
        json_text::pretty,
    },
};

/// The metadata of a draft.
#[component]
pub fn MetadataField(
    /// What was typed.
    draft: Draft,
    /// What the server says of it.
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    let refused = problem_of(error, "metadata");
    let error = Signal::derive(move || draft.loss().or_else(|| refused.get()));
    view! { <JsonEditor id="metadata" label="Metadata" text=draft.metadata error /> }
}

/// The description of a draft.
#[component]
pub fn DescriptionField(
    /// What was typed.
    draft: Draft,
    /// What the server says of it.
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    let error = problem_of(error, "description");
    view! {
        <TextField id="description" label="Description" text=draft.description error rows=3 />
    }
}

/// Metadata to read.
#[component]
pub fn MetadataPart(
    /// What there is.
    metadata: Signal<Metadata>,
) -> impl IntoView {
    view! {
        <section class="card part" aria-labelledby="metadata-title">
            <h2 id="metadata-title">"Metadata"</h2>
            <Show
                when=move || metadata.with(|metadata| !metadata.is_empty())
                fallback=|| view! { <p class="quiet">"None."</p> }
            >
                <pre class="json" tabindex="0" role="group" aria-label="JSON">
                    <code>{move || metadata.with(pretty)}</code>
                </pre>
            </Show>
        </section>
    }
    .into_any()
}

/// A description to read.
#[component]
pub fn DescriptionPart(
    /// What there is.
    text: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <section class="card part" aria-labelledby="description-title">
            <h2 id="description-title">"Description"</h2>
            <Show
                when=move || text.with(|text| text.as_ref().is_some_and(|text| !text.is_empty()))
                fallback=|| view! { <p class="quiet">"None."</p> }
            >
                <p class="prose" dir="auto">
                    {text}
                </p>
            </Show>
        </section>
    }
    .into_any()
}
