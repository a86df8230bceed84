// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Binds the operands of a filter: names to fields, dynamic keys and JSON paths; templates and
// literals to constants; arithmetic to a result type. Constant arithmetic is folded here, so an
// overflow or a division by zero among constants is an error of the text, not of a row.

import {
  type CollectionSchema,
  dataTypeName,
  dataTypes,
  fieldByName,
  type FieldSchema,
  isVectorType,
  metaField,
} from '../model/index.ts';
import type { BinaryNode, BinaryOp, NameNode, Node, TemplateNode, UnaryNode } from './ast.ts';
import type {
  ArithmeticOp,
  BoundColumn,
  BoundConst,
  BoundPath,
  BoundValue,
  ValueType,
} from './bound.ts';
import { didYouMean, expressionError } from './errors.ts';
import { calculate, negated, type Numeric } from './numeric.ts';
import type { TemplateValue } from './template.ts';

/** What binding needs to know besides the tree. */
export interface BindContext {
  readonly text: string;
  readonly schema: CollectionSchema;
  readonly templates: ReadonlyMap<string, TemplateValue>;
}

const arithmeticNames: Readonly<Record<BinaryOp, ArithmeticOp>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '**': 'power',
  '&': 'bitAnd',
  '|': 'bitOr',
  '^': 'bitXor',
  '<<': 'shiftLeft',
  '>>': 'shiftRight',
};

const integerOnly: ReadonlySet<ArithmeticOp> = new Set([
  'modulo',
  'bitAnd',
  'bitOr',
  'bitXor',
  'shiftLeft',
  'shiftRight',
]);

export function fail(context: BindContext, node: Node, problem: string): Error {
  return expressionError(context.text, node.start, problem);
}

/** Binds a node that must be a value; predicates and lists are refused. */
export function bindValue(context: BindContext, node: Node): BoundValue {
  switch (node.kind) {
    case 'bool':
      return { kind: 'const', type: 'bool', value: node.value };
    case 'int':
      return { kind: 'const', type: 'int', value: node.value };
    case 'float':
      return { kind: 'const', type: 'double', value: node.value };
    case 'string':
      return { kind: 'const', type: 'string', value: node.value };
    case 'template':
      return templateConst(context, node);
    case 'name':
      return valueOfName(context, node);
    case 'unary':
      return bindUnary(context, node);
    case 'binary':
      return bindBinary(context, node);
    case 'list':
    case 'intList':
      throw fail(context, node, 'a list can only stand after in');
    case 'call':
      throw fail(context, node, `function ${node.name} is not supported`);
    default:
      throw fail(context, node, 'a predicate stands where a value should be');
  }
}

/** The template's value; Milvus's words when there is none. */
export function templateValue(context: BindContext, node: TemplateNode): TemplateValue {
  const value = context.templates.get(node.name);
  if (value !== undefined) return value;
  const hint = didYouMean(node.name, [...context.templates.keys()]);
  throw fail(
    context,
    node,
    `the value of expression template variable name {${node.name}} is not found${hint}`,
  );
}

function templateConst(context: BindContext, node: TemplateNode): BoundConst {
  const value = templateValue(context, node);
  if (value.kind === 'array' || value.kind === 'int64s') {
    throw fail(context, node, `template {${node.name}} is a list, which can only stand after in`);
  }
  return constOfTemplate(value);
}

/** A scalar template value as a constant. */
export function constOfTemplate(
  value: Exclude<TemplateValue, { kind: 'array' | 'int64s' }>,
): BoundConst {
  switch (value.kind) {
    case 'bool':
      return { kind: 'const', type: 'bool', value: value.value };
    case 'int64':
      return { kind: 'const', type: 'int', value: BigInt.asIntN(64, value.value) };
    case 'double':
      return { kind: 'const', type: 'double', value: value.value };
    case 'string':
      return { kind: 'const', type: 'string', value: value.value };
  }
}

/** The field and path that a name means; a key of the dynamic field when nothing is declared. */
export function resolveName(
  context: BindContext,
  node: NameNode,
): { readonly field: FieldSchema; readonly path: readonly string[] } {
  const field = fieldByName(context.schema, node.name);
  if (field !== null) return { field, path: node.path };
  const isKey = context.schema.dynamic && node.name !== 'null' && !node.name.startsWith('$');
  if (isKey) return { field: metaField, path: [node.name, ...node.path] };
  const names = context.schema.fields.map((candidate) => candidate.name);
  throw fail(context, node, `field ${node.name} not found${didYouMean(node.name, names)}`);
}

