//! What all requests share, and how it is put together.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    http::site,
    hub::{AlreadyRegistered, EventHandlerRegistry, Hub, Shop, default_handlers},
    metrics,
    service::{Retention, Services},
    settings::Settings,
    store::{self, Database, Writer, events},
};

/// The database's file in the data folder.
const DATABASE: &str = "colloquy.db";

/// How often old events are forgotten.
const FORGETTING_INTERVAL: Duration = Duration::from_secs(60);

/// What all requests share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// What was set.
    pub settings: Arc<Settings>,
    /// What can be asked of the data.
    pub services: Services,
    /// Who is connected.
    pub hub: Hub,
    /// How pages find their scripts and styles.
    pub leptos_options: LeptosOptions,
    database: Database,
    handlers: Arc<EventHandlerRegistry>,
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
    /// Opens the database in the data folder, which the caller has locked, and starts what runs
    /// beside the requests: the writing task, and forgetting what is too old.
    ///
    /// # Errors
    /// When the database can not be opened.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        metrics::recorder();
        let database = Database::open(&settings.data_dir.join(DATABASE)).await?;
        let mut snapshot = database.snapshot().await.map_err(store::OpenError::from)?;
        let start = events::start(snapshot.connection()).await.map_err(store::OpenError::from)?;
        let hub = Hub::new(database.epoch().clone(), start, snapshot.head(), &settings);
        drop(snapshot);
        let publish = {
            let hub = hub.clone();
            move |events| hub.publish(events)
        };
        let writer = Writer::start(&database, publish).await.map_err(store::OpenError::from)?;
        let services = Services::new(database.clone(), writer);
        let keep = Retention {
            age_millis: i64::try_from(settings.retention.as_millis()).unwrap_or(i64::MAX),
            events: settings.retention_events,
        };
        tokio::spawn(forget_old_events(services.clone(), hub.clone(), keep));
        Ok(Self {
            settings: Arc::new(settings),
            services,
            hub,
            leptos_options: site::options(),
            database,
            handlers: Arc::new(default_handlers()?),
        })
    }

    /// What every WebSocket connection works with.
    pub(crate) fn shop(&self) -> Shop {
        Shop {
            hub: self.hub.clone(),
            database: self.database.clone(),
            services: self.services.clone(),
            handlers: self.handlers.clone(),
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

async fn forget_old_events(services: Services, hub: Hub, keep: Retention) {
    let mut times = interval(FORGETTING_INTERVAL);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        match services.forget_old(&hub, keep).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "Old events were forgotten."),
            Err(error) => tracing::error!(%error, "Old events could not be forgotten."),
        }
    }
}
