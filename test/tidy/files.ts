// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What the checks of the repository read: every file git tracks, or would track when added.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../support/repository.ts';

/** A file as a rule sees it; the path is relative to the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule has to say about a place. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; 0 stands for the file as a whole. */
  readonly line: number;
  readonly message: string;
}

const productTops = ['src/', 'actors/', 'native/', 'pipelines/', 'connectors/'];
const sourceKind = /\.(ts|mts|mjs|cc|h|inl|cu|py|sh|gyp)$/;

let cached: readonly string[] | null = null;

/** Paths of all files, sorted. */
export function repositoryFiles(): readonly string[] {
  cached ??= listFiles();
  return cached;
}

function listFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' });
  const paths = output.split('\0').filter((path) => path !== '');
  // A file that was removed but not yet committed is still listed.
  return [...new Set(paths)].filter((path) => existsSync(join(repositoryRoot, path))).sort();
}

/** True for a file of the product itself: no test, bench, script or document. */
export function isProduct(path: string): boolean {
  return productTops.some((top) => path.startsWith(top)) && !path.startsWith('native/test/');
}

/** Product files that the TypeScript compiler reads, tests beside the code included. */
export function productFiles(): readonly string[] {
  return repositoryFiles().filter((path) => isProduct(path) && path.endsWith('.ts'));
}

/** True for files written by hand in a programming language. */
export function isSource(path: string): boolean {
  return sourceKind.test(path) || path.endsWith('/Makefile') || path === '.ci/run';
}

/** Reads one file as text. */
export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(join(repositoryRoot, path), 'utf8') };
}

/** Size in bytes. */
export function sizeOf(path: string): number {
  return statSync(join(repositoryRoot, path)).size;
}

/** A finding as one line of a report. */
export function describeFinding({ path, line, message }: Finding): string {
  return line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`;
}
