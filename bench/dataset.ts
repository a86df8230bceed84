// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Fashion-MNIST as Debian packages it, with exact neighbours (see python/prepare.py). The first
// half of the queries is measured; settings are tuned on the second half, which is never measured.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ensurePythonEnv } from '../test/support/python-env.ts';
import { repositoryRoot } from '../test/support/repository.ts';

export const neighbours = 10;

/** Which rows a search may return. */
export type Selection = 'all' | 'percent1' | 'percent10';

export interface Query {
  readonly vector: Float32Array;
  readonly truth: Readonly<Record<Selection, ReadonlySet<number>>>;
}

export interface Dataset {
  readonly folder: string;
  readonly dimension: number;
  readonly rowCount: number;
  readonly rows: Float32Array;
  /** A random number below 1,000 for each row, which the filters compare. */
  readonly share: BigInt64Array;
  readonly measured: readonly Query[];
  readonly tuning: readonly Query[];
}

/** The filter text of a selection. */
export const filterOf: Readonly<Record<Selection, string>> = {
  all: '',
  percent1: 'share < 10',
  percent10: 'share < 100',
};

/** Prepares the data set once and reads it. */
export async function openDataset(rowCount: number): Promise<Dataset> {
  const folder = join(repositoryRoot, `.cache/bench-data/${rowCount}`);
  if (!existsSync(join(folder, 'about.json'))) {
    assert(
      existsSync('/usr/share/datasets/fashion-mnist'),
      'Fashion-MNIST is not here: apt-get install dataset-fashion-mnist',
    );
    const env = await ensurePythonEnv('sdk');
    const script = join(repositoryRoot, 'bench/python/prepare.py');
    const args = [script, folder, String(rowCount)];
    const made = spawnSync(env.python, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    assert.equal(made.status, 0, 'bench/python/prepare.py failed');
  }
  const bytesOf = async (name: string): Promise<ArrayBuffer> => {
    const bytes = await readFile(join(folder, name));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  };
  const rows = new Float32Array(await bytesOf('rows.f32'));
  const dimension = rows.length / rowCount;
  const vectors = new Float32Array(await bytesOf('queries.f32'));
  const truth = {
    all: new Int32Array(await bytesOf('truth-all.i32')),
    percent1: new Int32Array(await bytesOf('truth-percent1.i32')),
    percent10: new Int32Array(await bytesOf('truth-percent10.i32')),
  };
  const part = (list: Int32Array, q: number): ReadonlySet<number> =>
    new Set(list.subarray(q * neighbours, (q + 1) * neighbours));
  const queries = Array.from(
    { length: vectors.length / dimension },
    (_, q): Query => ({
      vector: vectors.slice(q * dimension, (q + 1) * dimension),
      truth: {
        all: part(truth.all, q),
        percent1: part(truth.percent1, q),
        percent10: part(truth.percent10, q),
      },
    }),
  );
  const half = queries.length / 2;
  return {
    folder,
    dimension,
    rowCount,
    rows,
    share: new BigInt64Array(await bytesOf('share.i64')),
    measured: queries.slice(0, half),
    tuning: queries.slice(half),
  };
}
