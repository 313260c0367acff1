//! Bodies that are counted while they flow by, and handed on as they are.

use super::report::Report;
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

pin_project! {
    /// The body of a request, of which the bytes that the service reads are counted.
    #[derive(Debug)]
    pub struct CountedBody<B> {
        #[pin]
        inner: B,
        bytes: Arc<AtomicU64>,
    }
}

impl<B> CountedBody<B> {
    pub(super) fn new(inner: B, bytes: Arc<AtomicU64>) -> Self {
        Self { inner, bytes }
    }
}

impl<B: Body> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            this.bytes.fetch_add(length(frame), Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project! {
    /// The body of a response. When it is over, or dropped, the request becomes an event.
    #[derive(Debug)]
    pub struct MeteredBody<B> {
        #[pin]
        inner: B,
        report: Option<Report>,
    }
}

impl<B: Body> MeteredBody<B> {
    pub(super) fn new(inner: B, mut report: Option<Report>, response: &http::response::Parts) -> Self {
        if let Some(report) = &mut report {
            report.answered(response);
            if inner.is_end_stream() {
                report.end();
            }
        }
        Self { inner, report }
    }
}

impl<B: Body> Body for MeteredBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(context));
        let is_over = match &frame {
            Some(Ok(frame)) => {
                if let Some(report) = this.report.as_mut() {
                    report.sent(length(frame));
                }
                this.inner.is_end_stream()
            }
            Some(Err(_)) => {
                // Dropped without an end: the response is cut.
                *this.report = None;
                false
            }
            None => true,
        };
        // Servers need not ask again after the last frame.
        if is_over && let Some(report) = this.report.as_mut() {
            report.end();
        }
        if frame.is_none() {
            *this.report = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// How many bytes a frame has; trailers have none that count.
fn length<D: Buf>(frame: &Frame<D>) -> u64 {
    frame.data_ref().map_or(0, |data| u64::try_from(data.remaining()).unwrap_or(u64::MAX))
}
