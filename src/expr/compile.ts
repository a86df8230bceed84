// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// From filter text to program: parse (cached by text, errors too), bind, encode. The parsed tree
// knows no schema, so one cache serves all collections and survives schema changes.

import type { PrimaryKeys } from '../../native/index.ts';
import { DbError } from '../core/index.ts';
import type { CollectionSchema } from '../model/index.ts';
import type { Node } from './ast.ts';
import { bindFilter } from './bind.ts';
import type { BoundPredicate } from './bound.ts';
import { fieldIdsOf } from './fields.ts';
import { keysOfPredicate, predicateOfKeys } from './key-filter.ts';
import { parseFilter } from './parser.ts';
import { encodeProgram } from './program.ts';
import type { TemplateValue } from './template.ts';

export interface CompiledFilter {
  /** For native search, query and delete. */
  readonly program: Uint8Array;
  /** Set when the filter is exactly `pk == x` or `pk in [...]`: look the keys up, do not scan. */
  readonly primaryKeys: PrimaryKeys | null;
  /** Fields the program reads, ascending. */
  readonly fieldIds: readonly number[];
}

const cacheEntriesMax = 1_024;
/** Longer texts are lists of ids, rarely sent twice; caching them would only hold memory. */
const cachedLengthMax = 4_096;
/** Oldest first; a hit moves its entry to the end. */
const cache = new Map<string, Node | DbError>();

/** Compiles a filter; an empty one passes every row. Throws expression-invalid. */
export function compileFilter(
  text: string,
  schema: CollectionSchema,
  templates: ReadonlyMap<string, TemplateValue>,
): CompiledFilter {
  return compiled(bindText(text, schema, templates));
}

/** The program of `pk in keys`, without text. */
export function compileKeyFilter(schema: CollectionSchema, keys: PrimaryKeys): CompiledFilter {
  return compiled(predicateOfKeys(schema, keys));
}

/** The bound tree of a filter, for the oracle and for compileFilter. */
export function bindText(
  text: string,
  schema: CollectionSchema,
  templates: ReadonlyMap<string, TemplateValue>,
): BoundPredicate {
  if (text.trim() === '') return { kind: 'truth', truth: true };
  return bindFilter({ text, schema, templates }, parseCached(text));
}

function compiled(predicate: BoundPredicate): CompiledFilter {
  return {
    program: encodeProgram(predicate),
    primaryKeys: keysOfPredicate(predicate),
    fieldIds: fieldIdsOf(predicate),
  };
}

function parseCached(text: string): Node {
  const known = cache.get(text);
  cache.delete(text);
  const entry = known ?? parseOrError(text);
  if (text.length <= cachedLengthMax) cache.set(text, entry);
  if (cache.size > cacheEntriesMax) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  if (entry instanceof DbError) throw entry;
  return entry;
}

function parseOrError(text: string): Node | DbError {
  try {
    return parseFilter(text);
  } catch (thrown) {
    if (thrown instanceof DbError && thrown.code === 'expression-invalid') return thrown;
    throw thrown;
  }
}
