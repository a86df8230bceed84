// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The op-codes stand in two languages; this reads the C++ list and compares.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { filterOps } from './filter-op.ts';

it('filter-op.h lists the same op-codes', () => {
  const header = readFileSync(new URL('../../native/filter/filter-op.h', import.meta.url), 'utf8');
  const listed = [...header.matchAll(/^ {2}(\w+?)_? = (\d+),$/gm)].map(([, name, code]) => [
    name,
    Number(code),
  ]);
  expect(Object.fromEntries(listed)).toEqual(filterOps);
});
