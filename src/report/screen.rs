//! What is shown, by a thread of its own: a pipe whose reader stands still, or a terminal that somebody stopped (Ctrl-S), takes nothing
//! more, and must keep no tick waiting (DESIGN §5 rule 8).

use std::{
    io::Write,
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};

use super::terminal::Live;

enum Shown {
    Lines(String),
    View(String),
    /// The view is taken away: what stays are the lines.
    NoView,
}

/// Lines, and on a terminal a view below them. Shown in the order in which they come; closed when it is dropped, which waits until all
/// is shown.
pub(super) struct Screen {
    to: Option<Sender<Shown>>,
    thread: Option<JoinHandle<()>>,
    is_live: bool,
}

impl Screen {
    /// Lines go to `out`.
    pub(super) fn new(out: Box<dyn Write + Send>, live: Option<Live>) -> Self {
        // Where the machine has no thread left nothing is shown: that must not end a rollout either.
        let (to, shown) = channel();
        let is_live = live.is_some();
        let thread = thread::Builder::new().name("screen".to_owned()).spawn(move || show(out, live.as_ref(), &shown)).ok();
        Self { to: thread.is_some().then_some(to), thread, is_live }
    }

    /// Whether there is a view.
    pub(super) const fn is_live(&self) -> bool {
        self.is_live
    }

    /// Shows lines.
    pub(super) fn lines(&self, lines: String) {
        if !lines.is_empty() {
            self.send(Shown::Lines(lines));
        }
    }

    /// Shows another view.
    pub(super) fn view(&self, text: String) {
        self.send(Shown::View(text));
    }

    /// Takes the view away.
    pub(super) fn end_view(&self) {
        self.send(Shown::NoView);
    }

    /// A screen that is gone must not end a rollout, and there is nowhere to say so.
    fn send(&self, shown: Shown) {
        if let Some(to) = &self.to {
            to.send(shown).ok();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn show(mut out: Box<dyn Write + Send>, live: Option<&Live>, shown: &Receiver<Shown>) {
    for shown in shown {
        match (shown, live) {
            (Shown::Lines(lines), live) => {
                let mut write = || out.write_all(lines.as_bytes()).and_then(|()| out.flush());
                // A closed pipe.
                match live {
                    Some(live) => live.suspend(write).ok(),
                    None => write().ok(),
                };
            }
            (Shown::View(text), Some(live)) => live.show(text),
            (Shown::NoView, Some(live)) => live.end(),
            (Shown::View(_) | Shown::NoView, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::mpsc::sync_channel};

    use super::*;

    /// A reader that takes nothing until it is told to.
    struct Still(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Still {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().ok();
            self.1.send(bytes.to_vec()).expect("somebody looks");
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_does_not_read_keeps_nobody_waiting_and_misses_nothing() {
        let (go_on, told) = sync_channel(1000);
        let (read, lines) = channel();
        let screen = Screen::new(Box::new(Still(told, read)), None);
        (0..1000).for_each(|line| screen.lines(format!("{line}\n")));
        assert!(lines.try_recv().is_err(), "nothing was read yet, and all is said");
        (0..1000).for_each(|_| go_on.send(()).expect("the screen is there"));
        drop(screen);
        let all: Vec<u8> = lines.iter().flatten().collect();
        let all = String::from_utf8(all).expect("text");
        assert!(all.starts_with("0\n1\n2\n") && all.ends_with("998\n999\n"), "{all}");
    }
}
