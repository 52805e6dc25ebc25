//! What is refused, and how requests and answers look.

use serde_json::{Value, json};

use super::asking::{GROUP, ask, definition, lattice, pass, refused, register, service, world};

#[test]
fn a_task_definition_is_printed_with_its_defaults_and_counts_its_revisions() {
    let mut world = world();
    let first = ask(&mut world, "DescribeTaskDefinition", json!({ "taskDefinition": "myservice:1", "include": ["TAGS"] }));
    assert_eq!(first["tags"], json!([]));
    let body = json!({
        "family": "tools", "networkMode": "awsvpc", "memory": "512", "tags": [{ "key": "team", "value": "a" }],
        "containerDefinitions": [{ "name": "x", "image": "i", "portMappings": [{ "containerPort": 80 }], "dockerLabels": null }],
    });
    for revision in 1..=3 {
        let answer = ask(&mut world, "RegisterTaskDefinition", body.clone());
        let arn = format!("arn:aws:ecs:ap-northeast-1:123456789012:task-definition/tools:{revision}");
        assert_eq!(answer["taskDefinition"]["taskDefinitionArn"], arn);
        assert_eq!(answer["taskDefinition"]["revision"], revision);
        assert_eq!(answer["tags"], json!([{ "key": "team", "value": "a" }]));
    }
    let printed = ask(&mut world, "DescribeTaskDefinition", json!({ "taskDefinition": "tools" }))["taskDefinition"].clone();
    assert_eq!(printed["revision"], 3);
    assert_eq!(printed["status"], "ACTIVE");
    assert_eq!(printed["compatibilities"], json!(["EC2"]));
    assert_eq!(printed["registeredAt"].as_f64(), Some(1_795_305_600.0));
    assert!(printed["requiresAttributes"].as_array().unwrap().contains(&json!({ "name": "ecs.capability.task-eni" })));
    let container = &printed["containerDefinitions"][0];
    for empty in ["environment", "mountPoints", "volumesFrom", "systemControls"] {
        assert_eq!(container[empty], json!([]), "{empty}");
    }
    assert_eq!((&container["cpu"], &container["essential"]), (&json!(0), &json!(true)));
    assert_eq!(container["portMappings"][0], json!({ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }));
    assert!(container.get("dockerLabels").is_none() && printed.get("tags").is_none());
    ask(&mut world, "DeregisterTaskDefinition", json!({ "taskDefinition": "tools:3" }));
    let newest = ask(&mut world, "DescribeTaskDefinition", json!({ "taskDefinition": "tools" }));
    assert_eq!(newest["taskDefinition"]["revision"], 2);
    let listed = ask(&mut world, "ListTaskDefinitions", json!({ "familyPrefix": "tools", "sort": "DESC", "maxResults": 1 }));
    assert!(listed["taskDefinitionArns"][0].as_str().unwrap().ends_with("tools:2"));
    assert!(listed["nextToken"].is_string());
}

#[test]
fn task_definitions_that_ecs_would_not_take_are_client_exceptions() {
    let mut world = world();
    let good = json!({
        "family": "f", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [{ "name": "x", "image": "i", "portMappings": [{ "name": "http", "containerPort": 80 }] }],
    });
    let cases: [(&str, Value, &str); 7] = [
        ("/family", json!("a b"), "Family contains invalid characters"),
        ("/memory", json!("600"), "No Fargate configuration exists"),
        ("/networkMode", json!("bridge"), "network mode 'awsvpc'"),
        ("/containerDefinitions", json!([]), "Container list cannot be empty"),
        ("/containerDefinitions/0/image", json!(""), "Container.image"),
        ("/containerDefinitions/0/portMappings/0", json!({ "containerPort": 80, "hostPort": 81 }), "must match"),
        ("/containerDefinitions/0/portMappings/0/name", json!("HTTP"), "Port mapping name"),
    ];
    for (place, value, text) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        let (code, message) = refused(&mut world, "RegisterTaskDefinition", bad);
        assert_eq!(code, "ClientException", "{place}");
        assert!(message.contains(text), "{place}: {message}");
    }
    ask(&mut world, "RegisterTaskDefinition", good);
}

