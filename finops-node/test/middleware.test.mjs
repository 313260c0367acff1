// Express, Fastify and a plain server over real sockets: what is counted is what went over the wire.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import test from "node:test";
import { fastifyUsage, usageMiddleware } from "iof/middleware";
import { Recording, ask, errors, framework, until } from "./fixtures/recording.mjs";

const CHUNK = "x".repeat(1_000);
const express = framework("express");
const fastify = framework("fastify");

async function listening(t, server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return server.address().port;
}

/** The properties of an event but the one that no test can know. */
function counted(event) {
  const { duration_ms: took, ...rest } = event.properties;
  assert.match(took, /^\d+\.\d{3}$/);
  return rest;
}

test("express: each request is metered once", { skip: express.skip }, async (t) => {
  const recording = new Recording();
  const usage = usageMiddleware(recording, { tenant: (request) => request.tenant, flushMs: 60_000 });
  const app = express.load();
  app.use(usage);
  app.use((request, _, next) => {
    request.tenant = request.headers["x-tenant"];
    next();
  });
  const items = express.load.Router();
  items.post("/:item", express.load.json(), (request, response) => {
    response.status(201).json({ got: request.body.length });
  });
  app.use("/items", items);
  app.get("/stream", (_, response) => {
    for (let part = 0; part < 10; part += 1) response.write(CHUNK);
    response.end("end");
  });
  app.get("/cut", (_, response) => {
    response.write(CHUNK);
    setTimeout(() => response.destroy(), 20);
  });
  app.get("/empty", (_, response) => response.status(204).end());
  const port = await listening(t, createServer(app));

  const headers = { "x-tenant": "ten_001", "content-type": "application/json" };
  assert.deepEqual(await ask(port, "POST", "/items/42?x=1", { body: "[1,2]", headers }), { status: 201, body: '{"got":2}' });
  assert.equal((await ask(port, "GET", "/stream", { headers })).body.length, 10_003);
  assert.equal((await ask(port, "HEAD", "/stream", { headers })).status, 200);
  assert.equal((await ask(port, "GET", "/empty", { headers })).status, 204);
  assert.equal((await ask(port, "GET", "/nothing", { headers })).status, 404);
  await assert.rejects(ask(port, "GET", "/cut", { headers }));
  await ask(port, "GET", "/empty");
  await until(() => usage.batches.inFlight === 6);
  assert.equal(recording.events.length, 0, "they wait for the timer");
  await usage.close();
  const seen = recording.events.map(counted);
  assert.deepEqual(seen[0], { method: "POST", route: "/items/:item", status: "201", bytes_in: "5", bytes_out: "9" });
  assert.deepEqual(seen[1], { method: "GET", route: "/stream", status: "200", bytes_in: "0", bytes_out: "10003" });
  assert.deepEqual([seen[2].method, seen[2].bytes_out], ["HEAD", "0"]);
  assert.deepEqual([seen[3].status, seen[3].bytes_out], ["204", "0"]);
  assert.deepEqual([seen[4].status, seen[4].route], ["404", "/nothing"]);
  assert.deepEqual([seen[5].aborted, seen[5].bytes_out], ["true", "1000"]);
  const [event] = recording.events;
  assert.deepEqual([event.resource, event.quantity, event.source, event.tenant_id], ["api_calls", 1, "express", "ten_001"]);
  assert.ok(event.time instanceof Date);
  assert.equal(new Set(recording.events.map(({ id }) => id)).size, 6);
});

test("fastify: each request is metered once, and closing flushes", { skip: fastify.skip }, async () => {
  const recording = new Recording();
  const app = fastify.load();
  await app.register(fastifyUsage, {
    finops: recording,
    tenant: (request) => request.headers["x-tenant"],
    resource: "calls",
    flushMs: 60_000,
  });
  app.post("/items/:item", async (request, reply) => {
    reply.code(201);
    return { got: request.body.length };
  });
  app.get("/fails", async () => {
    throw new Error("the application fails");
  });
  app.get("/stream", (_, reply) => {
    reply.raw.write(CHUNK);
    reply.raw.end("end");
    return reply.hijack();
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address();
  const headers = { "x-tenant": "ten_001", "content-type": "application/json" };
  assert.equal((await ask(port, "POST", "/items/42", { body: "[1,2]", headers })).body, '{"got":2}');
  assert.equal((await ask(port, "GET", "/fails", { headers })).status, 500);
  assert.equal((await ask(port, "GET", "/stream", { headers })).body.length, 1_003);
  await ask(port, "GET", "/none");
  await app.close();
  const seen = recording.events.map(counted);
  assert.deepEqual(seen[0], { method: "POST", route: "/items/:item", status: "201", bytes_in: "5", bytes_out: "9" });
  assert.deepEqual([seen[1].status, seen[1].route], ["500", "/fails"]);
  assert.deepEqual([seen[2].bytes_out, seen[2].route], ["1003", "/stream"]);
  assert.deepEqual([recording.events.length, recording.events[0].resource], [3, "calls"]);
});

test("metering never breaks a request", async (t) => {
  const { told, onError } = errors();
  const unlucky = usageMiddleware(new Recording(), {
    onError,
    tenant: () => {
      throw new Error("no such tenant");
    },
  });
  const broken = usageMiddleware(new Recording({ failures: 99 }), { onError, tenant: () => "t", attemptsMax: 1 });
  const server = createServer((request, response) => {
    unlucky(request, response);
    broken(request, response);
    response.end("ok");
  });
  const port = await listening(t, server);
  assert.deepEqual(await ask(port, "GET", "/"), { status: 200, body: "ok" });
  await until(() => broken.batches.inFlight === 1);
  await broken.flush();
  assert.deepEqual(told.map(([error]) => error.message), ["no such tenant", "disk full"]);
  assert.throws(() => usageMiddleware(new Recording(), {}), /tenant/);
});

test("routes are bounded and may be given, uploads in pieces are counted", async (t) => {
  const recording = new Recording();
  const usage = usageMiddleware(recording, {
    tenant: () => "t",
    flushMs: 60_000,
    route: ({ url }) => (url === "/named" ? "named" : undefined),
    properties: () => ({ plan: "gold", status: "not this" }),
  });
  const server = createServer((request, response) => {
    usage(request, response, () => request.resume().on("end", () => response.end(Buffer.from("ok"))));
  });
  const port = await listening(t, server);
  const headers = { "transfer-encoding": "chunked" };
  await ask(port, "POST", "/named", { body: CHUNK.repeat(200), headers });
  await ask(port, "GET", `/${"y".repeat(5_000)}?z`);
  await until(() => usage.batches.inFlight === 2);
  await usage.close();
  const [named, long] = recording.events.map(counted);
  assert.deepEqual(
    [named.route, named.plan, named.status, named.bytes_in, named.bytes_out],
    ["named", "gold", "200", "200000", "2"],
  );
  assert.equal(long.route.length, 256);
});

test("many requests at once all count", async (t) => {
  const recording = new Recording();
  const usage = usageMiddleware(recording, { tenant: ({ url }) => url.slice(1), flushMs: 1, batchMax: 16 });
  const port = await listening(t, createServer((request, response) => usage(request, response, () => response.end())));
  await Promise.all(Array.from({ length: 200 }, (_, at) => ask(port, "GET", `/ten_${at % 8}`)));
  await until(() => usage.batches.inFlight + recording.events.length >= 200);
  await usage.close();
  assert.equal(new Set(recording.events.map(({ id }) => id)).size, 200);
  assert.equal(new Set(recording.events.map(({ tenant_id: tenant }) => tenant)).size, 8);
});
