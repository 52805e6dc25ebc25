//! Domain names: written in one way, and put in order.

/// Lower case, with the dot at the end.
pub(super) fn whole(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace("\\052", "*");
    if name.ends_with('.') { name } else { format!("{name}.") }
}

/// As Route 53 prints it: whatever is no letter, digit, hyphen, underscore or dot as `\ooo`.
pub(super) fn printed(name: &str) -> String {
    name.replace('*', "\\052")
}

/// What names are put in order by: their labels from the right (API reference, `ListResourceRecordSets`).
pub(super) fn key(name: &str) -> Vec<String> {
    name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect()
}

/// Whether a name is a zone's own or below it.
pub(super) fn is_in(name: &str, zone: &str) -> bool {
    name == zone || name.ends_with(&format!(".{zone}"))
}

#[cfg(test)]
mod tests {
    use super::{is_in, key, printed, whole};

    #[test]
    fn names_are_written_one_way_and_ordered_from_the_right() {
        assert_eq!(whole("API.Example.com"), "api.example.com.");
        assert_eq!(printed(&whole("\\052.example.com.")), "\\052.example.com.");
        assert!(key("b.example.com.") > key("a.example.com.") && key("z.example.com.") > key("example.com."));
        assert!(is_in("a.example.com.", "example.com.") && !is_in("aexample.com.", "example.com."));
    }
}
