//! Expressions against values that were worked out by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Grid, Scope, Series, Value, evaluate, parse};

/// Sunday 22 November 2026, 00:00 UTC.
const START: u64 = 1_795_305_600;
const NONE: f64 = f64::NAN;

/// A metric of one value a minute; NaN where there is none.
fn metric(label: &str, values: &[f64]) -> (String, Series) {
    let points = values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let points = points.map(|(index, value)| (START + 60 * index as u64, *value)).collect();
    (label.to_owned(), Series { label: label.to_owned(), grid: grid(), points, metric: true })
}

fn grid() -> Grid {
    Grid { start: START, end: START + 300, period: 60 }
}

fn metrics() -> Vec<(String, Series)> {
    vec![
        metric("m1", &[10.0, 20.0, NONE, 0.0, 50.0]),
        metric("m2", &[5.0, NONE, 2.0, 0.0, 10.0]),
        metric("c1", &[1.0, 1.0, 0.0, 0.0, NONE]),
        metric("c2", &[30.0, NONE, 0.0, 0.0, 30.0]),
        metric("c3", &[0.0, 0.0, 20.0, NONE, 20.0]),
        metric("none", &[]),
    ]
}

fn run(text: &str) -> Result<Value, String> {
    let (metrics, expressions) = (metrics(), BTreeMap::new());
    let tree = parse(text).ok_or("Invalid syntax")?;
    evaluate(&tree, &Scope { metrics: &metrics, expressions: &expressions, grid: grid() })
}

/// The values of each minute, `-` where there is none; arrays with their labels.
fn shown(value: &Value) -> String {
    let one = |series: &Series| {
        let at = |time| series.points.get(&time).map_or("-".to_owned(), |value| ((value * 1000.0).round() / 1000.0).to_string());
        grid().times().map(at).collect::<Vec<_>>().join(" ")
    };
    match value {
        Value::Series(series) => one(series),
        Value::Array(all) => all.iter().map(|series| format!("{}: {}", series.label, one(series))).collect::<Vec<_>>().join("; "),
        other @ (Value::Scalar(_) | Value::Text(_) | Value::Word(_)) => format!("{other:?}"),
    }
}

