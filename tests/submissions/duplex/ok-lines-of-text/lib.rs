//! Lines of text over a socket pair: whatever could be mistaken is escaped.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

pub struct Connection {
    from: BufReader<UnixStream>,
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t")
}
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}
fn line(message: &Message) -> String {
    let mut line = escaped(&message.name);
    for (k, v) in &message.fields {
        line += &format!("\t{}\t{v}", escaped(k));
    }
    line + "\n"
}
fn parse(line: &str) -> io::Result<Message> {
    let mut parts = line.split('\t');
    let name = plain(parts.next().unwrap_or(""));
    let mut fields = Vec::new();
    while let Some(k) = parts.next() {
        let v = parts.next().ok_or(io::ErrorKind::InvalidData)?;
        fields.push((plain(k), v.parse().map_err(io::Error::other)?));
    }
    Ok(Message { name, fields })
}
pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { from: BufReader::new(a) }, Connection { from: BufReader::new(b) }))
}
impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.from.get_mut().write_all(line(message).as_bytes())
    }
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut text = String::new();
        if self.from.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        match text.strip_suffix('\n') {
            Some(text) => parse(text).map(Some),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let out = line(mine).into_bytes();
        let mut sent = 0;
        let mut text = self.from.buffer().to_vec();
        self.from.consume(text.len());
        let stream = self.from.get_mut();
        stream.set_nonblocking(true)?;
        let done = (|| loop {
            let ended = text.ends_with(b"\n");
            if sent == out.len() && ended {
                return Ok(());
            }
            let mut events = 0;
            if sent < out.len() {
                events |= libc::POLLOUT;
            }
            if !ended {
                events |= libc::POLLIN;
            }
            let mut fd = libc::pollfd { fd: stream.as_raw_fd(), events, revents: 0 };
            unsafe {
                libc::poll(&mut fd, 1, -1);
            }
            if fd.revents & libc::POLLOUT != 0 {
                match stream.write(&out[sent..]) {
                    Ok(n) => sent += n,
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) => return Err(e),
                }
            }
            if !ended && fd.revents & (libc::POLLIN | libc::POLLHUP) != 0 {
                // Byte by byte, so that nothing behind the line is taken.
                let mut byte = [0];
                for _ in 0..65536 {
                    match stream.read(&mut byte) {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(_) => {
                            text.push(byte[0]);
                            if byte[0] == b'\n' {
                                break;
                            }
                        }
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                        Err(e) => return Err(e),
                    }
                }
            }
        })();
        stream.set_nonblocking(false)?;
        done?;
        text.pop();
        parse(&String::from_utf8(text).map_err(io::Error::other)?)
    }
}
pub struct Partner {
    connection: Option<Connection>,
    pid: i32,
}
impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                drop(ours);
                while let Ok(Some(request)) = theirs.receive() {
                    if theirs.send(&answer(request)).is_err() {
                        break;
                    }
                }
                unsafe { libc::_exit(0) }
            }
            pid => Ok(Partner { connection: Some(ours), pid }),
        }
    }
    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        let connection = self.connection.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        connection.send(request)?;
        connection.receive()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(connection) = self.connection.take() {
            connection.from.get_ref().shutdown(std::net::Shutdown::Write)?;
        }
        let mut status = 0;
        while unsafe { libc::waitpid(self.pid, &mut status, 0) } == -1 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(())
    }
}
