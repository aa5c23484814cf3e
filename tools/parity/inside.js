// Human: calls functions that it does not export. They are cut out of its readable bundle, which has a section for each
// source file.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const BUNDLE = path.join(__dirname, 'node_modules', '@vladmandic', 'human', 'dist', 'human.esm.js');
const HEADING = /^\/\/ (src\/.+\.ts)$/m;

// The helpers at the head of the bundle, as far as these functions need them.
const HEAD = `
  const __export = () => {};
  const __publicField = (object, key, value) => { object[key] = value; };
`;

let sections;

function section(file) {
  if (!sections) {
    const [, ...parts] = fs.readFileSync(BUNDLE, 'utf8').split(HEADING);
    sections = new Map(parts.flatMap((name, i) => (i % 2 ? [] : [[name, parts[i + 1]]])));
  }
  if (!sections.has(file)) throw new RangeError(`Human has no ${file}`);
  return sections.get(file);
}

function call({ files, name, args }) {
  const source = [HEAD, ...files.map(section), `return ${name};`].join('\n');
  return new Function(source)()(...args);
}

module.exports = { call };
