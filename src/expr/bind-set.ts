// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Turns the right side of `in` into a set: cast to the type of the left side, each member once,
// integers sorted in typed memory. JSON sets are mixed; there a whole number is one thing however
// it is spelled, so 1.0 is kept as the integer 1.

import type { InNode, Node } from './ast.ts';
import { type BindContext, bindValue, constOfTemplate, fail, templateValue } from './bind-value.ts';
import type { BoundConst, BoundValue, ValueSet } from './bound.ts';
import { coerceConst } from './coerce.ts';
import { wholeInt } from './numeric.ts';
import type { TemplateValue } from './template.ts';

/** Binds the list of an `in` whose left side is `target`. */
export function bindSet(context: BindContext, node: InNode, target: BoundValue): ValueSet {
  const { list } = node;
  if (list.kind === 'intList' && exactForInts(target)) return intSet(list.values);
  if (list.kind === 'intList')
    return collect(target, intConsts(context, list, list.values, target));
  if (list.kind === 'list') {
    return collect(
      target,
      list.items.map((item) => coerceConst(context, item, listConst(context, item), target)),
    );
  }
  if (list.kind === 'template')
    return setOfTemplate(context, list, templateValue(context, list), target);
  throw fail(context, list, 'in needs a list');
}

/** A set of int64 keys, as `in` over an integer field. */
export function intSet(values: BigInt64Array): ValueSet {
  const sorted = values.slice().sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i];
    if (value !== undefined && (count === 0 || value !== sorted[count - 1]))
      sorted[count++] = value;
  }
  return { ...emptySet, ints: sorted.slice(0, count) };
}

/** A set of strings, as `in` over a VarChar field. */
export function stringSet(values: Iterable<string>): ValueSet {
  return { ...emptySet, strings: [...new Set(values)].sort() };
}

const emptySet: ValueSet = {
  ints: new BigInt64Array(0),
  doubles: new Float64Array(0),
  strings: [],
  hasTrue: false,
  hasFalse: false,
};

export function isEmptySet(set: ValueSet): boolean {
  return (
    set.ints.length + set.doubles.length + set.strings.length === 0 && !set.hasTrue && !set.hasFalse
  );
}

function setOfTemplate(
  context: BindContext,
  node: Node,
  value: TemplateValue,
  target: BoundValue,
): ValueSet {
  if (value.kind === 'int64s') {
    if (exactForInts(target)) return intSet(value.values);
    return collect(target, intConsts(context, node, value.values, target));
  }
  if (value.kind !== 'array') throw fail(context, node, 'the template after in must be a list');
  const constants = value.values.map((item) => {
    if (item.kind === 'array' || item.kind === 'int64s')
      throw fail(context, node, 'a list after in holds no lists');
    return coerceConst(context, node, constOfTemplate(item), target);
  });
  return collect(target, constants);
}

function exactForInts(target: BoundValue): boolean {
  return target.type === 'int' || target.type === 'json';
}

function intConsts(
  context: BindContext,
  node: Node,
  values: BigInt64Array,
  target: BoundValue,
): BoundConst[] {
  return Array.from(values, (value) =>
    coerceConst(context, node, { kind: 'const', type: 'int', value }, target),
  );
}

function listConst(context: BindContext, item: Node): BoundConst {
  const value = bindValue(context, item);
  if (value.kind !== 'const') throw fail(context, item, 'a list after in holds constants only');
  return value;
}

function collect(target: BoundValue, constants: readonly BoundConst[]): ValueSet {
  const ints: bigint[] = [];
  const doubles = new Set<number>();
  const strings = new Set<string>();
  let hasTrue = false;
  let hasFalse = false;
  for (const constant of constants) {
    if (constant.type === 'int') ints.push(constant.value);
    else if (constant.type === 'string') strings.add(constant.value);
    else if (constant.type === 'bool') {
      hasTrue ||= constant.value;
      hasFalse ||= !constant.value;
    } else {
      const whole = exactForInts(target) ? wholeInt(constant.value) : null;
      if (whole === null) doubles.add(constant.value === 0 ? 0 : constant.value);
      else ints.push(whole);
    }
  }
  const sortedDoubles = Float64Array.from(doubles).sort();
  const numbers = intSet(BigInt64Array.from(ints)).ints;
  return { ints: numbers, doubles: sortedDoubles, strings: [...strings].sort(), hasTrue, hasFalse };
}
