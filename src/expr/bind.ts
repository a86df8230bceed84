// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Binds a filter's tree to a schema and its templates. Whatever is constant is folded; what folds
// is valid in three-valued logic for every row (false and x = false, true or x = true), so no
// UNKNOWN is ever lost here.

import { dataTypes, isVectorType, metaField } from '../model/index.ts';
import type {
  CompareNode,
  CompareOp,
  ExistsNode,
  InNode,
  IsNullNode,
  LikeNode,
  LogicNode,
  Node,
  RangeNode,
} from './ast.ts';
import { bindSet, isEmptySet } from './bind-set.ts';
import { type BindContext, bindValue, fail, resolveName, typeNameOf } from './bind-value.ts';
import type { BoundConst, BoundPredicate, BoundValue, CompareName } from './bound.ts';
import { coerceConst, incomparable } from './coerce.ts';
import { notBooleanError } from './errors.ts';
import { isWellFormedPattern } from './like.ts';
import { mergeEquals } from './merge-equals.ts';
import { compareNumbers, compareStrings, satisfies } from './numeric.ts';

const compareNames: Readonly<Record<CompareOp, CompareName>> = {
  '==': 'equal',
  '!=': 'notEqual',
  '<': 'less',
  '<=': 'lessEqual',
  '>': 'greater',
  '>=': 'greaterEqual',
};

const mirroredNames: Readonly<Record<CompareName, CompareName>> = {
  equal: 'equal',
  notEqual: 'notEqual',
  less: 'greater',
  lessEqual: 'greaterEqual',
  greater: 'less',
  greaterEqual: 'lessEqual',
};

/** The whole filter as a predicate; a value instead of one is refused in Milvus's words. */
export function bindFilter(context: BindContext, root: Node): BoundPredicate {
  const bound = bindAny(context, root);
  if (isPredicate(bound)) return bound;
  const predicate = predicateOf(bound);
  if (predicate === null) throw notBooleanError(context.text, typeNameOf(bound));
  return predicate;
}

function bindPredicate(context: BindContext, node: Node, user: string): BoundPredicate {
  const bound = bindAny(context, node);
  if (isPredicate(bound)) return bound;
  const predicate = predicateOf(bound);
  if (predicate !== null) return predicate;
  throw fail(
    context,
    node,
    `${user} can only be applied on boolean expressions, not on ${typeNameOf(bound)}`,
  );
}

/** A boolean value as a predicate; null when the value is no plain boolean. */
function predicateOf(value: BoundValue): BoundPredicate | null {
  if (value.kind === 'const' && value.type === 'bool') return { kind: 'truth', truth: value.value };
  return value.type === 'bool' ? { kind: 'truthOf', value } : null;
}

function isPredicate(bound: BoundPredicate | BoundValue): bound is BoundPredicate {
  switch (bound.kind) {
    case 'const':
    case 'column':
    case 'path':
    case 'arithmetic':
    case 'negate':
      return false;
    default:
      return true;
  }
}

function bindAny(context: BindContext, node: Node): BoundPredicate | BoundValue {
  switch (node.kind) {
    case 'not':
      return negate(bindPredicate(context, node.operand, 'not'));
    case 'and':
    case 'or':
      return bindLogic(context, node);
    case 'compare':
      return bindCompare(context, node);
    case 'range':
      return bindRange(context, node);
    case 'in':
      return bindIn(context, node);
    case 'like':
      return bindLike(context, node);
    case 'isNull':
      return bindIsNull(context, node);
    case 'exists':
      return bindExists(context, node);
    default:
      return bindValue(context, node);
  }
}

function negate(term: BoundPredicate): BoundPredicate {
  if (term.kind === 'truth') return { kind: 'truth', truth: !term.truth };
  return term.kind === 'not' ? term.term : { kind: 'not', term };
}

