//! What the sandbox covers, told by its own tables: for the documentation and for whoever checks it.

use std::fmt::Write as _;

use super::{
    github,
    iam::actions::{self, Row},
    protocol::EMULATED,
};
use crate::models;

/// Every operation of AWS's that is emulated: the service's name in the models, and the operation's.
#[must_use]
pub fn covered() -> Vec<(&'static str, &'static str)> {
    EMULATED.iter().flat_map(|service| service.operations.iter().map(|(operation, _)| (service.name, *operation))).collect()
}

/// What stands around the tables.
const HEAD: &str = "\
# What the sandbox covers

Made from the code by `INSTA_UPDATE=always cargo test --test espalier operations`; a test holds that it is up to date.

Every request of AWS's is held against the service's model, in every protocol that the service speaks. An operation that is not
listed is answered as AWS answers one that does not exist (`UnknownOperationException`). Beside each operation stands what a policy
has to allow where a scenario supplies one (`iam.roles.NAME.policies`); `{member}` is a member of the request, and `/_sandbox/world`
tells under `iam.used` what was needed. From AWS's service authorization reference.
";

const FOOT: &str = "
## The runner

| | |
|---|---|
| `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=…` | a token with GitHub's claims, for `AssumeRoleWithWebIdentity`; not for a pull request from a fork |

## Deliberate differences

- Signatures are not checked: whoever names an access key has it. A key that is nobody's stands for the role `iam.role`, unless the
  scenario sets `iam.authentication`. Temporary credentials need their session token, and they end.
- GitHub signs its tokens with RS256 and publishes the keys; here they are signed with HS256 and a key of the world's own, which only
  the sandbox's STS can check.
- Policies are identity policies, trust policies and session policies in JSON. There are no resource policies, permissions boundaries,
  organizations' policies or managed policies. A condition key that the sandbox does not know is refused when the scenario is read.
- Whether what Lattice asks of other services (`ec2:DescribeVpcs`, `logs:CreateLogDelivery`, …) needs the caller's permission is not
  documented for every operation: `iam.ec2_lookups: false` turns it off.
- Security groups are described and stop nobody: the data plane lets everything through, whatever they say.
- A parameter's policies, labels and history are not emulated, nor data types other than `text`; a `SecureString` is not encrypted,
  only made unreadable.
- How long anything takes is the scenario's number (`knobs`), not a measurement.
";

/// The whole page about what is covered, in Markdown.
#[must_use]
pub fn coverage() -> String {
    let mut page = HEAD.to_owned();
    for service in EMULATED {
        let known = models::service(service.name);
        let version = known.map_or("", |service| service.api_version.as_str());
        // Writing into text does not fail.
        let _ok = writeln!(page, "\n## {} ({version})\n\n| operation | needs |\n|---|---|", service.name);
        for (operation, _) in service.operations {
            let needs = actions::ROWS.iter().find(|row| row.service == service.name && row.operation == *operation).map(needs);
            let needs = needs.filter(|needs| !needs.is_empty()).unwrap_or_else(|| "nothing".to_owned());
            let _ok = writeln!(page, "| {operation} | {needs} |");
        }
        let all = known.into_iter().flat_map(|service| service.operations.keys());
        let missing: Vec<_> =
            all.filter(|name| !service.operations.iter().any(|(operation, _)| operation == name)).map(String::as_str).collect();
        if !missing.is_empty() {
            let _ok = writeln!(page, "\nOf the operations whose model is here, these are not emulated: {}.", missing.join(", "));
        }
    }
    page.push_str(
        "\n## GitHub\n\nBelow `/api/v3/repos/OWNER/NAME/`, and `/api/graphql`.\n\n| request | documented |\n|---|---|\n",
    );
    for (method, path, documentation) in github::listed() {
        let _ok = writeln!(page, "| `{method} {path}` | <{documentation}> |");
    }
    page.push_str(FOOT);
    page
}

/// The permissions of an operation as a cell of a table.
fn needs(row: &Row) -> String {
    let own = row.needs().map(|(action, resource)| format!("`{action}` on `{resource}`"));
    let passed = row.passed().map(|(member, to)| format!("`iam:PassRole` of `{member}` to `{to}`"));
    let looked_up = row.looked_up().map(|action| format!("`{action}` on `*`"));
    own.chain(passed).chain(looked_up).collect::<Vec<_>>().join(", ")
}
