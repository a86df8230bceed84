// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The layering of layers.json holds for every import, those of types included. A check that read
// nothing would be green too, so it must have seen every file, and each rule is shown to find a
// violation planted in a small tree of its own.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { checkLayers, type Layer, readLayers } from './support/layers.ts';
import { repositoryRoot } from './support/repository.ts';
import { withTempDir } from './support/temp-dir.ts';
import { productFiles } from './tidy/files.ts';

const layers = readLayers(repositoryRoot);

describe('the layers', () => {
  test('every import looks down, through a door, without a cycle', async () => {
    const { violations, files } = await checkLayers(repositoryRoot, layers);
    expect(violations).toEqual([]);
    const unseen = productFiles()
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .filter((path) => !files.has(path));
    expect(unseen).toEqual([]);
  });

  test('every product file is in a layer', () => {
    const folders = layers.map((layer) => `${layer.folder}/`);
    const homeless = productFiles().filter((path) => !folders.some((f) => path.startsWith(f)));
    expect(homeless).toEqual([]);
    const strays = productFiles().filter(
      (path) => path.startsWith('src/') && path.split('/').length > 2 && inRootsOnly(path),
    );
    expect(strays).toEqual([]);
  });

  test('ranks are one a folder and every folder has files', () => {
    expect(new Set(layers.map((layer) => layer.folder)).size).toBe(layers.length);
    const files = productFiles();
    const empty = layers.filter(({ folder }) => !files.some((f) => f.startsWith(`${folder}/`)));
    expect(empty).toEqual([]);
  });
});

/** True for a file that no layer but the composition roots claims. */
function inRootsOnly(path: string): boolean {
  return !layers.some((layer) => layer.folder !== 'src' && path.startsWith(`${layer.folder}/`));
}

const sample: readonly Layer[] = [
  { rank: 0, folder: 'src/low', title: 'ground' },
  { rank: 1, folder: 'src/high', title: 'roof' },
  { rank: 1, folder: 'src/twin', title: 'beside the roof' },
  { rank: 2, folder: 'src', title: 'roots' },
];
const clean: Readonly<Record<string, string>> = {
  'src/low/index.ts': `export { low } from './low.ts';\n`,
  'src/low/low.ts': `export const low = 1;\nexport type Low = typeof low;\n`,
  'src/high/index.ts': `import { low } from '../low/index.ts';\nexport const high = low;\n`,
  'src/twin/index.ts': `export const twin = 1;\n`,
  'src/main.ts': `import { high } from './high/index.ts';\nimport { low } from './low/low.ts';\n
    export const main = high + low;\n`,
};

/** Rules that a small tree breaks: the clean one with some files replaced. */
async function planted(changes: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return withTempDir(async (root) => {
    for (const [path, text] of Object.entries({ ...clean, ...changes })) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return (await checkLayers(root, sample)).violations;
  });
}

describe('the check', () => {
  test('lets a clean tree pass', async () => {
    expect(await planted({})).toEqual([]);
  });

  test.for([
    [
      'an import that looks up',
      { 'src/low/up.ts': `import { high } from '../high/index.ts';\nexport const up = high;\n` },
      'src/low looks down only: src/low/up.ts -> src/high/index.ts',
    ],
    [
      'a type that looks sideways',
      {
        'src/twin/side.ts': `import type { high } from '../high/index.ts';\nexport type Side = typeof high;\n`,
      },
      'src/twin looks down only: src/twin/side.ts -> src/high/index.ts',
    ],
    [
      'an import of a composition root',
      { 'src/high/root.ts': `import { main } from '../main.ts';\nexport const root = main;\n` },
      'src/high looks down only: src/high/root.ts -> src/main.ts',
    ],
    [
      'an import past the door',
      { 'src/high/past.ts': `import { low } from '../low/low.ts';\nexport const past = low;\n` },
      'src/low is entered by its door: src/high/past.ts -> src/low/low.ts',
    ],
    [
      'a cycle of types',
      {
        'src/low/a.ts': `import type { B } from './b.ts';\nexport type A = B | 1;\n`,
        'src/low/b.ts': `import type { A } from './a.ts';\nexport type B = A | 2;\n`,
      },
      'no cycle: src/low/a.ts -> src/low/b.ts',
    ],
    [
      'an import of nothing',
      { 'src/low/gone.ts': `import { gone } from './missing.ts';\nexport const back = gone;\n` },
      'every import is found: src/low/gone.ts -> ./missing.ts',
    ],
  ] as const)('finds %s', async ([, changes, violation]) => {
    expect(await planted(changes)).toContain(violation);
  });
});
