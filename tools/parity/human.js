// Human: detects in one picture, on TF.js's WASM backend, or on its CPU backend where WASM lacks a kernel.
'use strict';

const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const tf = require('@tensorflow/tfjs-core');
require('./files');
const { decode, encode } = require('./arrays');

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

async function detect({ image, config, before, backend }) {
  const { data, shape } = decode(image);
  const human = freshHuman({ ...config, ...OURS, backend });
  tf.engine().startScope(); // disposes the models, too: they belong to this module
  try {
    await human.init();
    const tensor = tf.tensor(Int32Array.from(data), shape, 'int32');
    if (before) await human.detect(tensor, before);
    const result = await human.detect(tensor, before && config); // it keeps the configuration of each call
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

const defaults = () => freshHuman({}).config;

module.exports = {
  defaults,
  detect,
  segmentation,
  version: require(path.join(PACKAGE, 'package.json')).version,
};
