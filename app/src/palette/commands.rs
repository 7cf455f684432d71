//! What the palette can do.

use colloquy_protocol::{access::Action, topic::Kind};

use crate::{
    api::{choices::Choice, entity::path_of},
    components::{icon::Shape, sidebar::offered},
};

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What people know it by.
    pub(super) name: String,
    /// What kind of thing it is.
    pub(super) kind: &'static str,
    pub(super) shape: Shape,
    pub(super) act: Act,
}

/// What choosing a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Goes to that address.
    Go(String),
    /// Opens the dialog that tells everybody something.
    Notify,
    /// Goes to the next choice of colours.
    SwitchColours,
    Connect,
    Disconnect,
}

/// The pages and commands whose name has every word of that text, without those that one may not
/// use.
pub(super) fn matching(
    text: &str,
    is_closed: bool,
    may: impl Fn(Action) -> bool + Copy,
) -> Vec<Item> {
    let text = text.to_lowercase();
    let fits = |item: &Item| {
        let name = item.name.to_lowercase();
        text.split_whitespace().all(|word| name.contains(word))
    };
    pages(may).chain(commands(is_closed, may)).filter(fits).collect()
}

/// The line of an agent, a chat or a collection.
pub(super) fn entity(choice: &Choice) -> Item {
    let (kind, shape) = match choice.topic.kind() {
        Kind::Agent => ("Agent", Shape::Agent),
        Kind::Chat => ("Chat", Shape::Chat),
        Kind::Collection => ("Collection", Shape::Collection),
    };
    Item { name: choice.name.clone(), kind, shape, act: Act::Go(path_of(&choice.topic)) }
}

fn pages(may: impl Fn(Action) -> bool) -> impl Iterator<Item = Item> {
    offered(may).into_iter().map(|(href, name, shape)| Item {
        name: name.to_owned(),
        kind: "Page",
        shape,
        act: Act::Go(href.to_owned()),
    })
}

fn commands(is_closed: bool, may: impl Fn(Action) -> bool) -> impl Iterator<Item = Item> {
    let go = |address: &str| Act::Go(address.to_owned());
    let connection = match is_closed {
        true => (None, "Connect to the hub", Shape::Connection, Act::Connect),
        false => (None, "Disconnect from the hub", Shape::Connection, Act::Disconnect),
    };
    let create = |action, name, address| (Some(action), name, Shape::Plus, go(address));
    let commands = [
        create(Action::CreateAgents, "Create an agent", "/agents?new=1"),
        create(Action::ChangeChats, "Open a new chat", "/chats?new=1"),
        create(Action::ChangeCollections, "Create a collection", "/collections?new=1"),
        create(Action::ManagePeople, "Invite somebody", "/people?new=1"),
        create(Action::ManageOwnAccount, "Make a token", "/tokens?new=1"),
        (Some(Action::Notify), "Notify everybody", Shape::Bell, Act::Notify),
        (None, "Switch colours", Shape::Theme, Act::SwitchColours),
        connection,
    ];
    let allowed = commands.into_iter().filter(move |(action, ..)| action.is_none_or(&may));
    allowed.map(|(_, name, shape, act)| Item { name: name.to_owned(), kind: "Command", shape, act })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        matching(text, false, |_| true).into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn every_word_is_in_the_name() {
        assert_eq!(names("CREATE agent"), ["Create an agent"]);
        assert_eq!(names("events"), ["Events"]);
        assert!(names("agent nowhere").is_empty());
    }

    #[test]
    fn without_a_text_everything_fits() {
        assert_eq!(names("").len(), offered(|_| true).len() + 8);
    }

    #[test]
    fn what_one_may_not_do_is_not_offered() {
        let reader = |action| matches!(action, Action::Read | Action::ManageOwnAccount);
        let names = |text: &str| -> Vec<String> {
            matching(text, false, reader).into_iter().map(|item| item.name).collect()
        };
        assert_eq!(names("create"), [""; 0]);
        assert_eq!(names("people"), [""; 0]);
        assert_eq!(names("notify"), [""; 0]);
        assert_eq!(names("token"), ["Tokens", "Make a token"]);
    }

    #[test]
    fn what_can_be_done_about_the_connection_depends_on_it() {
        let acts = |is_closed| -> Vec<Act> {
            matching("connect hub", is_closed, |_| true).into_iter().map(|item| item.act).collect()
        };
        assert_eq!(acts(true), [Act::Connect]);
        assert_eq!(acts(false), [Act::Disconnect]);
    }
}
