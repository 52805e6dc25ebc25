//! Text with `*` and `?`, as policies write it.

/// Whether all of `text` fits: `*` is any number of characters, `?` is exactly one.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it had taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|character| *character == '*'))
}

/// The same for actions, whose case does not matter.
pub(super) fn fits_action(pattern: &str, action: &str) -> bool {
    fits(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// The same for ARNs as `ArnLike` has it: part by part, so that a star does not reach over a colon before the resource.
pub(super) fn fits_arn(pattern: &str, arn: &str) -> bool {
    let mut wanted = pattern.splitn(6, ':');
    let mut found = arn.splitn(6, ':');
    (0..6).all(|_| match (wanted.next(), found.next()) {
        (Some(wanted), Some(found)) => fits(wanted, found),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{fits, fits_action, fits_arn};

    #[test]
    fn stars_and_question_marks() {
        let table = [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*b", "abab", true),
            ("", "a", false),
            ("ä*", "äx", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        assert!(fits_action("ecs:describe*", "ecs:DescribeServices"));
        assert!(!fits("ecs:describe*", "ecs:DescribeServices"));
    }

    #[test]
    fn a_star_stays_in_its_part_of_an_arn() {
        assert!(fits_arn("arn:aws:ecs:*:123456789012:service/*", "arn:aws:ecs:eu-central-1:123456789012:service/c/s"));
        assert!(!fits_arn("arn:*:service/*", "arn:aws:ecs:eu-central-1:123456789012:service/c/s"));
    }
}