function valueOfName(context: BindContext, node: NameNode): BoundColumn | BoundPath {
  const { field, path } = resolveName(context, node);
  if (field.type === dataTypes.JSON) return { kind: 'path', type: 'json', field, path };
  const type = valueTypeOf(field);
  const typeName = dataTypeName(field.type) ?? 'unknown';
  if (type === null) {
    const what = isVectorType(field.type) ? 'vector field' : `field of type ${typeName}`;
    throw fail(context, node, `${what} ${field.name} is not supported in a filter`);
  }
  if (path.length > 0) {
    throw fail(context, node, `field ${field.name} of type ${typeName} has no keys or elements`);
  }
  return { kind: 'column', type, field };
}

function valueTypeOf(field: FieldSchema): ValueType | null {
  switch (field.type) {
    case dataTypes.Bool:
      return 'bool';
    case dataTypes.Int8:
    case dataTypes.Int16:
    case dataTypes.Int32:
    case dataTypes.Int64:
      return 'int';
    case dataTypes.Float:
      return 'float';
    case dataTypes.Double:
      return 'double';
    case dataTypes.VarChar:
      return 'string';
    default:
      return null;
  }
}

/** A value's type in Milvus's words, for error texts. */
export function typeNameOf(value: BoundValue): string {
  if (value.kind === 'column') return dataTypeName(value.field.type) ?? 'unknown';
  const names = {
    bool: 'Bool',
    int: 'Int64',
    float: 'Float',
    double: 'Double',
    string: 'VarChar',
    json: 'JSON',
  };
  return names[value.type];
}

function isNumber(type: ValueType): boolean {
  return type === 'int' || type === 'float' || type === 'double' || type === 'json';
}

function bindUnary(context: BindContext, node: UnaryNode): BoundValue {
  const operand = bindValue(context, node.operand);
  if (!isNumber(operand.type))
    throw fail(context, node, `${node.op} cannot be applied to ${typeNameOf(operand)}`);
  if (node.op === '+') return operand;
  if (node.op === '~')
    return arithmetic(context, node, 'bitXor', operand, { kind: 'const', type: 'int', value: -1n });
  if (operand.kind !== 'const') return { kind: 'negate', type: operand.type, operand };
  return numberConst(context, node, negated(numericOf(operand)));
}

function bindBinary(context: BindContext, node: BinaryNode): BoundValue {
  const left = bindValue(context, node.left);
  const right = bindValue(context, node.right);
  return arithmetic(context, node, arithmeticNames[node.op], left, right);
}

function arithmetic(
  context: BindContext,
  node: Node,
  op: ArithmeticOp,
  left: BoundValue,
  right: BoundValue,
): BoundValue {
  for (const operand of [left, right]) {
    const integer = operand.type === 'int' || operand.type === 'json';
    if (!isNumber(operand.type) || (integerOnly.has(op) && !integer)) {
      const wanted = integerOnly.has(op) ? 'integers' : 'numbers';
      throw fail(
        context,
        node,
        `${op} can only be applied on ${wanted}; ${typeNameOf(operand)} is not supported`,
      );
    }
  }
  if (right.kind === 'const' && (op === 'divide' || op === 'modulo') && Number(right.value) === 0) {
    throw fail(context, node, 'division or modulus by zero');
  }
  if (left.kind === 'const' && right.kind === 'const') {
    return numberConst(context, node, calculate(op, numericOf(left), numericOf(right)));
  }
  const type = resultType(op, left, right);
  return type === 'float'
    ? { kind: 'arithmetic', op, type, left: roundedConst(left), right: roundedConst(right) }
    : { kind: 'arithmetic', op, type, left, right };
}

/** Float32 stays float32 beside constants, as it does in Milvus; beside other columns it widens. */
function resultType(op: ArithmeticOp, left: BoundValue, right: BoundValue): ValueType {
  if (left.type === 'json' || right.type === 'json') return 'json';
  if (op === 'power') return 'double';
  if (left.type === 'int' && right.type === 'int') return 'int';
  const leftNarrow = left.type === 'float' || left.kind === 'const';
  const rightNarrow = right.type === 'float' || right.kind === 'const';
  return leftNarrow && rightNarrow ? 'float' : 'double';
}

function roundedConst(value: BoundValue): BoundValue {
  if (value.kind !== 'const') return value;
  return { kind: 'const', type: 'double', value: Math.fround(Number(value.value)) };
}

function numericOf(constant: BoundConst): Numeric {
  return constant.type === 'int' || constant.type === 'double' ? constant.value : Number.NaN;
}

function numberConst(context: BindContext, node: Node, value: Numeric | null): BoundConst {
  if (value === null) throw fail(context, node, 'constant arithmetic overflows int64');
  return typeof value === 'bigint'
    ? { kind: 'const', type: 'int', value }
    : { kind: 'const', type: 'double', value };
}
