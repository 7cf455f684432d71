//! `colloquy backup` and `colloquy restore`.

use std::path::{self, Path, PathBuf};

use anyhow::{Context, bail};
use axum::http::Method;
use colloquy_protocol::{model::NotificationType, request::NewNotification};
use colloquy_server::{
    backup::{Backup, Restored, back_up, restore as bring_back},
    data_dir::{DataDir, DataDirError},
    settings::Settings,
};
use serde_json::{Value, json};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
};

use super::{ask::tell, output::print};

/// Makes a backup, and tells everybody who is connected that it is complete.
///
/// # Errors
/// When it cannot be made. That nobody could be told is only logged: the backup is there.
pub(crate) async fn back_up_to(file: PathBuf, settings: Settings) -> anyhow::Result<()> {
    let Backup { offset, bytes } = back_up(&settings.data_dir, &file).await?;
    print(format_args!("{}: {bytes} bytes, the log up to {offset}", file.display()))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let completed = NewNotification {
        notification_type: NotificationType::Info,
        message: "Backup completed".to_owned(),
        details: json!({ "backupId": name, "offset": offset, "bytes": bytes }),
    };
    let told = tell::<Value>(&settings, Method::POST, "/notifications", &completed).await;
    if let Err(error) = told {
        tracing::warn!(
            error = format!("{error:#}"),
            "Nobody was told that the backup is complete."
        );
    }
    Ok(())
}

/// Brings a backup back, and says where to, and where the replaced database is kept.
///
/// # Errors
/// When a server runs, or the backup cannot be used.
pub(crate) async fn restore(file: &Path, settings: Settings) -> anyhow::Result<()> {
    let data_dir = match DataDir::lock(&settings.data_dir) {
        held @ Err(DataDirError::Held { .. }) => {
            held.context("a backup is restored while no server runs")?
        }
        locked => locked?,
    };
    let Restored { offset, replaced } = bring_back(&data_dir, file).await?;
    let folder = path::absolute(data_dir.path())?;
    print(format_args!(
        "{} is restored into {}, the log up to {offset}",
        file.display(),
        folder.display()
    ))?;
    if let Some(replaced) = replaced {
        print(format_args!("What was there before is kept as {}", replaced.display()))?;
    }
    Ok(())
}

/// Does either, unless a signal stops it: then what was begun is taken away.
///
/// # Errors
/// When a signal does, or those of the work.
pub(crate) async fn unless_stopped(
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    select! {
        done = work => return done,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    bail!("stopped before it was done")
}
