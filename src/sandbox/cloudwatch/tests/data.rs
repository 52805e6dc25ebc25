use serde_json::{Value, json};

use super::asking::{GROUP, ask, hour, metric, pass, points, refused, scenario, values, world};

#[test]
fn nothing_before_the_first_request_and_a_minute_only_after_its_delay() {
    let mut world = world(scenario(), |_| {}, &[]);
    pass(&mut world, 180);
    let answer = ask(&mut world, "GetMetricData", &hour(&[metric("m", "TotalRequestCount", "Sum")]));
    assert_eq!(
        answer["MetricDataResults"],
        json!([{"Id": "m", "Label": "TotalRequestCount", "Timestamps": [], "Values": [], "StatusCode": "Complete"}])
    );
    let mut world = super::asking::world(scenario(), |it| it.knobs.metrics_delay = 90, &[(10, 1, 20), (20, 0, 20)]);
    let mut seen = Vec::new();
    for _ in 0..5 {
        pass(&mut world, 60);
        seen.push(values(&mut world, metric("m", "TotalRequestCount", "Sum")).len());
    }
    // Minute 0 ends at 60 and is there from 150 on, which is first seen at 180; from then on there is one more each minute.
    assert_eq!(seen, [0, 0, 1, 2, 3]);
    assert_eq!(values(&mut world, metric("m", "TotalRequestCount", "Sum")), [(0, 10.0), (1, 20.0), (2, 0.0)]);
    assert_eq!(values(&mut world, metric("m", "RequestTime", "p99")), [(0, 20.0), (1, 20.0)], "no time of no requests");
}

#[test]
fn what_is_not_documented_is_a_knob() {
    let mut silent = world(scenario(), |it| it.knobs.metrics_zeros = false, &[(10, 0, 20), (20, 3, 20)]);
    pass(&mut silent, 300);
    assert_eq!(values(&mut silent, metric("m", "HTTPCode_5XX_Count", "Sum")), [(1, 3.0)]);
    let mut early = world(scenario(), |it| it.knobs.metrics_partial = 60, &[(10, 0, 20), (20, 3, 20)]);
    pass(&mut early, 180);
    assert_eq!(values(&mut early, metric("m", "TotalRequestCount", "Sum")), [(0, 10.0), (1, 10.0)]);
    assert_eq!(values(&mut early, metric("m", "RequestTime", "SampleCount")), [(0, 10.0), (1, 10.0)]);
    pass(&mut early, 60);
    assert_eq!(values(&mut early, metric("m", "TotalRequestCount", "Sum")), [(0, 10.0), (1, 20.0), (2, 0.0)]);
}

#[test]
fn longer_periods_are_of_all_their_samples() {
    let mut world = world(scenario(), |_| {}, &[(98, 0, 10), (2, 0, 500), (100, 5, 20)]);
    pass(&mut world, 600);
    let over = |name: &str, stat: &str, period: u64| {
        let mut query = metric("m", name, stat);
        query["MetricStat"]["Period"] = json!(period);
        query
    };
    assert_eq!(values(&mut world, over("RequestTime", "p98", 120))[0], (0, 10.0));
    assert_eq!(values(&mut world, over("RequestTime", "p99", 120))[0], (0, 500.0));
    assert_eq!(values(&mut world, over("RequestTime", "Average", 120))[0], (0, (980.0 + 1000.0) / 100.0));
    assert_eq!(values(&mut world, over("TotalRequestCount", "Sum", 180))[0], (0, 200.0));
    assert_eq!(values(&mut world, over("HTTPCode_2XX_Count", "Maximum", 180))[0], (0, 98.0));
    assert_eq!(values(&mut world, over("TotalRequestCount", "SampleCount", 180))[0], (0, 3.0));
    assert_eq!(values(&mut world, over("RequestTime", "PR(:20)", 300))[0], (0, 99.0));
    // Data of a minute is at its beginning; shorter periods find it there and nothing else.
    assert_eq!(values(&mut world, over("TotalRequestCount", "Sum", 10))[..2], [(0, 98.0), (1, 2.0)]);
    let mut milliseconds = metric("m", "RequestTime", "Maximum");
    milliseconds["MetricStat"]["Unit"] = json!("Milliseconds");
    assert_eq!(values(&mut world, milliseconds.clone()).len(), 3);
    milliseconds["MetricStat"]["Unit"] = json!("Seconds");
    assert_eq!(values(&mut world, milliseconds), [], "there is no conversion");
    let mut zone = metric("m", "TotalRequestCount", "Sum");
    let dimensions = zone["MetricStat"]["Metric"]["Dimensions"].as_array_mut().unwrap();
    dimensions.push(json!({"Name": "AvailabilityZone", "Value": "ap-northeast-1a"}));
    assert_eq!(values(&mut world, zone)[0], (0, 98.0));
    let service = json!([{"Name": "Service", "Value": super::asking::SERVICE}]);
    let mut of_service = metric("m", "HTTPCode_VpcLattice_502_Count", "Sum");
    of_service["MetricStat"]["Metric"]["Dimensions"] = service;
    assert_eq!(values(&mut world, of_service)[0], (0, 0.0));
}