/** true and x = x; false and x = false; or is the mirror. */
function bindLogic(context: BindContext, node: LogicNode): BoundPredicate {
  const neutral = node.kind === 'and';
  const terms: BoundPredicate[] = [];
  let decided = false;
  for (const child of node.terms) {
    const term = bindPredicate(context, child, node.kind);
    if (term.kind === node.kind) for (const inner of term.terms) terms.push(inner);
    else if (term.kind !== 'truth') terms.push(term);
    else if (term.truth !== neutral) decided = true;
  }
  if (decided) return { kind: 'truth', truth: !neutral };
  const merged = node.kind === 'or' ? mergeEquals(terms) : terms;
  const [only] = merged;
  if (only === undefined) return { kind: 'truth', truth: neutral };
  return merged.length === 1 ? only : { kind: node.kind, terms: merged };
}

function bindCompare(context: BindContext, node: CompareNode): BoundPredicate {
  const op = compareNames[node.op];
  const left = bindAny(context, node.left);
  const right = bindAny(context, node.right);
  if (isPredicate(left)) return comparePredicate(context, node, op, left, right);
  if (isPredicate(right)) return comparePredicate(context, node, op, right, left);
  if (left.kind === 'const' && right.kind === 'const')
    return compareConsts(context, node, op, left, right);
  if (left.kind === 'const') {
    const constant = coerceConst(context, node.left, left, right);
    return compareValues(context, node, mirroredNames[op], right, constant);
  }
  if (right.kind === 'const')
    return compareValues(context, node, op, left, coerceConst(context, node.right, right, left));
  return compareValues(context, node, op, left, right);
}

/** `(a > 1) == true`: a predicate may meet a boolean constant, nothing else. */
function comparePredicate(
  context: BindContext,
  node: CompareNode,
  op: CompareName,
  predicate: BoundPredicate,
  other: BoundPredicate | BoundValue,
): BoundPredicate {
  const constant = isPredicate(other) ? (other.kind === 'truth' ? other.truth : null) : null;
  const wanted = other.kind === 'const' && other.type === 'bool' ? other.value : constant;
  if (wanted === null || (op !== 'equal' && op !== 'notEqual')) {
    throw fail(context, node, 'comparisons between boolean expressions are not supported');
  }
  return wanted === (op === 'equal') ? predicate : negate(predicate);
}

function compareConsts(
  context: BindContext,
  node: CompareNode,
  op: CompareName,
  left: BoundConst,
  right: BoundConst,
): BoundPredicate {
  const order = orderOfConsts(left, right);
  const boolean = left.type === 'bool' && op !== 'equal' && op !== 'notEqual';
  if (order === null || boolean) throw incomparable(context, node, left, right);
  return { kind: 'truth', truth: satisfies(op, order) };
}

/** Order of two constants, or null when they have none. */
function orderOfConsts(left: BoundConst, right: BoundConst): number | null {
  if (left.type === 'string')
    return right.type === 'string' ? compareStrings(left.value, right.value) : null;
  if (left.type === 'bool')
    return right.type === 'bool' ? Number(left.value) - Number(right.value) : null;
  if (right.type === 'string' || right.type === 'bool') return null;
  return compareNumbers(left.value, right.value);
}

function compareValues(
  context: BindContext,
  node: Node,
  op: CompareName,
  left: BoundValue,
  right: BoundValue,
): BoundPredicate {
  const ordered = op !== 'equal' && op !== 'notEqual';
  const booleans = left.type === 'bool' || right.type === 'bool';
  const json = left.type === 'json' || right.type === 'json';
  const alike = left.type === right.type || (isNumeric(left) && isNumeric(right));
  if ((!alike && !json) || (booleans && ordered)) throw incomparable(context, node, left, right);
  return { kind: 'compare', op, left, right };
}

function isNumeric(value: BoundValue): boolean {
  return value.type === 'int' || value.type === 'float' || value.type === 'double';
}

