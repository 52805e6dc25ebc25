//! Tables of verdicts; those named after other tools are the hazards of theirs that concern metrics.

use std::time::Duration;

use super::{
    Alarm, AlarmReading, AlarmState, Analysis, Assessment, Margin, Metric, Number, OnNoData, Series, SideReadings, Source,
    Verdict, Why, Window,
    assessment::severest,
    judge::{Seen, StableSide, assess, assess_alarm, counted_until},
};
use crate::{
    rollout::{
        plan::{Step, parse_steps},
        split::Share,
    },
    time::Timestamp,
};

fn number(value: f64) -> Number {
    Number::new(value).expect("finite")
}

fn metric(source: Source) -> Metric {
    Metric {
        name: "it".to_owned(),
        source,
        max: None,
        min: None,
        versus: None,
        confidence: Share::percent(95),
        min_requests: 0,
        failures: None,
        consecutive: None,
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

/// At most 1 %, of at least 100 requests.
fn errors() -> Metric {
    Metric { max: Some(number(0.01)), min_requests: 100, ..metric(Source::ErrorRate) }
}

/// p99, at most 800 ms.
fn latency() -> Metric {
    Metric { max: Some(number(800.0)), ..metric(Source::RequestTime("p99".to_owned())) }
}

fn minute(number: usize) -> Timestamp {
    Timestamp::from_secs(600 + 60 * number as u64)
}

/// One value a minute; `None` is a minute without.
fn series(values: &[Option<f64>]) -> Series {
    let minutes = values.iter().enumerate().filter_map(|(at, value)| Some((minute(at), number((*value)?)))).collect();
    Series { minutes, complete: true }
}

fn all(values: &[f64]) -> Series {
    series(&values.iter().copied().map(Some).collect::<Vec<_>>())
}

fn side(requests: Series, metric: Series) -> SideReadings {
    SideReadings { requests, metrics: vec![metric] }
}

fn analysis(metric: Metric) -> Analysis {
    Analysis { metrics: vec![metric], lag: Duration::from_secs(120), ..Analysis::default() }
}

fn window(minutes: usize) -> Window {
    Window { from: minute(0), until: minute(minutes) }
}

fn seen<'a>(window: Window, candidate: &'a SideReadings, stable: Option<&'a StableSide>) -> Seen<'a> {
    Seen { window, candidate, stable, steps: &[], again: None }
}

fn judged(metric: Metric, minutes: usize, candidate: &SideReadings, stable: Option<SideReadings>) -> Assessment {
    let stable = stable.map(|readings| StableSide { readings, window: window(minutes), is_last: false });
    assess(&analysis(metric), 0, seen(window(minutes), candidate, stable.as_ref())).remove(0)
}

#[test]
fn an_error_rate_is_that_of_the_whole_window() {
    let table = [
        ("good", all(&[300.0, 300.0]), all(&[0.0, 1.0]), Verdict::Pass),
        ("bad at once", all(&[300.0]), all(&[15.0]), Verdict::Fail),
        ("bad in all", all(&[300.0, 300.0]), all(&[0.0, 15.0]), Verdict::Fail),
        ("at the limit", all(&[300.0]), all(&[3.0]), Verdict::Pass),
        ("too few", all(&[60.0]), all(&[6.0]), Verdict::Inconclusive),
        ("enough in two minutes", all(&[60.0, 60.0]), all(&[6.0, 0.0]), Verdict::Fail),
    ];
    for (what, requests, failures, verdict) in table {
        let minutes = requests.minutes.len();
        let told = judged(errors(), minutes, &side(requests, failures), None);
        assert_eq!(told.verdict, verdict, "{what}: {told}");
    }
    let told = judged(errors(), 1, &side(all(&[305.0]), all(&[15.0])), None);
    assert_eq!(told.to_string(), "it 4.92% of 305 requests (above 1%)");
    let told = judged(errors(), 1, &side(all(&[60.0]), all(&[6.0])), None);
    assert_eq!(told.why, Why::TooFew { requests: 60, needed: 100 });
}

/// DESIGN §5 rule 7.
#[test]
fn kayenta_3_no_failures_told_in_a_minute_with_requests_are_none_and_without_requests_nobody_knows() {
    let told = judged(errors(), 2, &side(all(&[300.0, 300.0]), series(&[])), None);
    assert_eq!((told.verdict, told.candidate), (Verdict::Pass, Some(Number::default())));
    let told = judged(errors(), 2, &side(series(&[]), all(&[7.0, 7.0])), None);
    assert_eq!((told.verdict, &told.why, told.candidate), (Verdict::Inconclusive, &Why::NoData, None));
    // What is no metric of requests is none without them: a latency that nobody measured is not zero.
    let told = judged(latency(), 2, &side(all(&[300.0, 300.0]), series(&[])), None);
    assert_eq!((told.verdict, &told.why), (Verdict::Inconclusive, &Why::NoData));
    let quiet = Metric { max: Some(number(0.0)), ..metric(Source::ConnectionErrors) };
    assert_eq!(judged(quiet.clone(), 1, &side(all(&[300.0]), series(&[])), None).verdict, Verdict::Pass);
    assert_eq!(judged(quiet, 1, &side(series(&[]), series(&[])), None).verdict, Verdict::Inconclusive);
}

/// What it is, in which minutes candidate, stable and the metric have a value, and until when that is counted.
type Counted = (&'static str, &'static [usize], Option<&'static [usize]>, &'static [usize], Option<usize>);

/// What a pass waits for.
#[test]
fn a_window_is_counted_until_the_newest_minute_in_which_either_side_has_requests() {
    let some = |minutes: &[usize]| {
        let longest = minutes.iter().max().map_or(0, |last| last + 1);
        series(&(0..longest).map(|at| minutes.contains(&at).then_some(7.0)).collect::<Vec<_>>())
    };
    let table: [Counted; 9] = [
        ("both are counted", &[0, 1, 2], Some(&[0, 1, 2]), &[], Some(3)),
        ("the candidate had no requests in the last minutes", &[0], Some(&[0, 1, 2]), &[], Some(3)),
        ("stable had none", &[0, 1, 2], Some(&[0]), &[], Some(3)),
        ("nobody was counted in the last minutes", &[0], Some(&[0]), &[0], Some(1)),
        ("nor does a value of the metric's count these", &[0], Some(&[0]), &[0, 1, 2], Some(1)),
        ("a gap before the last minute", &[0, 2], Some(&[]), &[], Some(3)),
        ("the candidate alone", &[0, 1], None, &[], Some(2)),
        ("requests are not counted", &[], Some(&[]), &[0, 1], Some(2)),
        ("nothing is", &[], Some(&[]), &[], None),
    ];
    for (what, candidate, stable, values, until) in table {
        let candidate = side(some(candidate), some(values));
        let stable = stable.map(|minutes| side(some(minutes), series(&[])));
        let told = counted_until(0, window(3), [Some(&candidate), stable.as_ref()]);
        assert_eq!(told, until.map(minute), "{what}");
    }
    // What is beyond the window says nothing of it.
    let late = Window { from: minute(4), until: minute(6) };
    assert_eq!(counted_until(0, late, [Some(&side(some(&[0, 1, 7]), series(&[]))), None]), None);
}

#[test]
fn harness_2_no_data_is_not_success() {
    let nothing = side(series(&[]), series(&[]));
    let busy = Metric { min: Some(number(10.0)), ..metric(Source::RequestCount) };
    for metric in [errors(), latency(), busy] {
        let told = judged(metric, 3, &nothing, None);
        assert_eq!((told.verdict, told.at_the_end()), (Verdict::Inconclusive, Verdict::Inconclusive), "{told}");
    }
}

#[test]
fn c5_a_service_without_traffic_has_not_failed() {
    let nothing = side(series(&[]), series(&[]));
    for (on_no_data, at_the_end) in
        [(OnNoData::Extend, Verdict::Inconclusive), (OnNoData::Pass, Verdict::Pass), (OnNoData::Fail, Verdict::Fail)]
    {
        let told = judged(Metric { on_no_data, ..errors() }, 3, &nothing, None);
        assert_eq!((told.verdict, told.at_the_end()), (Verdict::Inconclusive, at_the_end), "an answer only by the end");
    }
}

#[test]
fn argo_10_partial_data_is_no_data() {
    let partial = |series: Series| Series { complete: false, ..series };
    for (requests, failures) in [(partial(all(&[300.0])), all(&[30.0])), (all(&[300.0]), partial(all(&[0.0])))] {
        let told = judged(errors(), 1, &side(requests, failures), None);
        assert_eq!((told.verdict, &told.why, told.candidate), (Verdict::Inconclusive, &Why::Partial, None));
    }
}

/// There a group of metrics without data has the score of one that passed.
#[test]
fn kayenta_2_metrics_that_pass_do_not_make_up_for_one_without_data() {
    let judged_by = Analysis { metrics: vec![errors(), latency()], ..analysis(errors()) };
    let readings = SideReadings { requests: all(&[300.0]), metrics: vec![all(&[0.0]), series(&[])] };
    let told = assess(&judged_by, 0, seen(window(1), &readings, None));
    assert_eq!([told[0].verdict, told[1].verdict], [Verdict::Pass, Verdict::Inconclusive]);
    assert_eq!(severest(&told, |told| told.verdict), Verdict::Inconclusive);
}

/// There a mean of 0 makes the difference no number, and that is taken for a large one.
#[test]
fn kayenta_4_a_stable_at_0_is_compared_without_dividing_by_it() {
    let versus = |margin: Margin, metric: Metric| Metric { versus: Some(margin), max: None, ..metric };
    let stable = |requests: f64| Some(side(all(&[requests]), all(&[0.0])));
    let slower = versus(Margin::Relative(number(0.2)), latency());
    let more = versus(Margin::Absolute(number(0.005)), errors());
    for (metric, requests, found, verdict) in [
        (&slower, 300.0, 0.0, Verdict::Pass),
        (&slower, 300.0, 1.0, Verdict::Fail),
        (&more, 5000.0, 0.0, Verdict::Pass),
        (&more, 5000.0, 500.0, Verdict::Fail),
        (&more, 0.0, 0.0, Verdict::Inconclusive),
    ] {
        let told = judged(metric.clone(), 1, &side(all(&[requests]), all(&[found])), stable(requests));
        assert_eq!(told.verdict, verdict, "{found} of {requests}: {told}");
    }
}

#[test]
fn failing_minutes_are_counted_in_all_or_in_a_row() {
    let slow = [100.0, 900.0, 100.0, 900.0, 900.0, 100.0];
    let told = |failures, consecutive, minutes: usize| {
        let values = series(&slow.map(Some)[..minutes]);
        let metric = Metric { failures, consecutive, ..latency() };
        let told = judged(metric, minutes, &side(all(&slow[..minutes]), values), None);
        (told.verdict, told.why)
    };
    assert_eq!(told(None, None, 1), (Verdict::Pass, Why::Within));
    assert_eq!(told(None, None, 2).0, Verdict::Fail, "one is enough where nothing is said");
    assert_eq!(told(Some(2), None, 2).0, Verdict::Inconclusive, "not passed by what is beyond its limit just now");
    assert_eq!(told(Some(2), None, 3), (Verdict::Pass, Why::Tolerated { failing: 1 }));
    assert_eq!(told(Some(2), None, 4).0, Verdict::Fail);
    assert_eq!(told(None, Some(2), 4).0, Verdict::Inconclusive);
    assert_eq!(told(None, Some(2), 5).0, Verdict::Fail);
    assert_eq!(told(None, Some(3), 6), (Verdict::Pass, Why::Tolerated { failing: 3 }));
    assert_eq!(told(Some(3), Some(3), 6).0, Verdict::Fail, "whichever is reached first");
}

#[test]
fn on_no_data_does_not_excuse_what_was_measured() {
    let metric = Metric { failures: Some(2), on_no_data: OnNoData::Pass, ..latency() };
    let told = judged(metric, 1, &side(all(&[10.0]), all(&[900.0])), None);
    assert_eq!(told.at_the_end(), Verdict::Inconclusive);
}

#[test]
fn a_latency_may_be_compared_with_stable_minute_by_minute() {
    let metric = || Metric { versus: Some(Margin::Relative(number(0.2))), ..metric(Source::RequestTime("p99".to_owned())) };
    let busy = || all(&[50.0, 50.0]);
    let told = |candidate: &[f64], stable: Option<&[f64]>| {
        let stable = stable.map(|stable| side(busy(), all(stable)));
        judged(metric(), 2, &side(busy(), all(candidate)), stable)
    };
    assert_eq!(told(&[115.0, 120.0], Some(&[100.0, 100.0])).verdict, Verdict::Pass);
    let worse = told(&[115.0, 130.0], Some(&[100.0, 100.0]));
    assert_eq!(worse.verdict, Verdict::Fail);
    assert_eq!(worse.to_string(), "it 122ms (130ms in a minute, stable had 100ms: worse than at most 20% above stable)");
    assert_eq!(told(&[115.0, 120.0], Some(&[])).why, Why::NoStable);
    assert_eq!(told(&[115.0, 120.0], None).why, Why::NoStable);
    // Of several limits the one that it is worse than is named.
    let no_worse = Metric { versus: Some(Margin::Relative(number(0.0))), max: Some(number(900.0)), ..metric() };
    let told = judged(no_worse, 2, &side(busy(), all(&[115.0, 130.0])), Some(side(busy(), all(&[100.0, 100.0]))));
    assert!(told.to_string().ends_with("stable had 100ms: worse than stable)"), "{told}");
    // Where more is better, the margin is below.
    let rate =
        Metric { versus: Some(Margin::Absolute(number(-5.0))), ..super::tests::metric(Source::Expression("x".to_owned())) };
    let told = judged(rate, 2, &side(busy(), all(&[96.0, 94.0])), Some(side(busy(), all(&[100.0, 100.0]))));
    assert_eq!(told.verdict, Verdict::Fail, "{told}");
}

#[test]
fn an_error_rate_is_compared_with_stables_as_counts() {
    let metric = || Metric { versus: Some(Margin::Absolute(number(0.005))), ..errors() };
    let stable = |requests: f64, failures: f64| Some(side(all(&[requests]), all(&[failures])));
    let told = |requests: f64, failures: f64, other| judged(metric(), 1, &side(all(&[requests]), all(&[failures])), other);
    assert_eq!(told(20_000.0, 20.0, stable(20_000.0, 20.0)).verdict, Verdict::Pass);
    let few = told(300.0, 0.0, stable(5_700.0, 6.0));
    assert!(matches!(few.why, Why::NotEnough { missing: Some(500..5000) }), "{few}");
    assert!(few.to_string().contains("too few to tell it from stable: about "), "{few}");
    let loose = Metric { max: None, ..metric() };
    let worse = judged(loose, 1, &side(all(&[2000.0]), all(&[80.0])), stable(20_000.0, 20.0));
    assert!(matches!(worse.why, Why::Worse { .. }), "{worse}");
    assert_eq!(told(20_000.0, 20.0, None).why, Why::NoStable);
}

#[test]
fn a_candidate_better_than_stable_is_told_so() {
    let metric = Metric { versus: Some(Margin::Absolute(number(0.005))), max: None, ..errors() };
    let stable = Some(side(all(&[20_000.0]), all(&[600.0])));
    let told = judged(metric, 1, &side(all(&[20_000.0]), all(&[20.0])), stable);
    assert_eq!((told.verdict, told.to_string().as_str()), (Verdict::Pass, "it 0.1% of 20000 requests (better than stable's 3%)"));
}

/// The probability of a wrong answer is a rollout's, however many windows it has: each compares with its part of it. A look after a hold
/// is one, where the step before the hold is judged, and so is a step that another job watches once more.
#[test]
fn more_windows_and_more_confidence_take_more_requests() {
    let metric =
        |confidence| Metric { versus: Some(Margin::Absolute(number(0.005))), confidence: Share::percent(confidence), ..errors() };
    // How many of the candidate's it takes; stable has nineteen times as many.
    let needed = |analysis: &Analysis, steps: &[Step], again: Option<u64>| {
        let of = |requests: f64| side(all(&[requests]), all(&[0.0]));
        let passes = |requests: f64| {
            let stable = StableSide { readings: of(requests * 19.0), window: window(1), is_last: false };
            let candidate = of(requests);
            let seen = Seen { steps, again, ..seen(window(1), &candidate, Some(&stable)) };
            assess(analysis, 0, seen).remove(0).verdict == Verdict::Pass
        };
        (1_u32..).map(|tens| tens * 10).find(|requests| passes(f64::from(*requests))).expect("some")
    };
    let steps = |text: &str| parse_steps(text).expect(text);
    let (one, two) = (steps("100%:1m"), steps("50%:1m,100%:1m"));
    let usual = analysis(metric(95));
    let [few, more] = [&one, &two].map(|steps| needed(&usual, steps, None));
    assert!((1000..3000).contains(&few) && more > few, "two windows share it: {few}, {more}");
    assert!(needed(&analysis(metric(99)), &one, None) > few, "a hundredth in place of a twentieth");
    let held = needed(&usual, &steps("50%:1m,hold:1h,100%:1m"), None);
    assert!(held > more, "the look after the hold is a window too: {held}, {more}");
    assert_eq!(held, needed(&usual, &steps("10%:1m,50%:1m,100%:1m"), None), "as a third step is");
    assert_eq!(needed(&usual, &steps("hold:1h,50%:1m,100%:1m"), None), more, "before the first step nothing is looked at");
    let elsewhere = Analysis { steps: vec![None, Some(Vec::new()), None], ..usual.clone() };
    let with_hold = |before: usize| {
        let mut steps = steps("10%:1m,50%:1m,100%:1m");
        steps[before].hold = parse_steps("50%:1m,hold:1h,100%:1m").expect("steps")[1].hold;
        needed(&elsewhere, &steps, None)
    };
    assert_eq!([with_hold(1), with_hold(2)], [held, more], "a hold behind a step that it does not judge opens none");
    let again = [1, 2, 60].map(|takeover| needed(&usual, &two, Some(takeover)));
    assert!(more < again[0] && again.is_sorted_by(|one, next| one < next), "what is watched again: {again:?}");
}

#[test]
fn where_stable_has_no_traffic_its_last_window_is_what_it_is_compared_with() {
    let readings = side(all(&[20_000.0]), all(&[20.0]));
    let before = Window { from: Timestamp::from_secs(600), until: Timestamp::from_secs(660) };
    let stable = StableSide { readings, window: before, is_last: true };
    let from = Timestamp::from_secs(1200);
    let later = |value: f64| Series { minutes: [(from, number(value))].into(), complete: true };
    let candidate = side(later(20_000.0), later(18.0));
    let seen = seen(Window { from, until: Timestamp::from_secs(1260) }, &candidate, Some(&stable));
    let metric = Metric { versus: Some(Margin::Absolute(number(0.005))), ..errors() };
    let told = assess(&analysis(metric), 0, seen).remove(0);
    assert_eq!((told.verdict, told.stable_is_last, told.stable), (Verdict::Pass, true, Some(number(0.001))));
}

#[test]
fn flagger_b10_the_first_failing_metric_does_not_hide_the_others() {
    let both = Analysis { metrics: vec![errors(), latency(), latency()], ..Analysis::default() };
    let requests = all(&[300.0]);
    let candidate = SideReadings { requests, metrics: vec![all(&[30.0]), all(&[900.0]), all(&[90.0])] };
    let told = assess(&both, 0, seen(window(1), &candidate, None));
    let verdicts: Vec<_> = told.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Fail, Verdict::Pass]);
}

