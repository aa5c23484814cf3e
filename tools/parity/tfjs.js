// TF.js: runs a graph model on the CPU backend.
'use strict';

const { pathToFileURL } = require('node:url');
const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
require('@tensorflow/tfjs-backend-cpu');
require('./files');
const { decode, encode } = require('./arrays');

const models = new Map();

async function loadOnce(file) {
  if (!models.has(file)) models.set(file, await loadGraphModel(pathToFileURL(file).href));
  return models.get(file);
}

function feed(array) {
  const { data, shape, dtype } = decode(array);
  return tf.tensor(data, shape, dtype === 'uint8' ? 'int32' : dtype); // TF.js has no uint8
}

async function execute({ model: file, inputs, outputs }) {
  await tf.setBackend('cpu');
  const model = await loadOnce(file);
  const nodes = outputs ?? model.outputNodes;
  const names = outputs ?? nodes.map((node) => node.replace(/:0$/, ''));
  tf.engine().startScope();
  try {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, feed(array)]));
    const results = [await model.executeAsync(feeds, nodes)].flat(); // one output comes without a list around it
    return Object.fromEntries(results.map((tensor, i) => [names[i], encode(tensor)]));
  } finally {
    tf.engine().endScope();
  }
}

module.exports = { execute, version: tf.version_core };
