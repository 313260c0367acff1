// Webhooks to a real server of this machine, and what is special to JavaScript.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { ForbiddenError, InvalidArgumentError, Iof, UnauthorizedError, eventSchema, verifyWebhook } from "iof";
import { engine, folder } from "./fixtures/help.mjs";

// It waits long for an answer, since this machine may be slow.
const LOCAL = { webhook_allow_http: true, webhook_allow_private: true, webhook_timeout_seconds: 60 };
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/** A server that keeps what comes, and answers by the number of what came before. */
async function receiver(t, answer = () => ({ status: 200 })) {
  const received = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const before = received.push({ headers: request.headers, body: Buffer.concat(parts) }) - 1;
      const { status, headers = {} } = await answer(before);
      response.writeHead(status, headers).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.closeAllConnections() ?? server.close());
  const { port } = server.address();
  const ids = () => received.map(({ headers }) => headers["webhook-id"]);
  return { url: `http://127.0.0.1:${port}/hooks?t=t0ken`, port, received, ids };
}

/** An engine that may reach this machine, whose clock stands at the present until it is moved. */
const local = async (t, more = {}) => (await engine(t, { ...LOCAL, now: new Date(), ...more })).finops;

const later = async (finops, seconds) =>
  finops.tick(new Date(Date.parse((await finops.tick()).now) + seconds * 1000));

test("what is sent verifies, whatever form the headers have", async (t) => {
  const [{ webhooks }, { url, received, ids }] = [await local(t), await receiver(t)];
  const made = await webhooks.create({ url });
  const { event_id } = await webhooks.test(made.id);
  const run = await webhooks.deliver();
  assert.deepEqual([run.attempted, run.delivered, run.due], [1, 1, 0]);
  const [{ headers, body }] = received;
  assert.deepEqual(ids(), [event_id]);
  const map = new Map(Object.entries(headers));
  for (const form of [headers, map, new Headers([...map])]) {
    const { type, data } = verifyWebhook(made.secret, form, body);
    assert.deepEqual([type, data], ["finops.webhook.test", { webhook_id: made.id }]);
  }
  assert.equal(verifyWebhook([OTHER, made.secret], headers, body.toString()).type, "finops.webhook.test");
  const late = new Date(Date.now() + 6 * 60_000);
  for (const call of [
    () => verifyWebhook(OTHER, headers, body),
    () => verifyWebhook(made.secret, headers, `${body} `),
    () => verifyWebhook(made.secret, {}, body),
    () => verifyWebhook(made.secret, { ...headers, "webhook-id": ["a", "b"] }, body),
    () => verifyWebhook(made.secret, headers, body, { now: late }),
  ]) {
    assert.throws(call, (error) => error instanceof UnauthorizedError && error.code === "unauthorized");
  }
  for (const [call, field] of [
    [() => verifyWebhook("", headers, body), "secret"],
    [() => verifyWebhook([], headers, body), "secret"],
    [() => verifyWebhook(undefined, headers, body), "secret"],
    [() => verifyWebhook(made.secret, headers, JSON.parse(body)), "body"],
    [() => verifyWebhook(made.secret, null, body), "headers"],
    [() => verifyWebhook(made.secret, headers, body, { now: "yesterday" }), "now"],
  ]) {
    assert.throws(call, (error) => error instanceof InvalidArgumentError && error.field === field);
  }
});

test("known vectors hold", () => {
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const now = new Date(1614265330_000);
  const body = verifyWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, '{"test": 2432232314}', { now });
  assert.deepEqual(body, { test: 2432232314 });
});

test("a failure is tried again under the same id", async (t) => {
  const finops = await local(t);
  const { url, received, ids } = await receiver(t, (before) => ({ status: before === 0 ? 500 : 200 }));
  const { id } = await finops.webhooks.create({ url });
  await finops.webhooks.test(id);
  assert.equal((await finops.webhooks.deliver()).waiting, 1);
  assert.equal((await finops.webhooks.deliver()).attempted, 0);
  // Moving time sends what is then due.
  await later(finops, 6);
  assert.equal((await finops.webhooks.deliver()).attempted, 0);
  assert.equal(new Set(ids()).size, 1);
  assert.deepEqual(received[0].body, received[1].body);
  const { items } = await finops.webhooks.deliveries({ id });
  assert.deepEqual(items[0].log.map(({ status }) => status), [500, 200]);
});

test("gone switches it off, and redelivery brings it back", async (t) => {
  const { webhooks } = await local(t);
  const { url, ids } = await receiver(t, (before) => ({ status: before === 0 ? 410 : 204 }));
  const { id } = await webhooks.create({ url });
  const { event_id } = await webhooks.test(id);
  assert.equal((await webhooks.deliver()).disabled, 1);
  assert.equal((await webhooks.get(id)).enabled, false);
  await webhooks.update({ id, enabled: true });
  assert.deepEqual(await webhooks.redeliver({ id, event_id }), { deliveries: 1 });
  assert.equal((await webhooks.deliver({ limit: 1 })).delivered, 1);
  assert.deepEqual(ids(), [event_id, event_id]);
});

