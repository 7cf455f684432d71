//! Two people changed the same thing.

use leptos::{html, prelude::*};

/// A field in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// What the field is.
    pub label: &'static str,
    /// What stands in the form.
    pub mine: String,
    /// What was saved meanwhile.
    pub theirs: String,
}

/// Shows both versions, field by field, and asks which one holds.
#[component]
pub fn Conflict(
    /// What it is about, as it stands in a sentence: `agent`.
    noun: &'static str,
    /// The fields that both changed.
    sides: Vec<Sides>,
    /// Drops what was typed.
    #[prop(into)]
    on_theirs: Callback<()>,
    /// Goes back to the form, which keeps what was typed.
    #[prop(into)]
    on_edit: Callback<()>,
    /// Saves what was typed in the place of what was saved meanwhile.
    #[prop(into)]
    on_mine: Callback<()>,
) -> impl IntoView {
    let section = NodeRef::<html::Section>::new();
    Effect::new(move || {
        if let Some(section) = section.get() {
            section.focus().ok();
        }
    });
    let fields = sides.into_iter().map(|sides| view! { <Both sides /> }).collect_view();
    view! {
        <section
            class="card conflict"
            aria-labelledby="conflict-title"
            tabindex="-1"
            node_ref=section
        >
            <h2 id="conflict-title">"Somebody else saved first"</h2>
            <p>
                {format!(
                    "This {noun} was changed while you typed. Nothing is lost: here is what you both changed.",
                )}
            </p>
            {fields}
            <div class="actions">
                <button type="button" class="button" on:click=move |_| on_edit.run(())>
                    "Keep editing mine"
                </button>
                <button type="button" class="button" on:click=move |_| on_theirs.run(())>
                    "Use theirs"
                </button>
                <button type="button" class="button danger" on:click=move |_| on_mine.run(())>
                    "Overwrite with mine"
                </button>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Both(sides: Sides) -> impl IntoView {
    let Sides { label, mine, theirs } = sides;
    let (before, after) = common(&mine, &theirs);
    let marked = |text: &str| {
        let (begin, rest) = text.split_at(before);
        let (middle, end) = rest.split_at(rest.len() - after);
        let (begin, middle, end) = (begin.to_owned(), middle.to_owned(), end.to_owned());
        view! {
            <pre>
                {begin}
                <mark>{middle}</mark>
                {end}
            </pre>
        }
    };
    view! {
        <div class="sides" role="group" aria-label=label>
            <h3>{label}</h3>
            <div data-side="mine">
                <h4>"Yours"</h4>
                {marked(&mine)}
            </div>
            <div data-side="theirs">
                <h4>"Theirs"</h4>
                {marked(&theirs)}
            </div>
        </div>
    }
    .into_any()
}

/// How many bytes both texts have in common at the beginning, and at the end of the rest.
fn common(one: &str, other: &str) -> (usize, usize) {
    let same = |(one, other): &(char, char)| one == other;
    let width = |(one, _): (char, char)| one.len_utf8();
    let before = one.chars().zip(other.chars()).take_while(same).map(width).sum();
    let (one, other) = (one.split_at(before).1, other.split_at(before).1);
    let after = one.chars().rev().zip(other.chars().rev()).take_while(same).map(width).sum();
    (before, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_between_what_is_common() {
        assert_eq!(common("Ada", "Ada"), (3, 0));
        assert_eq!(common("blue ü team", "blue ö team"), (5, 5));
        assert_eq!(common("aa", "aaa"), (2, 0));
        assert_eq!(common("", "x"), (0, 0));
        assert_eq!(common("é", "è"), (0, 0));
    }
}
