// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The doors' copy of the catalogue: an actor on the main thread that keeps a read-only view up to
// date, so that a request resolves names and schemas without asking anybody. Compiled native
// schemas are cached here too, one a schema version.

import type { NativeFace, NativeHandle } from '../../native/index.ts';
import { DbError } from '../../src/core/index.ts';
import { type CollectionMeta, schemaToNativeJson } from '../../src/model/index.ts';
import type { Actor } from '../runtime/index.ts';
import type { MirrorMessage } from './messages.ts';

export const defaultDatabase = 'default';

/** What services read; written by the mirror actor alone. */
export class CatalogMirror {
  private readonly byId = new Map<number, CollectionMeta>();
  private readonly byName = new Map<string, CollectionMeta>();
  private readonly shards = new Map<number, NativeHandle>();
  private readonly loadedShards = new Set<number>();
  private readonly compiled = new Map<
    number,
    { readonly version: number; readonly schema: NativeHandle }
  >();
  private readonly unhealthy: string[] = [];
  private readonly native: NativeFace;
  private readonly ownerEpoch: number;

  constructor(native: NativeFace, ownerEpoch: number) {
    this.native = native;
    this.ownerEpoch = ownerEpoch;
  }

  /** Throws collection-missing. */
  collection(database: string, name: string): CollectionMeta {
    const found = this.find(database, name);
    if (found !== null) return found;
    const db = database === '' ? defaultDatabase : database;
    throw new DbError({
      code: 'collection-missing',
      message: `collection not found[database=${db}][collection=${name}]`,
    });
  }

  find(database: string, name: string): CollectionMeta | null {
    return this.byName.get(nameKey(database, name)) ?? null;
  }

  list(database: string): CollectionMeta[] {
    const wanted = database === '' ? defaultDatabase : database;
    return [...this.byId.values()].filter((collection) => collection.database === wanted);
  }

  collectionCount(): number {
    return this.byId.size;
  }

  /** Native handle of a shard; throws not-ready while its writer has not reported. */
  shard(shardId: number): NativeHandle {
    const shard = this.shards.get(shardId);
    if (shard === undefined)
      throw new DbError({ code: 'not-ready', message: `shard ${shardId} is recovering` });
    return shard;
  }

  isLoaded(collection: CollectionMeta): boolean {
    return (
      collection.loaded && collection.shardIds.every((shardId) => this.loadedShards.has(shardId))
    );
  }

  nativeSchema(collection: CollectionMeta): NativeHandle {
    const cached = this.compiled.get(collection.collectionId);
    if (cached?.version === collection.schema.version) return cached.schema;
    const schema = this.native.compileSchema(
      schemaToNativeJson(collection.schema),
      this.ownerEpoch,
    );
    this.compiled.set(collection.collectionId, { version: collection.schema.version, schema });
    return schema;
  }

  healthReasons(): readonly string[] {
    return this.unhealthy;
  }

  /** For the mirror actor only. */
  accept(message: MirrorMessage): void {
    switch (message.type) {
      case 'collection':
        this.byId.set(message.collection.collectionId, message.collection);
        this.byName.set(
          nameKey(message.collection.database, message.collection.schema.name),
          message.collection,
        );
        return;
      case 'collection-gone':
        this.forget(message.collectionId);
        return;
      case 'shard':
        this.shards.set(message.shardId, message.shard);
        return;
      case 'shard-loaded':
        if (message.loaded) this.loadedShards.add(message.shardId);
        else this.loadedShards.delete(message.shardId);
        return;
      case 'unhealthy':
        this.unhealthy.push(message.reason);
        return;
    }
  }

  private forget(collectionId: number): void {
    const collection = this.byId.get(collectionId);
    if (collection === undefined) return;
    this.byId.delete(collectionId);
    this.byName.delete(nameKey(collection.database, collection.schema.name));
    this.compiled.delete(collectionId);
    for (const shardId of collection.shardIds) {
      this.shards.delete(shardId);
      this.loadedShards.delete(shardId);
    }
  }
}

export const mirrorActor: Actor<CatalogMirror, MirrorMessage> = {
  handle: (mirror, message) => mirror.accept(message),
  stop: () => undefined,
};

function nameKey(database: string, name: string): string {
  // A NUL cannot occur in either name.
  return `${database === '' ? defaultDatabase : database}\u0000${name}`;
}
