//! Whether a rule's match means a request: method, path and headers, all of them.

use serde_json::Value;

use crate::sandbox::wire::Request;

/// Whether a rule's match means this request; null, the default rule's, means every one. `sensitive` is what holds for a part
/// that does not say whether it tells upper from lower case. Methods always do.
pub(super) fn matches(matching: &Value, request: &Request, sensitive: bool) -> bool {
    let http = &matching["httpMatch"];
    let method = http["method"].as_str().is_none_or(|method| method == request.method.as_str());
    let path = &http["pathMatch"];
    let path = path.is_null() || text_matches(path, &request.path, sensitive);
    let mut headers = http["headerMatches"].as_array().into_iter().flatten();
    method && path && headers.all(|wanted| header_matches(wanted, request, sensitive))
}

/// Names of headers are the same in either case. Where a header was sent more than once, one value is enough.
fn header_matches(wanted: &Value, request: &Request, sensitive: bool) -> bool {
    let Some(name) = wanted["name"].as_str() else { return false };
    let mut values = request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| text_matches(wanted, value, sensitive))
}

/// `match` and `caseSensitive` of a path or a header.
fn text_matches(wanted: &Value, given: &str, sensitive: bool) -> bool {
    let sensitive = wanted["caseSensitive"].as_bool().unwrap_or(sensitive);
    let fold = |text: &str| if sensitive { text.to_owned() } else { text.to_ascii_lowercase() };
    let given = fold(given);
    let kind = &wanted["match"];
    let is = |member: &str, holds: &dyn Fn(&str) -> bool| kind[member].as_str().is_none_or(|text| holds(&fold(text)));
    is("exact", &|text| given == text)
        && is("prefix", &|text| given.starts_with(text))
        && is("contains", &|text| given.contains(text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::matches;
    use crate::sandbox::wire::Request;

    fn request(method: &str, path: &str, headers: &[(&'static str, &str)]) -> Request {
        let mut all = http::HeaderMap::new();
        for (name, value) in headers {
            all.append(*name, value.parse().unwrap());
        }
        let (method, path) = (method.parse().unwrap(), path.to_owned());
        Request { method, path, query: String::new(), headers: all, body: bytes::Bytes::new() }
    }

    #[test]
    fn paths_and_methods() {
        let path = |path: Value| json!({"httpMatch": {"pathMatch": path}});
        let prefix = path(json!({"match": {"prefix": "/api"}}));
        let exact = path(json!({"match": {"exact": "/Api"}}));
        let folded = path(json!({"match": {"exact": "/Api"}, "caseSensitive": false}));
        let get = json!({"httpMatch": {"method": "GET"}});
        let both = json!({"httpMatch": {"method": "GET", "pathMatch": {"match": {"prefix": "/api"}}}});
        let table = [
            (&Value::Null, "GET", "/", true),
            (&prefix, "GET", "/api/users", true),
            (&prefix, "GET", "/apiary", true),
            (&prefix, "GET", "/API", false),
            (&prefix, "GET", "/", false),
            (&exact, "GET", "/Api", true),
            (&exact, "GET", "/api", false),
            (&exact, "GET", "/Api/", false),
            (&folded, "GET", "/aPI", true),
            (&get, "GET", "/x", true),
            (&get, "POST", "/x", false),
            (&get, "get", "/x", false),
            (&both, "GET", "/api", true),
            (&both, "POST", "/api", false),
            (&both, "GET", "/", false),
        ];
        for (matching, method, path, wanted) in table {
            assert_eq!(matches(matching, &request(method, path, &[]), true), wanted, "{matching} {method} {path}");
        }
        assert!(matches(&exact, &request("GET", "/api", &[]), false), "where the knob says so");
    }

    #[test]
    fn headers() {
        let header = |kind: Value, sensitive: Option<bool>| {
            let mut wanted = json!({"name": "X-Test", "match": kind});
            if let Some(sensitive) = sensitive {
                wanted["caseSensitive"] = json!(sensitive);
            }
            json!({"httpMatch": {"headerMatches": [wanted]}})
        };
        let table = [
            (header(json!({"exact": "yes"}), None), "yes", true),
            (header(json!({"exact": "yes"}), None), "Yes", false),
            (header(json!({"exact": "yes"}), Some(false)), "Yes", true),
            (header(json!({"prefix": "ye"}), None), "yes", true),
            (header(json!({"prefix": "es"}), None), "yes", false),
            (header(json!({"contains": "es"}), None), "yes", true),
            (header(json!({"contains": "ES"}), Some(true)), "yes", false),
        ];
        for (matching, value, wanted) in table {
            assert_eq!(matches(&matching, &request("GET", "/", &[("x-test", value)]), true), wanted, "{matching} {value}");
            assert!(!matches(&matching, &request("GET", "/", &[]), true), "{matching} without the header");
        }
        let exact = header(json!({"exact": "yes"}), None);
        assert!(matches(&exact, &request("GET", "/", &[("x-test", "no"), ("x-test", "yes")]), true), "one value is enough");
        let two = json!({"httpMatch": {"headerMatches": [
            {"name": "a", "match": {"exact": "1"}}, {"name": "b", "match": {"exact": "2"}},
        ]}});
        assert!(matches(&two, &request("GET", "/", &[("a", "1"), ("b", "2")]), true));
        assert!(!matches(&two, &request("GET", "/", &[("a", "1")]), true), "all of them are needed");
    }
}
