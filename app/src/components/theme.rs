//! Light or dark: as the system says, or as people choose.

use leptos::prelude::*;

use crate::components::icon::{Icon, Shape};

/// Where the browser keeps the choice.
const KEY: &str = "theme";

/// Applies a choice that was made earlier, before anything is painted.
pub(crate) const EARLY_SCRIPT: &str =
    "try{let t=localStorage.theme;if(t)document.documentElement.dataset.theme=t}catch{}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The colours that were chosen.
#[derive(Debug, Clone, Copy)]
pub struct Colours(RwSignal<Theme>);

/// Gives the components below the choice of colours. To be called once, by the app.
pub fn provide_colours() {
    let theme = RwSignal::new(Theme::System);
    provide_context(Colours(theme));
    // What was chosen is known to the browser only.
    Effect::new(move || {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        match kept.as_deref() {
            Some("light") => theme.set(Theme::Light),
            Some("dark") => theme.set(Theme::Dark),
            _ => {}
        }
    });
}

/// The choice of colours.
///
/// # Panics
/// Outside of the app: [`provide_colours`] was not called by a component above.
pub fn use_colours() -> Colours {
    expect_context()
}

impl Colours {
    /// Goes from the system's colours to light, to dark, and back.
    pub fn switch(self) {
        let chosen = self.0.get_untracked().next();
        self.0.set(chosen);
        apply(chosen);
    }
}

/// Switches between the system's colours, light and dark.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let colours = use_colours();
    view! {
        <button
            type="button"
            class="button icon"
            aria-label=move || label(colours)
            title=move || label(colours)
            on:click=move |_| colours.switch()
        >
            <Icon shape=Shape::Theme />
        </button>
    }
}

fn label(colours: Colours) -> String {
    format!("Colours: {}", colours.0.get().name())
}

/// A browser that keeps nothing for this page shows the choice all the same, until it is left.
fn apply(theme: Theme) {
    let root = document().document_element();
    let storage = storage();
    if theme == Theme::System {
        root.map(|root| root.remove_attribute("data-theme"));
        storage.map(|storage| storage.remove_item(KEY));
    } else {
        root.map(|root| root.set_attribute("data-theme", theme.name()));
        storage.map(|storage| storage.set_item(KEY, theme.name()));
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
