//! Where one can go, beside every page.

use colloquy_protocol::access::Action;
use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    components::{
        account_box::AccountBox,
        connection_pill::ConnectionPill,
        icon::{Icon, Shape},
        theme::ThemeSwitch,
    },
    early::frame_is_alive,
    palette::PaletteButton,
    session::use_session,
};

/// The pages that one can go to: address, name, drawing.
pub(crate) const PAGES: [(&str, &str, Shape); 7] = [
    ("/", "Overview", Shape::Overview),
    ("/demo/websocket", "Live", Shape::Live),
    ("/agents", "Agents", Shape::Agent),
    ("/chats", "Chats", Shape::Chat),
    ("/collections", "Collections", Shape::Collection),
    ("/events", "Events", Shape::Log),
    ("/connections", "Connections", Shape::Connection),
];

/// Who may come in: the pages of those who decide that.
pub(crate) const ACCESS_PAGES: [(&str, &str, Shape, Action); 2] = [
    ("/people", "People", Shape::Person, Action::ManagePeople),
    ("/tokens", "Tokens", Shape::Key, Action::ManageOwnAccount),
];

/// The pages that are offered to whoever may do those things.
pub(crate) fn offered(may: impl Fn(Action) -> bool) -> Vec<(&'static str, &'static str, Shape)> {
    let access = ACCESS_PAGES.into_iter().filter(|(_, _, _, action)| may(*action));
    PAGES.into_iter().chain(access.map(|(href, name, shape, _)| (href, name, shape))).collect()
}

/// Whether the page at that path is the one that the link leads to, or lies below it.
fn leads_to(href: &str, path: &str) -> bool {
    match path.strip_prefix(href) {
        Some("") => true,
        Some(below) => href != "/" && below.starts_with('/'),
        None => false,
    }
}

/// The name of the place, the pages, and how the connection is.
#[component]
pub fn Sidebar() -> impl IntoView {
    let open = RwSignal::new(false);
    let path = use_location().pathname;
    // Going somewhere closes the menu of a narrow screen.
    Effect::new(move || {
        path.track();
        open.set(false);
    });
    let menu_button = NodeRef::<html::Button>::new();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            open.set(false);
            if let Some(button) = menu_button.get_untracked() {
                // It fails only for an element that can have no focus.
                button.focus().ok();
            }
        }
    };

    frame_is_alive();

    let session = use_session();
    let offered = Memo::new(move |_| offered(|action| session.may(action)));
    let link = move |(href, name, shape)| {
        let is_here = move || path.with(|path| leads_to(href, path));
        view! {
            <a href=href aria-current=move || is_here().then_some("page")>
                <Icon shape />
                {name}
            </a>
        }
        .into_any()
    };
    view! {
        <header class="sidebar" data-open=move || open.get().to_string() on:keydown=on_key>
            <a class="brand" href="/">
                <img src="/favicon.svg" alt="" width="24" height="24" />
                "Colloquy"
            </a>
            <PaletteButton />
            <button
                node_ref=menu_button
                type="button"
                class="button icon menu-button"
                aria-label="Pages"
                aria-controls="pages"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon shape=Shape::Menu />
            </button>
            <nav id="pages" aria-label="Main">
                <div class="nav-links">
                    {move || offered.get().into_iter().map(link).collect_view()}
                    // Not a page of this app: the browser goes there itself.
                    <a href="/docs" rel="external">
                        <Icon shape=Shape::Code />
                        "API"
                    </a>
                </div>
            </nav>
            <AccountBox />
            <div class="sidebar-foot">
                <ConnectionPill />
                <ThemeSwitch />
            </div>
        </header>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_page_and_to_what_lies_below_it() {
        assert!(leads_to("/", "/"));
        assert!(leads_to("/agents", "/agents"));
        assert!(leads_to("/agents", "/agents/ada"));
        assert!(!leads_to("/", "/agents"));
        assert!(!leads_to("/agents", "/"));
        assert!(!leads_to("/agents", "/agents-of-old"));
    }
}
