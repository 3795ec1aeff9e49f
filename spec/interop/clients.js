// One way to call an operation for each of the vendor's clients: call(action, parameters) resolves to the body, and
// rejects with an error that has code and message.
'use strict';

const path = require('path');
const { createRequire } = require('module');

const installed = createRequire(path.resolve(process.env.INTEROP_MODULES, 'package.json'));

// Where parameters go: into the query, into the body, or the first half there and the rest here.
function parted(parameters, place) {
  const names = Object.keys(parameters);
  const inQuery = place === 'query' ? names : place === 'split' ? names.slice(0, Math.ceil(names.length / 2)) : [];
  const query = {};
  const body = {};
  for (const name of names) (inQuery.includes(name) ? query : body)[name] = parameters[name];
  return Object.keys(body).length ? { query, body } : { query };
}

function paramsFor(action, way, scheme) {
  return {
    action, version: '2018-12-01', protocol: scheme.toUpperCase(), pathname: '/', method: way.method, authType: 'AK',
    style: 'RPC', reqBodyType: way.place === 'json' ? 'json' : 'formData', bodyType: 'json',
  };
}

function configFor(url, key) {
  return {
    accessKeyId: key.id, accessKeySecret: key.secret, securityToken: key.token, type: key.token ? 'sts' : 'access_key',
    endpoint: url.host, protocol: url.protocol.replace(':', ''),
  };
}

// @alicloud/openapi-client, on which the older product clients stand.
function openapiClient(url, key, way) {
  const library = installed('@alicloud/openapi-client');
  const { RuntimeOptions } = installed('@alicloud/tea-util');
  const client = new library.default(new library.Config(configFor(url, key)));
  return async (action, parameters) => {
    const params = new library.Params(paramsFor(action, way, client._protocol));
    const request = new library.OpenApiRequest(parted(parameters, way.place));
    return (await client.callApi(params, request, new RuntimeOptions({}))).body;
  };
}

// @alicloud/openapi-core, on which the newer ones stand.
function openapiCore(url, key, way) {
  const library = installed('@alicloud/openapi-core');
  const { RuntimeOptions } = createRequire(installed.resolve('@alicloud/openapi-core'))('@darabonba/typescript');
  const models = library.$OpenApiUtil;
  const client = new library.default(new models.Config(configFor(url, key)));
  return async (action, parameters) => {
    const params = new models.Params(paramsFor(action, way, client._protocol));
    const request = new models.OpenApiRequest(parted(parameters, way.place));
    return (await client.callApi(params, request, new RuntimeOptions({}))).body;
  };
}

// @alicloud/pop-core, which knows the older signature alone.
function popCore(url, key, way) {
  const { RPCClient } = installed('@alicloud/pop-core');
  const client = new RPCClient({ accessKeyId: key.id, accessKeySecret: key.secret, securityToken: key.token,
    endpoint: url.origin, apiVersion: '2018-12-01' });
  return (action, parameters) => client.request(action, parameters, { method: way.method });
}

module.exports = { openapiClient, openapiCore, popCore };