#[test]
fn services_that_cannot_be_are_refused_and_nothing_is_made() {
    let mut world = world();
    let good = {
        let mut good = definition("second", "myservice:1");
        good["vpcLatticeConfigurations"] = lattice(GROUP);
        good
    };
    let cases: [(&str, Value, &str, &str); 14] = [
        ("/cluster", json!("nowhere"), "ClusterNotFoundException", "Cluster not found."),
        ("/taskDefinition", json!("myservice:9"), "ClientException", "TaskDefinition not found."),
        ("/desiredCount", Value::Null, "InvalidParameterException", "desiredCount"),
        ("/desiredCount", json!(-1), "InvalidParameterException", "desiredCount"),
        ("/networkConfiguration", Value::Null, "InvalidParameterException", "Network Configuration must be provided"),
        ("/vpcLatticeConfigurations/0/portName", json!("grpc"), "InvalidParameterException", "'grpc'"),
        ("/vpcLatticeConfigurations/0/portName", Value::Null, "InvalidParameterException", "portName"),
        ("/vpcLatticeConfigurations/0/roleArn", json!("role"), "InvalidParameterException", "roleArn"),
        (
            "/vpcLatticeConfigurations/0/targetGroupArn",
            json!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-0000000000000nope"),
            "InvalidParameterException",
            "does not exist",
        ),
        ("/vpcLatticeConfigurations/0/targetGroupArn", json!("tg-12345678901234567"), "InvalidParameterException", "not the ARN"),
        ("/launchType", json!("MOON"), "InvalidParameterException", "enum value set"),
        ("/serviceName", json!("myservice"), "InvalidParameterException", "Creation of service was not idempotent."),
        ("/serviceName", json!("a b"), "InvalidParameterException", "Service name"),
        ("/serviceName", json!(7), "SerializationException", "String"),
    ];
    for (place, value, code, text) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        let (given, message) = refused(&mut world, "CreateService", bad);
        assert_eq!(given, code, "{place}: {message}");
        assert!(message.contains(text), "{place}: {message}");
    }
    for (member, value, code) in [
        ("deploymentConfiguration", json!({ "strategy": "CANARY" }), "InvalidParameterException"),
        ("schedulingStrategy", json!("DAEMON"), "UnsupportedFeatureException"),
        ("deploymentConfiguration", json!({ "maximumPercent": 100 }), "InvalidParameterException"),
        ("deploymentController", json!({ "type": "CODE_DEPLOY" }), "InvalidParameterException"),
        ("vpcLatticeConfiguration", json!({ "enabled": true }), "InvalidParameterException"),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert_eq!(refused(&mut world, "CreateService", bad).0, code, "{member}");
    }
    let listed = ask(&mut world, "ListServices", json!({ "cluster": "my-cluster" }));
    assert_eq!(listed["serviceArns"].as_array().unwrap().len(), 1);
    ask(&mut world, "CreateService", good);
}

#[test]
fn service_connect_names_are_unique_in_their_namespace() {
    let mut world = world();
    let connected = |name: &str, namespace: &str, discovery: Option<&str>| {
        let mut body = definition(name, "myservice:1");
        body["serviceConnectConfiguration"] = json!({
            "enabled": true, "namespace": namespace, "services": [{ "portName": "http", "discoveryName": discovery }],
        });
        body
    };
    ask(&mut world, "CreateService", connected("one", "space", None));
    let (_, message) = refused(&mut world, "CreateService", connected("two", "space", None));
    assert!(message.contains("'http'") && message.contains("'space'") && message.contains("one"), "{message}");
    ask(&mut world, "CreateService", connected("two", "space", Some("http-two")));
    ask(&mut world, "CreateService", connected("three", "elsewhere", None));
    // Its own name is no obstacle to an update.
    ask(&mut world, "UpdateService", json!({ "cluster": "my-cluster", "service": "one", "forceNewDeployment": true }));
}

