// Registers a loader for models at file: addresses, which neither TF.js nor Node's fetch can read.
// Human loads through the same TF.js.
'use strict';

const fs = require('node:fs/promises');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { io } = require('@tensorflow/tfjs-core');

async function readWeights(folder, manifest) {
  const shards = manifest.flatMap((group) => group.paths);
  const contents = await Promise.all(shards.map((shard) => fs.readFile(path.join(folder, shard))));
  return [io.getWeightSpecs(manifest), new Uint8Array(Buffer.concat(contents)).buffer];
}

async function readModel(file) {
  const model = JSON.parse(await fs.readFile(file, 'utf8'));
  return io.getModelArtifactsForJSON(model, (manifest) => readWeights(path.dirname(file), manifest));
}

io.registerLoadRouter((address) => {
  if (!String(address).startsWith('file:')) return null;
  return { load: () => readModel(fileURLToPath(address)) };
});
