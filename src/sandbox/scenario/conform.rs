//! A scenario's text against the schema: the same one that editors check with, so that both say the same.

use serde_json::Value;

use super::{
    mistake::{Mistake, choice, instead},
    tree::{self, Node, Tree},
};

/// Everything in which the document differs from the schema.
pub(super) fn conform(schema: &Value, document: &Node) -> Vec<Mistake> {
    let mut check = Check { root: schema, path: Vec::new(), found: Vec::new() };
    check.node(schema, document);
    check.found
}

struct Check<'s> {
    root: &'s Value,
    path: Vec<String>,
    found: Vec<Mistake>,
}

impl<'s> Check<'s> {
    fn wrong(&mut self, message: impl Into<String>) -> &mut Mistake {
        self.found.push(Mistake::of(self.path.clone(), message));
        // It was pushed a line above; the first is as good for the type.
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// What a `$ref` leads to.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let target = schema["$ref"].as_str().and_then(|to| self.root.pointer(to.strip_prefix('#').unwrap_or(to)));
        target.unwrap_or(schema)
    }

    fn node(&mut self, schema: &'s Value, node: &Node) {
        let schema = self.resolved(schema);
        // How draft 7 puts a description beside a reference.
        schema["allOf"].as_array().into_iter().flatten().for_each(|part| self.node(part, node));
        for word in ["oneOf", "anyOf"] {
            if let Some(branches) = schema[word].as_array() {
                self.one_of(branches, node);
                return;
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        let kind = kind_of(&node.value);
        if !kinds.is_empty() && !kinds.iter().any(|wanted| *wanted == kind || (*wanted == "number" && kind == "integer")) {
            let wanted = kinds.iter().filter(|kind| **kind != "null").map(|kind| words(kind)).collect::<Vec<_>>().join(" or ");
            let mistake = self.wrong(format!("this is {}, not {wanted}", words(kind)));
            if kinds.contains(&"string") && matches!(kind, "integer" | "number" | "boolean") {
                mistake.hint = Some("put it in quotes".to_owned());
            }
            return;
        }
        match &node.value {
            Tree::Map(map) => self.map(schema, map),
            Tree::List(list) => {
                self.size(schema, ("minItems", "maxItems"), list.len(), "entries");
                for (index, element) in list.iter().enumerate() {
                    self.below(index.to_string(), &schema["items"], element);
                }
            }
            Tree::Text(text) => self.text(schema, text),
            Tree::Number(number) => self.number(schema, number.as_f64().unwrap_or_default()),
            Tree::Null | Tree::Bool(_) => {}
        }
        self.listed(schema, node);
    }

    fn below(&mut self, step: String, schema: &'s Value, node: &Node) {
        self.path.push(step);
        self.node(schema, node);
        self.path.pop();
    }

    fn listed(&mut self, schema: &'s Value, node: &Node) {
        let known: Vec<&Value> = match (&schema["const"], schema["enum"].as_array()) {
            (Value::Null, None) => return,
            (Value::Null, Some(known)) => known.iter().collect(),
            (one, _) => vec![one],
        };
        let given = tree::value(node);
        if !known.contains(&&given) {
            let known: Vec<String> = known.into_iter().filter(|one| !one.is_null()).map(plain).collect();
            // A number is seldom a slip of the pen for another.
            let hint = if given.is_string() { instead(&plain(&given), &known) } else { format!("write {}", choice(&known)) };
            self.wrong(format!("`{}` is not one of {}", plain(&given), choice(&known))).hint = Some(hint);
        }
    }

    fn map(&mut self, schema: &'s Value, map: &[(serde_saphyr::Spanned<String>, Node)]) {
        let properties = schema["properties"].as_object();
        self.size(schema, ("minProperties", "maxProperties"), map.len(), "entries");
        for (key, value) in map {
            if let Some(known) = properties.and_then(|properties| properties.get(&key.value)) {
                self.below(key.value.clone(), known, value);
            } else if schema["additionalProperties"] == false {
                let known: Vec<&String> = properties.into_iter().flat_map(serde_json::Map::keys).collect();
                let path = self.path.iter().filter(|step| step.parse::<usize>().is_err());
                let name = path.chain([&key.value]).cloned().collect::<Vec<_>>().join(".");
                let path = self.path.iter().chain([&key.value]).cloned().collect();
                let hint = instead(&key.value, &known);
                self.found.push(Mistake::of(path, format!("unknown key `{name}`")).key().hint(hint));
            } else if schema["additionalProperties"].is_object() {
                self.below(key.value.clone(), &schema["additionalProperties"], value);
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for missing in required.filter(|name| !map.iter().any(|(key, _)| key.value == *name)) {
            let about = properties.and_then(|properties| properties.get(missing)?["description"].as_str());
            let hint = about.map(|about| about.lines().next().unwrap_or_default().to_owned());
            self.wrong(format!("`{missing}` is missing here")).hint = hint;
        }
    }

    fn size(&mut self, schema: &Value, (least, most): (&str, &str), size: usize, what: &str) {
        let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
        if bound(least).is_some_and(|least| size < least) || bound(most).is_some_and(|most| size > most) {
            let range = match (bound(least), bound(most)) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, most) => format!("at most {}", most.unwrap_or_default()),
            };
            self.wrong(format!("this has {size} {what}, but may have {range}"));
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        self.size(schema, ("minLength", "maxLength"), text.chars().count(), "characters");
        if let Some(pattern) = schema["pattern"].as_str()
            && regress::Regex::new(pattern).is_ok_and(|pattern| pattern.find(text).is_none())
        {
            let example = schema["examples"][0].as_str();
            let hint = example.map(|example| format!("write it like `{example}`"));
            self.wrong(format!("`{text}` has not the form {pattern}")).hint = hint;
        }
    }

    fn number(&mut self, schema: &Value, number: f64) {
        let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let range = match (least, most) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("{least} or more"),
                (None, most) => format!("{} or less", most.unwrap_or_default()),
            };
            self.wrong(format!("{number} is out of range")).hint = Some(format!("write a number {range}"));
        }
    }

    /// Words, or maps with one key that says which: the branch that is meant is told its mistakes, not all of them theirs.
    fn one_of(&mut self, branches: &'s [Value], node: &Node) {
        let branches: Vec<&Value> = branches.iter().map(|branch| self.resolved(branch)).collect();
        let fits = |branch: &&&'s Value| {
            let mut check = Check { root: self.root, path: Vec::new(), found: Vec::new() };
            check.node(branch, node);
            check.found.is_empty()
        };
        if branches.iter().any(|branch| fits(&branch)) {
            return;
        }
        let meant = match &node.value {
            Tree::Map(map) => branches.iter().find(|branch| {
                let properties = branch["properties"].as_object();
                branch["type"] == "object"
                    && map.iter().any(|(key, _)| properties.is_some_and(|own| own.contains_key(&key.value)))
            }),
            Tree::List(_) => branches.iter().find(|branch| branch["type"] == "array"),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => None,
        };
        let other: Vec<&&Value> = branches.iter().filter(|branch| branch["type"] != "null").collect();
        if let Some(branch) = meant.or(if let [only] = other[..] { Some(only) } else { None }) {
            self.node(branch, node);
            return;
        }
        let mut known: Vec<String> = Vec::new();
        for branch in &branches {
            match (&branch["const"], branch["enum"].as_array(), branch["properties"].as_object()) {
                (Value::String(word), ..) => known.push(word.clone()),
                (_, Some(words), _) => known.extend(words.iter().filter_map(Value::as_str).map(str::to_owned)),
                (_, _, Some(properties)) => known.extend(properties.keys().map(|key| format!("{key}: …"))),
                _ => {}
            }
        }
        let (given, hint) = match &node.value {
            Tree::Text(text) => (format!("`{text}`"), instead(text, &known)),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => {
                (format!("this, {},", words(kind_of(&node.value))), format!("write {}", choice(&known)))
            }
        };
        self.wrong(format!("{given} is not one of {}", choice(&known))).hint = Some(hint);
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kind_of(tree: &Tree) -> &'static str {
    match tree {
        Tree::Null => "null",
        Tree::Bool(_) => "boolean",
        Tree::Number(number) if number.is_f64() && number.as_f64().is_some_and(|number| number.fract() != 0.0) => "number",
        Tree::Number(_) => "integer",
        Tree::Text(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
    }
}

fn words(kind: &str) -> &'static str {
    match kind {
        "null" => "nothing",
        "boolean" => "true or false",
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "a text",
        "array" => "a list",
        _ => "a map",
    }
}
