//! Small drawings, all 16 units square.

use leptos::prelude::*;

/// What there is a drawing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Tiles: the overview.
    Overview,
    /// A heartbeat: the live page.
    Live,
    /// A head with an antenna.
    Agent,
    /// A head and shoulders.
    Person,
    /// A bubble.
    Chat,
    /// A stack.
    Collection,
    /// Lines: the log.
    Log,
    /// Two linked ends.
    Connection,
    /// Braces.
    Code,
    /// A magnifying glass.
    Search,
    /// Three lines.
    Menu,
    /// A cross.
    Close,
    /// A bell.
    Bell,
    /// A tick in a circle.
    Success,
    /// An i in a circle.
    Info,
    /// An exclamation mark in a triangle.
    Warning,
    /// A cross in an octagon.
    Error,
    /// A plus.
    Plus,
    /// A padlock.
    Lock,
    /// A key.
    Key,
    /// A circle, half of it filled.
    Theme,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Self::Overview => {
                "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5h-4.5zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5h-4.5z"
            }
            Self::Live => "M1.5 8h3l2-5 3 10 2-5h3",
            Self::Agent => {
                "M3 6.5a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM8 4.5v-3M6 8.5v1M10 8.5v1"
            }
            Self::Person => "M8 8.5a3 3 0 1 1 0-6 3 3 0 0 1 0 6zM2.5 14a5.5 5.5 0 0 1 11 0",
            Self::Chat => {
                "M2.5 4.5a2 2 0 0 1 2-2h7a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2H7l-3.5 3v-3a1 1 0 0 1-1-1z"
            }
            Self::Collection => "m8 2 6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3",
            Self::Log => "M2.5 4h11M2.5 8h11M2.5 12h7",
            Self::Connection => {
                "M6.5 9.5 9.5 6.5M7 4.5l1.6-1.6a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5l-1.6 1.6a3 3 0 0 1-4.5-4.5L4.5 7"
            }
            Self::Code => {
                "M6 2.5c-2 0-2 1-2 2.5s0 3-2 3c2 0 2 1.5 2 3s0 2.5 2 2.5M10 2.5c2 0 2 1 2 2.5s0 3 2 3c-2 0-2 1.5-2 3s0 2.5-2 2.5"
            }
            Self::Search => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3 3",
            Self::Menu => "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
            Self::Close => "m4 4 8 8m0-8-8 8",
            Self::Bell => "M4 11V7a4 4 0 0 1 8 0v4l1 1H3zM6.5 14h3",
            Self::Success => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.5 8.2l1.8 1.8 3.2-3.8",
            Self::Info => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.5v3.5M8 5v.1",
            Self::Warning => "M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.7v.1",
            Self::Error => "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM6 6l4 4m0-4-4 4",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Lock => "M4 7.5h8v6h-8zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2",
            Self::Key => {
                "M5.5 13.5a3 3 0 1 1 0-6 3 3 0 0 1 0 6zM7.7 8.3l5.8-5.8M11 5l2 2M9 7l1.5 1.5"
            }
            Self::Theme => "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
        }
    }
}

/// A drawing that goes with words: it says nothing by itself.
#[component]
pub fn Icon(
    /// What to draw.
    shape: Shape,
) -> impl IntoView {
    view! {
        <svg class="icon-shape" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape.path() />
        </svg>
    }
}
