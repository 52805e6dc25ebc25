//! Services.

use serde_json::{Value, json};

use super::asking::{SERVICE, conflict, get, id, invalid, missing, new_service, pass, refused, send, world};

#[test]
fn a_service_becomes_active_and_can_then_be_associated() {
    let mut world = world();
    let reply = send(&mut world, "POST", "/services", json!({"name": "other", "clientToken": "t1", "tags": {"team": "a b"}}));
    assert_eq!((reply.status, &reply.value()["status"]), (201, &json!("CREATE_IN_PROGRESS")));
    let id = reply.value()["id"].as_str().unwrap().to_owned();
    assert!(reply.value()["dnsEntry"]["domainName"].as_str().unwrap().starts_with("other-"));
    let association = json!({"serviceIdentifier": id, "serviceNetworkIdentifier": "sn-12345678901234567"});
    let early = send(&mut world, "POST", "/servicenetworkserviceassociations", association.clone());
    assert!(refused(&early, 409, "ConflictException")["message"].as_str().unwrap().contains("CREATE_IN_PROGRESS"));
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &format!("/services/{id}"))["status"], "ACTIVE");
    let made = send(&mut world, "POST", "/servicenetworkserviceassociations", association.clone());
    assert_eq!((made.status, &made.value()["status"]), (200, &json!("CREATE_IN_PROGRESS")));
    refused(&send(&mut world, "POST", "/servicenetworkserviceassociations", association), 409, "ConflictException");
    refused(&send(&mut world, "DELETE", &format!("/services/{id}"), Value::Null), 409, "ConflictException");
    let listed = get(&mut world, "/servicenetworkserviceassociations?serviceNetworkIdentifier=sn-12345678901234567");
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    pass(&mut world, 2);
    let association = made.value()["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&mut world, "DELETE", &format!("/servicenetworkserviceassociations/{association}"), Value::Null).status, 200);
    pass(&mut world, 2);
    let gone = send(&mut world, "DELETE", &format!("/services/{id}"), Value::Null);
    assert_eq!((gone.status, &gone.value()["status"]), (200, &json!("DELETE_IN_PROGRESS")));
    pass(&mut world, 2);
    refused(&send(&mut world, "GET", &format!("/services/{id}"), Value::Null), 404, "ResourceNotFoundException");
}

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let mut world = world();
    let certificate = "arn:aws:acm:ap-northeast-1:123456789012:certificate/0";
    let body =
        json!({"name": "named", "customDomainName": "api.example.com", "certificateArn": certificate, "idleTimeoutSeconds": 120});
    let path = format!("/services/{}", new_service(&mut world, body));
    pass(&mut world, 10);
    let reply = send(&mut world, "PATCH", &path, json!({"authType": "AWS_IAM"}));
    let updated = reply.value();
    assert_eq!((reply.status, &updated["authType"], &updated["idleTimeoutSeconds"]), (200, &json!("AWS_IAM"), &json!(120)));
    let whole = get(&mut world, &path);
    assert_eq!((&whole["customDomainName"], &whole["certificateArn"]), (&json!("api.example.com"), &json!(certificate)));
    assert!(whole["lastUpdatedAt"].as_str() > whole["createdAt"].as_str());
    let refusals = [
        (json!({"certificateArn": ""}), "certificateArn"),
        (json!({"customDomainName": "other.example.com"}), "customDomainName"),
        (json!({"idleTimeoutSeconds": 59}), "idleTimeoutSeconds"),
        (json!({"authType": "OAUTH"}), "authType"),
    ];
    for (body, member) in refusals {
        invalid(&send(&mut world, "PATCH", &path, body), member);
    }
    for name in ["nodots", "-a.example.com", "a..example.com", "sp ace.example.com"] {
        invalid(
            &send(&mut world, "POST", "/services", json!({"name": "bad-domain", "customDomainName": name})),
            "customDomainName",
        );
    }
    missing(&send(&mut world, "PATCH", "/services/svc-00000000000000000", json!({"authType": "NONE"})), "SERVICE");
}

#[test]
fn what_is_in_progress_is_left_alone() {
    let mut world = world();
    let young = id(&send(&mut world, "POST", "/services", json!({"name": "young"})));
    let path = format!("/services/{young}");
    let text = conflict(&send(&mut world, "PATCH", &path, json!({"authType": "NONE"})), "SERVICE", &young);
    assert_eq!(text, format!("Invalid resource status for this operation, resource id {young}, status: CREATE_IN_PROGRESS."));
    conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE", &young);
    pass(&mut world, 2);
    for _ in 0..2 {
        let gone = send(&mut world, "DELETE", &path, Value::Null);
        assert_eq!((gone.status, &gone.value()["status"]), (200, &json!("DELETE_IN_PROGRESS")));
        pass(&mut world, 1);
    }
    missing(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE");
}

#[test]
fn a_service_takes_everything_of_its_own_with_it() {
    let mut world = world();
    let other = new_service(&mut world, json!({"name": "other"}));
    let log = json!({"resourceIdentifier": other, "destinationArn": "arn:aws:s3:::access-logs"});
    let log = id(&send(&mut world, "POST", "/accesslogsubscriptions", log));
    let kept = json!({"resourceIdentifier": "svc-12345678901234567", "destinationArn": "arn:aws:s3:::access-logs"});
    let kept = id(&send(&mut world, "POST", "/accesslogsubscriptions", kept));
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    let listener = json!({"name": "web", "protocol": "HTTP", "defaultAction": fixed});
    let listener = id(&send(&mut world, "POST", &format!("/services/{other}/listeners"), listener));
    send(&mut world, "DELETE", &format!("/services/{other}"), Value::Null);
    missing(&send(&mut world, "GET", &format!("/services/{other}/listeners/{listener}"), Value::Null), "LISTENER");
    missing(&send(&mut world, "GET", &format!("/accesslogsubscriptions/{log}"), Value::Null), "ACCESS_LOG_SUBSCRIPTION");
    missing(&send(&mut world, "GET", &format!("/authpolicy/{other}"), Value::Null), "AUTH_POLICY");
    get(&mut world, &format!("/accesslogsubscriptions/{kept}"));
    assert_eq!(get(&mut world, SERVICE)["status"], "ACTIVE");
}
