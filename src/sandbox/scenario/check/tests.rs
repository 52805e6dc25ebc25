//! Every mistake that a scenario can have, with its place and what to write instead.

use crate::sandbox::scenario::{Error, open};

/// A text and what is told about it, in order.
fn told(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.yml");
    std::fs::write(&path, text).unwrap();
    match open(path.to_str().unwrap()).and_then(super::super::Draft::finish) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid { mistakes, .. }) => {
            let line = |mistake: &super::super::Mistake| match &mistake.hint {
                Some(hint) => format!("{mistake}; {hint}"),
                None => mistake.to_string(),
            };
            mistakes.iter().map(line).collect()
        }
        Err(other) => vec![other.to_string()],
    }
}

#[test]
fn every_value_that_the_schema_refuses_is_told_at_once() {
    let text = "\
nmae: mine
account: 123456789012
region: Frankfurt
start: yesterday
seed: -1
knobs: { propagation: 30, scheduler: soon }
images:
  '*': { error_rate: 101, latency: 5 }
faults:
  - { operations: [], effect: trottle }
  - { effect: { late-write: x } }
github: down
lattice:
  target_groups: { name: a }
  services:
    - listeners: [{ name: http, port: 99999, default_action: { fixed_response: 302 } }]
";
    assert_eq!(
        told(text),
        [
            "1:1: unknown key `nmae`; did you mean `name`?",
            "2:10: this is a whole number, not a text; put it in quotes",
            "3:9: `Frankfurt` has not the form ^[a-z]{2}(-[a-z]+)+-[0-9]+$; write it like `eu-central-1`",
            "4:8: `yesterday` has not the form ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$; write it like `2026-11-22T00:00:00Z`",
            "5:7: -1 is out of range; write a number 0 or more",
            "6:38: this is a text, not a whole number",
            "8:22: 101 is out of range; write a number from 0 to 100",
            "8:27: unknown key `images.*.latency`; did you mean `latency_ms`?",
            "10:19: this has 0 entries, but may have at least 1",
            "10:31: `trottle` is not one of `throttle`, `conflict`, `error500`, `denied`, `partial`, `hang`, `drop-after-write` or `late-write: …`; did you mean `throttle`?",
            "11:5: `operations` is missing here; Which requests count: `UpdateRule`, `vpc-lattice:UpdateRule`, `vpc-lattice:*`, `vpc-lattice:write`, `ecs:*`, `github:*`; all of",
            "11:29: this is a text, not a whole number",
            "12:9: `down` is not one of `ok`, `read-only` or `outage`; write `ok`, `read-only` or `outage`",
            "14:18: this is a map, not a list",
            "16:7: `name` is missing here; Its name.",
            "16:39: 99999 is out of range; write a number from 1 to 65535",
            "16:80: `302` is not one of `404` or `500`; write `404` or `500`",
        ]
    );
    assert_eq!(told("a: b: c").len(), 1);
}

