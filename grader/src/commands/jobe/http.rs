//! HTTP/1.1 as far as Jobe's clients speak it: one request for each connection, its length known.
//!
//! Whoever reaches the port may send anything, so a connection is bounded in bytes and in time
//! before anybody is asked for a key. What could be read in two ways, a proxy's and ours, is refused.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use httparse::Status;

/// Bytes of a request line with its headers.
const HEAD: usize = 16 << 10;

/// Bytes of a body.
const BODY: usize = 4 << 20;

/// Headers of a request.
const HEADERS: usize = 64;

/// How long a client may take to say all that it asks.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a client may take to hear the answer.
const FAREWELL: Duration = Duration::from_secs(2);

/// A request that is not granted: the code of HTTP and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) String);

/// Somebody who asks.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    until: Instant,
}

/// What is asked, without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Without what follows a `?`.
    pub(super) path: String,
    headers: Vec<(String, Vec<u8>)>,
    /// What of the body came along.
    begun: Vec<u8>,
}

impl Client {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, until: Instant::now() + PATIENCE }
    }

    /// Reads the request line and the headers.
    pub(super) fn head(&mut self) -> Result<Head, Refused> {
        let mut bytes = Vec::new();
        loop {
            if let Some(head) = Head::read(&bytes)? {
                return Ok(head);
            }
            if bytes.len() >= HEAD {
                return Err(Refused(431, format!("a request's head has at most {HEAD} bytes")));
            }
            self.more(&mut bytes)?;
        }
    }

    /// Reads the body.
    pub(super) fn body(&mut self, head: &Head) -> Result<String, Refused> {
        let length = head.length()?;
        let mut bytes = head.begun.clone();
        if bytes.len() < length && head.all("expect").next().is_some() {
            self.stream
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .map_err(|error| early(&error))?;
        }
        while bytes.len() < length {
            self.more(&mut bytes)?;
        }
        // Nothing is asked twice on one connection.
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(|_| Refused(400, "the request is not UTF-8".to_owned()))
    }

    fn more(&mut self, bytes: &mut Vec<u8>) -> Result<(), Refused> {
        let mut buffer = [0; 8 << 10];
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Refused(408, "the request took too long".to_owned()));
        }
        let read =
            self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut buffer));
        match read {
            Ok(0) => Err(Refused(400, "the request ended early".to_owned())),
            Ok(count) => {
                bytes.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(early(&error)),
        }
    }

    /// Whether the client has closed the connection.
    pub(super) fn is_gone(&self) -> bool {
        let peeked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        // What cannot be told is taken for somebody who waits.
        _ = self.stream.set_nonblocking(false);
        match peeked {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Answers in JSON and ends the connection. Whoever asked may be gone, and nobody else cares.
    pub(super) fn answer(mut self, code: u16, text: &str) {
        _ = self.tell(code, text);
        // With bytes unread the kernel would break the connection off, and the answer with it.
        let until = Instant::now() + FAREWELL;
        let mut buffer = [0; 8 << 10];
        let mut unread = BODY;
        while let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
            && self.stream.set_read_timeout(Some(left)).is_ok()
            && let Ok(count @ 1..) = self.stream.read(&mut buffer)
            && count < unread
        {
            unread -= count;
        }
    }

    /// Answers somebody whose request was not read.
    pub(super) fn turn_away(mut self) {
        _ = self.tell(503, "\"too many connections; come again\"");
    }

    fn tell(&mut self, code: u16, text: &str) -> io::Result<()> {
        // An answer without content has no length either.
        let body = match code {
            204 => "\r\n".to_owned(),
            _ => format!("Content-Length: {}\r\n\r\n{text}", text.len()),
        };
        let answer = format!(
            "HTTP/1.1 {code} {}\r\nContent-Type: application/json\r\nConnection: close\r\n{body}",
            reason(code)
        );
        self.stream.set_write_timeout(Some(FAREWELL))?;
        self.stream.write_all(answer.as_bytes())?;
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Head {
    /// The head that `bytes` begin with; none if it is not whole yet.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Refused> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let read = request.parse(bytes);
        let Status::Complete(end) =
            read.map_err(|error| Refused(400, format!("this is not HTTP: {error}")))?
        else {
            return Ok(None);
        };
        let path = request.path.unwrap_or_default();
        let header = |header: &httparse::Header<'_>| {
            (header.name.to_ascii_lowercase(), header.value.to_vec())
        };
        Ok(Some(Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.split('?').next().unwrap_or_default().to_owned(),
            headers: request.headers.iter().map(header).collect(),
            begun: bytes[end..].to_vec(),
        }))
    }

    /// Each value of the header `name`, which is in small letters.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(each, _)| each == name);
        named.map(|(_, value)| value.as_slice())
    }

    /// Bytes of the body.
    fn length(&self) -> Result<usize, Refused> {
        if self.all("transfer-encoding").next().is_some() {
            return Err(Refused(501, "send the body in one piece, with Content-Length".to_owned()));
        }
        let mut lengths = self.all("content-length");
        let digits = match (lengths.next(), lengths.next()) {
            (None, _) => return Ok(0),
            (Some(digits), None) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).expect("digits are ASCII")
            }
            _ => return Err(Refused(400, "Content-Length is not one number".to_owned())),
        };
        // What is too long for a number is too long.
        let length = digits.parse().ok().filter(|length| *length <= BODY);
        length.ok_or_else(|| Refused(413, "a request has at most 4 MiB".to_owned()))
    }
}

