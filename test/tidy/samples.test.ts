// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// A bad sample for each rule of the repository, and the good one beside it. The samples are
// strings, so the rules that read this file do not see them.

import { describe, expect, test } from 'vitest';

import { type Finding, isSource } from './files.ts';
import { nativeFindings } from './native-rules.ts';
import {
  fileLinesMax,
  limitsThatDiffer,
  markdownFindings,
  missingPaths,
  sourceFindings,
  textFindings,
  unusedLimits,
} from './text-rules.ts';
import { functionLinesMax, typescriptFindings } from './typescript-rules.ts';

const product = 'src/service/sample.ts';
const messages = (findings: readonly Finding[]): string =>
  findings.map((f) => f.message).join('\n');
const script = (text: string, path = product): string =>
  messages(typescriptFindings({ path, text }));
/** Joins what must not stand in this file as one word. */
const halves = (first: string, second: string): string => first + second;
const filler = (lines: number): string => '  work();\n'.repeat(lines);

describe('TypeScript', () => {
  test.for([
    ['any', 'const value: any = 1;', /^any/],
    ['a cast to any', 'use(value as any);', /^any/],
    ['a non-null assertion', 'use(value!);', /non-null/],
    ['an enum', 'enum Colour { Red }', /enum/],
    ['a bare error', "throw new Error('no');", /DbError/],
    ['an open door', "export * from './file.ts';", /door/],
    ['a named open door', "export * as all from './file.ts';", /door/],
    ['the console', "console.log('here');", /console/],
    ['the wall clock', 'const nowMs = Date.now();', /Clock port/],
    ['the wall clock by value', 'const now = Date.now;', /Clock port/],
    ['the fast clock', 'const nowMs = performance.now();', /Clock port/],
    ['chance', 'const seed = Math.random();', /Random port/],
    ['a timer', 'setTimeout(work, 10);', /Clock port/],
    ['a timer of globalThis', 'globalThis.setTimeout(work, 10);', /Clock port/],
    ['an interval', 'const timer = setInterval(work, 10);', /Clock port/],
    ['a deferral', 'setImmediate(work);', /Clock port/],
    ['the disk', "import { readFile } from 'node:fs/promises';", /Disk port/],
    ['the disk, late', "const fs = await import('node:fs');", /Disk port/],
    ['timers as promises', "import { setTimeout as sleep } from 'node:timers/promises';", /Clock/],
    [
      'a checker switched off',
      `// ${halves('@ts', '-expect-error')} wrong\nwork(1);`,
      /switched off/,
    ],
    [
      'a lint rule switched off',
      `// ${halves('oxlint', '-disable-next-line')}\nwork(1);`,
      /switched off/,
    ],
    [
      'a long function',
      `function long() {\n${filler(functionLinesMax - 1)}}`,
      /function of 71 lines/,
    ],
    ['a long method', `class A {\n  long() {\n${filler(functionLinesMax - 1)}}\n}`, /of 71 lines/],
  ] as const)('finds %s', ([, text, message]) => {
    expect(script(text)).toMatch(message);
  });

  test.for([
    ['words in a string', "const text = 'Date.now() as any!; throw new Error()';"],
    ['words in a comment', '// Date.now() is any! console.log'],
    ['a typed error', "throw new DbError({ code: 'internal', message: 'no' });"],
    ['an explicit door', "export { file } from './file.ts';"],
    ['a method of a port that is named alike', 'clock.setTimeout(work);'],
    ['a function of full length', `function long() {\n${filler(functionLinesMax - 2)}}`],
    ['an inherited name', 'use(value.constructor);'],
  ] as const)('lets pass %s', ([, text]) => {
    expect(script(text)).toBe('');
  });

  test('ports, composition roots and tests may do what the others may not', () => {
    for (const path of [
      'src/core/clock.ts',
      'src/main.ts',
      'src/service/a.test.ts',
      'bench/a.ts',
    ]) {
      expect(script('const nowMs = Date.now();', path)).toBe('');
    }
    expect(script('const nowMs = Date.now();', 'src/core/limits.ts')).toMatch(/Clock port/);
  });

  test('finds tests that do not run', () => {
    const path = 'src/service/a.test.ts';
    for (const how of ['only', 'skip', 'todo', 'fails']) {
      expect(script(`test.${how}('a', () => {});`, path)).toMatch(/a test runs/);
    }
    expect(script("test.skipIf(missing)('a', () => {});", path)).toBe('');
    expect(script(`describe('a', () => {\n${filler(functionLinesMax)}});`, path)).toBe('');
  });
});

