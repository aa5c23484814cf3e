// Human: detects in one picture, on TF.js's WASM backend, or on its CPU backend where WASM lacks a kernel.
'use strict';

const { createHash } = require('node:crypto');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const tf = require('@tensorflow/tfjs-core');
require('./files');
const { decode, encode, feed } = require('./arrays');

const PACKAGE = path.join(__dirname, 'node_modules', '@vladmandic', 'human');
const BUILD = path.join(PACKAGE, 'dist', 'human.node-wasm.js');
const WASM = path.join(__dirname, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');

const OURS = {
  wasmPath: `${WASM}/`,
  wasmPlatformFetch: false,
  modelBasePath: `${pathToFileURL(path.join(PACKAGE, 'models')).href}/`,
  warmup: 'none',
  cacheSensitivity: 0,
};

// Human keeps models, crops and the last results in variables of its module, and keeps each call's configuration for
// the next. Every picture gets a new module, so that its result does not depend on earlier calls.
function freshHuman(config) {
  const human = new Module(BUILD);
  human.load(BUILD);
  return new human.exports.Human(config);
}

function toJSON(key, value) {
  if (value instanceof tf.Tensor) return value.isDisposed ? undefined : encode(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

async function detect({ image, config, backend }) {
  const { data, shape } = decode(image);
  const human = freshHuman({ ...config, ...OURS, backend });
  tf.engine().startScope(); // disposes the models, too: they belong to this module
  try {
    await human.init();
    const result = await human.detect(tf.tensor(Int32Array.from(data), shape, 'int32'));
    return JSON.parse(JSON.stringify(result, toJSON));
  } finally {
    tf.engine().endScope();
  }
}

// Segments the frames of a video in order, in one Human: it keeps rvm's recurrent state between them.
async function segmentation({ frames, config, backend }) {
  const human = freshHuman({ ...config, ...OURS, backend });
  tf.engine().startScope();
  try {
    await human.init();
    const found = [];
    for (const frame of frames) {
      const { data, shape } = decode(frame);
      found.push(encode(await human.segmentation(tf.tensor(Int32Array.from(data), shape, 'int32'))));
    }
    return found;
  } finally {
    tf.engine().endScope();
  }
}

// Warms up as in a browser: Node has no createImageBitmap, so this one finds the pixels of Human's sample by the SHA-256
// of its file.
async function warmup({ pictures, config, choice, backend }) {
  const human = freshHuman({ ...config, ...OURS, warmup: choice, backend });
  const used = [];
  globalThis.createImageBitmap = async (blob) => {
    const digest = createHash('sha256').update(Buffer.from(await blob.arrayBuffer())).digest('hex');
    used.push(digest);
    const { data, shape } = decode(pictures[digest]);
    return Object.assign(tf.tensor(Int32Array.from(data), shape, 'int32'), { close() {} });
  };
  tf.engine().startScope();
  try {
    await human.init();
    const result = await human.warmup();
    return { used, result: JSON.parse(JSON.stringify(result, toJSON)) };
  } finally {
    tf.engine().endScope();
    delete globalThis.createImageBitmap;
  }
}

async function compare({ first, second }) {
  const human = freshHuman({ ...OURS, backend: 'wasm' });
  tf.engine().startScope();
  try {
    await human.init();
    return await human.compare(feed(first), feed(second));
  } finally {
    tf.engine().endScope();
  }
}

function validate({ configs }) {
  const human = freshHuman({});
  return configs.map((config) => human.validate(config));
}

function reset({ config }) {
  const human = freshHuman(config);
  human.reset();
  return human.config;
}

// Compares embeddings with each set of options; null stands for none. find() searches the ten candidates around each.
function match({ embeddings, candidates, options }) {
  const { match: { distance, similarity, find } } = freshHuman({});
  const ten = (i) => candidates.slice(i - (i % 10), i - (i % 10) + 10);
  return options.map((each) => {
    const given = each === null ? [] : [each];
    return {
      distances: embeddings.map((one, i) => distance(one, candidates[i], ...given)),
      similarities: embeddings.map((one, i) => similarity(one, candidates[i], ...given)),
      found: embeddings.map((one, i) => find(one, ten(i), ...given)),
    };
  });
}

const defaults = () => freshHuman({}).config;

module.exports = {
  compare,
  defaults,
  detect,
  reset,
  match,
  segmentation,
  validate,
  warmup,
  version: require(path.join(PACKAGE, 'package.json')).version,
};
