// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The catalogue of index types: which there are, for which fields, with which parameters, ranges
// and defaults. Validation and what describe_index echoes come from here.

import { DbError } from '../core/index.ts';
import { type DataType, dataTypes, type FieldSchema, type IndexMeta } from '../model/index.ts';

interface IntParameter {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

interface IndexType {
  readonly name: string;
  readonly fieldTypes: readonly DataType[];
  readonly metrics: readonly IndexMeta['metric'][];
  readonly parameters: readonly IntParameter[];
}

const m: IntParameter = { name: 'M', min: 2, max: 2_048, fallback: 30 };
const efConstruction: IntParameter = {
  name: 'efConstruction',
  min: 1,
  max: 2 ** 31 - 1,
  fallback: 360,
};
const denseMetrics = ['L2', 'IP', 'COSINE'] as const;

const indexTypes: readonly IndexType[] = [
  { name: 'FLAT', fieldTypes: [dataTypes.FloatVector], metrics: denseMetrics, parameters: [] },
  {
    name: 'HNSW',
    fieldTypes: [dataTypes.FloatVector],
    metrics: denseMetrics,
    parameters: [m, efConstruction],
  },
  {
    name: 'AUTOINDEX',
    fieldTypes: [dataTypes.FloatVector],
    metrics: denseMetrics,
    // What Milvus's AUTOINDEX builds behind the name.
    parameters: [
      { ...m, fallback: 18 },
      { ...efConstruction, fallback: 240 },
    ],
  },
];

const defaultMetric = 'COSINE';

/** Checks an index request against the catalogue. Throws parameter-invalid or index-unsupported. */
export function resolveIndex(
  field: FieldSchema,
  indexName: string,
  params: Readonly<Record<string, string>>,
): Omit<IndexMeta, 'indexId'> {
  const typeName = (params['index_type'] ?? 'AUTOINDEX') || 'AUTOINDEX';
  const type = indexTypes.find((candidate) => candidate.name === typeName.toUpperCase());
  if (type === undefined) {
    const expected = indexTypes.map((candidate) => candidate.name).join(', ');
    throw new DbError({
      code: 'parameter-invalid',
      field: field.name,
      expected: `one of ${expected}`,
      received: typeName,
      message: `invalid index type: ${typeName}, field ${field.name}: expected one of ${expected}`,
    });
  }
  if (!type.fieldTypes.includes(field.type)) {
    const message = `index ${type.name} is not supported on field ${field.name}: expected a FloatVector field`;
    throw new DbError({ code: 'index-unsupported', message, field: field.name });
  }
  const metric = resolveMetric(type, field, params['metric_type'] ?? '');
  const values = new Map(
    type.parameters.map((parameter) => [parameter.name, resolveInt(parameter, field, params)]),
  );
  return {
    indexName,
    fieldId: field.id,
    indexType: type.name,
    metric,
    params: { ...params, index_type: type.name, metric_type: metric },
    m: values.get('M') ?? 0,
    efConstruction: values.get('efConstruction') ?? 0,
  };
}

function resolveMetric(type: IndexType, field: FieldSchema, text: string): IndexMeta['metric'] {
  const wanted = text === '' ? defaultMetric : text.toUpperCase();
  const metric = type.metrics.find((candidate) => candidate === wanted);
  if (metric !== undefined) return metric;
  throw new DbError({
    code: 'parameter-invalid',
    field: field.name,
    expected: `a metric type of ${type.metrics.join(', ')}`,
    received: text,
    message: `metric type ${text} not supported on field ${field.name}: expected one of ${type.metrics.join(', ')}`,
  });
}

function resolveInt(
  parameter: IntParameter,
  field: FieldSchema,
  params: Readonly<Record<string, string>>,
): number {
  const text = params[parameter.name];
  if (text === undefined) return parameter.fallback;
  const value = Number(text);
  if (
    text.trim() !== '' &&
    Number.isInteger(value) &&
    value >= parameter.min &&
    value <= parameter.max
  )
    return value;
  throw new DbError({
    code: 'parameter-invalid',
    field: parameter.name,
    expected: `an integer in [${parameter.min}, ${parameter.max}]`,
    received: text,
    message: `invalid index parameter ${parameter.name} on field ${field.name}: expected an integer in [${parameter.min}, ${parameter.max}], received ${text}`,
  });
}

/** ef of a search: as given, or 0 for the index's own default. Throws when it is below k. */
export function resolveEf(params: Readonly<Record<string, unknown>>, k: number): number {
  const given = params['ef'];
  if (given === undefined || given === null || given === '') return 0;
  const ef = Number(given);
  if (!Number.isInteger(ef) || ef < 1 || ef > 32_768) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'ef',
      expected: 'an integer in [1, 32768]',
      received: typeof given === 'string' ? given : JSON.stringify(given),
    });
  }
  if (ef < k) {
    throw new DbError({
      code: 'parameter-invalid',
      field: 'ef',
      expected: `at least k = ${k}`,
      received: ef,
    });
  }
  return ef;
}
