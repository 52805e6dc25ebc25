//! Runs a jq filter over a definition, with jaq. A filter sees the definition and `$lattice`, nothing else of the world.

use jaq_core::{
    Compiler, Ctx, ValT as _, Vars, compile,
    data::JustLut,
    load::{self, Arena, File, Loader, lex, parse},
    unwrap_valr,
};
use jaq_json::{Map, Num, Val};

use super::{
    finding::{Finding, Given, Place},
    read::{Member, Value},
};

mod prelude;

/// The built-in filter; its head comment says what it does.
pub const LATTICE: &str = include_str!("../lattice.jq");

/// A filter that yields this many values is not asked for more: it may be endless.
const ENOUGH: usize = 1000;

/// Runs `filter` on `input`, with `lattice` as `$lattice`.
///
/// # Errors
/// The filter does not parse or names something unknown (with the place in the filter), fails, or yields anything but one object.
pub fn run(filter: &Given, input: &Value, lattice: &Value) -> Result<Value, Vec<Finding>> {
    let code = filter.text.as_str();
    let prelude = prelude::needed_by(code);
    // The prelude is ours and a test parses all of it; if it did not parse, the names in it would be told as unknown.
    let definitions = load::parse(&prelude, |parser| parser.defs()).unwrap_or_default();
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, File { code, path: () }).map_err(|errors| unparsable(filter, errors))?;
    let compiled = Compiler::default()
        .with_funs(prelude::natives())
        .with_global_vars(["$lattice"])
        .compile(modules)
        .map_err(|errors| unknown_names(filter, errors))?;

    let context = Ctx::<JustLut<Val>>::new(&compiled.lut, Vars::new([to_jaq(lattice)]));
    let mut yielded = Vec::new();
    for value in compiled.id.run((context, to_jaq(input))).map(unwrap_valr).take(ENOUGH) {
        match value {
            Ok(value) => yielded.push(value),
            Err(error) => {
                return Err(vec![Finding::error(&filter.from, format!("the filter fails: {}", shortened(&error.to_string())))]);
            }
        }
    }
    one_object(filter, &yielded).map_err(|finding| vec![finding])
}

fn one_object(filter: &Given, yielded: &[Val]) -> Result<Value, Finding> {
    let wrong = |message: String| Finding::error(&filter.from, message);
    match yielded {
        [value @ Val::Obj(_)] => {
            from_jaq(value).map_err(|why| wrong(format!("the filter yields {why}")).hint("a definition is JSON"))
        }
        [other] => Err(wrong(format!("the filter yields {}, not an object", shortened(&other.to_string())))
            .hint("a filter takes the whole definition and yields the whole definition: write `.a = 1` rather than `.a`")),
        [] => Err(wrong("the filter yields nothing, it must yield exactly one object".to_owned())
            .hint("a filter takes the whole definition and yields the whole definition: `select` and `empty` drop it")),
        many => {
            let more = if many.len() == ENOUGH { " or more" } else { "" };
            Err(wrong(format!("the filter yields {}{more} values, it must yield exactly one object", many.len()))
                .hint("join edits with `|`, not with `,`"))
        }
    }
}

fn to_jaq(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(value) => Val::Bool(*value),
        // Integers and decimals keep their digits in jaq until a filter calculates with them.
        Value::Number(digits) => Val::from_num(digits).unwrap_or(Val::Null),
        Value::String(text) => Val::utf8_str(text.clone()),
        Value::Array(elements) => elements.iter().map(|element| to_jaq(&element.value)).collect(),
        Value::Object(members) => {
            let entries = members.iter().map(|member| (Val::utf8_str(member.name.clone()), to_jaq(&member.node.value)));
            Val::obj(entries.collect::<Map>())
        }
    }
}

fn from_jaq(value: &Val) -> Result<Value, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| "text that is not UTF-8".to_owned());
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Num(Num::Float(number)) if !number.is_finite() => return Err(format!("the number {number}")),
        Val::Num(number) => Value::Number(number.to_string()),
        Val::TStr(bytes) => Value::String(text(bytes)?),
        Val::BStr(_) => return Err("bytes".to_owned()),
        Val::Arr(elements) => {
            Value::Array(elements.iter().map(|element| from_jaq(element).map(Into::into)).collect::<Result<_, _>>()?)
        }
        Val::Obj(entries) => Value::Object(
            entries
                .iter()
                .map(|(name, value)| match name {
                    Val::TStr(name) => Ok(Member { name: text(name)?, span: 0..0, node: from_jaq(value)?.into() }),
                    Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::Arr(_) | Val::Obj(_) => {
                        Err(format!("an object with the name {name}, which is not a string"))
                    }
                })
                .collect::<Result<_, _>>()?,
        ),
    })
}

fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    if text.chars().count() <= MOST { text.to_owned() } else { format!("{}…", text.chars().take(MOST).collect::<String>()) }
}

/// A finding about the part `found` of the filter: its line and column in the filter, and the line itself.
fn in_filter(filter: &Given, found: &str, message: &str) -> Finding {
    let offset = load::span(&filter.text, found).start.min(filter.text.len());
    let place = Place::of(&filter.text, offset);
    let line = filter.text.lines().nth(place.line as usize - 1).unwrap_or_default().trim();
    Finding::error(&filter.from, format!("{message} in the filter `{}`", shortened(line))).at(place)
}

fn unparsable(filter: &Given, errors: load::Errors<&str, ()>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, error) in errors {
        match error {
            load::Error::Io(modules) => findings.extend(modules.into_iter().map(|(path, _)| {
                in_filter(filter, path, &format!("the module `{path}` cannot be loaded: filters have no modules here"))
            })),
            load::Error::Lex(errors) => {
                findings.extend(errors.into_iter().map(|(expected, found)| lex_error(filter, &expected, found)));
            }
            load::Error::Parse(errors) => {
                findings.extend(errors.into_iter().map(|(expected, found)| parse_error(filter, &expected, found)));
            }
        }
    }
    findings
}

fn lex_error(filter: &Given, expected: &lex::Expect<&str>, found: &str) -> Finding {
    in_filter(filter, found, &format!("a {} is missing before {}", expected.as_str(), quoted_start(found)))
}

fn parse_error(filter: &Given, expected: &parse::Expect<&str>, found: &str) -> Finding {
    let message = match expected.as_str() {
        "nothing" | "" => format!("{} is not expected", quoted_start(found)),
        expected => format!("`{expected}` is missing before {}", quoted_start(found)),
    };
    in_filter(filter, found, &message)
}

fn quoted_start(found: &str) -> String {
    match found.split_whitespace().next() {
        None => "the end".to_owned(),
        Some(word) => format!("`{}`", word.chars().take(20).collect::<String>()),
    }
}

fn unknown_names(filter: &Given, errors: compile::Errors<&str, ()>) -> Vec<Finding> {
    let unknown = errors.into_iter().flat_map(|(_, names)| names);
    unknown
        .map(|(name, kind)| {
            let finding = in_filter(filter, name, &format!("unknown {} `{name}`", kind.as_str()));
            if prelude::touches_the_world(name) {
                finding
                    .hint("a filter sees the definition and `$lattice` only, so that the same file always gives the same result")
            } else if matches!(kind, compile::Undefined::Var) {
                finding.hint("`$lattice` is the only variable: {target_group_arn, role_arn, port_name, service}")
            } else {
                match prelude::nearest(name) {
                    Some(near) if near == name => finding.hint(format!("`{name}` takes another number of arguments")),
                    Some(near) => finding.hint(format!("did you mean `{near}`?")),
                    None => finding,
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
