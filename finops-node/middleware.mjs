// The same functions for `import`.
import middleware from "./middleware.js";

export const { Batches, UsageDropped, UsageRejected, fastifyUsage, usageMiddleware } = middleware;
