//! Logs: to standard error, as text for people or as JSON for programs.
//!
//! A thread of their own writes them, so that nobody waits for whoever reads them, or does not. When too
//! many lines wait, later ones are dropped and counted; what cannot be written is lost.

use std::{
    env,
    io::{self, IsTerminal, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::MakeWriter};

use crate::settings::LogFormat;

/// The most lines that wait to be written.
const WAITING: usize = 16 * 1024;

/// How many lines were dropped.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// Has what waits written when it is dropped.
static WRITER: Mutex<Option<WorkerGuard>> = Mutex::new(None);

/// What libraries say at every request.
const QUIET: [&str; 3] = ["axum_login", "tower_sessions", "tower_sessions_core"];

/// Begins to log. `RUST_LOG` says what is logged; without it, `info` and graver.
///
/// # Errors
/// When `RUST_LOG` is not a list of directives such as `info,colloquy_server=debug,tower_http=debug`.
pub fn start(format: LogFormat) -> Result<(), ParseError> {
    let wanted = env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let mut filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(&wanted)?;
    if wanted.is_empty() {
        for library in QUIET {
            filter = filter.add_directive(format!("{library}=warn").parse()?);
        }
    }
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .thread_name("log")
        .finish(io::stderr());
    LOST.get_or_init(|| writer.error_counter());
    *WRITER.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    let on_terminal = io::stderr().is_terminal();
    // Without colours: on a terminal, text that a stranger sent would not be told from them.
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // It would say so on standard error, and panic when that is what cannot be written to.
        .log_internal_errors(false)
        .with_writer(LinesTo(writer));
    match (format, on_terminal) {
        (LogFormat::Text, _) | (LogFormat::Auto, true) => subscriber.init(),
        (LogFormat::Json, _) | (LogFormat::Auto, false) => {
            subscriber.json().flatten_event(true).init();
        }
    }
    Ok(())
}

/// Writes what waits, as far as somebody takes it within a second. To be called when the process ends.
pub fn finish() {
    drop(WRITER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// How many lines were dropped because nobody took them.
pub(crate) fn lost_lines() -> u64 {
    LOST.get().map_or(0, |lost| lost.dropped_lines() as u64)
}

/// The text on one line, so that it can do nothing to a terminal: control characters are escaped, as in
/// JSON, which a line of the log may be.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            _ if one.is_control() => line.push_str(&format!("\\u{:04x}", u32::from(one))),
            _ => line.push(one),
        }
    }
    line
}

/// Keeps each event on one line of its own, so that logged text cannot pass for another event.
struct LinesTo<M>(M);

struct Line<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for LinesTo<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }
}

impl<W: Write> Write for Line<W> {
    /// `event` is one whole event: tracing-subscriber writes each with one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
        let mut line = one_line(&text);
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a stranger can have logged, however it is logged, in either format.
    #[test]
    fn control_characters_are_escaped() {
        let hostile = "a\x1b[2Jb\ncINFO forged\r\0\x08\x7f\u{9b}2J";
        for json in [false, true] {
            let written = Written::default();
            let writer = written.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(LevelFilter::INFO)
                .with_writer(LinesTo(move || writer.clone()));
            let log = || {
                let span = tracing::info_span!("request", path = hostile, shown = %hostile);
                let _inside = span.enter();
                tracing::info!(text = hostile, debug = ?hostile, display = %hostile, "{hostile}");
            };
            match json {
                false => tracing::subscriber::with_default(subscriber.finish(), log),
                true => tracing::subscriber::with_default(subscriber.json().finish(), log),
            }
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            assert!(line.matches("forged").count() >= 6, "{line:?}");
            assert!(!line.contains(char::is_control), "{line:?}");
            if json {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(event["fields"]["display"], hostile);
            }
        }
    }

    #[test]
    fn an_event_is_one_line() {
        let mut written = Vec::new();
        Line(&mut written).write_all(b"INFO name=x\nINFO forged\r\n").unwrap();
        assert_eq!(written, b"INFO name=x\\nINFO forged\\r\n");
    }
}