test("redirects and what is not public", async (t) => {
  const { webhooks } = await local(t);
  const other = await receiver(t);
  const { url, received } = await receiver(t, () => ({ status: 307, headers: { location: other.url } }));
  await webhooks.test((await webhooks.create({ url })).id);
  assert.equal((await webhooks.deliver()).waiting, 1);
  assert.deepEqual([received.length, other.received.length], [1, 0]);
  assert.equal((await webhooks.deliveries()).items[0].log[0].error, null);
  const strict = (await engine(t, { webhook_allow_http: true })).finops.webhooks;
  await assert.rejects(strict.create({ url: other.url }), { code: "invalid_argument", field: "url" });
  await strict.test((await strict.create({ url: `http://2130706433:${other.port}/` })).id);
  assert.equal((await strict.deliver()).waiting, 1);
  assert.match((await strict.deliveries()).items[0].log[0].error, /not public/);
  assert.equal(other.received.length, 0);
});

test("who takes too long is given up", { timeout: 300_000 }, async (t) => {
  const { webhooks } = await local(t, { webhook_timeout_seconds: 1 });
  const { url } = await receiver(t, () => new Promise(() => {}));
  await webhooks.test((await webhooks.create({ url })).id);
  assert.equal((await webhooks.deliver()).waiting, 1);
  assert.equal((await webhooks.deliveries()).items[0].log[0].error, "no answer within 1 seconds");
});

test("two secrets sign during a rotation", async (t) => {
  const { webhooks } = await local(t);
  const { url, received } = await receiver(t);
  const made = await webhooks.create({ url });
  const rotated = await webhooks.rotate(made.id, { overlap_seconds: 3600 });
  await webhooks.test({ id: made.id });
  await webhooks.deliver();
  const [{ headers, body }] = received;
  for (const { secret } of [made, rotated]) assert.equal(verifyWebhook(secret, headers, body).data.webhook_id, made.id);
});

test("functions are told once, in order, and fail alone", async (t) => {
  const finops = await local(t);
  const { webhooks, events } = finops;
  const { id } = await webhooks.create({ url: "https://hooks.invalid" });
  const [heard, slowly] = [[], []];
  let fails = true;
  const subscription = events.subscribe((event) => heard.push(event));
  events.subscribe(async (event) => {
    await new Promise((done) => setTimeout(done, 5));
    if (fails) throw new TypeError("no room");
    slowly.push(event.id);
    // It may call the engine; a run within a run does nothing.
    assert.equal((await webhooks.deliver()).busy, true);
  });
  const wanted = [];
  for (let number = 0; number < 3; number += 1) wanted.push((await webhooks.test(id)).event_id);
  await webhooks.update({ id, enabled: false });
  const run = await webhooks.deliver();
  assert.equal(run.told, 3);
  assert.match(run.sink_errors[0], /TypeError: no room/);
  fails = false;
  assert.equal((await webhooks.deliver()).told, 3);
  assert.deepEqual([heard.map((event) => event.id), slowly], [wanted, wanted]);
  assert.deepEqual(heard, (await events.list()).items);
  assert.deepEqual([events.unsubscribe(subscription), events.unsubscribe(subscription)], [true, false]);
  assert.throws(() => events.subscribe("x"), { code: "invalid_argument", field: "sink" });
});

test("narrowed engines are told of nothing, and closed ones neither", async (t) => {
  const iof = await Iof.open(":memory:");
  const tenant = iof.asTenant("ten_1").finops.events;
  assert.throws(() => tenant.subscribe(() => {}), ForbiddenError);
  await iof.close();
  assert.throws(() => iof.finops.events.subscribe(() => {}), { code: "conflict" });
});

test("who looks on may stop a run, and nothing is lost", async (t) => {
  const { webhooks } = await local(t);
  const slow = await receiver(t, () => new Promise((done) => setTimeout(done, 60, { status: 200 })));
  const { id } = await webhooks.create({ url: slow.url });
  for (let number = 0; number < 10; number += 1) await webhooks.test(id);
  const stop = new AbortController();
  const run = await webhooks.deliver({ onProgress: () => stop.abort(), signal: stop.signal });
  assert.ok(run.attempted >= 1 && run.attempted < 10, `${run.attempted} attempts`);
  assert.equal((await webhooks.deliver()).delivered, 10 - run.attempted);
  assert.equal(new Set(slow.ids()).size, 10);
});

test("the schema names every type", () => {
  const { oneOf, required } = eventSchema();
  assert.deepEqual(required, ["type", "timestamp", "data"]);
  assert.equal(new Set(oneOf.map(({ properties }) => properties.type.const)).size, 7);
});

test("a killed process loses nothing that was committed", async (t) => {
  const [location, { url, received, ids }] = [await folder(t), await receiver(t)];
  const program = `
    import { Iof } from ${JSON.stringify(new URL("../index.mjs", import.meta.url).href)};
    const iof = await Iof.open(${JSON.stringify(location)}, ${JSON.stringify(LOCAL)});
    const { webhooks } = iof.finops;
    const { id, secret } = await webhooks.create({ url: ${JSON.stringify(url)} });
    const events = [];
    for (let number = 0; number < 3; number += 1) events.push((await webhooks.test(id)).event_id);
    console.log(JSON.stringify({ secret, events }));
    process.kill(process.pid, "SIGKILL");
  `;
  const here = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: here });
  let output = "";
  child.stdout.on("data", (part) => (output += part));
  const [code] = await once(child, "close");
  assert.notEqual(code, 0);
  const { secret, events } = JSON.parse(output);
  assert.deepEqual(received, []);
  const { webhooks } = (await engine(t, LOCAL, location)).finops;
  assert.equal((await webhooks.deliver()).delivered, 3);
  assert.equal((await webhooks.deliver()).attempted, 0);
  assert.deepEqual(ids(), events);
  for (const { headers, body } of received) assert.equal(verifyWebhook(secret, headers, body).type, "finops.webhook.test");
});
