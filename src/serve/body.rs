//! Bodies on their way: uploads are counted against `max_body`, downloads timed between reads, both with back-pressure.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How an upload went, told to whoever waits for the answer.
#[derive(Debug)]
pub struct Progress {
    /// When a piece last came from the client.
    pub last: Cell<Instant>,
    /// All was sent.
    pub done: Cell<bool>,
    /// Why it was broken off.
    pub broken: Cell<Option<Broken>>,
    /// How long the client may take for a piece.
    pub patience: Duration,
}

/// Why an upload was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// More than `max_body`: 413.
    TooLarge,
    /// Nothing came for too long: 408.
    Slow,
    /// The client went away or sent nonsense: 400, if anybody is left to read it.
    Client,
}

impl Progress {
    /// Of an upload; `done` when there is nothing to send.
    #[must_use]
    pub fn new(done: bool, patience: Duration) -> Rc<Self> {
        Rc::new(Self {
            patience,
            last: Cell::new(Instant::now()),
            done: Cell::new(done),
            broken: Cell::new(None),
        })
    }
}

/// A request's body on its way to a service.
pub enum Upload {
    /// None.
    Empty,
    /// Known whole.
    Full(Bytes),
    /// As it comes.
    Stream(Box<UploadStream>),
}

/// A body as it comes from a client.
pub struct UploadStream {
    incoming: Incoming,
    left: u64,
    sleep: Option<Pin<Box<Sleep>>>,
    progress: Rc<Progress>,
}

impl Upload {
    /// A body as it comes, of at most `most` bytes.
    #[must_use]
    pub fn stream(incoming: Incoming, most: u64, progress: Rc<Progress>) -> Self {
        Self::Stream(Box::new(UploadStream {
            incoming,
            left: most,
            sleep: None,
            progress,
        }))
    }
}

impl UploadStream {
    fn fail(&self, why: Broken) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.progress.broken.set(Some(why));
        Poll::Ready(Some(Err("the upload was broken off".into())))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Pending => {
                let patience = self.progress.patience;
                let sleep = self
                    .sleep
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => self.fail(Broken::Slow),
                    Poll::Pending => Poll::Pending,
                }
            }
            Poll::Ready(None) => {
                self.progress.last.set(Instant::now());
                self.progress.done.set(true);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_))) => self.fail(Broken::Client),
            Poll::Ready(Some(Ok(frame))) => {
                self.sleep = None;
                self.progress.last.set(Instant::now());
                let Some(data) = frame.data_ref() else {
                    // Trailers would be headers that no rule has seen.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                };
                let length = data.len() as u64;
                if length > self.left {
                    return self.fail(Broken::TooLarge);
                }
                self.left -= length;
                if self.incoming.is_end_stream() {
                    self.progress.done.set(true);
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes.split_to(bytes.len()))))),
            Self::Stream(stream) => stream.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => !bytes.has_remaining(),
            Self::Stream(stream) => stream.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(stream) => stream.incoming.size_hint(),
        }
    }
}

/// What is told when a download has ended.
pub trait Ending {
    /// So many bytes went to the client; `failed`: the service broke off. Not called when the client went away: then it is dropped.
    fn ended(self: Box<Self>, bytes: u64, failed: bool);
}

/// An answer's body on its way to a client.
pub enum Download {
    /// Known whole.
    Full(Bytes),
    /// As it comes.
    Stream(Box<DownloadStream>),
}

/// A body as it comes from a service.
pub struct DownloadStream {
    incoming: Incoming,
    patience: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    ending: Option<Box<dyn Ending>>,
    sent: u64,
}

impl Download {
    /// A body as it comes, given up after `patience` without a piece.
    #[must_use]
    pub fn stream(incoming: Incoming, patience: Duration, ending: Box<dyn Ending>) -> Self {
        if incoming.is_end_stream() {
            ending.ended(0, false);
            return Self::Full(Bytes::new());
        }
        Self::Stream(Box::new(DownloadStream {
            incoming,
            patience,
            sleep: None,
            ending: Some(ending),
            sent: 0,
        }))
    }
}

impl DownloadStream {
    fn end(&mut self, failed: bool) {
        if let Some(ending) = self.ending.take() {
            ending.ended(self.sent, failed);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Pending => {
                let patience = self.patience;
                let sleep = self
                    .sleep
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => {
                        self.end(true);
                        Poll::Ready(Some(Err("the service stopped sending".into())))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
            Poll::Ready(None) => {
                self.end(false);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => {
                self.end(true);
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.sleep = None;
                let Some(data) = frame.data_ref() else {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                };
                self.sent += data.len() as u64;
                // Told before the last piece leaves: a client may ask again the moment it has it.
                if self.incoming.is_end_stream() {
                    self.end(false);
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes.split_to(bytes.len()))))),
            Self::Stream(stream) => stream.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Stream(stream) => stream.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(stream) => stream.incoming.size_hint(),
        }
    }
}
