// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Gives a constant the type of what it meets. Integers become doubles beside float columns, float
// columns get float32 constants (as in Milvus, so that `f == 1.1` finds what was stored as 1.1),
// and a float constant beside an integer column is an error. JSON takes anything.

import type { Node } from './ast.ts';
import { type BindContext, fail, typeNameOf } from './bind-value.ts';
import type { BoundConst, BoundValue } from './bound.ts';
import { wholeInt } from './numeric.ts';

/** The constant as `target` compares with it; throws when the two types have no comparison. */
export function coerceConst(
  context: BindContext,
  node: Node,
  constant: BoundConst,
  target: BoundValue,
): BoundConst {
  switch (target.type) {
    case 'json':
      return constant;
    case 'bool':
    case 'string':
      if (constant.type === target.type) return constant;
      break;
    case 'int':
      if (constant.type === 'int') return constant;
      if (constant.type === 'double') return constantForInt(context, node, constant.value, target);
      break;
    case 'float':
      if (constant.type === 'int' || constant.type === 'double') {
        return { kind: 'const', type: 'double', value: Math.fround(Number(constant.value)) };
      }
      break;
    case 'double':
      if (constant.type === 'int' || constant.type === 'double') {
        return { kind: 'const', type: 'double', value: Number(constant.value) };
      }
      break;
  }
  throw incomparable(context, node, target, constant);
}

/** `2 ** 10` is a double by rule and still meant for integers; `1.5` is a mistake. */
function constantForInt(
  context: BindContext,
  node: Node,
  value: number,
  target: BoundValue,
): BoundConst {
  if (target.kind !== 'column') return { kind: 'const', type: 'double', value };
  const whole = node.kind === 'binary' ? wholeInt(value) : null;
  if (whole !== null) return { kind: 'const', type: 'int', value: whole };
  throw fail(
    context,
    node,
    `comparisons between ${typeNameOf(target)} field ${target.field.name} and ` +
      `float constant ${value} are not supported`,
  );
}

/** The error for two sides that have no comparison. */
export function incomparable(
  context: BindContext,
  node: Node,
  left: BoundValue,
  right: BoundValue,
): Error {
  return fail(
    context,
    node,
    `comparisons between ${typeNameOf(left)} and ${typeNameOf(right)} are not supported`,
  );
}