describe('C++', () => {
  const native = (text: string): string => messages(nativeFindings({ path: 'native/a.cc', text }));

  test.for([
    ['a long function', `int f(int a) {\n${filler(functionLinesMax - 1)}}`],
    ['one in a namespace', `namespace a {\nint f(int a) {\n${filler(functionLinesMax - 1)}}\n}`],
    [
      'a long method',
      `class A {\n public:\n  int f() const {\n${filler(functionLinesMax - 1)}}\n};`,
    ],
    ['a long head', `int f(\n    int a,\n    int b) {\n${filler(functionLinesMax - 3)}}`],
    ['a brace in a string', `int f() {\n  use("}");\n${filler(functionLinesMax - 2)}}`],
  ] as const)('finds %s', ([, text]) => {
    expect(native(text)).toMatch(/function of 71 lines/);
  });

  test('lets pass short functions in a long class, and functions of full length', () => {
    const method = `  int f() {\n${filler(functionLinesMax - 2)}}\n`;
    expect(native(`class A {\n${method.repeat(3)}};`)).toBe('');
  });

  test('finds a wide line', () => {
    expect(native(`// ${'x'.repeat(98)}`)).toMatch(/101 columns/);
    expect(native(`// ${'x'.repeat(97)}`)).toBe('');
  });
});

describe('text', () => {
  const head =
    '// SPDX-License-Identifier: Apache-2.0\n// Copyright the Dipper authors\n//\n// Says why.\n';
  const source = (text: string, path = product): string => messages(sourceFindings({ path, text }));

  test('headers', () => {
    expect(source(`${head}\nexport {};\n`)).toBe('');
    expect(source(`#!/usr/bin/env node\n${head}`)).toBe('');
    expect(source(head.replaceAll('//', '#'), '.ci/run')).toBe('');
    expect(source('export {};\n')).toMatch(/no licence line/);
    expect(source(head.replace('Copyright', 'By'))).toMatch(/no copyright line/);
    expect(source(head.replace('\n//\n', '\n\n'))).toMatch(/no empty comment line/);
    expect(source(head.replace('// Says why.', 'work();'))).toMatch(/no sentence/);
  });

  test('long files', () => {
    expect(source(head + '\n'.repeat(fileLinesMax - 4))).toBe('');
    expect(source(head + '\n'.repeat(fileLinesMax - 3))).toMatch(/601 lines/);
  });

  test.for([
    ['what is left open', `// ${halves('TO', 'DO')}: later`, /left open/],
    ['a path of one machine', `const path = '${halves('/ro', 'ot')}/data';`, /one machine/],
    ['a recorded download', `"${halves('reso', 'lved')}": "x"`, /registry/],
    ['a registry', `see https://${halves('regis', 'try')}.example.org/a`, /registry/],
  ] as const)('finds %s', ([, text, message]) => {
    expect(messages(textFindings({ path: product, text }))).toMatch(message);
  });

  test('lets pass words that look alike', () => {
    for (const text of ['const method = 1;', "use('src/work/list.ts');", 'rows.worked / rooted']) {
      expect(messages(textFindings({ path: product, text }))).toBe('');
    }
  });

  test('documents', () => {
    const page = (text: string): string => messages(markdownFindings({ path: 'a.md', text }));
    expect(page('# One\n\n```sh\n# a comment\n```\n')).toBe('');
    expect(page('# One\n\n# Two\n')).toMatch(/2 titles/);
    expect(page('## None\n')).toMatch(/0 titles/);
  });

  test('paths in documents', () => {
    const text = 'See `src/here.ts`, `src/gone.ts` and `npm run bench/gone`.';
    const findings = missingPaths({ path: 'a.md', text }, (path) => path === 'src/here.ts');
    expect(messages(findings)).toBe('src/gone.ts does not exist');
  });

  test('limits', () => {
    const limits = {
      path: 'a.ts',
      text: 'export const a = 1;\nexport const b = 2;\nexport const c = b;',
    };
    const findings = unusedLimits(limits, [{ path: 'b.ts', text: 'use(c);' }]);
    expect(messages(findings)).toBe('a is checked nowhere');
  });

  test('limits of native code', () => {
    const native = (text: string): string =>
      messages(limitsThatDiffer({ a: 1000 }, [{ path: 'native/a.cc', text }]));
    expect(native("constexpr size_t a = 1'000;\nconstexpr int b = 2;")).toBe('');
    expect(native('constexpr size_t a = 999;')).toMatch(/a is 999/);
  });

  test('what counts as source', () => {
    expect(['a.ts', 'a.cc', 'a.py', 'native/test/Makefile', '.ci/run'].every(isSource)).toBe(true);
    expect(isSource('README.md')).toBe(false);
  });
});
