// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// base.parquet: keys, timestamps and scalars of a segment for any Parquet reader, zstd, statistics
// a page. Pure functions from bytes to bytes that run in the compute pool: the libraries take
// memory in steps that never shrink, so their worker is a disposable one. They are imported here
// and nowhere else, on the first call.

import {
  decodeRowBatch,
  encodeRowBatch,
  rowIdFieldId,
  timestampFieldId,
  dataTypes,
} from '../model/index.ts';
import {
  type ArrowLibrary,
  type BaseField,
  fromArrowTable,
  toArrowTable,
} from './arrow-columns.ts';

/** Rows of a row group: what a reader skips or reads as one. */
const rowGroupRowCount = 16_384;

/** The one field that a schema's JSON (schemaToNativeJson) tells about a field. */
interface SchemaJsonField extends BaseField {
  readonly primaryKey: boolean;
}

type ParquetLibrary = typeof import('parquet-wasm/node');

/** Columns that every segment has besides its schema's; '$' cannot begin a user's field name. */
const systemFields: readonly SchemaJsonField[] = [
  { id: timestampFieldId, name: '$timestamp', type: dataTypes.Int64, primaryKey: false },
  { id: rowIdFieldId, name: '$row_id', type: dataTypes.Int64, primaryKey: false },
];

/** A RowBatch as a Parquet file: primary key and timestamp first, then ascending field ids. */
export async function encodeBaseParquet(
  batchBytes: Uint8Array,
  schemaJson: string,
): Promise<Uint8Array> {
  const { arrow, parquet } = await libraries();
  const batch = decodeRowBatch(batchBytes);
  const present = new Set(batch.columns.map((column) => column.fieldId));
  const fields = fieldsOf(schemaJson).filter((field) => present.has(field.id));
  const stream = arrow.tableToIPC(toArrowTable(arrow, batch, fields), 'stream');
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.ZSTD)
    .setStatisticsEnabled(parquet.EnabledStatistics.Page)
    .setMaxRowGroupSize(rowGroupRowCount)
    .setCreatedBy('dipper')
    .build();
  // The result lies in the library's memory; a copy outlives it.
  return parquet.writeParquet(parquet.Table.fromIPCStream(stream), properties).slice();
}

/** The RowBatch that a base.parquet was made from. */
export async function decodeBaseParquet(
  parquetBytes: Uint8Array,
  schemaJson: string,
): Promise<Uint8Array> {
  const { arrow, parquet } = await libraries();
  const stream = parquet.readParquet(parquetBytes).intoIPCStream();
  return encodeRowBatch(fromArrowTable(arrow.tableFromIPC(stream), fieldsOf(schemaJson)));
}

interface Libraries {
  readonly arrow: ArrowLibrary;
  readonly parquet: ParquetLibrary;
}

let loaded: Promise<Libraries> | null = null;

function libraries(): Promise<Libraries> {
  loaded ??= Promise.all([import('apache-arrow'), import('parquet-wasm/node')]).then(
    ([arrow, parquet]) => ({
      arrow,
      parquet,
    }),
  );
  return loaded;
}

function fieldsOf(schemaJson: string): readonly BaseField[] {
  const { fields } = JSON.parse(schemaJson) as { readonly fields: readonly SchemaJsonField[] };
  const rank = (field: SchemaJsonField): number =>
    field.primaryKey ? -2 : field.id === timestampFieldId ? -1 : field.id;
  return [...fields, ...systemFields].sort((a, b) => rank(a) - rank(b));
}
