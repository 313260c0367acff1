// Resources that somebody looks after together. What its methods do, take and give is described in groups.d.ts.
"use strict";

const { merged } = require("./input.js");

class ResourceGroups {
  #session;

  constructor(session) {
    this.#session = session;
  }

  create(params) {
    return this.#session.call("resource_groups.create", params);
  }

  async get(id) {
    return this.#session.call("resource_groups.get", merged("id", id, {}));
  }

  list(params) {
    return this.#session.call("resource_groups.list", params);
  }

  update(params) {
    return this.#session.call("resource_groups.update", params);
  }

  async delete(id) {
    return this.#session.call("resource_groups.delete", merged("id", id, {}));
  }

  addResource(params) {
    return this.#session.call("resource_groups.add_resource", params);
  }

  removeResource(params) {
    return this.#session.call("resource_groups.remove_resource", params);
  }

  findByResource(params) {
    return this.#session.call("resource_groups.find_by_resource", params);
  }
}

module.exports = { ResourceGroups };
