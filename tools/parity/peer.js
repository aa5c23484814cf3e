// The peer process: reads one JSON request per line from stdin and answers each with one JSON line on stdout, in order.
//   {"command": "execute", ...}  ->  {"result": ...}  or  {"error": "a stack trace"}
// Arrays travel as {"dtype", "shape", "base64"}. The process ends when stdin does.
'use strict';

// TF.js and Human log to the console; stdout is only for the protocol.
console.log = console.error;
console.info = console.error;

const readline = require('node:readline');
const human = require('./human');
const inside = require('./inside');
const ops = require('./ops');
const tfjs = require('./tfjs');
const timing = require('./timing');

const commands = {
  execute: tfjs.execute,
  time: tfjs.time,
  ops: ops.ops,
  human: human.detect,
  match: human.match,
  segmentation: human.segmentation,
  warmup: human.warmup,
  compare: human.compare,
  validate: human.validate,
  reset: human.reset,
  defaults: human.defaults,
  inside: inside.call,
  effort: timing.time,
  versions: () => ({ node: process.versions.node, tfjs: tfjs.version, human: human.version }),
};

async function answer(line) {
  try {
    const { command, ...request } = JSON.parse(line);
    return { result: await commands[command](request) };
  } catch (error) {
    return { error: error.stack };
  }
}

async function serve() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
}

serve();
