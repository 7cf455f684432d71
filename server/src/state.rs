//! What all requests share, and how it is put together.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::extract::FromRef;
use colloquy_protocol::close::CloseCode;
use leptos::config::LeptosOptions;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    http::site,
    hub::{AlreadyRegistered, EventHandlerRegistry, Hub, Recent, Resources, default_handlers},
    limits::Limits,
    metrics,
    mode::Mode,
    service::{Retention, Services},
    settings::Settings,
    store::{self, Database, Writer, events, people},
};

/// How often what is too old is forgotten, and the history's mark renewed.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60);

/// How often new messages come into the index by which they are found fast.
const INDEXING_INTERVAL: Duration = Duration::from_secs(2);

/// What all requests share. Cheap to clone: each request does so many times.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

/// What is in an [`AppState`].
#[derive(Debug)]
pub struct Parts {
    /// What was set.
    pub settings: Arc<Settings>,
    /// What can be asked of the data.
    pub services: Services,
    /// Who is connected.
    pub hub: Hub,
    /// Whether anybody has an identity.
    pub mode: Mode,
    /// How much each may ask.
    pub limits: Limits,
    /// How pages find their scripts and styles.
    pub leptos_options: LeptosOptions,
    /// The tasks of WebSockets, and of what runs beside the requests.
    pub(crate) tasks: TaskTracker,
    /// What every WebSocket connection works with.
    pub(crate) resources: Arc<Resources>,
    stopping: CancellationToken,
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why the hub could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database could not.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// Two handlers for one client event.
    #[error(transparent)]
    Handlers(#[from] AlreadyRegistered),
}

impl AppState {
    /// Opens the database in the data folder, which the caller has locked, and starts the writing
    /// task.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        Self::open_with(settings, default_handlers()?).await
    }

    /// [`AppState::open`], with other answers to what clients say on their sockets.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open_with(
        settings: Settings,
        handlers: EventHandlerRegistry,
    ) -> Result<Self, OpenError> {
        metrics::recorder();
        let database = Database::open(&settings.data_dir.join(store::FILE)).await?;
        let mut snapshot = database.snapshot().await.map_err(store::OpenError::from)?;
        let start = events::start(snapshot.connection()).await.map_err(store::OpenError::from)?;
        let anybody = people::any(snapshot.connection()).await.map_err(store::OpenError::from)?;
        let head = snapshot.head();
        let last = events::last(snapshot.connection(), settings.recent_bytes).await;
        let last = last.map_err(store::OpenError::from)?;
        let recent = Recent::new(head, last, settings.recent_bytes);
        let hub = Hub::new(database.epoch().clone(), start, head, recent, &settings);
        drop(snapshot);
        let publish = {
            let hub = hub.clone();
            move |events| hub.publish(events)
        };
        let writer = Writer::start(&database, settings.write_group, publish).await;
        let writer = writer.map_err(store::OpenError::from)?;
        let mode = match settings.may_be_local() && !anybody {
            true => Mode::local(),
            false => Mode::required(),
        };
        let services =
            Services::new(database.clone(), writer, hub.clone(), mode.clone(), settings.url());
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let limits = Limits::new(&settings, mode.clone());
        let resources = Arc::new(Resources {
            hub: hub.clone(),
            database,
            services: services.clone(),
            handlers,
            limits: limits.clone(),
        });
        Ok(Self(Arc::new(Parts {
            settings: Arc::new(settings),
            services,
            hub,
            mode,
            limits,
            leptos_options: site::options(),
            tasks,
            resources,
            stopping,
        })))
    }

    /// Starts what runs beside the requests until the hub is closed: forgetting what is too old, and
    /// indexing messages. Only for a hub that is served: how long the log is kept is set where the
    /// server is started, and a command about the same data folder may be given other settings.
    pub(crate) fn start_housekeeping(&self) {
        let house = keep_house(self.clone());
        self.tasks.spawn(self.stopping.clone().run_until_cancelled_owned(house));
        let indexing = index_messages(self.services.clone());
        self.tasks.spawn(self.stopping.clone().run_until_cancelled_owned(indexing));
    }

    /// Forgets what is too old, empties a large write-ahead log, and renews the history's mark; what
    /// fails is logged. A hub that is served does so by itself at first, and then every minute.
    pub async fn keep_house(&self) {
        self.limits.keep_house();
        let keep = Retention {
            age_millis: i64::try_from(self.settings.retention.as_millis()).unwrap_or(i64::MAX),
            events: self.settings.retention_events,
        };
        match self.services.forget_old(&self.hub, keep).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "Old events were forgotten."),
            Err(error) => tracing::error!(%error, "Old events could not be forgotten."),
        }
        if let Err(error) = self.services.empty_write_ahead_log().await {
            tracing::error!(%error, "The write-ahead log could not be emptied.");
        }
        if let Err(error) = self.services.renew_mark().await {
            tracing::error!(%error, "The history's mark could not be renewed.");
        }
    }

    /// Closes every WebSocket, ends what runs beside the requests and closes the database, after
    /// which its file alone holds everything. Requests that come later are refused.
    pub async fn close(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.hub.close_all(CloseCode::GoingAway).await;
        self.tasks.wait().await;
        if let Err(error) = self.services.close().await {
            tracing::error!(%error, "The history's mark could not be renewed.");
        }
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}

impl FromRef<AppState> for Services {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}

impl FromRef<AppState> for Hub {
    fn from_ref(state: &AppState) -> Self {
        state.hub.clone()
    }
}

impl FromRef<AppState> for Limits {
    fn from_ref(state: &AppState) -> Self {
        state.limits.clone()
    }
}

async fn keep_house(state: AppState) {
    let mut times = interval(HOUSEKEEPING_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        state.keep_house().await;
    }
}

async fn index_messages(services: Services) {
    let mut times = interval(INDEXING_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        if let Err(error) = services.index_messages().await {
            tracing::warn!(%error, "Messages could not be indexed; they are found all the same.");
            // What fails, a full disk above all, is not over in two seconds.
            sleep(HOUSEKEEPING_INTERVAL).await;
        }
    }
}
