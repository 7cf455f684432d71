//! Logs: to standard error, as text for people or as JSON for programs.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::MakeWriter};

use crate::settings::LogFormat;

/// Begins to log. `RUST_LOG` says what is logged; without it, `info` and graver.
///
/// # Errors
/// When `RUST_LOG` is not a list of directives such as `info,colloquy_server=debug`.
pub fn start(format: LogFormat) -> Result<(), ParseError> {
    let wanted = env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(wanted)?;
    let on_terminal = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    match (format, on_terminal) {
        (LogFormat::Text, _) | (LogFormat::Auto, true) => {
            subscriber.with_ansi(on_terminal).with_writer(LinesTo(io::stderr)).init();
        }
        (LogFormat::Json, _) | (LogFormat::Auto, false) => {
            subscriber.json().flatten_event(true).with_writer(io::stderr).init();
        }
    }
    Ok(())
}

/// Keeps each event on one line of its own, so that logged text can not pass for another event.
/// (Escape sequences that would act on a terminal are tracing-subscriber's to disarm.)
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
        let text = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line = Vec::with_capacity(event.len());
        for &byte in text {
            match byte {
                b'\n' => line.extend(b"\\n"),
                b'\r' => line.extend(b"\\r"),
                _ => line.push(byte),
            }
        }
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let mut written = Vec::new();
        Line(&mut written).write_all(b"INFO name=x\nINFO forged\r\n").unwrap();
        assert_eq!(written, b"INFO name=x\\nINFO forged\\r\n");
    }
}
