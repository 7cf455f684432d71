//! What is shown once it is loaded. As in [`super::flow`], what differs from place to place is behind a
//! pointer, so that waiting is compiled once.

use std::pin::Pin;

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::ApiError,
    components::{note::LoadError, title::Title},
};

/// A view that is being loaded.
type Loading = Pin<Box<dyn Future<Output = AnyView> + Send>>;

/// Waits for something and shows it, or that it could not be loaded.
#[component]
pub fn Load<T, N>(
    /// What is loaded.
    from: Resource<Result<T, ApiError>>,
    /// What could not be loaded, as a sentence.
    failure: &'static str,
    /// The title of a page that gets its own from what is loaded.
    #[prop(optional)]
    title: Option<&'static str>,
    /// Whether what is shown stays while something else is loaded.
    #[prop(optional)]
    stays: bool,
    /// What is shown of it.
    children: impl Fn(T) -> N + Clone + Send + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    N: IntoView + 'static,
{
    let retry = Callback::new(move |()| from.refetch());
    let load = move || {
        let children = children.clone();
        let loading: Loading = Box::pin(async move {
            match from.await {
                Ok(value) => children(value).into_any(),
                Err(error) => failed(title, failure, error, retry),
            }
        });
        loading
    };
    wait(stays, Box::new(load))
}

fn wait(stays: bool, load: Box<dyn Fn() -> Loading + Send>) -> AnyView {
    let fallback = || view! { <p class="quiet">"Loading…"</p> };
    if stays {
        view! { <Transition fallback>{move || Suspend::new(load())}</Transition> }.into_any()
    } else {
        view! { <Suspense fallback>{move || Suspend::new(load())}</Suspense> }.into_any()
    }
}

fn failed(
    title: Option<&'static str>,
    failure: &'static str,
    error: ApiError,
    on_retry: Callback<()>,
) -> AnyView {
    let heading = title.map(|text| {
        view! {
            <Title text />
            <h1>{text}</h1>
        }
        .into_any()
    });
    view! {
        {heading}
        <LoadError title=failure error on_retry />
    }
    .into_any()
}
