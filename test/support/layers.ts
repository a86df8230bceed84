// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Layers by rank, as layers.json lists them, turned into rules for dependency-cruiser. A folder
// may import folders of lower rank and itself, nothing else; a cycle counts even when it is made
// of types alone. The files directly under src/ are the composition roots: they alone may reach
// behind another folder's door, since they construct the real parts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ICruiseResult, type IForbiddenRuleType, cruise } from 'dependency-cruiser';

export interface Layer {
  readonly rank: number;
  readonly folder: string;
  readonly title: string;
  /** Files that outsiders may import; index.ts when absent. */
  readonly doors?: readonly string[];
}

/** The folder of the composition roots: a layer of files, not of everything below it. */
const rootsFolder = 'src';
/** Packages that stay behind one folder, so that replacing one is a change in one place. */
const confinedPackages: Readonly<Record<string, string>> = {
  rxjs: 'src/core',
  '@opentelemetry/api': 'src/core',
  '@grpc/grpc-js': 'src/server',
};

/** The layers of a checkout, lowest rank first. */
export function readLayers(root: string): readonly Layer[] {
  const text = readFileSync(join(root, 'layers.json'), 'utf8');
  const { layers } = JSON.parse(text) as { readonly layers: readonly Layer[] };
  return [...layers].sort((a, b) => a.rank - b.rank);
}

/** The regular expression of the files of a layer. */
function filesOf(layer: Layer): string {
  return layer.folder === rootsFolder ? `^${rootsFolder}/[^/]+$` : `^${layer.folder}/`;
}

function doorsOf(layer: Layer): string[] {
  return (layer.doors ?? ['index.ts']).map((door) => `^${layer.folder}/${door}$`);
}

function rankRules(layers: readonly Layer[]): IForbiddenRuleType[] {
  return layers.flatMap((layer) => {
    const above = layers.filter((other) => other !== layer && other.rank >= layer.rank);
    if (above.length === 0) return [];
    return {
      name: `${layer.folder} looks down only`,
      severity: 'error',
      from: { path: filesOf(layer) },
      to: { path: above.map(filesOf) },
    };
  });
}

function doorRules(layers: readonly Layer[]): IForbiddenRuleType[] {
  const inner = layers.filter((layer) => layer.folder !== rootsFolder);
  return inner.map((layer) => ({
    name: `${layer.folder} is entered by its door`,
    severity: 'error',
    from: { pathNot: [filesOf(layer), `^${rootsFolder}/[^/]+$`] },
    to: { path: filesOf(layer), pathNot: doorsOf(layer) },
  }));
}

function packageRules(): IForbiddenRuleType[] {
  return Object.entries(confinedPackages).map(([name, folder]) => ({
    name: `${name} stays behind ${folder}`,
    severity: 'error',
    from: { pathNot: `^${folder}/` },
    to: { path: `(^|/)node_modules/${name}/` },
  }));
}

/** Every rule that follows from the layers. */
export function layerRules(layers: readonly Layer[]): IForbiddenRuleType[] {
  return [
    { name: 'no cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'every import is found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'the product needs no test',
      severity: 'error',
      from: {},
      to: { path: ['^(test|bench|scripts|examples)/', '\\.test\\.ts$'] },
    },
    ...rankRules(layers),
    ...doorRules(layers),
    ...packageRules(),
  ];
}

export interface LayerReport {
  /** One line a violation: rule, importing file, imported file. */
  readonly violations: readonly string[];
  /** TypeScript files of the tree that were read. */
  readonly files: ReadonlySet<string>;
}

/** Follows every import below some folders of a tree and reports what breaks the rules. */
export async function checkLayers(root: string, layers: readonly Layer[]): Promise<LayerReport> {
  const tops = [...new Set(layers.map((layer) => layer.folder.split('/')[0] ?? layer.folder))];
  const { output } = await cruise(tops, {
    baseDir: root,
    ruleSet: { forbidden: layerRules(layers) },
    validate: true,
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'node', 'import', 'default'],
    },
    exclude: { path: ['\\.test\\.ts$', '^native/(test|build|build-test)/'] },
    doNotFollow: { path: 'node_modules' },
    combinedDependencies: true,
  });
  const result = output as ICruiseResult;
  return {
    violations: result.summary.violations.map(
      ({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`,
    ),
    files: new Set(result.modules.map((module) => module.source)),
  };
}