#[test]
fn an_error_rate_by_metric_math() {
    let mut world = world(scenario(), |_| {}, &[(100, 1, 10), (0, 0, 10), (50, 5, 10)]);
    pass(&mut world, 300);
    let mut hidden = metric("bad", "HTTPCode_5XX_Count", "Sum");
    hidden["ReturnData"] = json!(false);
    let queries = [
        json!({"Id": "late", "Expression": "rate * 10", "Label": "ten times ${LABEL} at most ${MAX}"}),
        metric("total", "TotalRequestCount", "Sum"),
        hidden,
        json!({"Id": "rate", "Expression": "100 * FILL(bad, 0) / total", "Label": "error rate"}),
        json!({"Id": "all", "Expression": "METRICS() * 2", "Label": "twice"}),
    ];
    let answer = ask(&mut world, "GetMetricData", &hour(&queries));
    let results = answer["MetricDataResults"].as_array().unwrap();
    let told: Vec<_> = results.iter().map(|it| (it["Id"].as_str().unwrap(), it["Label"].as_str().unwrap())).collect();
    let wanted = [
        ("late", "ten times HTTPCode_5XX_Count at most 100"),
        ("total", "TotalRequestCount"),
        ("rate", "error rate"),
        ("all", "twice TotalRequestCount"),
        ("all", "twice HTTPCode_5XX_Count"),
    ];
    assert_eq!(told, wanted);
    // In the minute without requests there is no rate; minutes 3 and 4 had none either.
    assert_eq!(points(&results[2]), [(0, 1.0), (2, 10.0)]);
    assert_eq!(points(&results[0]), [(0, 10.0), (2, 100.0)]);
    assert_eq!(points(&results[4])[2], (2, 10.0));
}

#[test]
fn pages_join_to_the_whole_and_tokens_are_good_for_one_request() {
    let mut world = world(scenario(), |_| {}, &[(10, 1, 20); 9]);
    pass(&mut world, 600);
    let mut request = hour(&[metric("a", "TotalRequestCount", "Sum"), metric("b", "HTTPCode_5XX_Count", "Sum")]);
    let whole = ask(&mut world, "GetMetricData", &request);
    request["MaxDatapoints"] = json!(4);
    let (mut joined, mut pages) = (std::collections::BTreeMap::<String, Vec<(u64, f64)>>::new(), 0);
    loop {
        let page = ask(&mut world, "GetMetricData", &request);
        pages += 1;
        for result in page["MetricDataResults"].as_array().unwrap() {
            joined.entry(result["Id"].as_str().unwrap().to_owned()).or_default().extend(points(result));
        }
        request["NextToken"] = page["NextToken"].clone();
        if page["NextToken"].is_null() {
            break;
        }
    }
    assert_eq!(pages, 5);
    assert_eq!(joined["a"], points(&whole["MetricDataResults"][0]));
    assert_eq!(joined["b"], points(&whole["MetricDataResults"][1]));
    request["NextToken"] = json!("bm9uc2Vuc2U=");
    assert_eq!(refused(&mut world, "GetMetricData", &request).1, "InvalidNextToken");
    let expression = hour(&[metric("a", "TotalRequestCount", "Sum"), json!({"Id": "e", "Expression": "a * 2"})]);
    let cut = expression.as_object().unwrap().clone().into_iter().chain([("MaxDatapoints".to_owned(), json!(11))]).collect();
    let cut = ask(&mut world, "GetMetricData", &Value::Object(cut));
    assert_eq!((&cut["NextToken"], &cut["MetricDataResults"][1]["StatusCode"]), (&Value::Null, &json!("PartialData")));
}

