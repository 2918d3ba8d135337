// ask PROMETHEUS DASHBOARD: waits until Prometheus has read the collector twice, then asks every expression of the dashboard and expects something
// of each, and that every rule can be followed.
import { readFileSync } from "node:fs";

const [prometheus, dashboard] = process.argv.slice(2);
const PATIENCE_MS = 60_000;

async function ask(path) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`)).json();
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return answer.data;
}

const query = (expr) => ask(`query?${new URLSearchParams({ query: expr })}`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(what, holds) {
  const begun = Date.now();
  while (!(await holds().catch(() => false))) {
    if (Date.now() - begun > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await sleep(500);
  }
}

// A rate needs two of them.
await until("two readings of the collector", async () => {
  const { result } = await query('count_over_time(nowait_events_stored_total[1m])');
  return Number(result[0]?.value[1] ?? 0) >= 2;
});
const { panels } = JSON.parse(readFileSync(dashboard, "utf8"));
for (const { title, targets } of panels) {
  for (const { expr } of targets) {
    const { result } = await query(expr.replaceAll("$tenant", ".+"));
    if (result.length === 0) throw new Error(`${title}: nothing of ${expr}`);
    console.log(`${title}: ${result.length} series`);
  }
}
await until("every rule followed", async () => {
  const { groups } = await ask("rules");
  return groups.length > 0 && groups.every(({ rules }) => rules.every(({ health }) => health === "ok"));
});
const { alerts } = await ask("alerts");
const firing = alerts.map(({ labels }) => labels.alertname);
if (firing.length > 0) throw new Error(`a collector that is well fires ${firing}`);
console.log("every rule can be followed, and none fires");
