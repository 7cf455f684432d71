//! A connection that sends back what comes, so that a test suite can be held against the WebSocket:
//! read, written and ended as every other, with nothing of the hub in between.

use std::{future::poll_fn, pin::pin};

use axum::body::Bytes;
use futures_util::future::{Either, select};
use tokio::time::sleep;

use super::{
    ending::{CLOSE_PATIENCE, End, leave},
    outbox::{Capacity, Duty, Outbox},
};
use crate::{
    service,
    ws::{Decoder, Frame, Incoming, Socket},
};

/// Test suites send messages of 16 MiB.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
const CAPACITY: Capacity = Capacity { messages: 4096, bytes: 4 * MAX_MESSAGE_BYTES };

/// Serves one connection until it ends. `early` is what was read of the socket already.
pub(crate) async fn echo(socket: Socket, early: Bytes) {
    let (Ok(id), Ok(who)) = (service::new_id(), service::new_id()) else { return };
    let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
    decoder.feed(&early);
    let outbox = Outbox::new(socket, CAPACITY);
    let end = {
        let reading = pin!(read(&mut decoder, &outbox));
        let writing = pin!(write(&outbox));
        match select(reading, writing).await {
            Either::Left((end, _)) | Either::Right((end, _)) => end,
        }
    };
    leave(&outbox, &id, &who, end, decoder, sleep(CLOSE_PATIENCE)).await;
}

async fn read(decoder: &mut Decoder, outbox: &Outbox) -> End {
    loop {
        let frame = match decoder.next_message() {
            Ok(Some(Incoming::Text(text))) => Frame::text(&text),
            Ok(Some(Incoming::Binary(bytes))) => Frame::binary(&bytes),
            Ok(Some(Incoming::Ping(payload))) => Frame::pong(&payload),
            Ok(Some(Incoming::Pong)) => continue,
            Ok(Some(Incoming::Close(code))) => return End::Closed(code),
            Ok(None) => match outbox.socket().receive(decoder).await {
                Ok(true) => continue,
                Ok(false) | Err(_) => return End::Gone,
            },
            Err(code) => return End::Broken(code),
        };
        outbox.tell(frame);
    }
}

async fn write(outbox: &Outbox) -> End {
    match poll_fn(|context| outbox.poll_duty(context)).await {
        Duty::Close(code) => End::Close(code),
        // Nothing here marks a place at which the log is to be read.
        Duty::Gone | Duty::ReadLog => End::Gone,
    }
}
