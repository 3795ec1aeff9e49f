// All steps in all ways against one sandbox: node run.js URL. Prints what failed and, at last, how many steps passed of
// how many; fails if it was not all.
'use strict';

const clients = require('./clients');
const steps = require('./steps');

const KEY = { id: 'SandboxAccessKey', secret: 'sandbox-secret' };
const TEMPORARY_KEY = { id: 'STS.Temporary', secret: 'temporary-secret', token: 'a/token+with=signs' };

const WAYS = [
  { method: 'GET', place: 'query' },
  { method: 'POST', place: 'query' },
  { method: 'POST', place: 'form' },
  { method: 'POST', place: 'json' },
  { method: 'POST', place: 'split' },
];

const url = new URL(process.argv[2]);
let passed = 0;
let total = 0;

async function take(name, step) {
  total += 1;
  try {
    await step();
    passed += 1;
  } catch (error) {
    console.log(`failed: ${name}: ${error.message}`);
  }
}

async function takeAll(clientName, key, way) {
  const call = clients[clientName](url, key, way);
  const seen = {};
  for (const [name, step] of steps) {
    const words = [clientName, url.protocol, way.method, way.place, key.token ? 'temporary key' : 'key', name];
    await take(words.join(' '), () => step(call, seen));
  }
}

async function isRefusedByName(way) {
  const call = clients.popCore(url, KEY, way);
  await take(`popCore ${url.protocol} ${way.method}: refused in words that name ACS3`, async () => {
    const error = await call('GetRepoSyncTask', { InstanceId: 'cri-sandbox', SyncTaskId: 'rst-small' }).catch((e) => e);
    if (!/ACS3-HMAC-SHA256/.test(error.message)) throw error;
  });
}

async function main() {
  for (const name of ['openapiClient', 'openapiCore']) {
    for (const way of WAYS) await takeAll(name, KEY, way);
    await takeAll(name, TEMPORARY_KEY, WAYS[1]);
  }
  for (const method of ['GET', 'POST']) await isRefusedByName({ method });
  console.log(`${passed} of ${total}`);
  process.exit(passed === total ? 0 : 1);
}

main();
