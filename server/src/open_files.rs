//! How many files the system lets this process have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What else is open: the database and its readers, the control socket, what is read now and then.
const OTHERS: usize = 100;

/// Raises the limit as far as it goes; how many of so many connections then fit. Fewer than there were
/// to be are logged.
pub fn room_for(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "The limit of open files could not be raised.");
            limit.current
        }
    };
    // None: there is no limit.
    let Some(most) = current.and_then(|most| usize::try_from(most).ok()) else {
        return connections;
    };
    let fit = most.saturating_sub(OTHERS).max(1);
    if fit < connections {
        tracing::warn!(
            open_files = most,
            max_connections = connections,
            served = fit,
            "The system lets this process have too few files open for as many connections; `ulimit -Hn`, or \
             LimitNOFILE in a systemd unit, says how many."
        );
    }
    connections.min(fit)
}
