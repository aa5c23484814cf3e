// TF.js: the time that the cases of tools/bench take on the CPU backend.
'use strict';

const { performance } = require('node:perf_hooks');
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');

const values = new Float32Array([1, 2, 3, 4]);
let tensor;
let crowd;

const cases = {
  create: () => tf.tensor1d(values).dispose(), // shares the typed array, as from_numpy() does
  clone: () => tensor.clone().dispose(),
  'tidy with 10 adds': () =>
    tf.tidy(() => {
      let total = tensor;
      for (let i = 0; i < 10; i++) total = tf.add(total, tensor);
    }),
  'empty tidy': () => tf.tidy(() => {}),
  'memory of many': () => tf.memory(),
};

// Runs a case `count` times; returns the CPU seconds of all threads, and the seconds on the wall.
async function time({ name, count }) {
  await tf.setBackend('cpu');
  tensor ??= tf.tensor1d(values);
  if (name === 'memory of many') crowd ??= Array.from({ length: 100_000 }, () => tf.tensor1d(values));
  const run = cases[name];
  const began = performance.now();
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) run();
  const { user, system } = process.cpuUsage(start);
  return [(user + system) / 1e6, (performance.now() - began) / 1e3];
}

module.exports = { time };
