#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The picture of the layers in README.md, made from layers.json so that the two cannot differ
// (test/readme.test.ts compares them).
//
//   node scripts/readme-picture.mjs           prints the picture
//   node scripts/readme-picture.mjs --write   puts it into README.md

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const begin = '<!-- layers: made by scripts/readme-picture.mjs -->';
const end = '<!-- end of layers -->';

/** The picture: highest rank first, one folder a line, in a code block between two marks. */
export function layersPicture(layers) {
  const sorted = [...layers].sort((a, b) => b.rank - a.rank);
  const width = Math.max(...sorted.map((layer) => layer.folder.length));
  const lines = sorted.map((layer) => `${layer.folder.padEnd(width)}  ${layer.title}`);
  return [begin, '```text', ...lines, '```', end].join('\n');
}

/** The text of a README with the picture in its place; null when the marks are not there. */
export function withPicture(readme, picture) {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) return null;
  return readme.slice(0, from) + picture + readme.slice(to + end.length);
}

function main(args) {
  const { layers } = JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8'));
  const picture = layersPicture(layers);
  if (!args.includes('--write')) {
    process.stdout.write(`${picture}\n`);
    return;
  }
  const path = join(root, 'README.md');
  const text = withPicture(readFileSync(path, 'utf8'), picture);
  if (text === null) {
    process.stderr.write(`README.md lacks the lines ${begin} and ${end}\n`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
