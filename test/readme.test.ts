// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What README.md shows is what the repository is: the picture of the layers, the settings, the
// index of decisions.

import { describe, expect, test } from 'vitest';

import { layersPicture, withPicture } from '../scripts/readme-picture.mjs';
import { settingsHelp } from '../src/core/index.ts';
import { readLayers } from './support/layers.ts';
import { repositoryRoot } from './support/repository.ts';
import { readSource, repositoryFiles } from './tidy/files.ts';

const readme = readSource('README.md').text;

describe('README.md', () => {
  test('shows the layers of layers.json', () => {
    expect(readme, 'node scripts/readme-picture.mjs --write').toContain(
      layersPicture(readLayers(repositoryRoot)),
    );
  });

  test('names every setting', () => {
    const flags = [...settingsHelp().matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
    expect(flags.length).toBeGreaterThan(0);
    expect(flags.filter((flag) => !readme.includes(`\`${flag}\``))).toEqual([]);
  });

  test('lists every decision', () => {
    const decisions = repositoryFiles().filter((path) => /^docs\/decisions\/.*\.md$/.test(path));
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter((path) => !readme.includes(`(${path})`))).toEqual([]);
  });
});

describe('the picture', () => {
  const layers = [
    { rank: 0, folder: 'low', title: 'ground' },
    { rank: 7, folder: 'higher', title: 'roof' },
  ];

  test('has the highest layer on top', () => {
    expect(layersPicture(layers)).toContain('higher  roof\nlow     ground');
  });

  test('replaces an older one', () => {
    const old = `before\n${layersPicture(layers.slice(0, 1))}\nafter`;
    const picture = layersPicture(layers);
    expect(withPicture(old, picture)).toBe(`before\n${picture}\nafter`);
    expect(withPicture('no marks', picture)).toBeNull();
  });
});