#[test]
fn a_client_token_makes_the_same_creation_idempotent_and_no_other() {
    let mut world = world();
    let mut body = definition("second", "myservice:1");
    body["clientToken"] = json!("token-1");
    let first = ask(&mut world, "CreateService", body.clone());
    let second = ask(&mut world, "CreateService", body.clone());
    assert_eq!(first["service"]["deployments"], second["service"]["deployments"]);
    body["desiredCount"] = json!(1);
    assert!(refused(&mut world, "CreateService", body).1.contains("not idempotent"));
}

#[test]
fn what_is_missing_is_a_failure_of_describe_and_an_error_of_the_rest() {
    let mut world = world();
    let answer = ask(&mut world, "DescribeServices", json!({ "cluster": "my-cluster", "services": ["nobody", "myservice"] }));
    assert_eq!(answer["services"].as_array().unwrap().len(), 1);
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/my-cluster/nobody";
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    for operation in ["UpdateService", "DeleteService", "ListServiceDeployments"] {
        let body = json!({ "cluster": "my-cluster", "service": "nobody" });
        assert_eq!(refused(&mut world, operation, body).0, "ServiceNotFoundException", "{operation}");
    }
    let tasks = ask(&mut world, "DescribeTasks", json!({ "cluster": "my-cluster", "tasks": ["0123"] }));
    assert_eq!(tasks["failures"][0]["reason"], "MISSING");
    assert_eq!(refused(&mut world, "DescribeServices", json!({ "services": ["x"] })).0, "ClusterNotFoundException");
    assert_eq!(refused(&mut world, "CreateTaskSet", json!({})).0, "UnknownOperationException");
}

#[test]
fn tags_are_added_shown_on_request_and_removed() {
    let mut world = world();
    let arn = service(&mut world, "myservice")["serviceArn"].clone();
    let tags = json!([{ "key": "espalier:owner", "value": "octo/myservice" }, { "key": "b", "value": "" }]);
    ask(&mut world, "TagResource", json!({ "resourceArn": arn, "tags": tags }));
    assert!(service(&mut world, "myservice").get("tags").is_none());
    let shown = ask(&mut world, "DescribeServices", json!({ "cluster": "my-cluster", "services": [arn], "include": ["TAGS"] }));
    assert_eq!(shown["services"][0]["tags"], tags);
    ask(&mut world, "UntagResource", json!({ "resourceArn": arn, "tagKeys": ["b", "c"] }));
    let left = ask(&mut world, "ListTagsForResource", json!({ "resourceArn": arn }));
    assert_eq!(left["tags"], json!([{ "key": "espalier:owner", "value": "octo/myservice" }]));
    let bad = json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "{}" }] });
    assert_eq!(refused(&mut world, "TagResource", bad).0, "InvalidParameterException");
    let many = (0..50).map(|number| json!({ "key": format!("k{number}"), "value": "v" })).collect::<Vec<_>>();
    assert!(refused(&mut world, "TagResource", json!({ "resourceArn": arn, "tags": many })).1.contains("50"));
}

#[test]
fn a_cluster_counts_what_is_in_it() {
    let mut world = world();
    let revision = register(&mut world, "myservice:2");
    ask(&mut world, "CreateService", definition("second", &revision));
    pass(&mut world, 3);
    let answer = ask(&mut world, "DescribeClusters", json!({ "clusters": ["my-cluster", "nowhere"] }));
    let cluster = &answer["clusters"][0];
    assert_eq!((&cluster["runningTasksCount"], &cluster["pendingTasksCount"]), (&json!(3), &json!(3)));
    assert_eq!(cluster["activeServicesCount"], 2);
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    ask(&mut world, "CreateCluster", json!({ "clusterName": "nowhere" }));
    let answer = ask(&mut world, "DescribeClusters", json!({ "clusters": ["nowhere"] }));
    assert_eq!(answer["clusters"][0]["status"], "ACTIVE");
}
