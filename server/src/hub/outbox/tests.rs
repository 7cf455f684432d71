use std::{future::poll_fn, io::Read, os::unix::net::UnixStream as Theirs, time::Duration};

use proptest::prelude::*;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::Semaphore,
    time::timeout,
};

use super::*;
use crate::serve::Counted;

fn text(text: &str) -> Arc<Parcel> {
    Parcel::told(Frame::text(text))
}

fn of_chat(offset: Offset, judged: Offset) -> Parcel {
    let private = Private { chat: "c".parse().unwrap(), offset, judged };
    let frame = Frame::text(&offset.to_string());
    Parcel { frame, event: None, private: Some(private) }
}

/// Two messages of 12 bytes in all, and where they go.
async fn outbox() -> (Outbox, Theirs) {
    with(Capacity { messages: 2, bytes: 12 }).await
}

async fn with(capacity: Capacity) -> (Outbox, Theirs) {
    let (ours, theirs) = Theirs::pair().unwrap();
    for end in [&ours, &theirs] {
        end.set_nonblocking(true).unwrap();
    }
    let ours = UnixStream::from_std(ours).unwrap();
    // As after a handshake: it is known that it takes something.
    ours.writable().await.unwrap();
    (Outbox::new(Socket::Unix(ours), capacity), theirs)
}

/// What comes through the front door is sent past tokio, as far as the system takes it.
async fn through_the_front_door() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let ours = Counted::new(stream, place);
    ours.keep_little();
    (Socket::Tcp(ours), theirs)
}

async fn duty(outbox: &Outbox) -> Duty {
    timeout(Duration::from_secs(10), poll_fn(|context| outbox.poll_duty(context))).await.unwrap()
}

/// What came so far.
fn came(mut theirs: &Theirs) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 10];
    let read = theirs.read(&mut buffer).unwrap_or(0);
    buffer.truncate(read);
    buffer
}

/// Somebody who reads nothing: the socket holds a part of what they were sent.
async fn stuck(capacity: Capacity) -> (Outbox, Theirs) {
    let (outbox, theirs) = with(capacity).await;
    assert_eq!(outbox.push(text(&"x".repeat(1 << 20))), Pushed::Unlisted);
    outbox.flush(&mut Written::default());
    assert!(outbox.full_since().is_some());
    (outbox, theirs)
}

#[tokio::test]
async fn full_by_count_closes_as_slow() {
    let (outbox, _theirs) = stuck(Capacity { messages: 2, bytes: 1 << 21 }).await;
    assert_eq!(outbox.push(text("a")), Pushed::Queued);
    assert_eq!(outbox.push(text("b")), Pushed::Queued);
    assert_eq!(outbox.push(text("c")), Pushed::Overflowed);
    assert_eq!(duty(&outbox).await, Duty::Close(CloseCode::SlowConsumer));
    assert_eq!(outbox.waiting(), (0, 0));
}

#[tokio::test]
async fn full_by_bytes_closes_as_slow() {
    let (outbox, _theirs) = stuck(Capacity { messages: 9, bytes: (1 << 20) + 20 }).await;
    assert_eq!(outbox.push(text(&"x".repeat(1 << 20))), Pushed::Queued);
    assert_eq!(outbox.push(text("0123456789")), Pushed::Overflowed);
    assert!(outbox.is_closing());
}

#[tokio::test]
async fn who_was_not_written_to_yet_is_not_slow() {
    let (outbox, theirs) = outbox().await;
    assert_eq!(outbox.push(text("a")), Pushed::Unlisted);
    assert_eq!(outbox.push(text("b")), Pushed::Queued);
    assert_eq!(outbox.push(text("c")), Pushed::Queued);
    assert_eq!(came(&theirs), b"\x81\x01a\x81\x01b");
    outbox.flush(&mut Written::default());
    assert_eq!(came(&theirs), b"\x81\x01c");
}

#[tokio::test]
async fn it_is_known_when_somebody_who_is_behind_reads_on() {
    let (outbox, mut theirs) = stuck(Capacity { messages: 9, bytes: 1 << 21 }).await;
    assert_eq!(outbox.took(), None);
    let full = outbox.full_since();
    assert!(theirs.read(&mut vec![0; 1 << 19]).unwrap() > 0);
    let takes = poll_fn(|context| match (outbox.poll_duty(context), outbox.took()) {
        (Poll::Pending, None) => Poll::Pending,
        _ => Poll::Ready(()),
    });
    timeout(Duration::from_secs(10), takes).await.unwrap();
    assert!(outbox.took() >= full);
}

#[tokio::test]
async fn what_has_ended_takes_and_keeps_nothing_more() {
    let (outbox, _theirs) = stuck(Capacity { messages: 9, bytes: 1 << 21 }).await;
    assert_eq!(outbox.push(text("waits")), Pushed::Queued);
    assert!(!outbox.end().is_empty(), "the rest of what was begun");
    assert_eq!(outbox.push(text("late")), Pushed::TooLate);
    assert_eq!(outbox.waiting(), (0, 0));
}