#[test]
fn expressions_have_the_values_of_the_guide() {
    let table = [
        // Missing is 0, and what would be divided by 0 is dropped.
        ("m1 + m2", "15 20 2 0 60"),
        ("m1 - m2", "5 20 -2 0 40"),
        ("m1 / m2", "2 - 0 - 5"),
        ("m2 / m1", "0.5 0 - - 0.2"),
        ("100 * m2 / (m1 + m2)", "33.333 0 100 - 16.667"),
        ("-m1 ^ 2", "-100 -400 - 0 -2500"),
        ("m1 / PERIOD(m1)", "0.167 0.333 - 0 0.833"),
        ("[m1, m2] * 2", "m1: 20 40 - 0 100; m2: 10 - 4 0 20"),
        ("SUM(100 / [m1, m2])", "30 5 50 - 12"),
        ("AVG([m1, m2] / m1)", "0.75 0.5 - - 0.6"),
        ("m1 - [m1, m2]", "m1: 0 0 - 0 0; m2: 5 20 -2 0 40"),
        // The guide's own table of comparisons, of which this is the first column's kind.
        ("m1 < m2", "0 0 1 0 0"),
        ("m1 >= 20", "0 1 - 0 1"),
        ("m1 > 5 AND m2 > 4", "1 0 0 0 1"),
        ("m1 > 15 || m2 == 2", "0 1 1 0 1"),
        ("m1 != 20", "1 0 - 1 1"),
        // The guide's own examples of IF.
        ("IF(c1, c2, c3)", "30 0 20 - -"),
        ("IF(c1, 5, c3)", "5 5 20 - -"),
        ("IF(c1, c2, 5)", "30 0 5 5 -"),
        ("IF(m1 < 20, m1)", "10 - - 0 -"),
        ("IF(m1 < 20, 10, 2)", "10 2 - 10 2"),
        ("IF(1 > 2, m1, m2)", "5 - 2 0 10"),
        ("IF(0, m1)", "- - - - -"),
        ("IF(DAY(m1) == 7, m1)", "10 20 0 0 50"),
        // One number from many.
        ("m1 - MIN(m1)", "10 20 - 0 50"),
        ("MAX(m1) / m1", "5 2.5 - - 1"),
        ("m1 * 0 + AVG(m1)", "20 20 - 20 20"),
        ("m1 * 0 + DATAPOINT_COUNT(m2)", "4 4 - 4 4"),
        ("m1 * 0 + STDDEV(m2)", "3.767 3.767 - 3.767 3.767"),
        ("m1 + SUM(none)", "10 20 - 0 50"),
        ("m1 + AVG(none)", "- - - - -"),
        ("AVG([m1, m2])", "7.5 10 1 0 30"),
        ("MAX([m1, m2])", "10 20 2 0 50"),
        ("MIN([m1, m2])", "5 20 2 0 10"),
        ("STDDEV([m1, m2])", "2.5 0 0 0 20"),
        ("DATAPOINT_COUNT([m1, m2])", "2 1 1 2 2"),
        ("SUM(METRICS('m'))", "15 20 2 0 60"),
        ("SUM([METRICS(\"m1\"), METRICS(\"c2\")])", "40 20 0 0 80"),
        ("m1 * METRIC_COUNT(METRICS())", "60 120 - 0 300"),
        // Gaps.
        ("FILL(m1, 7)", "10 20 7 0 50"),
        ("FILL(m1, REPEAT)", "10 20 20 0 50"),
        ("FILL(m1, LINEAR)", "10 20 10 0 50"),
        ("FILL(c1, LINEAR)", "1 1 0 0 -"),
        ("FILL(m1, m2)", "10 20 2 0 50"),
        ("FILL([m1, m2], MIN(m1))", "m1: 10 20 0 0 50; m2: 5 0 2 0 10"),
        ("FILL(none, 0)", "0 0 0 0 0"),
        ("FILL(none, REPEAT)", "- - - - -"),
        ("TIME_SERIES(5 * AVG(m1))", "100 100 100 100 100"),
        // Over time.
        ("DIFF(m1)", "- 10 - -20 50"),
        ("DIFF_TIME(m1)", "- 60 - 120 60"),
        ("RATE(m1)", "- 0.167 - -0.167 0.833"),
        ("RUNNING_SUM(m1)", "10 30 - 30 80"),
        ("MINUTE(m1)", "0 1 2 3 4"),
        ("HOUR(none) + DATE(none) + MONTH(none) + YEAR(none)", "2059 2059 2059 2059 2059"),
        ("EPOCH(m1) - EPOCH(m2) + 1", "1 1 1 1 1"),
        // Points.
        ("ABS(m1 - m2)", "5 20 2 0 40"),
        ("CEIL(m1 / 3)", "4 7 - 0 17"),
        ("FLOOR(m1 / 3)", "3 6 - 0 16"),
        ("LOG10(m1)", "1 1.301 - - 1.699"),
        ("LOG(m2)", "1.609 - 0.693 - 2.303"),
        // Arrays.
        ("SORT(METRICS('m'), AVG, DESC)", "m1: 10 20 - 0 50; m2: 5 - 2 0 10"),
        ("SORT([m1, none, m2], SUM, ASC, 2)", "none: - - - - -; m2: 5 - 2 0 10"),
        ("FIRST(SORT([m1, m2], MAX, ASC))", "5 - 2 0 10"),
        ("LAST([m1, m2])", "5 - 2 0 10"),
        ("SLICE([m1, m2, c1], 1)", "m2: 5 - 2 0 10; c1: 1 1 0 0 -"),
        ("SLICE([m1, m2, c1], 0, 1)", "m1: 10 20 - 0 50"),
        ("REMOVE_EMPTY([none, m2])", "m2: 5 - 2 0 10"),
    ];
    for (text, wanted) in table {
        assert_eq!(run(text).map(|value| shown(&value)).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    let table = [
        ("1 +", "Invalid syntax"),
        ("nobody + 1", "Undefined reference 'nobody'"),
        ("EVAL('x')", "Function 'EVAL' not found"),
        ("AVG(m1)", "The result of an expression must be a time series or an array of them, this is a Scalar"),
        ("[m1] + [m2]", "Unsupported operand type(s) for +: '[Array[TimeSeries], Array[TimeSeries]]'"),
        ("m1 + 'x'", "Unsupported operand type(s) for +: '[TimeSeries, String]'"),
        ("-AVG", "Unsupported operand type(s) for -: '[Keyword]'"),
        ("[m1, 1]", "An array holds time series, not a Scalar"),
        ("SEARCH('{A} b', 'Sum', 60)", "SEARCH is not emulated by the sandbox"),
        ("SORT([m1], MEDIAN, ASC)", "Function 'SORT' does not take the arguments (Array[TimeSeries], Keyword, Keyword)"),
        ("PERIOD(m1 + 1)", "Function 'PERIOD' does not take the arguments (TimeSeries)"),
        ("ABS(1)", "Function 'ABS' does not take the arguments (Scalar)"),
        ("FILL(m1, MORE)", "Function 'FILL' does not take the arguments (TimeSeries, Keyword)"),
        ("METRICS(1)", "Function 'METRICS' does not take the arguments (Scalar)"),
    ];
    for (text, wanted) in table {
        assert_eq!(run(text).map(|value| shown(&value)), Err(wanted.to_owned()), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-zA-Z0-9+*/^()\\[\\],.'\"<>=!&| -]{0,60}") {
        let _whatever = run(&text);
    }

    #[test]
    fn no_well_formed_expression_makes_it_panic_and_points_are_numbers(
        parts in proptest::collection::vec((0usize..8, 0usize..14), 1..8),
    ) {
        let operands = ["m1", "none", "2.5", "0", "[m1, m2]", "METRICS()", "AVG(m2)", "FILL(m1, LINEAR)"];
        let operators = ["+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "AND", "OR", "-  -"];
        let mut text = "c1".to_owned();
        for (operand, operator) in parts {
            text = format!("({text} {} {})", operators[operator], operands[operand]);
        }
        if let Ok(Value::Series(series)) = run(&text) {
            prop_assert!(series.points.values().all(|value| value.is_finite()));
            prop_assert!(series.points.keys().all(|time| grid().times().any(|at| at == *time)));
        }
    }

    #[test]
    fn a_sum_of_two_is_their_sum_whichever_way_it_is_written(
        one in proptest::collection::vec(-100i32..100, 5), other in proptest::collection::vec(-100i32..100, 5),
    ) {
        let floats = |values: &[i32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        let metrics = [metric("a", &floats(&one)), metric("b", &floats(&other))];
        let expressions = BTreeMap::new();
        let run = |text: &str| {
            evaluate(&parse(text).unwrap(), &Scope { metrics: &metrics, expressions: &expressions, grid: grid() }).unwrap()
        };
        let Value::Series(sum) = run("a + b") else { panic!() };
        for text in ["b + a", "SUM([a, b])", "SUM(METRICS())", "a - -b", "AVG([a, b]) * 2", "MAX([a, b]) + MIN([b, a])"] {
            let Value::Series(same) = run(text) else { panic!() };
            prop_assert_eq!(&same.points, &sum.points, "{}", text);
        }
    }
}
