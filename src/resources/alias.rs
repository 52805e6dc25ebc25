//! Names in DNS, as far as text shows them.

/// The name of the text record that says whose an alias is. It is another one, so that neither the alias nor somebody's own text
/// records are in its way.
#[must_use]
pub fn note_of(name: &str) -> String {
    format!("_espalier.{}", name.replace('*', "any"))
}

/// Whether a text is a hosted zone's id rather than its domain.
#[must_use]
pub fn is_zone_id(text: &str) -> bool {
    text.starts_with('Z') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_a_name_of_its_own_and_a_zone_an_id() {
        assert_eq!(note_of("shop.example.com"), "_espalier.shop.example.com");
        assert_eq!(note_of("*.example.com"), "_espalier.any.example.com");
        assert!(is_zone_id("Z0123456789ABCDEFGHI"));
        assert!(!is_zone_id("example.com") && !is_zone_id("Zone.example"));
    }
}
