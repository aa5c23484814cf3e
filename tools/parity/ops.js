// TF.js: runs single ops on the CPU backend, many in one request.
'use strict';

const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { encode, feed } = require('./arrays');

function revive(argument) {
  if (Array.isArray(argument)) return argument.map(revive);
  return argument?.base64 === undefined ? argument : feed(argument);
}

async function call({ name, args }) {
  const op = name.split('.').reduce((owner, key) => owner[key], tf);
  const result = await op(...args.map(revive));
  return result instanceof tf.Tensor ? [result] : Object.values(result);
}

async function caught(one) {
  tf.engine().startScope();
  try {
    return (await call(one)).map(encode);
  } catch (error) {
    return { error: error.message };
  } finally {
    tf.engine().endScope();
  }
}

// Returns for each case its results, or the message of its error. One follows the other: there is one stack of scopes.
async function ops({ cases }) {
  await tf.setBackend('cpu');
  const answers = [];
  for (const one of cases) answers.push(await caught(one));
  return answers;
}

module.exports = { ops };
