// Runs the server audits of the npm package graphql-http against a URL and prints one JSON object.
// Usage: node audit_http.mjs <directory holding node_modules> <url>
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [directory, url] = process.argv.slice(2);
const here = createRequire(`${directory}/package.json`);
const { serverAudits } = await import(pathToFileURL(here.resolve("graphql-http")).href);
const results = [];
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const result = await audit.fn();
  const reason = result.status === "ok" ? "" : String(result.reason);
  const level = audit.name.split(" ")[0];
  results.push({ id: audit.id, level, name: audit.name, status: result.status, reason });
}
const { version } = here("./node_modules/graphql-http/package.json");
console.log(JSON.stringify({ version, results }));
