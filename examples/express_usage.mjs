// An Express server that meters its requests: node express_usage.mjs [PORT], with express installed.
// Then: curl -H 'x-tenant: ten_001' localhost:3000/hello/you. The events are printed, in place of an engine that keeps
// them: give `iof.finops` to the middleware for that.

import express from "express";
import { usageMiddleware } from "iof/middleware";

const shown = {
  async recordUsage(events) {
    for (const { tenant_id: tenant, resource, properties } of events) console.log(tenant, resource, properties);
  },
};

const usage = usageMiddleware(shown, { tenant: (request) => request.headers["x-tenant"] });
const app = express();
app.use(usage);
app.get("/hello/:name", (request, response) => {
  response.type("text").send(`Hello, ${request.params.name}!\n`);
});

const server = app.listen(Number(process.argv[2] ?? 3000), () => console.log("listening on", server.address().port));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close(() => usage.close());
    server.closeAllConnections();
  });
}