fn early(error: &io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            Refused(408, "the request took too long".to_owned())
        }
        _ => Refused(400, format!("the request ended early: {error}")),
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        _ => "Service Unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(headers: &str) -> Result<usize, u16> {
        let bytes = format!("POST /runs?x HTTP/1.1\r\nHost: x\r\n{headers}\r\nbody");
        let head = Head::read(bytes.as_bytes()).unwrap().unwrap();
        assert_eq!((head.path.as_str(), head.begun.as_slice()), ("/runs", &b"body"[..]));
        head.length().map_err(|Refused(code, _)| code)
    }

    #[test]
    fn a_body_has_one_length_or_is_refused() {
        assert_eq!(length(""), Ok(0));
        assert_eq!(length("Content-Length: 4\r\n"), Ok(4));
        for (headers, code) in [
            ("Content-Length: 4\r\nContent-Length: 4\r\n", 400),
            ("Content-Length: +4\r\n", 400),
            ("content-length: 4, 4\r\n", 400),
            ("Content-Length:\r\n", 400),
            ("Content-Length: 4194305\r\n", 413),
            ("Content-Length: 99999999999999999999999\r\n", 413),
            ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 501),
        ] {
            assert_eq!(length(headers), Err(code), "{headers}");
        }
    }

    #[test]
    fn who_hangs_up_is_gone_and_who_waits_is_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut asks = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let client = Client::new(listener.accept().unwrap().0);
        assert!(!client.is_gone());
        asks.write_all(b"more").unwrap();
        client.stream.peek(&mut [0]).unwrap();
        assert!(!client.is_gone());
        let client = Client::new({
            let asks = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            drop(asks);
            listener.accept().unwrap().0
        });
        client.stream.peek(&mut [0]).unwrap();
        assert!(client.is_gone());
    }

    #[test]
    fn half_a_head_is_none_and_no_head_is_refused() {
        assert!(Head::read(b"GET / HTTP/1.1\r\nHo").unwrap().is_none());
        for bytes in ["\x16\x03\x01\x02", "GET / HTTP/1.1\r\nX-API-KEY : k\r\n\r\n"] {
            assert_eq!(Head::read(bytes.as_bytes()).unwrap_err().0, 400, "{bytes}");
        }
    }
}
