// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The repository keeps its own rules: size, headers, types, errors, ports, documents. Style is a
// test here so that no review is spent on it. Each rule is shown to find a planted bad sample
// (in test/tidy/samples.test.ts), since a rule that finds nothing is green for ever.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import * as limitValues from '../src/core/limits.ts';
import { repositoryRoot } from './support/repository.ts';
import {
  describeFinding,
  type Finding,
  isProduct,
  isSource,
  readSource,
  repositoryFiles,
  sizeOf,
} from './tidy/files.ts';
import { nativeFindings } from './tidy/native-rules.ts';
import {
  fileBytesMax,
  limitsThatDiffer,
  markdownFindings,
  missingPaths,
  sourceFindings,
  textFindings,
  unusedLimits,
} from './tidy/text-rules.ts';
import { typescriptFindings } from './tidy/typescript-rules.ts';

const files = repositoryFiles();
const matching = (pattern: RegExp): readonly string[] => files.filter((path) => pattern.test(path));
const binaryKind = /\.(parquet|bin|png|node|wasm|gz)$/;
const onDisk = (path: string): boolean => existsSync(join(repositoryRoot, path));

function findingsIn(
  paths: readonly string[],
  rule: (file: ReturnType<typeof readSource>) => readonly Finding[],
): readonly string[] {
  expect(paths.length, 'the rule has files to read').toBeGreaterThan(0);
  return paths.flatMap((path) => rule(readSource(path)).map(describeFinding));
}

describe('the repository', () => {
  test('sources: size, header', () => {
    expect(findingsIn(files.filter(isSource), sourceFindings)).toEqual([]);
  });

  test('TypeScript: function length, types, errors, ports', () => {
    expect(findingsIn(matching(/\.(ts|mts|mjs)$/), typescriptFindings)).toEqual([]);
  });

  test('C++: function length, columns', () => {
    expect(findingsIn(matching(/\.(cc|h|inl|cu|cuh)$/), nativeFindings)).toEqual([]);
  });

  test('text: nothing left open, no machine paths, no registry addresses', () => {
    const texts = files.filter((path) => !binaryKind.test(path));
    expect(findingsIn(texts, textFindings)).toEqual([]);
  });

  test('no large files', () => {
    const large = files.filter((path) => sizeOf(path) > fileBytesMax);
    expect(large).toEqual([]);
  });

  test('documents have one title', () => {
    expect(findingsIn(matching(/\.md$/), markdownFindings)).toEqual([]);
  });

  test('documents name paths that exist', () => {
    const guides = ['ARCHITECTURE.md', 'README.md', ...matching(/^docs\/.*\.md$/)];
    expect(findingsIn(guides, (file) => missingPaths(file, onDisk))).toEqual([]);
  });

  test('every limit is checked somewhere, and with one value', () => {
    const product = files.filter((path) => isProduct(path) && /\.(ts|cc|h)$/.test(path));
    const others = product
      .filter((path) => !/^src\/core\/(limits|index)\.ts$/.test(path))
      .map(readSource);
    const limits = readSource('src/core/limits.ts');
    expect(unusedLimits(limits, others).map(describeFinding)).toEqual([]);
    expect(limitsThatDiffer(limitValues, others).map(describeFinding)).toEqual([]);
  });

  test('the README has the two commands', () => {
    const { text } = readSource('README.md');
    expect(text).toContain('npm install && npm start');
    expect(text).toContain('npm install && npm test');
  });

  test('the client whose descriptors are the wire is pinned', () => {
    const { text } = readSource('package.json');
    const { devDependencies } = JSON.parse(text) as { devDependencies: Record<string, string> };
    expect(devDependencies['@zilliz/milvus2-sdk-node']).toBe('3.0.6');
  });
});
