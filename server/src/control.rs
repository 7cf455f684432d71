//! The control socket: the REST API for this machine's owner of the data folder.
//!
//! A command that changes data is one HTTP request to the router. While a server runs, the
//! request goes to it through the socket; otherwise the command's own process answers it. Either
//! way it passes the writer and the hub.

use std::{
    fs::{self, File, Permissions},
    io,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    http::{Request, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    net::{UnixListener, UnixStream},
    time::{Instant, sleep},
};
use tower::ServiceExt;

use crate::{
    AppState, OpenError,
    access::Caller,
    data_dir::{DataDir, DataDirError},
    router::router,
    settings::Settings,
};

const NAME: &str = "control.sock";

/// The longest path that fits a socket's address on every Unix, in bytes.
const MAX_ADDRESS_BYTES: usize = 103;

/// How long the folder's owner may take to listen, or to let the folder go.
const PATIENCE: Duration = Duration::from_secs(5);

/// The listening socket.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens in a data folder, for this user alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(data_dir: &DataDir) -> io::Result<Self> {
        let path = data_dir.path().join(NAME);
        // A file that is there was left by a process that was killed: we hold the lock.
        remove(&path)?;
        let address = Address::of(data_dir.path())?;
        // Nobody else can connect before the mode is set: the process's umask forbids it.
        let listener = UnixListener::bind(address.path())?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers requests until `shutdown` completes, then finishes those under way.
    ///
    /// # Errors
    /// What the system says.
    pub async fn serve(
        self,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let served =
            axum::serve(self.listener, controlled(router)).with_graceful_shutdown(shutdown).await;
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, "The control socket's file could not be removed.");
        }
        served
    }
}

/// Removes a socket's file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The data folder is not ours, and who owns it does not listen.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server that owns the data folder does not answer.
    #[error("the server does not answer at its control socket")]
    Socket(#[from] io::Error),
}

/// Has a request answered by the server that owns the data folder, or by this process when no
/// server runs.
///
/// # Errors
/// When neither can.
pub async fn perform(
    request: Request<Bytes>,
    settings: Settings,
) -> Result<Response<Body>, ControlError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let held = match DataDir::lock(&settings.data_dir) {
            Ok(owned) => {
                owned.prepare_database()?;
                let state = AppState::open(settings).await?;
                let router = controlled(router(state.clone()));
                let Ok(response) = router.oneshot(request.map(Body::from)).await;
                state.close().await;
                return Ok(response);
            }
            Err(held @ DataDirError::Held { .. }) => held,
            Err(error) => return Err(error.into()),
        };
        match send(&settings.data_dir, request.clone().map(Body::from)).await {
            Ok(response) => return Ok(response),
            // The owner has not begun to listen yet, or is letting the folder go.
            Err(error) if is_absent(&error) && Instant::now() < deadline => {
                sleep(Duration::from_millis(50)).await;
            }
            Err(error) if is_absent(&error) => return Err(held.into()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The router for who can open the socket.
fn controlled(router: Router) -> Router {
    router.layer(Extension(Caller::control()))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

async fn send(data_dir: &Path, request: Request<Body>) -> io::Result<Response<Body>> {
    let stream = UnixStream::connect(Address::of(data_dir)?.path()).await?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // It ends with the response's body, or with an error that the response shows.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    Ok(response.map(Body::new))
}

/// The socket's path in a form that fits a socket's address, however deep the folder lies.
enum Address {
    Plain(PathBuf),
    /// Through the folder's open handle, which must live as long as the path is used.
    ThroughHandle {
        path: PathBuf,
        _folder: File,
    },
}

impl Address {
    fn of(folder: &Path) -> io::Result<Self> {
        let plain = folder.join(NAME);
        if plain.as_os_str().len() <= MAX_ADDRESS_BYTES {
            return Ok(Self::Plain(plain));
        }
        let handle = File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(handle.as_raw_fd().to_string()).join(NAME);
        Ok(Self::ThroughHandle { path, _folder: handle })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Plain(path) | Self::ThroughHandle { path, .. } => path,
        }
    }
}
