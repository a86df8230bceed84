// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Random filter texts over filterSchema: well typed, nested a few levels, drawn from constants
// that hit the random rows often.

import type { Random } from '../../src/core/index.ts';
import { doublePool, intPool, pick, textPool } from './filter-kit.ts';

const intFields = ['id', 'tiny', 'small', 'medium', 'big', 'added'];
const realFields = ['ratio', 'price'];
const textFields = ['name', 'color', 'gone'];
const jsonPaths = [
  'doc["a"]',
  'doc["b"]',
  'doc["a"]["b"]',
  'doc["c"][0]',
  'doc["deep"]["a"]["c"]',
  'doc["a"][1]["b"]',
  'doc["é"]',
  'doc["key\\"quote"]',
  'a',
  'b',
  'c[0]',
  '$meta["b"]',
  '$meta["a"]["a"]',
  'deep["0"]',
  'missing',
];
const likePatterns = [
  'a%',
  '%b',
  '%e%',
  'r_d',
  '_',
  '__',
  '%',
  '%%',
  '',
  'a\\_b',
  '100\\%',
  '%日%',
  '_本%',
  'a%b',
  '%a%b%',
  '%_😀%',
  '_%_',
  'z%z',
  '%\\\\%',
];
const orders = ['==', '!=', '<', '<=', '>', '>='];

export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

const intText = (random: Random): string => String(pick(random, intPool));
const realText = (random: Random): string => {
  const value = pick(random, doublePool);
  const text = Object.is(value, -0) ? '-0.0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};
const stringText = (random: Random): string => quote(pick(random, textPool));

function list(random: Random, item: (random: Random) => string): string {
  const count = random.unit() < 0.1 ? 60 : Math.floor(random.unit() * 6);
  return `[${Array.from({ length: count }, () => item(random)).join(', ')}]`;
}

function anyConstant(random: Random): string {
  return pick(random, [
    intText,
    intText,
    realText,
    stringText,
    () => pick(random, ['true', 'false']),
  ])(random);
}

function intValue(random: Random, depth: number): string {
  if (depth === 0 || random.unit() < 0.4) return pick(random, intFields);
  if (random.unit() < 0.1) return `-${pick(random, intFields)}`;
  const op = pick(random, ['+', '-', '*', '/', '%', '+', '-', '&', '|', '^']);
  const right =
    random.unit() < 0.7
      ? pick(random, ['1', '2', '3', '10', '127', '9223372036854775807', '(-1)'])
      : intValue(random, depth - 1);
  return `(${intValue(random, depth - 1)} ${op} ${right})`;
}

function realValue(random: Random, depth: number): string {
  if (depth === 0 || random.unit() < 0.4) return pick(random, realFields);
  const op = pick(random, ['+', '-', '*', '/']);
  const right =
    random.unit() < 0.6
      ? pick(random, ['1', '0.5', '1.1', '3'])
      : pick(random, [realValue, intValue])(random, depth - 1);
  return `(${realValue(random, depth - 1)} ${op} ${right})`;
}

function jsonNumber(random: Random): string {
  const path = pick(random, jsonPaths);
  return random.unit() < 0.5
    ? path
    : `(${path} ${pick(random, ['+', '-', '*', '/', '%'])} ${pick(random, ['1', '2', '3'])})`;
}

function comparison(random: Random): string {
  const op = pick(random, orders);
  const kinds: (() => string)[] = [
    () => `${pick(random, intFields)} ${op} ${intText(random)}`,
    () => `${intText(random)} ${op} ${pick(random, intFields)}`,
    () =>
      `${intValue(random, 2)} ${op} ${random.unit() < 0.8 ? intText(random) : intValue(random, 1)}`,
    () => `${pick(random, realFields)} ${op} ${pick(random, [intText, realText])(random)}`,
    () => `${realValue(random, 2)} ${op} ${realText(random)}`,
    () => `${pick(random, intFields)} ${op} ${pick(random, realFields)}`,
    () => `${pick(random, textFields)} ${op} ${stringText(random)}`,
    () => `${pick(random, textFields)} ${op} ${pick(random, textFields)}`,
    () => `flag ${pick(random, ['==', '!='])} ${pick(random, ['true', 'False'])}`,
    () => `${pick(random, jsonPaths)} ${pick(random, ['==', '!='])} ${anyConstant(random)}`,
    () => `${jsonNumber(random)} ${op} ${pick(random, [intText, realText, stringText])(random)}`,
    () => `${jsonNumber(random)} ${op} ${pick(random, [...jsonPaths, ...intFields])}`,
  ];
  return pick(random, kinds)();
}

function range(random: Random): string {
  const [low = 0n, high = 1n] = [pick(random, intPool), pick(random, intPool)].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const bounds =
    low === high ? [`${low}`, `${high + (high < 9n ? 1n : 0n)}`] : [`${low}`, `${high}`];
  const value = pick(random, [...intFields, ...realFields, ...jsonPaths, intValue(random, 1)]);
  if (bounds[0] === bounds[1]) return `${bounds[0]} <= ${value} <= ${bounds[1]}`;
  const ops = [pick(random, ['<', '<=']), pick(random, ['<', '<='])];
  if (random.unit() < 0.3) {
    const [first, second] = ops.map((op) => op.replace('<', '>'));
    return `${bounds[1]} ${first} ${value} ${second} ${bounds[0]}`;
  }
  if (random.unit() < 0.2)
    return `"a" ${ops[0]} ${pick(random, [...textFields, ...jsonPaths])} ${ops[1]} "r"`;
  return `${bounds[0]} ${ops[0]} ${value} ${ops[1]} ${bounds[1]}`;
}

function leaf(random: Random): string {
  const not = random.unit() < 0.4 ? 'not ' : '';
  const kinds: (() => string)[] = [
    () => comparison(random),
    () => comparison(random),
    () => comparison(random),
    () => range(random),
    () => `${pick(random, [...intFields, intValue(random, 1)])} ${not}in ${list(random, intText)}`,
    () => `${pick(random, realFields)} ${not}in ${list(random, realText)}`,
    () => `${pick(random, textFields)} ${not}in ${list(random, stringText)}`,
    () => `${pick(random, jsonPaths)} ${not}in ${list(random, anyConstant)}`,
    () => `flag ${not}in [true]`,
    () =>
      `${pick(random, [...textFields, ...jsonPaths])} like ${quote(pick(random, likePatterns))}`,
    () =>
      `${pick(random, [...intFields, ...textFields, 'flag', 'doc', ...jsonPaths])} is ${not}null`,
    () => `exists ${pick(random, [...jsonPaths, 'doc'])}`,
    () => 'flag',
  ];
  return pick(random, kinds)();
}

/** A filter of up to `depth` levels of and, or, not. */
export function randomFilter(random: Random, depth: number): string {
  if (depth === 0 || random.unit() < 0.25) return leaf(random);
  if (random.unit() < 0.25) return `not (${randomFilter(random, depth - 1)})`;
  const op = pick(random, [' and ', ' or ', ' && ', ' || ']);
  const terms = Array.from(
    { length: 2 + Math.floor(random.unit() * 2) },
    () => `(${randomFilter(random, depth - 1)})`,
  );
  return terms.join(op);
}
