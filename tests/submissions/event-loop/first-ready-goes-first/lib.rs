//! Slots that are emptied, and one read in a turn.
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Instant;

type LineHandler<'a> = Rc<RefCell<dyn FnMut(Option<&str>) + 'a>>;
pub struct EventLoop<'a> {
    fds: Vec<Option<OwnedFd>>,
    partial: Vec<String>,
    raw: Vec<Vec<u8>>,
    handlers: Vec<LineHandler<'a>>,
    timers: Vec<Option<(Instant, Box<dyn FnOnce() + 'a>)>>,
}
impl<'a> EventLoop<'a> {
    #[allow(clippy::new_without_default)]
    pub fn new() -> EventLoop<'a> {
        EventLoop { fds: vec![], partial: vec![], raw: vec![], handlers: vec![], timers: vec![] }
    }
    pub fn lines(&mut self, source: OwnedFd, handler: impl FnMut(Option<&str>) + 'a) {
        self.fds.push(Some(source));
        self.partial.push(String::new());
        self.raw.push(vec![]);
        self.handlers.push(Rc::new(RefCell::new(handler)));
    }
    pub fn at(&mut self, moment: Instant, handler: impl FnOnce() + 'a) {
        self.timers.push(Some((moment, Box::new(handler))));
    }
    fn next(&self) -> Option<usize> {
        let mut best: Option<usize> = None;
        for i in 0..self.timers.len() {
            if let Some((m, _)) = &self.timers[i] {
                match best {
                    Some(b) if self.timers[b].as_ref().unwrap().0 <= *m => {}
                    _ => best = Some(i),
                }
            }
        }
        best
    }
    pub fn run(mut self) -> io::Result<()> {
        loop {
            while let Some(i) = self.next() {
                if self.timers[i].as_ref().unwrap().0 <= Instant::now()
                    && self.fds.iter().any(|f| f.is_some())
                {
                    let (_, f) = self.timers[i].take().unwrap();
                    f();
                } else {
                    break;
                }
            }
            let alive: Vec<usize> =
                (0..self.fds.len()).filter(|&i| self.fds[i].is_some()).collect();
            if alive.is_empty() {
                return Ok(());
            }
            let t = match self.next() {
                None => PollTimeout::NONE,
                Some(i) => {
                    let d = self.timers[i]
                        .as_ref()
                        .unwrap()
                        .0
                        .saturating_duration_since(Instant::now());
                    let ms = d.as_millis() + 1;
                    if ms > 10_000 {
                        PollTimeout::from(10_000u16)
                    } else {
                        PollTimeout::from(ms as u16)
                    }
                }
            };
            let mut list: Vec<PollFd> = alive
                .iter()
                .map(|&i| {
                    PollFd::new(
                        self.fds[i].as_ref().unwrap().as_fd(),
                        PollFlags::POLLIN | PollFlags::POLLHUP,
                    )
                })
                .collect();
            if let Err(e) = nix::poll::poll(&mut list, t) {
                if e == nix::errno::Errno::EINTR {
                    continue;
                }
                return Err(e.into());
            }
            // Serve one source at a time only.
            let Some(k) =
                list.iter().position(|p| !p.revents().unwrap_or(PollFlags::empty()).is_empty())
            else {
                continue;
            };
            let i = alive[k];
            let mut b = [0u8; 7];
            let n = nix::unistd::read(self.fds[i].as_ref().unwrap(), &mut b)?;
            if n == 0 {
                self.fds[i] = None;
                let h = self.handlers[i].clone();
                if !self.partial[i].is_empty() {
                    (h.borrow_mut())(Some(&self.partial[i]));
                }
                (h.borrow_mut())(None);
                continue;
            }
            for &c in &b[..n] {
                self.raw[i].push(c);
                if let Ok(text) = std::str::from_utf8(&self.raw[i]) {
                    let text = text.to_string();
                    self.raw[i].clear();
                    if text == "\n" {
                        let line = std::mem::take(&mut self.partial[i]);
                        (self.handlers[i].clone().borrow_mut())(Some(&line));
                    } else {
                        self.partial[i].push_str(&text);
                    }
                }
            }
        }
    }
}