#[tokio::test]
async fn everything_that_waits_is_written_at_once_and_then_there_is_room_again() {
    let (outbox, theirs) = outbox().await;
    assert_eq!(outbox.push(text("a")), Pushed::Unlisted);
    outbox.tell(Frame::text("b"));
    outbox.flush(&mut Written::default());
    assert_eq!(came(&theirs), b"\x81\x01a\x81\x01b");
    assert_eq!(outbox.waiting(), (0, 0));
    assert_eq!(outbox.push(text("c")), Pushed::Unlisted, "it is on nobody's list any more");
}

/// Who waits for the log's newest event is one event behind, however long ago the last one was theirs,
/// and who waits for nothing but a ping is not behind at all.
#[tokio::test]
async fn how_far_everything_was_sent_is_told_by_the_first_event_that_waits() {
    let (outbox, _theirs) = with(Capacity { messages: 9, bytes: 99 }).await;
    outbox.tell(Frame::ping());
    assert_eq!(outbox.sent(), None);
    for offset in [100_000, 100_004] {
        let event = Some((offset, std::time::Instant::now()));
        let parcel = Parcel { frame: Frame::text("event"), event, private: None };
        outbox.push(Arc::new(parcel));
    }
    assert_eq!(outbox.sent(), Some(99_999));
    outbox.flush(&mut Written::default());
    assert_eq!(outbox.sent(), None);
}

/// The same of an event of which a part was written.
#[tokio::test]
async fn what_was_begun_was_not_sent() {
    let (outbox, _theirs) = with(Capacity { messages: 9, bytes: 1 << 21 }).await;
    let event = Some((7, std::time::Instant::now()));
    let frame = Frame::text(&"x".repeat(1 << 20));
    outbox.push(Arc::new(Parcel { frame, event, private: None }));
    outbox.flush(&mut Written::default());
    assert_eq!((outbox.waiting(), outbox.sent()), ((0, 0), Some(6)));
}

#[tokio::test]
async fn what_waits_is_sent_before_an_orderly_close() {
    let (outbox, theirs) = outbox().await;
    outbox.push(text("a"));
    outbox.finish(CloseCode::Normal);
    assert_eq!(outbox.push(text("late")), Pushed::TooLate);
    assert_eq!(duty(&outbox).await, Duty::Close(CloseCode::Normal));
    assert_eq!(came(&theirs), b"\x81\x01a");
}

#[tokio::test]
async fn the_first_reason_to_close_stays() {
    let (outbox, _theirs) = outbox().await;
    assert_eq!(outbox.abort(CloseCode::GoingAway), CloseCode::GoingAway);
    outbox.finish(CloseCode::Normal);
    assert_eq!(outbox.abort(CloseCode::Silent), CloseCode::GoingAway);
    assert_eq!(duty(&outbox).await, Duty::Close(CloseCode::GoingAway));
}

#[tokio::test]
async fn who_is_gone_is_noticed_when_something_is_written() {
    let (outbox, theirs) = outbox().await;
    drop(theirs);
    outbox.push(text("a"));
    outbox.flush(&mut Written::default());
    assert_eq!(duty(&outbox).await, Duty::Gone);
}

/// What is in front of the mark goes first, then the log; replies come between its pages.
#[tokio::test]
async fn the_log_is_read_where_it_was_marked() {
    let (outbox, theirs) = with(Capacity { messages: 9, bytes: 99 }).await;
    outbox.tell(Frame::text("reply"));
    outbox.mark_catch_up();
    assert!(!outbox.is_reading());
    assert_eq!(duty(&outbox).await, Duty::ReadLog);
    assert!(outbox.is_reading());
    assert_eq!(came(&theirs), b"\x81\x05reply");
    outbox.tell(Frame::text("next"));
    outbox.push_page([of_chat(1, 5), of_chat(2, 5)]);
    assert_eq!(duty(&outbox).await, Duty::ReadLog);
    assert_eq!(came(&theirs), b"\x81\x011\x81\x012\x81\x04next");
    assert!(outbox.lock().page.capacity() > 0, "for the next page");
    outbox.end_reading();
    assert!(!outbox.is_reading());
    assert_eq!(outbox.lock().page.capacity(), 0, "none may come for as long as it lasts");
}

