// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Lists the C++ files of a binding.gyp target: files named for an instruction set belong to that
// set's library alone, everything else below the bridge is portable. gyp has no glob, and a list
// kept by hand forgets files.
//   node sources.mjs base|avx2|avx512|bridge
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const kind = process.argv[2];
const notOurs = new Set(['test', 'build', 'build-test', 'node_modules']);

function listSources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (folder === root && notOurs.has(entry.name)) return [];
    if (entry.isDirectory()) return listSources(path);
    return entry.name.endsWith('.cc') ? [relative(root, path)] : [];
  });
}

function kindOf(path) {
  if (path.startsWith('bridge')) return 'bridge';
  return /(avx2|avx512)\.cc$/.exec(path)?.[1] ?? 'base';
}

console.log(
  listSources(root)
    .filter((path) => kindOf(path) === kind)
    .sort()
    .join('\n'),
);
