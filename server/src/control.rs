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
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};

use crate::data_dir::DataDir;

const NAME: &str = "control.sock";

/// The longest path that fits a socket's address on every Unix, in bytes.
const MAX_ADDRESS_BYTES: usize = 103;

/// The listening socket; its file is removed with it.
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
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let address = Address::of(data_dir.path())?;
        // Nobody else can connect before the mode is set: the process's umask forbids it.
        let listener = UnixListener::bind(address.path())?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers requests until `shutdown` completes, then finishes those under way.
    pub async fn serve(
        self,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let served = axum::serve(self.listener, router).with_graceful_shutdown(shutdown).await;
        fs::remove_file(&self.path)?;
        served
    }
}

/// Sends a request to the server that owns a data folder.
///
/// # Errors
/// `NotFound` or `ConnectionRefused` when no server listens; else when it does not answer in HTTP.
pub async fn send(data_dir: &Path, request: Request<Body>) -> io::Result<Response<Body>> {
    let stream = UnixStream::connect(Address::of(data_dir)?.path()).await?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // The connection ends with the response's body, or with an error that the response shows.
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
