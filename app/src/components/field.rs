//! Fields of forms: what stands in them, and what is wrong with it.

use colloquy_protocol::problem::{FieldError, Problem};
use leptos::prelude::*;

use crate::api::{ApiError, sentence};

/// A text of one line or more, with its label.
#[component]
pub fn TextField(
    /// The field's id, which nothing else of the page has.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// What was typed.
    text: RwSignal<String>,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
    /// What is good to know before typing.
    #[prop(optional)]
    hint: &'static str,
    /// How many lines it shows.
    #[prop(default = 1)]
    rows: u32,
    /// What browsers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The kind of text, as browsers name it.
    #[prop(default = "text")]
    kind: &'static str,
) -> impl IntoView {
    let invalid = move || error.with(Option::is_some).to_string();
    let described = format!("{id}-error {id}-hint");
    let control = if rows == 1 {
        view! {
            <input
                id=id
                dir="auto"
                type=kind
                autocomplete=autocomplete
                aria-invalid=invalid
                aria-describedby=described
                prop:value=text
                on:input:target=move |event| text.set(event.target().value())
            />
        }
        .into_any()
    } else {
        view! {
            <textarea
                id=id
                dir="auto"
                rows=rows.to_string()
                aria-invalid=invalid
                aria-describedby=described
                prop:value=text
                on:input:target=move |event| text.set(event.target().value())
            ></textarea>
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {control}
            <FieldNotes id error hint />
        </div>
    }
    .into_any()
}

/// What is said below a field: what is wrong, and what is good to know. The field refers to them
/// as `ID-error` and `ID-hint`.
#[component]
pub fn FieldNotes(
    /// The field's id.
    id: &'static str,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
    /// What is good to know before typing.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    view! {
        <p class="error" id=format!("{id}-error") role="alert">
            {error}
        </p>
        {(!hint.is_empty())
            .then(|| {
                view! {
                    <p class="quiet" id=format!("{id}-hint")>
                        {hint}
                    </p>
                }
            })}
    }
    .into_any()
}

/// What the server says is wrong with a field, or with one of the items of a list.
pub fn problem_of(error: Signal<Option<ApiError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || {
        let Some(ApiError::Refused(problem)) = error.get() else { return None };
        problem.errors.iter().find_map(|error| {
            let rest = error.field.strip_prefix(field)?;
            let words = match item(rest) {
                _ if rest.is_empty() => error.message.clone(),
                Some((index, "")) => format!("number {} {}", index + 1, error.message),
                _ => return None,
            };
            Some(sentence(&words))
        })
    })
}

/// Which item of a list is meant, and what of it, by what follows the list's name in a field's path:
/// `[2].kind`.
pub fn item(rest: &str) -> Option<(usize, &str)> {
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}

/// Why a form was not saved; where its fields say that, it refers to them.
pub fn problem_of_form(error: Signal<Option<ApiError>>) -> Signal<Option<String>> {
    Signal::derive(move || error.with(|error| error.as_ref().map(said_of_form)))
}

/// What a form says of a refusal: what is wrong with the body as a whole, or with a header, is said at
/// none of its fields.
fn said_of_form(error: &ApiError) -> String {
    let is_of_field = |error: &FieldError| {
        error.field != "body" && !error.field.starts_with(|first: char| first.is_ascii_uppercase())
    };
    match error {
        ApiError::Refused(Problem { errors, .. })
            if !errors.is_empty() && errors.iter().all(is_of_field) =>
        {
            "It was not saved: see what is said at the fields.".to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(errors: &[(&str, &str)]) -> String {
        let error = |(field, message): &(&str, &str)| FieldError::new(*field, *message);
        let errors = errors.iter().map(error).collect();
        said_of_form(&ApiError::Refused(Problem { errors, ..Problem::new(422, "", "") }))
    }

    #[test]
    fn a_form_says_what_no_field_says() {
        let at_fields = "It was not saved: see what is said at the fields.";
        assert_eq!(said(&[("name", "must not be blank")]), at_fields);
        assert_eq!(said(&[("body", "has more than 9 bytes")]), "Body has more than 9 bytes.");
        assert_eq!(said(&[("Origin", "that is another page")]), "Origin: that is another page.");
    }
}
