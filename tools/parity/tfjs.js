// TF.js: runs a graph model on the CPU backend, whose results are the reference, or on WASM, its fastest in Node.
'use strict';

const { performance } = require('node:perf_hooks');
const { pathToFileURL } = require('node:url');
const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm');
require('./files');
const { encode, feed } = require('./arrays');

const models = new Map();

// Weights are stored in the current backend: a model is loaded once for each backend.
async function loadOnce(file, backend) {
  await tf.setBackend(backend);
  const key = `${backend}|${file}`;
  if (!models.has(key)) models.set(key, await loadGraphModel(pathToFileURL(file).href));
  return models.get(key);
}

// execute() throws, before it computes, for a model with loops or with sizes that depend on the data.
async function run(model, feeds, nodes) {
  try {
    return [model.execute(feeds, nodes)].flat(); // a single output is not in a list
  } catch (error) {
    if (!error.message.includes('use model.executeAsync() instead')) throw error;
    return [await model.executeAsync(feeds, nodes)].flat();
  }
}

async function withModel({ model: file, inputs, outputs, backend = 'cpu' }, use) {
  const model = await loadOnce(file, backend);
  const nodes = outputs ?? model.outputNodes;
  tf.engine().startScope();
  try {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, feed(array)]));
    return await use(() => run(model, feeds, nodes), outputs ?? nodes.map((node) => node.replace(/:0$/, '')));
  } finally {
    tf.engine().endScope();
  }
}

// JavaScript computes in float64; the Float32Array of each result rounds. With Float64Array the same kernels give results
// that do not depend on the order of their sums. The weights were read before.
async function unrounded(compute) {
  const { Float32Array } = globalThis;
  globalThis.Float32Array = Float64Array;
  try {
    return await compute();
  } finally {
    globalThis.Float32Array = Float32Array;
  }
}

const execute = ({ precision = 'float32', ...request }) =>
  withModel(request, async (compute, names) => {
    const results = await (precision === 'float64' ? unrounded(compute) : compute());
    return Object.fromEntries(results.map((tensor, i) => [names[i], encode(tensor)]));
  });

// Returns the milliseconds from the inputs as tensors to all outputs as arrays of JavaScript.
const time = (request) =>
  withModel(request, async (compute) => {
    const start = performance.now();
    for (const tensor of await compute()) tensor.dataSync();
    return performance.now() - start;
  });

module.exports = { execute, time, version: tf.version_core };
