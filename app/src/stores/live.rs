//! A value that was loaded and that events keep up to date.
//!
//! What a page shows begins with what was rendered, or read when the page was opened; from the
//! position of that data on, events change it in place. When an event's effect cannot be told
//! from the event alone, or when events were missed, it is loaded afresh, and what arrived
//! meanwhile is applied on top. While nobody looks at the page, that waits until somebody does.

use std::{future::Future, pin::Pin, rc::Rc, sync::Arc, time::Duration};

use colloquy_protocol::{frame::EventFrame, position::Offset, session::Notice, topic::Topic};
use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{ApiError, Seen},
    components::time::{is_visible, when_visible},
    live::use_websocket,
    readers::{forget_readers, renew},
};

/// The pause after a load: however fast events come, the server is not asked more often.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest pause after a load. While one follows the other it doubles up to here: pages that load several
/// things afresh stay far from what the server lets one person ask for in a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause before a load that failed is tried again; the first is twice [`PAUSE`].
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// How long to wait before what failed so many times in a row is tried again.
pub(crate) fn pause_after(failures: u32) -> Duration {
    PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_BACK_OFF)
}

/// What an event does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    None,
    /// The value was changed and is right again.
    Changed,
    /// Only the server knows what the value is now: it has to be loaded afresh.
    Stale,
}

type Loading<T> = Pin<Box<dyn Future<Output = Result<Seen<T>, ApiError>> + Send>>;
type Load<T> = Arc<dyn Fn() -> Loading<T> + Send + Sync>;

/// Does to a value what an event says.
type Follow<T> = Arc<dyn Fn(&mut T, &EventFrame) -> Outcome + Send + Sync>;

/// A value that follows events. See the module.
#[derive(Debug)]
pub struct Live<T: Send + Sync + 'static> {
    value: RwSignal<T>,
    error: RwSignal<Option<ApiError>>,
    progress: StoredValue<Progress>,
    source: StoredValue<Source<T>>,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

struct Source<T> {
    load: Load<T>,
    follow: Follow<T>,
}

struct Progress {
    /// Events at or before it are in the value.
    offset: Offset,
    /// The last event in the log that changed the value since.
    changed: Offset,
    stage: Stage,
    /// How many loads were begun.
    loads: u32,
    /// How many of the last ones failed.
    failures: u32,
}

enum Stage {
    UpToDate,
    /// It is to be loaded afresh once somebody looks at the page.
    Due,
    /// It is being loaded afresh; `again`: and once more after that.
    Loading {
        meanwhile: Vec<Arc<EventFrame>>,
        again: bool,
    },
}

