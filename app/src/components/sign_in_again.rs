//! Asks to sign in again over a page whose session has ended. The page stays as it is.

use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::{
    components::{dialog::Dialog, sign_in_form::SignInForm},
    parts::lazy_function,
    session::use_session,
};

/// The dialog; its form is loaded when it is first needed.
#[component]
pub fn SignInAgain() -> impl IntoView {
    let session = use_session();
    view! {
        <Dialog id="sign-in-again" open=session.asks() title="Sign in again">
            // Nothing in a browser moves between threads, so the wrapper is only for the types.
            {Suspend::new(SendWrapper::new(load_form()))}
        </Dialog>
    }
    .into_any()
}

lazy_function! {
    account, fn load_form() -> AnyView { view! { <Form /> }.into_any() }
}

#[component]
fn Form() -> impl IntoView {
    let session = use_session();
    let me = untrack(|| session.caller());
    let email = me.and_then(|me| me.email).unwrap_or_default();
    let why = if untrack(|| session.is_local()) {
        "Colloquy has its first person now, so whoever uses it signs in."
    } else {
        "Your session has ended. What you typed is still here, and you go on where you were."
    };
    view! {
        <p>{why}</p>
        <SignInForm name="again" email on_signed_in=move |now| session.signed_in(now) />
    }
    .into_any()
}
