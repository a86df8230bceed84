// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The catalogue as plain data: what the meta log's records say and what their fold is. Timestamps
// are decimal text here, so that records are JSON.

import { type ShardManifest } from './segment.ts';
import type { ConsistencyLevel } from './consistency.ts';
import type { CollectionSchema } from './schema.ts';

export interface PartitionMeta {
  readonly id: number;
  readonly name: string;
  readonly createdTimestamp: string;
}

export interface IndexMeta {
  readonly indexId: number;
  readonly indexName: string;
  readonly fieldId: number;
  /** As Milvus names it: FLAT, HNSW, AUTOINDEX. */
  readonly indexType: string;
  readonly metric: 'L2' | 'IP' | 'COSINE';
  /** What describe_index echoes: everything the user gave. */
  readonly params: Readonly<Record<string, string>>;
  readonly m: number;
  readonly efConstruction: number;
}

export type Durability = 'fsync' | 'interval' | 'none';

export interface CollectionMeta {
  readonly collectionId: number;
  readonly database: string;
  readonly schema: CollectionSchema;
  readonly shardIds: readonly number[];
  readonly consistency: ConsistencyLevel;
  readonly properties: Readonly<Record<string, string>>;
  readonly durability: Durability;
  readonly createdTimestamp: string;
  readonly updatedTimestamp: string;
  readonly partitions: readonly PartitionMeta[];
  readonly indexes: readonly IndexMeta[];
  /** The load wish; reapplied at start. */
  readonly loaded: boolean;
}

export interface CatalogState {
  readonly collections: ReadonlyMap<number, CollectionMeta>;
  readonly manifests: ReadonlyMap<number, ShardManifest>;
  /** Every id below has been given out. */
  readonly nextId: number;
  /** No stamp of an earlier run is greater. */
  readonly clockCeiling: string;
}

export type CatalogRecord =
  | { readonly type: 'collection-created'; readonly collection: CollectionMeta }
  | { readonly type: 'collection-changed'; readonly collection: CollectionMeta }
  | { readonly type: 'collection-dropped'; readonly collectionId: number }
  | { readonly type: 'ids-reserved'; readonly nextId: number }
  | { readonly type: 'clock'; readonly ceiling: string }
  | { readonly type: 'manifest'; readonly manifest: ShardManifest };

/** First id that the engine gives; small ones stay free for constants. */
export const firstId = 1_000;

export const emptyCatalog: CatalogState = {
  collections: new Map(),
  manifests: new Map(),
  nextId: firstId,
  clockCeiling: '0',
};

/** Folds one record into the catalogue. Pure. */
export function applyCatalogRecord(state: CatalogState, record: CatalogRecord): CatalogState {
  switch (record.type) {
    case 'collection-created':
    case 'collection-changed': {
      const collections = new Map(state.collections);
      collections.set(record.collection.collectionId, record.collection);
      return { ...state, collections };
    }
    case 'collection-dropped': {
      const collections = new Map(state.collections);
      const manifests = new Map(state.manifests);
      for (const shardId of collections.get(record.collectionId)?.shardIds ?? [])
        manifests.delete(shardId);
      collections.delete(record.collectionId);
      return { ...state, collections, manifests };
    }
    case 'ids-reserved':
      return { ...state, nextId: Math.max(state.nextId, record.nextId) };
    case 'clock':
      return { ...state, clockCeiling: record.ceiling };
    case 'manifest': {
      const manifests = new Map(state.manifests);
      manifests.set(record.manifest.shardId, record.manifest);
      return { ...state, manifests };
    }
  }
}

/** The catalogue as one JSON-able value, for snapshots. */
export interface CatalogJson {
  readonly collections: readonly CollectionMeta[];
  readonly manifests: readonly ShardManifest[];
  readonly nextId: number;
  readonly clockCeiling: string;
}

export function catalogToJson(state: CatalogState): CatalogJson {
  return {
    collections: [...state.collections.values()],
    manifests: [...state.manifests.values()],
    nextId: state.nextId,
    clockCeiling: state.clockCeiling,
  };
}

export function catalogFromJson(json: CatalogJson): CatalogState {
  return {
    collections: new Map(
      json.collections.map((collection) => [collection.collectionId, collection]),
    ),
    manifests: new Map(json.manifests.map((manifest) => [manifest.shardId, manifest])),
    nextId: json.nextId,
    clockCeiling: json.clockCeiling,
  };
}
