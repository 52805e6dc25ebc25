//! The live view: the status, a bar and dots for each side, and the steps, redrawn below the lines.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    chart, escape, phrases,
    progress::{Phase, Progress, StepState, offset},
};
use crate::rollout::{journal::Journal, observation::Side, split::Share};

/// A live view on a terminal.
pub(super) struct Live {
    bars: MultiProgress,
    status: ProgressBar,
    stable: ProgressBar,
    candidate: ProgressBar,
    steps: ProgressBar,
}

impl Live {
    /// Draws on standard error, which is not drawn on when it is not a terminal.
    pub(super) fn new(color: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr(), color)
    }

    fn on(target: ProgressDrawTarget, color: bool) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        let line = |template: &str| {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(u64::from(Share::FULL.millipercent())).with_style(style.progress_chars("█▌░"));
            bars.add(bar)
        };
        let side = |plain: &str, colored: &str| {
            line(&format!("  {{prefix:10}} {{bar:30{}}} {{msg}}", if color { colored } else { plain }))
        };
        let status = line("{msg}");
        let (stable, candidate) = (side("", ".blue"), side("", ".yellow"));
        let steps = line("  {msg}");
        Self { status, stable, candidate, steps, bars }
    }

    /// Shows where `journal` has got to.
    pub(super) fn show(&self, journal: &Journal) {
        let progress = Progress::of(journal);
        let headline = phrases::headline(journal, &progress).text();
        self.status.set_message(format!("{} {}", offset(progress.elapsed()), escape::plain(&headline)));
        let share = progress.share();
        let (stable, candidate) = journal.sides().unzip();
        let rest = if journal.release.stable_revision.is_some() { 100_000 - share.millipercent() } else { 0 };
        show_side(&self.stable, "stable", rest, stable.flatten());
        show_side(&self.candidate, "candidate", share.millipercent(), candidate);
        self.steps.set_message(steps_in_words(&progress));
    }

    /// Lets `write` write lines above the view.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bars.suspend(write)
    }

    /// Takes the view away: what stays are the lines.
    pub(super) fn end(&self) {
        for bar in [&self.status, &self.stable, &self.candidate, &self.steps] {
            bar.finish_and_clear();
        }
        // Nothing more can be done for a terminal that does not answer.
        self.bars.clear().ok();
    }
}

fn show_side(bar: &ProgressBar, role: &'static str, millipercent: u32, side: Option<&Side>) {
    bar.set_prefix(role);
    bar.set_position(u64::from(millipercent));
    let targets = side.map_or_else(String::new, |side| {
        format!("{} {}", chart::dots(side.healthy, side.expected()), escape::plain(&phrases::side_in_words(side)))
    });
    bar.set_message(format!("{:>3}% {targets}", f64::from(millipercent) / 1000.0));
}

fn steps_in_words(progress: &Progress<'_>) -> String {
    let is_over = matches!(progress.phase, Phase::Ended(_));
    let step = |step: &super::progress::StepProgress| {
        let state = match step.state {
            StepState::Ahead if is_over => "not reached",
            StepState::Ahead => "ahead",
            StepState::Shifting => "shifting",
            StepState::Settling => "settling",
            StepState::Baking => "watching",
            StepState::Passed => "passed",
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
        let live = Live::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), false);
        live.show(&samples::in_progress());
        live.suspend(|| ());
        let text = screen.0.lock().expect("the screen").clone();
        for part in
            ["at 25% (step 2 of 3)", "stable", "75% ●●● 3 of 3 healthy", "25% ●●●", "5% passed → 25% watching → 100% ahead"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("\u{1b}["), "no colour");
    }
}
