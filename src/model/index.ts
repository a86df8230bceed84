// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Door of src/model.

export type { AppliedEvent } from './applied.ts';
export {
  applyCatalogRecord,
  type CatalogJson,
  type CatalogRecord,
  type CatalogState,
  catalogFromJson,
  catalogToJson,
  type CollectionMeta,
  type Durability,
  emptyCatalog,
  type IndexMeta,
  type PartitionMeta,
} from './catalog.ts';
export {
  type ConsistencyLevel,
  type ConsistencyName,
  consistencyLevels,
  isConsistencyLevel,
} from './consistency.ts';
export {
  type DataType,
  type DataTypeName,
  dataTypeName,
  dataTypes,
  fixedWidthBytes,
  isDataType,
  isVectorType,
} from './data-type.ts';
export { type FilterOp, type FilterOpName, filterOps } from './filter-op.ts';
export { gatherRows } from './gather.ts';
export {
  decodeLogBody,
  encodeLogBody,
  type LogSection,
  type LogSectionView,
  type SectionKind,
  sectionKinds,
} from './log-body.ts';
export {
  type BatchColumn,
  columnOf,
  decodeRowBatch,
  encodeRowBatch,
  isPresent,
  type RowBatch,
} from './row-batch.ts';
export {
  type CollectionSchema,
  type DefaultValue,
  type FieldSchema,
  fieldById,
  fieldByName,
  firstUserFieldId,
  metaField,
  metaFieldId,
  metaFieldName,
  primaryKeyOf,
  rowIdFieldId,
  schemaToNativeJson,
  timestampFieldId,
} from './schema.ts';
export {
  applyManifestChange,
  type DeleteFile,
  type ManifestChange,
  noManifestChange,
  type SegmentFile,
  type SegmentFiles,
  type SegmentIndexFile,
  type SegmentMeta,
  type ShardManifest,
  type VectorFile,
} from './segment.ts';
export { type Timestamp, timestampFromMs, timestampToMs } from './timestamp.ts';
