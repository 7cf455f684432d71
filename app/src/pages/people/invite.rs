//! The button that invites somebody.

use colloquy_protocol::{
    access::Role,
    account::{Invited, NewPerson},
};
use leptos::{ev::SubmitEvent, prelude::*};

use super::List;
use crate::{
    api::{ApiError, account},
    components::{
        address::open_by_address,
        dialog::Dialog,
        field::{TextField, problem_of, problem_of_form},
        form_actions::FormActions,
        icon::{Icon, Shape},
    },
    tab_storage::{forget_if, keep_typed},
};

/// Where the browser keeps what is typed.
const PLACE: &str = "draft:invitation";

/// Asks who it is, and shows the one-time link. What was typed stays when the dialog is closed or the
/// page is left, until the link is made.
#[component]
pub fn Invite(
    /// Everybody.
    list: List,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let role = RwSignal::new(Role::Member);
    let typed = move || {
        let text = |text: RwSignal<String>| text.with(|text| text.trim().to_owned());
        NewPerson { name: text(name), email: text(email), role: role.get() }
    };
    let show_typed = move |typed: NewPerson| {
        name.set(typed.name);
        email.set(typed.email);
        role.set(typed.role);
    };
    let worth_keeping = move || Some(typed()).filter(|new| *new != nobody());
    keep_typed(PLACE.to_owned(), worth_keeping, show_typed);
    open_by_address(open);
    let inviting = Action::new(move |new: &NewPerson| {
        let new = new.clone();
        async move {
            let invited: Invited = account::invite(&new).await?;
            // The page may have been left meanwhile, and what was typed since is of somebody else.
            forget_if(PLACE, |kept: &NewPerson| *kept == new);
            if !open.is_disposed() && untrack(typed) == new {
                open.set(false);
                show_typed(nobody());
            }
            list.show(invited);
            Ok::<_, ApiError>(())
        }
    });
    let error = Signal::derive(move || inviting.value().get()?.err());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        inviting.dispatch(untrack(typed));
    };
    let show = move |_| {
        inviting.clear();
        open.set(true);
    };
    view! {
        <button type="button" class="button primary with-icon" on:click=show>
            <Icon shape=Shape::Plus />
            "Invite somebody"
        </button>
        <Dialog id="invite-title" open title="Invite somebody">
            <form class="form" on:submit=submit novalidate>
                <TextField
                    id="invite-name"
                    label="Name"
                    text=name
                    error=problem_of(error, "name")
                />
                <TextField
                    id="invite-email"
                    label="E-mail address"
                    text=email
                    error=problem_of(error, "email")
                    hint="They sign in with it. Nothing is sent to it: you get a link to pass on."
                    kind="email"
                />
                <RoleField role error=problem_of(error, "role") />
                <FormActions
                    verb="Create link"
                    on_cancel=move |()| open.set(false)
                    pending=inviting.pending()
                    error=problem_of_form(error)
                />
            </form>
        </Dialog>
    }
    .into_any()
}

/// What stands in the form at first.
fn nobody() -> NewPerson {
    NewPerson { name: String::new(), email: String::new(), role: Role::Member }
}

/// The choice of a role, each with what it means.
#[component]
pub fn RoleField(
    /// The role.
    role: RwSignal<Role>,
    /// What is wrong with it.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let line = move |one: Role| {
        view! {
            <label class="scope">
                <input
                    type="radio"
                    name="role"
                    value=one.as_str()
                    prop:checked=move || role.get() == one
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    on:change=move |_| role.set(one)
                />
                <span>
                    <strong>{one.as_str()}</strong>
                    " "
                    <span class="quiet">{words(one)}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="scopes">
            <legend>"Role"</legend>
            {[Role::Member, Role::Viewer, Role::Admin].map(line)}
            <p class="error" role="alert">
                {error}
            </p>
        </fieldset>
    }
    .into_any()
}

fn words(role: Role) -> &'static str {
    match role {
        Role::Admin => "everything, people and the tokens of agents too",
        Role::Member => "talks, and changes agents, chats and collections",
        Role::Viewer => "looks on, and changes nothing",
    }
}