/// Born at 5, left at 8: what was found to be visible before that is not sent any more, but
/// what another chat of the same id told before, and what is found to be visible later, is.
#[tokio::test]
async fn what_was_left_is_withdrawn() {
    let left = [of_chat(5, 5), of_chat(7, 7), of_chat(6, 7)];
    // Another chat that had the id; and seen again, after joining again.
    let stay = [of_chat(4, 7), of_chat(6, 9)];
    let other = Private { chat: "d".parse().unwrap(), offset: 6, judged: 6 };
    let other = Parcel { private: Some(other), ..of_chat(3, 3) };
    let all = || {
        left.iter().chain(&stay).chain([&other]).map(|one| Parcel {
            frame: one.frame.clone(),
            event: None,
            private: one.private.clone(),
        })
    };
    let stays = b"\x81\x014\x81\x016\x81\x013";

    let (outbox, theirs) = with(Capacity { messages: 9, bytes: 99 }).await;
    for parcel in all() {
        outbox.push(Arc::new(parcel));
    }
    outbox.withdraw(&"c".parse().unwrap(), 5, 8);
    assert_eq!(outbox.waiting(), (3, 9));
    outbox.flush(&mut Written::default());
    assert_eq!(came(&theirs), stays, "what was queued");

    outbox.mark_catch_up();
    assert_eq!(duty(&outbox).await, Duty::ReadLog);
    outbox.withdraw(&"c".parse().unwrap(), 5, 8);
    outbox.push_page(all());
    assert_eq!(duty(&outbox).await, Duty::ReadLog);
    assert_eq!(came(&theirs), stays, "what was being read from the log");
    outbox.push_page([of_chat(5, 8)]);
    assert_eq!(duty(&outbox).await, Duty::ReadLog);
    assert_eq!(came(&theirs), b"\x81\x015", "what is judged afterwards needs no withdrawing");
}

/// A frame of which a part is with the peer goes on, even when all else is dropped.
#[tokio::test]
async fn a_frame_that_was_begun_is_finished() {
    let large = "x".repeat(1 << 20);
    let (outbox, theirs) = with(Capacity { messages: 9, bytes: 1 << 22 }).await;
    outbox.push(text(&large));
    outbox.push(text("dropped"));
    outbox.flush(&mut Written::default());
    assert!(outbox.full_since().is_some());
    outbox.withdraw(&"c".parse().unwrap(), 0, 9);
    outbox.abort(CloseCode::GoingAway);
    assert_eq!(duty(&outbox).await, Duty::Close(CloseCode::GoingAway));
    let mut last = outbox.end();
    last.extend_from_slice(Frame::close(CloseCode::GoingAway).as_bytes());
    let (mut theirs, mut all) = (UnixStream::from_std(theirs).unwrap(), Vec::new());
    let sending = async {
        outbox.socket().write_all(&last).await.unwrap();
        drop(outbox);
    };
    let (read, ()) = tokio::join!(theirs.read_to_end(&mut all), sending);
    read.unwrap();
    let expected = [Frame::text(&large), Frame::close(CloseCode::GoingAway)];
    assert!(all == expected.map(|frame| frame.as_bytes().to_vec()).concat());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whoever stops reading and goes on gets everything, in order: whether the task writes, or
    /// somebody who has it on a list, and however much the socket takes at a time.
    #[test]
    fn a_reader_that_pauses_misses_nothing(
        lengths in prop::collection::vec(0..100_000usize, 1..80),
        read_at_once in 1..200_000usize,
        flush_every in 1..20usize,
        is_tcp in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let capacity = Capacity { messages: 99, bytes: usize::MAX };
            let (outbox, mut theirs): (_, Box<dyn AsyncRead + Unpin>) = match is_tcp {
                true => {
                    let (socket, theirs) = through_the_front_door().await;
                    (Outbox::new(socket, capacity), Box::new(theirs))
                }
                false => {
                    let (outbox, theirs) = with(capacity).await;
                    (outbox, Box::new(UnixStream::from_std(theirs).unwrap()))
                }
            };
            let frames: Vec<Frame> = (0_usize..)
                .zip(&lengths)
                .map(|(number, length)| Frame::text(&number.to_string().repeat(*length / 2)))
                .collect();
            for (number, frame) in frames.iter().enumerate() {
                outbox.push(Parcel::told(frame.clone()));
                if number % flush_every == 0 {
                    outbox.flush(&mut Written::default());
                }
            }
            outbox.finish(CloseCode::Normal);
            let writing = async {
                assert_eq!(duty(&outbox).await, Duty::Close(CloseCode::Normal));
                assert_eq!(outbox.end(), b"");
                drop(outbox);
            };
            let reading = async {
                let (mut all, mut buffer) = (Vec::new(), vec![0; read_at_once]);
                loop {
                    match theirs.read(&mut buffer).await.unwrap() {
                        0 => break all,
                        read => all.extend_from_slice(&buffer[..read]),
                    }
                    tokio::task::yield_now().await;
                }
            };
            let ((), all) = tokio::join!(writing, reading);
            let expected: Vec<u8> =
                frames.iter().flat_map(|frame| frame.as_bytes().to_vec()).collect();
            assert!(all == expected);
        });
    }
}
