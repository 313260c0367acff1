// Meters each HTTP request of Express, Fastify, or a plain server. What it does is described in middleware.d.ts.
"use strict";

const { randomUUID } = require("node:crypto");
const { Batches, UsageDropped, UsageRejected, tell, warn } = require("./batches.js");

/** The longest route or path that is kept, in characters. */
const ROUTE_MAX = 256;

/** What both plugins share: the options, and the event of a request. */
class Meter {
  constructor(finops, options, source) {
    const { tenant, resource = "api_calls", route, properties, onError = warn, now, ...batching } = options ?? {};
    if (typeof tenant !== "function") throw new TypeError("tenant: must be a function of the request");
    this.tenant = tenant;
    this.resource = resource;
    this.source = batching.source ?? source;
    this.route = route;
    this.properties = properties;
    this.onError = onError;
    this.now = now ?? (() => new Date());
    this.batches = finops instanceof Batches ? finops : new Batches(finops, { ...batching, onError });
  }

  record(request, raw, template, counted) {
    let event;
    try {
      const tenant = this.tenant(request);
      if (tenant === null || tenant === undefined) return;
      const route = this.route?.(request) ?? template ?? String(raw.originalUrl ?? raw.url ?? "").split("?", 1)[0];
      event = {
        id: randomUUID(),
        source: this.source,
        time: this.now(),
        resource: this.resource,
        quantity: 1,
        tenant_id: tenant,
        properties: {
          ...this.properties?.(request),
          method: raw.method,
          route: route.slice(0, ROUTE_MAX),
          ...counted,
        },
      };
    } catch (error) {
      tell(this.onError, error, []);
      return;
    }
    this.batches.recordUsage(event);
  }
}

function lengthOf(chunk, encoding) {
  if (typeof chunk === "string") return Buffer.byteLength(chunk, typeof encoding === "string" ? encoding : "utf8");
  return chunk?.byteLength ?? 0;
}

function bodiless(request, response) {
  return request.method === "HEAD" || response.statusCode === 204 || response.statusCode === 304;
}

/** Counts the bodies of a request and its response, and tells once when the response is over. */
function watch(request, response, done) {
  const started = process.hrtime.bigint();
  let bytesIn = 0;
  let bytesOut = 0;
  const { push } = request;
  const { write, end } = response;
  // What the parser hands over, whoever reads it and however.
  request.push = function counted(chunk, encoding) {
    bytesIn += lengthOf(chunk, encoding);
    return push.call(this, chunk, encoding);
  };
  let ending = false;
  const count = (chunk, encoding) => {
    // `end` may call `write` for its last piece.
    if (!ending && typeof chunk !== "function") bytesOut += lengthOf(chunk, encoding);
  };
  response.write = function counted(chunk, encoding, callback) {
    count(chunk, encoding);
    return write.call(this, chunk, encoding, callback);
  };
  response.end = function counted(chunk, encoding, callback) {
    count(chunk, encoding);
    ending = true;
    try {
      return end.call(this, chunk, encoding, callback);
    } finally {
      ending = false;
    }
  };
  response.once("close", () => {
    const took = Number(process.hrtime.bigint() - started) / 1e6;
    const counted = {
      status: String(response.statusCode),
      bytes_in: String(bytesIn),
      // An answer to HEAD, and one of 204 or 304, has no body on the wire.
      bytes_out: String(bodiless(request, response) ? 0 : bytesOut),
      duration_ms: took.toFixed(3),
    };
    if (!response.writableFinished) counted.aborted = "true";
    done(counted);
  });
}

function usageMiddleware(finops, options) {
  const meter = new Meter(finops, options, "express");
  const middleware = (request, response, next) => {
    try {
      watch(request, response, (counted) => {
        // Known only now: routers fill it in on their way.
        const path = request.route?.path;
        const template = typeof path === "string" ? `${request.baseUrl ?? ""}${path}` : undefined;
        meter.record(request, request, template, counted);
      });
    } catch (error) {
      tell(meter.onError, error, []);
    }
    next?.();
  };
  middleware.batches = meter.batches;
  middleware.flush = () => meter.batches.flush();
  middleware.close = () => meter.batches.close();
  return middleware;
}

async function fastifyUsage(fastify, options) {
  const { finops, ...rest } = options ?? {};
  const meter = new Meter(finops, rest, "fastify");
  fastify.addHook("onRequest", async (request, reply) => {
    try {
      watch(request.raw, reply.raw, (counted) => {
        meter.record(request, request.raw, request.routeOptions?.url, counted);
      });
    } catch (error) {
      tell(meter.onError, error, []);
    }
  });
  fastify.addHook("onClose", () => meter.batches.flush());
}

// The hooks are for the routes of the application, not only for those within the plugin.
fastifyUsage[Symbol.for("skip-override")] = true;
fastifyUsage[Symbol.for("fastify.display-name")] = "iof-usage";

module.exports = { Batches, UsageDropped, UsageRejected, fastifyUsage, usageMiddleware };