impl Progress {
    /// Begins to load afresh, if somebody looks at the page.
    fn begin(&mut self) -> bool {
        let begins = is_visible();
        self.stage = match begins {
            true => Stage::Loading { meanwhile: Vec::new(), again: false },
            false => Stage::Due,
        };
        begins
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Follows those topics from the position of what was loaded, until the component goes.
    ///
    /// `follow` does to the value what an event says (events of other topics come too); `load`
    /// reads the value afresh.
    pub fn new<F>(
        loaded: Seen<T>,
        topics: impl IntoIterator<Item = Topic>,
        load: impl Fn() -> F + Send + Sync + 'static,
        follow: impl Fn(&mut T, &EventFrame) -> Outcome + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Seen<T>, ApiError>> + Send + 'static,
    {
        let Seen { value, position } = loaded;
        let topics: Vec<_> = topics.into_iter().collect();
        let live = Self {
            value: RwSignal::new(value),
            error: RwSignal::new(None),
            progress: StoredValue::new(Progress {
                offset: position.offset,
                changed: position.offset,
                stage: Stage::UpToDate,
                loads: 0,
                failures: 0,
            }),
            source: StoredValue::new(Source {
                load: Arc::new(move || Box::pin(load())),
                follow: Arc::new(follow),
            }),
        };

        // Listening comes first: what arrives from here on is followed, what came before is kept.
        let socket = use_websocket();
        let own = topics.clone();
        socket.on_notice(move |notice| match notice {
            Notice::Event(frame) => live.arrived(frame),
            Notice::Reload { topic, .. } if topic.as_ref().is_none_or(|one| own.contains(one)) => {
                live.reload();
            }
            _ => {}
        });
        match socket.since(&position) {
            Some(events) => events.iter().for_each(|frame| live.arrived(frame)),
            None => live.reload(),
        }
        for topic in topics {
            socket.follow(topic, Some(position.clone()));
        }
        when_visible(Rc::new(move || live.reload_if_due()));
        live
    }

    /// The value as it is now.
    pub fn value(self) -> Signal<T> {
        self.value.into()
    }

    /// Has the value read anew now and then: it changes seldom, and many rows that come and go read it.
    pub fn renewed(self) -> Self {
        renew(self.value);
        self
    }

    /// Why it could not be loaded afresh, as long as that is so.
    pub fn error(self) -> Signal<Option<ApiError>> {
        self.error.into()
    }

    /// Changes the value by what a request of this page was answered. The event that says the same is on
    /// its way, or is there already, and later ones with it.
    pub fn set(self, change: impl FnOnce(&mut T)) {
        self.value.update(change);
        forget_readers(self.value);
    }

    /// Loads the value afresh, soon, or once somebody looks at the page, and however often this is called
    /// in between, once.
    pub fn reload(self) {
        let begin = self.progress.try_update_value(|progress| match &mut progress.stage {
            Stage::Loading { again, .. } => {
                *again = true;
                false
            }
            Stage::UpToDate | Stage::Due => progress.begin(),
        });
        if begin == Some(true) {
            spawn_local(self.load());
        }
    }

    /// Loads the value afresh as [`reload`](Self::reload) does, unless it failed and is tried again anyway.
    pub fn poll(self) {
        if self.progress.try_with_value(|progress| progress.failures) == Some(0) {
            self.reload();
        }
    }

    fn reload_if_due(self) {
        let is_due = |progress: &Progress| matches!(progress.stage, Stage::Due);
        if self.progress.try_with_value(is_due) == Some(true) {
            self.reload();
        }
    }

    async fn load(self) {
        let mut pause = PAUSE;
        loop {
            let Some(load) = self.source.try_with_value(|source| source.load.clone()) else {
                return;
            };
            self.progress.try_update_value(|progress| progress.loads += 1);
            match load().await {
                Ok(loaded) => {
                    self.tell(None);
                    self.progress.try_update_value(|progress| progress.failures = 0);
                    self.replace(loaded);
                }
                Err(error) => {
                    if error.may_pass() {
                        self.retry_later();
                    }
                    self.tell(Some(error));
                }
            }
            sleep(pause).await;
            if !self.finish() {
                return;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Says why it could not be loaded; what is said already is not said again.
    fn tell(self, error: Option<ApiError>) {
        self.error.try_maybe_update(|told| {
            let is_new = *told != error;
            *told = error;
            (is_new, ())
        });
    }

    /// Tries once more after a while, unless somebody does before.
    fn retry_later(self) {
        let failed = self.progress.try_update_value(|progress| {
            progress.failures += 1;
            (progress.loads, progress.failures)
        });
        let Some((loads, failures)) = failed else { return };
        spawn_local(async move {
            sleep(pause_after(failures)).await;
            if self.progress.try_with_value(|progress| progress.loads) == Some(loads) {
                self.reload();
            }
        });
    }

    /// Applies on top of the answer what it does not show yet.
    fn replace(self, loaded: Seen<T>) {
        let Seen { mut value, position } = loaded;
        let later = self.progress.try_update_value(|progress| {
            let later = match &mut progress.stage {
                Stage::Loading { meanwhile, .. } => std::mem::take(meanwhile),
                Stage::UpToDate | Stage::Due => Vec::new(),
            };
            progress.offset = position.offset;
            // It may be another history's, whose offsets are lower.
            let last = later.iter().map(|frame| frame.offset).max();
            progress.changed = last.map_or(position.offset, |last| last.max(position.offset));
            later
        });
        let follow = self.source.try_with_value(|source| source.follow.clone());
        let (Some(later), Some(follow)) = (later, follow) else { return };
        for frame in later.iter().filter(|frame| frame.offset > position.offset) {
            if follow(&mut value, frame) == Outcome::Stale {
                self.reload();
            }
        }
        self.value.try_set(value);
        forget_readers(self.value);
    }

    /// Ends a load; whether another one begins.
    fn finish(self) -> bool {
        let begins = self.progress.try_update_value(|progress| match progress.stage {
            Stage::Loading { again: true, .. } => progress.begin(),
            _ => {
                progress.stage = Stage::UpToDate;
                false
            }
        });
        begins == Some(true)
    }

    fn arrived(self, frame: &Arc<EventFrame>) {
        let is_new = self.progress.try_update_value(|progress| {
            if let Stage::Loading { meanwhile, .. } = &mut progress.stage {
                meanwhile.push(frame.clone());
            }
            frame.offset > progress.offset
        });
        let Some(follow) = self.source.try_with_value(|source| source.follow.clone()) else {
            return;
        };
        if is_new != Some(true) {
            return;
        }
        let mut outcome = Outcome::None;
        self.value.try_maybe_update(|value| {
            outcome = follow(value, frame);
            (outcome == Outcome::Changed, ())
        });
        if outcome == Outcome::Changed {
            forget_readers(self.value);
        }
        let is_late = outcome == Outcome::Changed && self.is_late(frame.offset);
        if outcome == Outcome::Stale || is_late {
            self.reload();
        }
    }

    /// Whether an event that changed the value comes after a later one that did: when a topic catches up,
    /// its events come after live ones of others.
    fn is_late(self, offset: Offset) -> bool {
        let is_late = self.progress.try_update_value(|progress| {
            let is_late = offset < progress.changed;
            progress.changed = progress.changed.max(offset);
            is_late
        });
        is_late == Some(true)
    }
}
