//! Compiles a filter, runs it, and takes the one object that it yields.

use jaq_core::{
    Compiler, Ctx, Vars,
    data::JustLut,
    load::{self, Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::Val;

use super::{
    mistakes::{shortened, unknown_names, unparsable},
    prelude,
    values::{from_jaq, to_jaq},
};
use crate::definition::{
    finding::{Finding, Given},
    read::Value,
};

/// A filter that yields this many values is not asked for more: it may be endless.
const ENOUGH: usize = 1000;

/// What a filter sees besides the definition: three objects.
#[derive(Clone, Debug)]
pub struct Bindings {
    /// `$lattice`: the entry that the definition gets, and the ECS service.
    pub lattice: Value,
    /// `$env`: the variables that the user lets filters see.
    pub env: Value,
    /// `$git`: commit, ref and repository of the job.
    pub git: Value,
}

/// Runs `filter` on `input`.
///
/// # Errors
/// The filter does not parse or names something unknown (with the place in the filter), fails, or yields anything but one object.
pub fn run(filter: &Given, input: &Value, bindings: &Bindings) -> Result<Value, Vec<Finding>> {
    let code = filter.text.as_str();
    let prelude = prelude::needed_by(code);
    // The prelude is ours and a test parses all of it; if it did not parse, the names in it would be told as unknown.
    let definitions = load::parse(&prelude, |parser| parser.defs()).unwrap_or_default();
    let arena = Arena::default();
    let modules = Loader::new(definitions).load(&arena, File { code, path: () }).map_err(|errors| unparsable(filter, errors))?;
    let compiled = Compiler::default()
        .with_funs(prelude::natives())
        .with_global_vars(["$lattice", "$env", "$git"])
        .compile(modules)
        .map_err(|errors| unknown_names(filter, errors))?;

    let context = Ctx::<JustLut<Val>>::new(
        &compiled.lut,
        Vars::new([to_jaq(&bindings.lattice), to_jaq(&bindings.env), to_jaq(&bindings.git)]),
    );
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
