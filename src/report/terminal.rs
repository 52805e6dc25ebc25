//! The live view: the status, a bar and dots for each side, and the steps, redrawn below the lines.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    escape, judging, phrases,
    progress::{Progress, StepState, length, offset},
    rows::{self, Row},
};
use crate::rollout::journal::Journal;

/// How many cells a bar has: with everything else in its line it fits into 80 columns.
const CELLS: u32 = 24;

/// The narrowest terminal that is reckoned with.
const WIDTH: usize = 80;

/// A live view on a terminal.
///
/// It is one bar whose message has several lines, so that it is drawn in one go. It shows no emoji: terminals do not agree on how
/// wide they are, and a line that is wider than reckoned with is never cleared again.
pub(super) struct Live {
    bar: ProgressBar,
}

impl Live {
    /// Draws on standard error, which is not drawn on when it is not a terminal.
    pub(super) fn new() -> Self {
        Self::on(ProgressDrawTarget::stderr())
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::with_draw_target(None, target).with_style(style) }
    }

    /// Shows a [`view`].
    pub(super) fn show(&self, view: String) {
        self.bar.set_message(view);
    }

    /// Lets `write` write lines above the view.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the view away: what stays are the lines.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Where `journal` has got to.
pub(super) fn view(journal: &Journal, color: bool) -> String {
    let progress = Progress::of(journal);
    let paint = |code: u8, text: &str| if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let headline = phrases::headline(journal, &progress);
    let left = progress.left().map(|left| format!(", {} to go", length(left))).unwrap_or_default();
    let status = format!("{}  {} {}{left}", offset(progress.elapsed()), headline.revision, headline.state);
    let mut lines = vec![String::new(), paint(1, &escape::plain(&status))];
    for (row, code) in rows::rows(journal, &progress).iter().zip([34, 33]) {
        let Row { role, share, bar, brief, .. } = row;
        let bar = paint(code, &bar(CELLS));
        lines.push(format!("  {role:9}  {bar} {:>4}  {}", share.to_string(), escape::plain(brief)));
    }
    lines.push(format!("  {}", steps_in_words(&progress)));
    for (name, marks, value) in judging::trends(journal, CELLS as usize) {
        let marks = paint(33, &format!("{marks:width$}", width = CELLS as usize));
        lines.push(format!("  {:9}  {marks} {value}", escape::plain(short(&name))));
    }
    lines.extend(judging::brief(journal).map(|line| format!("  {line}").chars().take(WIDTH).collect()));
    lines.join("\n")
}

/// The name of a measurement in the room that a role has.
fn short(name: &str) -> &str {
    if name.starts_with("error-rate") { "errors" } else { "latency" }
}

fn steps_in_words(progress: &Progress<'_>) -> String {
    let step = |step: &super::progress::StepProgress<'_>| {
        let state = match step.state {
            StepState::Ahead if progress.is_over() => "not reached",
            StepState::Ahead => "ahead",
            StepState::Shifting => "shifting",
            StepState::Settling => "settling",
            StepState::Baking => "watching",
            StepState::Passed | StepState::PassedBefore => "passed",
            StepState::Broken => "stopped",
        };
        format!("{} {state}", step.step.share)
    };
    progress.steps.iter().map(step).collect::<Vec<_>>().join(" → ")
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;
    use crate::report::samples;

    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl indicatif::TermLike for Screen {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("the screen").push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_view_shows_both_sides_and_the_steps_without_colour() {
        let screen = Screen::default();
        let live = Live::on(ProgressDrawTarget::term_like(Box::new(screen.clone())));
        live.show(view(&samples::in_progress(), false));
        live.suspend(|| ());
        let text = screen.0.lock().expect("the screen").clone();
        for part in [
            "at 25% (step 2 of 3), 15m 59s to go",
            "stable",
            "75%  ●●● 3 of 3 healthy",
            "25%  ●●●",
            "5% passed → 25% watching → 100% ahead",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("\u{1b}["), "no colour");
    }

    #[test]
    fn what_is_measured_is_shown_as_it_went() {
        let text = view(&samples::judged(), false);
        let errors = text.lines().find(|line| line.contains("errors  ")).expect("a line");
        assert!(errors.starts_with("  errors     ▁█") && errors.ends_with(" 3.1%"), "{errors}");
        assert!(text.lines().any(|line| line.starts_with("  latency    ▄▄") && line.ends_with(" 142ms")), "{text}");
    }

    #[test]
    fn every_character_of_the_view_is_one_column_wide_and_its_lines_fit() {
        for journal in [samples::in_progress(), samples::promoted(), samples::judged(), samples::stuck(), samples::bootstrap()] {
            for line in view(&journal, false).lines() {
                assert!(line.chars().count() <= 80, "{line}");
                assert!(line.chars().all(|character| character < '\u{2700}'), "{line}");
            }
        }
    }
}
