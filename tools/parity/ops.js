// TF.js: runs single ops on the CPU backend, many in one request.
'use strict';

const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { encode, feed } = require('./arrays');

function revive(argument) {
  if (Array.isArray(argument)) return argument.map(revive);
  return argument?.base64 === undefined ? argument : feed(argument);
}

function call({ name, args }) {
  const op = name.split('.').reduce((owner, key) => owner[key], tf);
  const result = op(...args.map(revive));
  return result instanceof tf.Tensor ? [result] : Object.values(result);
}

// Returns for each case its results, or the message of its error.
async function ops({ cases }) {
  await tf.setBackend('cpu');
  return cases.map((one) => {
    tf.engine().startScope();
    try {
      return call(one).map(encode);
    } catch (error) {
      return { error: error.message };
    } finally {
      tf.engine().endScope();
    }
  });
}

module.exports = { ops };
