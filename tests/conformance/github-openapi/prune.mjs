// Makes description.json out of GitHub's own OpenAPI description (MIT, https://github.com/github/rest-api-description), which
// comes from the npm package that SOURCE names:
//
//   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
//   node prune.mjs package/generated/api.github.com.json description.json
//
// Kept are the operations that the sandbox has. Tightened is what GitHub documents in words only: a request body has no members
// that are not described, and a check run that is created completed has a conclusion. GitHub's media types are aliases of JSON.
import fs from 'node:fs';

const SOURCE = '@octokit/openapi@23.0.2';
const HERE = '/repos/{owner}/{repo}';
const KEEP = {
  [`${HERE}/issues/comments/{comment_id}`]: ['get', 'patch', 'delete'],
  [`${HERE}/issues/comments/{comment_id}/reactions`]: ['post'],
  [`${HERE}/issues/{issue_number}/comments`]: ['get', 'post'],
  [`${HERE}/collaborators/{username}/permission`]: ['get'],
  [`${HERE}/check-runs`]: ['post'],
  [`${HERE}/check-runs/{check_run_id}`]: ['get', 'patch'],
  [`${HERE}/check-runs/{check_run_id}/annotations`]: ['get'],
  [`${HERE}/commits/{ref}/check-runs`]: ['get'],
  [`${HERE}/commits/{commit_sha}/pulls`]: ['get'],
  [`${HERE}/commits/{ref}/statuses`]: ['get'],
  [`${HERE}/pulls/{pull_number}`]: ['get'],
  [`${HERE}/statuses/{sha}`]: ['post'],
  [`${HERE}/deployments`]: ['get', 'post'],
  [`${HERE}/deployments/{deployment_id}`]: ['get', 'delete'],
  [`${HERE}/deployments/{deployment_id}/statuses`]: ['get', 'post'],
  [`${HERE}/deployments/{deployment_id}/statuses/{status_id}`]: ['get'],
  '/rate_limit': ['get'],
  '/user': ['get'],
};
const MEDIA_TYPES = ['application/vnd.github+json', 'application/vnd.github.v3+json'];

const [, , from, to] = process.argv;
const whole = JSON.parse(fs.readFileSync(from, 'utf8'));
const pruned = { openapi: whole.openapi, info: { ...whole.info, 'x-source': SOURCE }, servers: whole.servers, paths: {}, components: {} };

for (const [path, methods] of Object.entries(KEEP)) {
  pruned.paths[path] = {};
  for (const method of methods) {
    const operation = whole.paths[path]?.[method];
    if (!operation) throw new Error(`${method} ${path} is not described`);
    const body = operation.requestBody?.content?.['application/json']?.schema;
    if (body?.properties) body.additionalProperties ??= false;
    for (const answer of Object.values(operation.responses)) alias(answer);
    pruned.paths[path][method] = operation;
  }
}
pruned.paths[`${HERE}/check-runs`].post.requestBody.content['application/json'].schema.anyOf = [
  { properties: { status: { enum: ['completed'] } }, required: ['status', 'conclusion'] },
  { properties: { status: { enum: ['queued', 'in_progress'] } } },
];

function alias(answer) {
  const json = answer.content?.['application/json'];
  if (json) for (const type of MEDIA_TYPES) answer.content[type] = json;
}

// Everything that is referred to comes along; examples do not, they are most of the bytes.
const seen = new Set();
function walk(node) {
  if (Array.isArray(node)) return node.forEach(walk);
  if (!node || typeof node !== 'object') return;
  if (node.examples) delete node.examples;
  for (const value of Object.values(node)) walk(value);
  if (typeof node.$ref !== 'string' || seen.has(node.$ref)) return;
  seen.add(node.$ref);
  const names = node.$ref.slice(2).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const target = names.reduce((at, name) => at?.[name], whole);
  if (target === undefined) throw new Error(`${node.$ref} leads nowhere`);
  if (names[1] === 'responses') alias(target);
  let at = pruned;
  for (const name of names.slice(0, -1)) at = at[name] ??= {};
  at[names.at(-1)] = target;
  walk(target);
}
walk(pruned.paths);
fs.writeFileSync(to, `${JSON.stringify(pruned)}\n`);