#[test]
fn every_name_that_leads_nowhere_and_everything_twice_is_told_at_once() {
    let text = "\
lattice:
  service_networks:
    - { name: net, services: [myservic] }
    - { name: net }
  target_groups:
    - { name: one, id: tg-00000000000000001, config: { protocol: HTTP, vpcIdentifier: vpc-12345678 } }
    - { name: one, id: tg-00000000000000001, config: { protocol: HTTP, vpcIdentifier: vpc-12345678 } }
  services:
    - name: myservice
      listeners:
        - { name: web, port: 80, default_action: { forward: { onne: 1 } } }
        - name: web
          port: 80
          default_action: { forward: { one: 1 }, fixed_response: 404 }
          rules:
            - { name: api, priority: 1, match: {}, action: { forward: { one: 1000 } } }
            - { name: api, priority: 1, match: {}, action: {} }
ecs_services:
  - name: app
    task_definition: { family: app, containerDefinitions: [] }
    definition:
      desiredCount: 2
      vpcLatticeConfigurations:
        - { targetGroupArn: 'arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-00000000000000002', portName: http }
        - { targetGroupArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-00000000000000001' }
";
    // The schema speaks first: weights have a range.
    assert_eq!(told(text), ["16:78: 1000 is out of range; write a number from 0 to 999"]);
    let arn = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-00000000000000001";
    assert_eq!(
        told(&text.replace("1000", "999")),
        [
            "3:31: there is no service `myservic`; did you mean `myservice`?".to_owned(),
            "4:15: there are two service networks `net`; each needs its own".to_owned(),
            "7:15: there are two target groups `one`; each needs its own".to_owned(),
            "7:24: there are two resources with the id `tg-00000000000000001`; each needs its own".to_owned(),
            "11:63: there is no target group `onne`; did you mean `one`?".to_owned(),
            "12:17: there are two listeners `web`; each needs its own".to_owned(),
            "13:17: there are two listeners on port `80`; each needs its own".to_owned(),
            "14:27: an action forwards or gives a fixed response, not both; remove one of them".to_owned(),
            "17:23: there are two rules `api`; each needs its own".to_owned(),
            "17:38: there are two rules with the priority `1`; each needs its own".to_owned(),
            "17:60: this action does nothing; write `{ forward: { TARGET_GROUP: 100 } }` or `{ fixed_response: 404 }`".to_owned(),
            "22:7: `desiredCount` has its own key; write `desired`".to_owned(),
            "24:29: there is no target group with the id `tg-00000000000000002`; did you mean `tg-00000000000000001`?".to_owned(),
            "24:123: the task definition has no port mapping named `http`; there is none to name".to_owned(),
            format!(
                "25:29: `{}` is not the ARN of a target group of this account and region; write `{arn}`",
                arn.replace("ap-northeast", "eu-central")
            ),
        ]
    );
}

#[test]
fn faults_people_and_behaviours_that_can_never_come_true_are_refused() {
    let text = "\
images:
  dead: { healthy: false, healthy_for: 3, error_rate: 5 }
  nowhere: { placement_fails: no room, exits: { after: 3, code: 1 } }
  short: { exits: { after: 3, code: 1 }, fails_after: 3 }
faults:
  - { operations: [UpdateRul, 'esc:*', 'ecs:UpdateRule', 'github:checks'], effect: throttle }
  - { operations: ['*', write, 'vpc-lattice:UpdateRule', 'github:GET /user'], nth: 1, every: 2, effect: denied }
  - { operations: [UpdateRule], effect: partial }
people:
  - { service: myservices, do: delete-rule }
  - { listener: https, do: delete-rule }
  - { rule: apis, do: delete-rule }
  - { do: delete-rule }
  - { rule: api, do: { set-action: { forward: { initial: 1, addded: 1 } } } }
";
    assert_eq!(
        told(text),
        [
            "2:40: `healthy: false` is never healthy, not even for a while; remove one of them",
            "2:55: `healthy: false` answers 500 to everything; remove one of them",
            "3:47: tasks that are never placed never run, so this never happens; remove it, or `placement_fails`",
            "4:55: the task has stopped by then; write less than `exits.after`, or remove it",
            "6:20: there is no operation `UpdateRul`; did you mean `UpdateRule`?",
            "6:31: there is no service `esc` here; did you mean `ecs`?",
            "6:40: there is no operation `UpdateRule` of ecs; write an operation's name, `SERVICE:*` or `SERVICE:write`",
            "6:58: `checks` is not a request to GitHub; write `github:*`, `github:write`, or a method and a path such as `github:POST /repos/octo/myservice/check-runs`",
            "7:94: `nth` means one request, so `every` beside it changes nothing or keeps it from ever happening; write two faults, or one of the two keys",
            "8:41: none of these operations can be done in part; only batches are: write `BatchUpdateRule`, `RegisterTargets` or `GetMetricData`",
            "10:16: there is no service `myservices`; did you mean `myservice`?",
            "11:17: there is no listener `https`; write `http-80`",
            "12:13: there is no rule `apis`; did you mean `api`?",
            "13:11: nobody can delete a listener's default action; name the rule: `api`",
            "14:61: there is no target group `addded`; did you mean `added`?",
        ]
    );
}

#[test]
fn what_aws_would_refuse_is_told_before_anything_is_served() {
    let text = "\
lattice:
  target_groups:
    - { name: myservice-a, id: tg-12345678901234567, config: { port: 80, protocol: HTTP } }
ecs_services:
  - name: app
    task_definition: { family: app, containerDefinitions: [{ name: web, image: x }], requiresCompatibilities: [FARGATE], cpu: \"3\", memory: \"512\", networkMode: awsvpc }
";
    let told = told(text);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("3:62: ") && told[0].contains("vpcIdentifier"), "{told:#?}");
    assert!(told[1].starts_with("6:22: ECS service `app`: ClientException: No Fargate configuration"), "{told:#?}");
}

#[test]
fn load_that_nobody_could_make_and_backends_that_are_no_tasks_are_refused() {
    let text = "\
load:
  - { method: GE T, path: api, headers: { a b: c } }
  - { service: myservic, every: 60 }
  - { from: 10, until: 90, every: 60 }
  - { from: 10, until: 10 }
backends:
  i-0123456789abcdef0: { exits: { after: 3 }, healthy: false, error_rate: 2 }
";
    assert_eq!(
        told(text),
        [
            "2:15: `GE T` is not an HTTP method",
            "2:27: `api` does not begin with a slash",
            "2:41: `a b: c` is not a header",
            "3:16: there is no service `myservic`; did you mean `myservice`?",
            "3:33: what never ends does not begin again",
            "4:35: it begins again before the 80 s from `from` to `until` are over",
            "5:24: it ends before it begins",
            "7:33: only tasks start and stop by themselves; remove it, or write it under `images`",
            "7:75: `healthy: false` answers 500 to everything; remove one of them",
        ]
    );
}