function bindRange(context: BindContext, node: RangeNode): BoundPredicate {
  const value = bindValue(context, node.value);
  const lower = bindValue(context, node.lower);
  const upper = bindValue(context, node.upper);
  const lowerOp = node.lowerInclusive ? '<=' : '<';
  const upperOp = node.upperInclusive ? '<=' : '<';
  if (lower.kind !== 'const' || upper.kind !== 'const' || value.kind === 'const') {
    const parts: CompareNode[] = [
      { ...node, kind: 'compare', op: lowerOp, left: node.lower, right: node.value },
      { ...node, kind: 'compare', op: upperOp, left: node.value, right: node.upper },
    ];
    return bindLogic(context, { ...node, kind: 'and', terms: parts });
  }
  const order = orderOfConsts(lower, upper);
  if (order === null || lower.type === 'bool' || value.type === 'bool')
    throw incomparable(context, node, lower, upper);
  if (order > 0 || (order === 0 && !(node.lowerInclusive && node.upperInclusive))) {
    throw fail(context, node, 'invalid range: the lower bound is not below the upper bound');
  }
  return {
    kind: 'range',
    value,
    lower: coerceConst(context, node.lower, lower, value),
    lowerInclusive: node.lowerInclusive,
    upper: coerceConst(context, node.upper, upper, value),
    upperInclusive: node.upperInclusive,
  };
}

/** `in []` is false and `not in []` true for every row, null ones too. */
function bindIn(context: BindContext, node: InNode): BoundPredicate {
  const value = bindValue(context, node.value);
  if (value.kind === 'const') return bindConstIn(context, node, value);
  const set = bindSet(context, node, value);
  const member: BoundPredicate = isEmptySet(set)
    ? { kind: 'truth', truth: false }
    : { kind: 'in', value, set };
  return node.negated ? negate(member) : member;
}

/** A constant on the left: decided here, by the rules of JSON, where types may differ. */
function bindConstIn(context: BindContext, node: InNode, value: BoundConst): BoundPredicate {
  const set = bindSet(context, node, { kind: 'path', type: 'json', field: metaField, path: [] });
  let found = false;
  if (value.type === 'bool') found = value.value ? set.hasTrue : set.hasFalse;
  else if (value.type === 'string') found = set.strings.includes(value.value);
  else
    found = [...set.ints, ...set.doubles].some(
      (member) => compareNumbers(value.value, member) === 0,
    );
  return { kind: 'truth', truth: found !== node.negated };
}

function bindLike(context: BindContext, node: LikeNode): BoundPredicate {
  const value = bindValue(context, node.value);
  const pattern = bindValue(context, node.pattern);
  if (
    value.kind === 'const' ||
    (value.type !== 'string' && value.type !== 'json') ||
    value.kind === 'arithmetic'
  ) {
    throw fail(
      context,
      node,
      `like on ${typeNameOf(value)} is not supported; it needs a VarChar or JSON value`,
    );
  }
  if (pattern.kind !== 'const' || pattern.type !== 'string')
    throw fail(context, node.pattern, 'like needs a string pattern');
  if (!isWellFormedPattern(pattern.value))
    throw fail(context, node.pattern, 'like pattern ends in a lone backslash');
  return { kind: 'like', value, pattern: pattern.value };
}

function bindIsNull(context: BindContext, node: IsNullNode): BoundPredicate {
  if (node.operand.kind !== 'name')
    throw fail(context, node, 'is null can only be applied on a field or a JSON path');
  const { field, path } = resolveName(context, node.operand);
  if (field.type === dataTypes.JSON && path.length > 0) {
    const exists: BoundPredicate = { kind: 'exists', field, path };
    return node.negated ? exists : negate(exists);
  }
  if (path.length > 0)
    throw fail(context, node, `is null on an element of field ${field.name} is not supported`);
  if (isVectorType(field.type))
    throw fail(context, node, `is null on vector field ${field.name} is not supported`);
  const isNull: BoundPredicate = { kind: 'isNull', field };
  return node.negated ? negate(isNull) : isNull;
}

function bindExists(context: BindContext, node: ExistsNode): BoundPredicate {
  const operand = node.operand.kind === 'name' ? resolveName(context, node.operand) : null;
  if (operand === null || operand.field.type !== dataTypes.JSON) {
    throw fail(
      context,
      node,
      'exists is not supported here; it needs a JSON path or a dynamic key',
    );
  }
  return { kind: 'exists', field: operand.field, path: operand.path };
}
