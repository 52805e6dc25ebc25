//! One evaluation.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rsjsonnet_lang::{
    arena::Arena,
    interner::InternedStr,
    program::{Callbacks, EvalStackTraceItem, ImportError, NativeError, Program, Thunk, Value},
    span::{SourceId, SpanContext, SpanId},
};

use super::{natives::Natives, words};
use crate::definition::{
    finding::Finding,
    template::{Known, Reference},
};

/// What an evaluation depends on besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What its native functions give.
    pub known: Known<'a>,
    /// The files that it can import, by their paths as [`Evaluated::Lacking`] names them.
    pub files: &'a BTreeMap<String, Vec<u8>>,
    /// `--ext-str`: `std.extVar` gives these texts.
    pub texts: &'a BTreeMap<String, String>,
    /// `--ext-code`: and the values of these.
    pub codes: &'a BTreeMap<String, String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// JSON.
    Whole {
        /// Its text, indented.
        text: String,
        /// Values in it that must not be shown.
        secrets: BTreeSet<String>,
    },
    /// What has to be looked up and read first.
    Lacking {
        /// To be looked up.
        references: BTreeSet<Reference>,
        /// To be read: paths from the working directory, or absolute.
        files: BTreeSet<String>,
    },
}

/// Evaluates the text of `file`, a path that imports are relative to.
///
/// # Errors
/// The first mistake, with line and column: Jsonnet stops there.
pub fn evaluate(file: &str, text: &str, inputs: Inputs<'_>) -> Result<Evaluated, Finding> {
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    let mut run = Run { inputs, sources: Vec::new(), natives: Natives::new(inputs.known), files: BTreeSet::new() };
    let result = run.whole(&mut program, file, text);
    let Run { natives, files, .. } = run;
    // What is wrong may be so because something is not there yet.
    if !natives.lacking.is_empty() || !files.is_empty() {
        return Ok(Evaluated::Lacking { references: natives.lacking, files });
    }
    result.map(|text| Evaluated::Whole { text: text + "\n", secrets: natives.secrets })
}

struct Source {
    id: SourceId,
    file: String,
    text: String,
}

struct Run<'a> {
    inputs: Inputs<'a>,
    sources: Vec<Source>,
    natives: Natives<'a>,
    files: BTreeSet<String>,
}

impl Run<'_> {
    fn whole<'p>(&mut self, program: &mut Program<'p>, file: &str, text: &str) -> Result<String, Finding> {
        self.natives.register(program);
        for (name, value) in self.inputs.texts {
            let thunk = program.value_to_thunk(&Value::string(value));
            let name = program.intern_str(name);
            program.add_ext_var(name, &thunk);
        }
        for (name, code) in self.inputs.codes.iter().filter(|(name, _)| !self.inputs.texts.contains_key(*name)) {
            let thunk = self.load(program, &format!("--ext-code {name}"), code)?;
            let name = program.intern_str(name);
            program.add_ext_var(name, &thunk);
        }
        let root = self.load(program, file, text)?;
        let value = program.eval_value(&root, self).map_err(|error| self.finding(program, file, &error))?;
        program.manifest_json(&value, true).map_err(|error| self.finding(program, file, &error))
    }

    fn load<'p>(&mut self, program: &mut Program<'p>, file: &str, text: &str) -> Result<Thunk<'p>, Finding> {
        let (context, id) = program.span_manager_mut().insert_source_context(text.len());
        self.sources.push(Source { id, file: file.to_owned(), text: text.to_owned() });
        program.load_source(context, text.as_bytes(), true, file).map_err(|error| {
            let (message, span) = words::of_load(&error);
            self.placed(program, file, message, span)
        })
    }

    fn finding(&self, program: &Program<'_>, file: &str, error: &rsjsonnet_lang::program::EvalError) -> Finding {
        let spans = error.stack_trace.iter().rev().filter_map(|item| match item {
            EvalStackTraceItem::Expr { span }
            | EvalStackTraceItem::Variable { span, .. }
            | EvalStackTraceItem::Import { span } => Some(*span),
            EvalStackTraceItem::Call { span, .. }
            | EvalStackTraceItem::ArrayItem { span, .. }
            | EvalStackTraceItem::ObjectField { span, .. } => *span,
            EvalStackTraceItem::CompareArrayItem { .. }
            | EvalStackTraceItem::CompareObjectField { .. }
            | EvalStackTraceItem::ManifestArrayItem { .. }
            | EvalStackTraceItem::ManifestObjectField { .. } => None,
        });
        let (message, own) = words::of_evaluation(&error.kind);
        // The innermost place that is in a file of the user's, not in the standard library.
        let span = own.into_iter().chain(spans).find(|span| self.source(program, *span).is_some());
        let message = self.natives.failed.clone().unwrap_or(message);
        self.placed(program, file, message, span)
    }

    fn source(&self, program: &Program<'_>, span: SpanId) -> Option<(&Source, usize)> {
        let (context, start, _) = program.span_manager().get_span(span);
        let SpanContext::Source(id) = *program.span_manager().get_context(context);
        Some((self.sources.iter().find(|source| source.id == id)?, start))
    }

    fn placed(&self, program: &Program<'_>, file: &str, message: String, span: Option<SpanId>) -> Finding {
        match span.and_then(|span| self.source(program, span)) {
            Some((source, start)) => Finding::error(&source.file, message).at(crate::definition::Place::of(&source.text, start)),
            None => Finding::error(file, message),
        }
    }

    /// The contents of a file to import, by a path that is relative to the file it is imported from.
    fn read(&mut self, program: &Program<'_>, from: SpanId, path: &str) -> Result<(String, Vec<u8>), ImportError> {
        let directory = self.source(program, from).and_then(|(source, _)| Path::new(&source.file).parent());
        let path = directory.unwrap_or(Path::new("")).join(path).display().to_string();
        match self.inputs.files.get(&path) {
            Some(bytes) => Ok((path, bytes.clone())),
            None => {
                self.files.insert(path);
                Err(ImportError)
            }
        }
    }
}

impl<'p> Callbacks<'p> for Run<'_> {
    fn import(&mut self, program: &mut Program<'p>, from: SpanId, path: &str) -> Result<Thunk<'p>, ImportError> {
        let (file, bytes) = self.read(program, from, path)?;
        let text = String::from_utf8(bytes).map_err(|_| ImportError)?;
        self.load(program, &file, &text).map_err(|finding| {
            self.natives.failed = Some(format!("{finding} (imported)"));
            ImportError
        })
    }

    fn import_str(&mut self, program: &mut Program<'p>, from: SpanId, path: &str) -> Result<String, ImportError> {
        let (_, bytes) = self.read(program, from, path)?;
        String::from_utf8(bytes).map_err(|_| ImportError)
    }

    fn import_bin(&mut self, program: &mut Program<'p>, from: SpanId, path: &str) -> Result<Vec<u8>, ImportError> {
        self.read(program, from, path).map(|(_, bytes)| bytes)
    }

    // What a program says while it is evaluated, several times at that, is nobody's output.
    fn trace(&mut self, _: &mut Program<'p>, _: &str, _: &[EvalStackTraceItem]) {}

    fn native_call(
        &mut self,
        program: &mut Program<'p>,
        name: InternedStr<'p>,
        arguments: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        self.natives.call(program, name.value(), arguments)
    }
}
