//! A live connection: [`colloquy_protocol::session`] driven over a real socket.
//!
//! A task of its own owns the socket. It takes commands from [`Live`] and tells what happens
//! through [`Notices`]; it ends when the [`Notices`] are dropped.
//!
//! Both ways are bounded. While nobody takes notices, the task stops reading the socket, so
//! memory does not grow, and after some more commands it stops obeying, too: take notices in another
//! task than the one that gives commands. A hub that cannot wait closes the connection as slow; once
//! there is room again the session comes back and resumes, and nothing is missed.

mod driver;
mod socket;

use std::hash::{BuildHasher, Hasher, RandomState};

use colloquy_protocol::{
    event::Acknowledgement,
    id::MessageId,
    position::Position,
    session::{Notice, Session},
    topic::Topic,
};
use tokio::sync::mpsc;

use self::driver::Driver;
use crate::client::SocketAddress;

/// How many notices wait for the user before the task stops reading the socket.
pub const NOTICES: usize = 256;

/// How many commands wait for the task before [`Live`]'s methods wait.
pub const COMMANDS: usize = 64;

/// Steers a live connection. Cheap to clone. After the [`Notices`] are dropped it does nothing.
#[derive(Debug, Clone)]
pub struct Live {
    commands: mpsc::Sender<Command>,
}

/// What a live connection tells.
#[derive(Debug)]
pub struct Notices {
    notices: mpsc::Receiver<Told>,
    position: Option<Position>,
}

impl Live {
    /// Wants the events of a topic: after `since`, the position of the state that was loaded
    /// ([`crate::Seen`]), or without it from now on. Counted; see [`Session::subscribe`].
    pub async fn subscribe(&self, topic: Topic, since: Option<Position>) {
        self.tell(Command::Subscribe(topic, since)).await;
    }

    /// Takes one [`Live::subscribe`] back.
    pub async fn unsubscribe(&self, topic: Topic) {
        self.tell(Command::Unsubscribe(topic)).await;
    }

    /// Tells the hub that a message was received or read, over as many connections as it takes.
    ///
    /// Does not wait for the outcome, which comes as [`Notice::Acknowledged`]: whoever takes the
    /// notices and waited for one of them here would wait for ever.
    pub async fn acknowledge(&self, message: MessageId, what: Acknowledgement) {
        self.tell(Command::Acknowledge(message, what)).await;
    }

    /// Connects again after [`Live::disconnect`], or after the hub said not to come back.
    pub async fn connect(&self) {
        self.tell(Command::Connect).await;
    }

    /// Closes the connection and stays away. Subscriptions are kept: [`Live::connect`] resumes.
    pub async fn disconnect(&self) {
        self.tell(Command::Disconnect).await;
    }

    /// Replaces the connection by a new one, at once.
    pub async fn reconnect(&self) {
        self.tell(Command::Reconnect).await;
    }

    async fn tell(&self, command: Command) {
        // An error says that the task has ended, and with it whatever the command was about.
        let _ = self.commands.send(command).await;
    }
}

impl Notices {
    /// The next notice; waits for it. `None`: the task ended, which happens only with its runtime.
    ///
    /// May be cancelled without losing a notice.
    pub async fn recv(&mut self) -> Option<Notice> {
        loop {
            let told = self.notices.recv().await?;
            self.position = told.position;
            if let Some(notice) = told.notice {
                return Some(notice);
            }
        }
    }

    /// How far the log was read. It moves in [`Notices::recv`]: with each notice, and with each
    /// heartbeat while there is none. Keep it, once the last notice is dealt with, to go on from there
    /// in another run ([`crate::Client::live_from`]).
    ///
    /// It says nothing of a topic that is still catching up from a `since` of its own
    /// ([`Live::subscribe`]): a program that ends meanwhile loads the state of that topic afresh.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }
}

/// A notice, or none when nothing but the session's cursor moved; and where the cursor was then.
#[derive(Debug)]
struct Told {
    notice: Option<Notice>,
    position: Option<Position>,
}

#[derive(Debug)]
enum Command {
    Subscribe(Topic, Option<Position>),
    Unsubscribe(Topic),
    Acknowledge(MessageId, Acknowledgement),
    Connect,
    Disconnect,
    Reconnect,
}

pub(crate) fn start(address: SocketAddress) -> (Live, Notices) {
    run(address, Session::new(seed()))
}

/// The topics are wanted before it connects: `client:ready` says from where, and only of what is
/// subscribed to by then.
pub(crate) fn resume(
    address: SocketAddress,
    position: Position,
    topics: impl IntoIterator<Item = Topic>,
) -> (Live, Notices) {
    let mut session = Session::resuming(seed(), position);
    for topic in topics {
        session.subscribe(topic, None);
    }
    run(address, session)
}

fn run(address: SocketAddress, session: Session) -> (Live, Notices) {
    let (commands, commanded) = mpsc::channel(COMMANDS);
    let (told, notices) = mpsc::channel(NOTICES);
    let position = session.cursor().cloned();
    tokio::spawn(Driver::new(session, address, commanded).run(told));
    (Live { commands }, Notices { notices, position })
}

fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