#[test]
fn requests_that_make_no_sense_are_told() {
    let mut world = world(scenario(), |_| {}, &[]);
    let one = metric("m", "TotalRequestCount", "Sum");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut request = hour(std::slice::from_ref(&one));
        change(&mut request);
        request
    };
    let query = |query: Value| with(&|request| request["MetricDataQueries"] = json!([query]));
    let expression = |text: &str| query(json!({"Id": "e1", "Expression": text}));
    let table = [
        (with(&|it| it["EndTime"] = it["StartTime"].clone()), "The parameter StartTime must not equal parameter EndTime."),
        (with(&|it| it["EndTime"] = json!(1)), "The parameter EndTime must be greater than StartTime."),
        (with(&|it| it["StartTime"] = json!("yesterday")), "The parameter StartTime must be a time after 1970."),
        (with(&|it| it["MaxDatapoints"] = json!(0)), "The value 0 for parameter MaxDatapoints must be between 1 and 100800."),
        (with(&|it| it["MetricDataQueries"] = json!([])), "The collection MetricDataQueries must not be empty.\n"),
        (
            with(&|it| it["MetricDataQueries"] = json!([one, one])),
            "The values for parameter Id in MetricDataQueries must be unique: m is not.",
        ),
        (
            query(json!({"Id": "Upper", "Expression": "1"})),
            "The value Upper for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
        ),
        (query(json!({"Id": "m"})), "The parameter MetricDataQueries.member.1.MetricStat is required.\n"),
        (
            with(&|it| it["MetricDataQueries"][0]["MetricStat"]["Period"] = json!(7)),
            "The value 7 for parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (
            with(&|it| it["MetricDataQueries"][0]["MetricStat"]["Stat"] = json!("Median")),
            "The value Median for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.",
        ),
        (expression("1 +"), "Error in expression 'e1': Invalid syntax"),
        (expression("nobody + 1"), "Error in expression 'e1': Undefined reference 'nobody'"),
        (expression("EVAL('x')"), "Error in expression 'e1': Function 'EVAL' not found"),
        (expression("e1 + 1"), "Error in expression 'e1': it refers to itself, directly or through others"),
        (expression("SEARCH('x', 'Sum')"), "Error in expression 'e1': SEARCH is not emulated by the sandbox"),
        (
            expression("SELECT AVG(CPUUtilization) FROM SCHEMA(\"AWS/EC2\")"),
            "Error in expression 'e1': Metrics Insights queries are not emulated by the sandbox",
        ),
        (
            with(&|it| it["EndTime"] = json!(253_000_000_000_u64)),
            "The request asks about 4186744906 data points, the sandbox works out at most 4000000.",
        ),
    ];
    for (request, wanted) in table {
        assert_eq!(refused(&mut world, "GetMetricData", &request), (400, "ValidationError".to_owned(), wanted.to_owned()));
    }
}

#[test]
fn metrics_are_listed_by_what_they_have() {
    let mut world = world(scenario(), |_| {}, &[(1, 0, 5)]);
    let listed = |world: &mut _, request: &Value| {
        let answer = ask(world, "ListMetrics", request);
        let metrics = answer["Metrics"].as_array().unwrap().clone();
        metrics.iter().map(|metric| metric["MetricName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ours = json!({"Namespace": "AWS/VpcLattice"});
    assert_eq!(listed(&mut world, &ours), [""; 0], "not published yet");
    pass(&mut world, 120);
    // Fourteen of the target group and as many of the service, each with and without its zone.
    assert_eq!(listed(&mut world, &ours).len(), 2 * (14 + 14));
    let group = json!({"Namespace": "AWS/VpcLattice", "MetricName": "RequestTime", "Dimensions": [{"Name": "TargetGroup", "Value": GROUP}]});
    assert_eq!(listed(&mut world, &group), ["RequestTime", "RequestTime"]);
    assert_eq!(listed(&mut world, &json!({"Dimensions": [{"Name": "ServiceName"}]})), ["CPUUtilization", "MemoryUtilization"]);
    assert_eq!(listed(&mut world, &json!({"Namespace": "AWS/Nobody"})), [""; 0]);
}

#[test]
fn a_fault_breaks_the_last_result_of_an_answer() {
    let mut world = world(scenario(), |_| {}, &[(1, 0, 5)]);
    pass(&mut world, 120);
    world.faults.partial = true;
    let queries = [metric("a", "TotalRequestCount", "Sum"), metric("b", "RequestTime", "p50")];
    let answer = ask(&mut world, "GetMetricData", &hour(&queries));
    let status = |index: usize| answer["MetricDataResults"][index]["StatusCode"].as_str().unwrap();
    assert_eq!([status(0), status(1)], ["Complete", "InternalError"]);
    assert_eq!(answer["MetricDataResults"][1]["Values"], json!([]));
}
