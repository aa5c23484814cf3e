// Arrays in JSON: {"dtype", "shape", "base64"}, the elements in C order, little-endian.
'use strict';

const tf = require('@tensorflow/tfjs-core');

const ELEMENTS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };

function decode({ dtype, shape, base64 }) {
  if (!(dtype in ELEMENTS)) throw new TypeError(`dtype ${dtype} is none of ${Object.keys(ELEMENTS).join(', ')}`);
  const bytes = new Uint8Array(Buffer.from(base64, 'base64')); // a copy: a Buffer may be unaligned in Node's pool
  return { dtype, shape, data: new ELEMENTS[dtype](bytes.buffer) };
}

function feed(array) {
  const { data, shape, dtype } = decode(array);
  return tf.tensor(data, shape, dtype === 'uint8' ? 'int32' : dtype); // TF.js has no uint8
}

// The values may have another type than the tensor's dtype: TF.js casts int32 to float32 in name only, and may compute
// in float64.
function encode(tensor) {
  const { buffer, byteOffset, byteLength } = ELEMENTS[tensor.dtype].from(tensor.dataSync());
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return { dtype: tensor.dtype, shape: tensor.shape, base64 };
}

module.exports = { decode, encode, feed };
