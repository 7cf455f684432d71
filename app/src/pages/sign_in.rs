//! `/sign-in`: who one is.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{entrance::Entrance, sign_in_form::SignInForm, title::Title},
    parts::lazy_page,
    session::use_session,
};

lazy_page! {
    /// The page.
    SIGN_IN in account: sign_in_page
}

fn sign_in_page() -> AnyView {
    let session = use_session();
    let query = use_query_map();
    let next = untrack(|| query.with(|query| destination(query.get_str("next"))));
    let content = untrack(|| {
        if let Some(me) = session.caller() {
            already(me.name.unwrap_or_else(|| me.id.to_string()), next, session.is_local())
        } else if session.waits_for_the_first() {
            set_up()
        } else {
            let go_on = move |_| session.go(&next);
            view! { <SignInForm name="sign-in" on_signed_in=go_on /> }.into_any()
        }
    });
    view! {
        <Title text="Sign in" />
        <Entrance title="Sign in">{content}</Entrance>
    }
    .into_any()
}

/// There is nobody yet who could sign in.
fn set_up() -> AnyView {
    view! {
        <p>
            "This hub is new: nobody can sign in yet. Open the set-up link that the server wrote when it started; it makes you the first administrator."
        </p>
        <p class="quiet">"The link works for 30 minutes. A new one is written at each start."</p>
    }
    .into_any()
}

fn already(name: String, next: String, is_local: bool) -> AnyView {
    let words = if is_local {
        "Nobody has to sign in: in local mode, whoever is on this machine is an administrator."
            .to_owned()
    } else {
        format!("You are signed in as {name}.")
    };
    view! {
        <p>{words}</p>
        <a class="button primary wide" href=next>
            "Continue"
        </a>
    }
    .into_any()
}

/// Where to go after signing in: a path of this site, whatever the address asks for.
fn destination(next: Option<&str>) -> String {
    let is_path = |next: &&str| {
        // Browsers read a backslash as a slash, and leave out what cannot be seen.
        let mut rest = next.strip_prefix('/').into_iter().flat_map(str::chars);
        let is_odd = |one: char| one == '\\' || one.is_control();
        next.starts_with('/') && rest.next() != Some('/') && !next.contains(is_odd)
    };
    next.filter(is_path).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for path in ["/", "/chats/plan?q=a#end", "/a//b", "/?next=https://example.org"] {
            assert_eq!(destination(Some(path)), path);
        }
        let elsewhere = [
            "https://example.org",
            "//example.org",
            "/\\example.org",
            "/\t/example.org",
            "\t//example.org",
            "javascript:alert(1)",
            "chats",
            "",
        ];
        for path in elsewhere {
            assert_eq!(destination(Some(path)), "/", "{path:?}");
        }
        assert_eq!(destination(None), "/");
    }
}
