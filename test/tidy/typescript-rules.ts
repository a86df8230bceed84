// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Rules on TypeScript and JavaScript, read from the syntax tree so that a word inside a string or
// a comment is never taken for code.

import ts from 'typescript';

import { type Finding, isProduct, type SourceFile } from './files.ts';

/** Lines a function may have, signature and braces included. */
export const functionLinesMax = 70;

/** Calls that belong behind a port, with what to use instead. */
const banned: ReadonlyMap<string, string> = new Map([
  ['Date.now', 'clock.nowMs() of the Clock port'],
  ['Math.random', 'the Random port'],
  ['performance.now', 'clock.monotonicMs() of the Clock port'],
  ['setTimeout', 'clock.timer() of the Clock port, or an effect in an actor'],
  ['setInterval', 'clock.timer() of the Clock port, or an effect in an actor'],
  ['setImmediate', 'clock.defer() of the Clock port'],
]);
const bannedModules: ReadonlyMap<string, string> = new Map([
  ['node:fs', 'the Disk port'],
  ['node:fs/promises', 'the Disk port'],
  ['node:timers', 'the Clock port'],
  ['node:timers/promises', 'the Clock port'],
]);
/** The real ports, which make the banned calls for everybody else, and the finder of the addon. */
const ports: ReadonlySet<string> = new Set([
  'src/core/clock.ts',
  'src/core/random.ts',
  'src/core/system-disk.ts',
  'native/engine.ts',
]);
const compositionRoot = /^src\/(cli\/)?[^/]+\.ts$/;

/** True for the files that must reach clock, randomness and disk through ports. */
export function usesPorts(path: string): boolean {
  return (
    isProduct(path) &&
    path.endsWith('.ts') &&
    !path.endsWith('.test.ts') &&
    !ports.has(path) &&
    !compositionRoot.test(path)
  );
}

type Report = (node: ts.Node, message: string) => void;

/** Every finding of one file. */
export function typescriptFindings(file: SourceFile): readonly Finding[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  const findings: Finding[] = [];
  const report: Report = (node, message) => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    findings.push({ path: file.path, line, message });
  };
  const rules = rulesFor(file.path);
  const visit = (node: ts.Node): void => {
    for (const rule of rules) rule(node, report, tree);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...findings, ...suppressions(file)];
}

type Rule = (node: ts.Node, report: Report, tree: ts.SourceFile) => void;

function rulesFor(path: string): readonly Rule[] {
  const rules: Rule[] = [shortFunctions, noEscapes, noLooseTests];
  if (isProduct(path) && path.endsWith('.ts') && !path.endsWith('.test.ts')) {
    rules.push(typedErrors, explicitDoors, noConsole);
  }
  if (usesPorts(path)) rules.push(portsOnly);
  return rules;
}

const shortFunctions: Rule = (node, report, tree) => {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
  if (isSuite(node)) return;
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  const lines = tree.getLineAndCharacterOfPosition(node.end).line - first + 1;
  if (lines > functionLinesMax)
    report(node, `function of ${lines} lines, at most ${functionLinesMax}`);
};

/** describe(..., () => { ... }) is a list of tests, not a function to be read at once. */
function isSuite(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

const noEscapes: Rule = (node, report) => {
  if (node.kind === ts.SyntaxKind.AnyKeyword) report(node, 'any: name the type, or take unknown');
  if (ts.isNonNullExpression(node)) report(node, 'non-null "!": use at(), assert() or a branch');
  if (ts.isEnumDeclaration(node)) report(node, 'enum: use a union of literals');
};

const looseTest = /^(?:test|it|describe|bench)\.(?:only|skip|todo|fails)\b/;

const noLooseTests: Rule = (node, report) => {
  if (!ts.isPropertyAccessExpression(node)) return;
  const text = node.getText();
  if (looseTest.test(text))
    report(node, `${text}: a test runs, or says in runIf/skipIf why it cannot`);
};

const typedErrors: Rule = (node, report) => {
  if (!ts.isThrowStatement(node) || !ts.isNewExpression(node.expression)) return;
  if (node.expression.expression.getText() !== 'Error') return;
  report(node, 'bare Error: throw a DbError (src/core/db-error.ts), or assert()');
};

const explicitDoors: Rule = (node, report) => {
  if (!ts.isExportDeclaration(node)) return;
  if (node.exportClause !== undefined && ts.isNamedExports(node.exportClause)) return;
  report(node, 'export of everything: a door names each export');
};

const noConsole: Rule = (node, report) => {
  if (!ts.isPropertyAccessExpression(node) || node.expression.getText() !== 'console') return;
  report(node, 'console: return the text, or write to process.stdout in src/main.ts');
};

const portsOnly: Rule = (node, report) => {
  const called = calledName(node);
  const instead = called === null ? undefined : banned.get(called);
  if (instead !== undefined) report(node, `${called}: use ${instead}`);
  const name = importedModule(node);
  const port = name === null ? undefined : bannedModules.get(name);
  if (port !== undefined) report(node, `${name}: use ${port}`);
};

/** `a.b` or `f` where the code reads a global by that name; null for anything else. */
function calledName(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) return node.getText().replace(/^globalThis\./, '');
  if (ts.isIdentifier(node) && !isPartOfName(node)) return node.text;
  return null;
}

function isPartOfName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ts.isPropertyAssignment(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertySignature(parent)
  );
}

function importedModule(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return node.moduleSpecifier.text;
  }
  const argument = ts.isCallExpression(node) ? node.arguments[0] : undefined;
  const isImport =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImport && argument !== undefined && ts.isStringLiteral(argument) ? argument.text : null;
}

/** Comments that switch a checker off. */
function suppressions(file: SourceFile): readonly Finding[] {
  const off =
    /(?:\/\/|\/\*)\s*(?:@ts-(?:ignore|expect-error|nocheck)|(?:eslint|oxlint|biome)-(?:disable|ignore))/;
  return file.text.split('\n').flatMap((text, index) => {
    const message = 'a checker switched off: fix what it says';
    return off.test(text) ? { path: file.path, line: index + 1, message } : [];
  });
}