#[test]
fn argo_a2_inconclusive_does_not_mask_failed() {
    let told = [
        judged(errors(), 1, &side(series(&[]), series(&[])), None),
        judged(latency(), 1, &side(all(&[10.0]), all(&[900.0])), None),
        judged(latency(), 1, &side(all(&[10.0]), all(&[90.0])), None),
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]] {
        let ordered: Vec<_> = order.iter().map(|place| told[*place].clone()).collect();
        assert_eq!(severest(&ordered, |one| one.verdict), Verdict::Fail);
    }
    let shown = judged(Metric { report_only: true, ..latency() }, 1, &side(all(&[10.0]), all(&[900.0])), None);
    assert_eq!(
        (shown.verdict, severest(std::slice::from_ref(&shown), |one| one.verdict)),
        (Verdict::Fail, Verdict::Pass),
        "report only"
    );
}

#[test]
fn only_the_metrics_of_a_step_judge_it() {
    let some = Analysis {
        metrics: vec![errors(), latency()],
        steps: vec![Some(vec![1]), None, Some(Vec::new())],
        ..Analysis::default()
    };
    let nothing = SideReadings::default();
    let count = |step| assess(&some, step, seen(window(1), &nothing, None)).len();
    assert_eq!([0, 1, 2, 3].map(count), [1, 2, 0, 2]);
    assert!(some.judges_by_metrics(1) && !some.judges_by_metrics(2));
}

#[test]
fn an_alarm_that_was_on_before_counts_only_once_it_was_off() {
    let alarm = |ignored| Alarm { name: "5xx".to_owned(), on_no_data: OnNoData::Extend, ignored };
    let reading = |state| AlarmReading { state, why: "Threshold Crossed.".to_owned() };
    let told = |ignored, state| assess_alarm(&alarm(ignored), Some(&reading(state))).verdict;
    assert_eq!(told(false, AlarmState::Ok), Verdict::Pass);
    assert_eq!(told(false, AlarmState::InAlarm), Verdict::Fail);
    assert_eq!(told(true, AlarmState::InAlarm), Verdict::Pass);
    assert_eq!(told(false, AlarmState::NoData), Verdict::Inconclusive);
    assert_eq!(told(false, AlarmState::Gone), Verdict::Inconclusive);
    assert_eq!(assess_alarm(&alarm(false), None).verdict, Verdict::Inconclusive);
    let on = assess_alarm(&alarm(false), Some(&reading(AlarmState::InAlarm)));
    assert_eq!(on.to_string(), "5xx (on (Threshold Crossed))");
}
