// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Loads the addon and gives it the face of face.ts: objects are taken apart, errors become
// DbErrors. The main thread must import this first; then workers share what it loaded.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DbError, isErrorCode } from '../src/core/index.ts';
import type {
  IndexBuild,
  NativeFace,
  NativeHandle,
  QueryCall,
  ScanOptions,
  SearchCall,
} from './face.ts';
import type { RawNative } from './raw.ts';

const addonPath = join('native', 'build', 'Release', 'dipper.node');

/** Sources and dist/ lie at different depths below the package root, so it is searched for. */
function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new DbError({ code: 'internal', message: `no package.json above ${start}` });
}

function loadAddon(): RawNative {
  const path = join(packageRoot(), addonPath);
  if (!existsSync(path)) {
    throw new DbError({
      code: 'internal',
      message: `${path} is not built; run: npm run build:native`,
    });
  }
  return createRequire(import.meta.url)(path) as RawNative;
}

/** A thrown addon error carries code, field, expected and received as members. */
function toDbError(thrown: unknown): DbError {
  if (thrown instanceof DbError) return thrown;
  if (!(thrown instanceof Error) || !('code' in thrown)) return DbError.from(thrown);
  const member = (name: string): string | null => {
    const value: unknown = Reflect.get(thrown, name);
    return typeof value === 'string' ? value : null;
  };
  const code = member('code');
  return DbError.fromData({
    code: code !== null && isErrorCode(code) ? code : 'internal',
    message: thrown.message,
    field: member('field'),
    expected: member('expected'),
    received: member('received'),
  });
}

function guarded<A extends readonly unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return call(...args);
    } catch (thrown) {
      throw toDbError(thrown);
    }
  };
}

function guardedPromise<A extends readonly unknown[], R>(
  call: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await call(...args);
    } catch (thrown) {
      throw toDbError(thrown);
    }
  };
}

const scanParts = (options: ScanOptions) =>
  [options.partitionIds, options.shardCount, options.firstAutoId, options.headRoomBytes] as const;

const buildParts = (segment: NativeHandle, build: IndexBuild, cancel: NativeHandle) =>
  [
    segment,
    build.fieldId,
    build.indexType,
    build.metric,
    build.m,
    build.efConstruction,
    build.threadCount,
    cancel,
  ] as const;

const searchParts = (call: SearchCall) =>
  [
    call.pins,
    call.program,
    call.partitionIds,
    call.fieldId,
    call.metric,
    call.queryCount,
    call.queries,
    call.k,
    call.ef,
    call.ignoreGrowing,
    call.outputFieldIds,
    call.cancel,
  ] as const;

const queryParts = (call: QueryCall) =>
  [
    call.pins,
    call.program,
    call.partitionIds,
    call.offset,
    call.limit,
    call.orderByKey,
    call.ignoreGrowing,
    call.outputFieldIds,
    call.countOnly,
    call.resultBytesMax,
    call.cancel,
  ] as const;

/** What concerns the process, the clock and ingest. */
function processFace(raw: RawNative) {
  return {
    simdLevel: guarded(raw.simdLevel),
    crc32c: guarded(raw.crc32c),
    memoryUse: guarded(raw.memoryUse),
    setMemoryBudget: guarded(raw.setMemoryBudget),
    reserveMemory: guarded(raw.reserveMemory),
    releaseMemory: guarded(raw.releaseMemory),
    lockFile: guarded(raw.lockFile),
    unlockFile: guarded(raw.unlockFile),
    trimMemory: guarded(raw.trimMemory),
    startPool: guarded(raw.startPool),
    releaseOwner: guarded(raw.releaseOwner),
    createCancel: guarded(raw.createCancel),
    raiseCancel: guarded(raw.raiseCancel),
    releaseCancel: guarded(raw.releaseCancel),
    createClock: guarded(raw.createClock),
    clockNext: guarded(raw.clockNext),
    clockObserve: guarded(raw.clockObserve),
    clockLast: guarded(raw.clockLast),
    compileSchema: guarded(raw.compileSchema),
    scanInsert: guarded<Parameters<NativeFace['scanInsert']>, ReturnType<NativeFace['scanInsert']>>(
      (schema, request, options, allocate) =>
        raw.scanInsert(schema, request, ...scanParts(options), allocate),
    ),
    scanBatch: guarded<Parameters<NativeFace['scanBatch']>, ReturnType<NativeFace['scanBatch']>>(
      (schema, batch, options, allocate) =>
        raw.scanBatch(schema, batch, ...scanParts(options), allocate),
    ),
    shardsOfKeys: guarded(raw.shardsOfKeys),
  };
}

/** Shards, segments and views. */
function shardFace(raw: RawNative) {
  return {
    createShard: guarded(raw.createShard),
    stampShard: guarded(raw.stampShard),
    setUnapplied: guarded(raw.setUnapplied),
    openGrowing: guarded(raw.openGrowing),
    applyBody: guarded(raw.applyBody),
    freezeGrowing: guarded(raw.freezeGrowing),
    sealImage: guardedPromise(raw.sealImage),
    sealImageNow: guarded(raw.sealImageNow),
    openSealed: guarded(raw.openSealed),
    addSealed: guarded(raw.addSealed),
    replaceFrozen: guarded(raw.replaceFrozen),
    removeSegment: guarded(raw.removeSegment),
    deleteImage: guarded(raw.deleteImage),
    segmentStats: guarded(raw.segmentStats),
    releaseSegment: guarded(raw.releaseSegment),
    buildIndex: guardedPromise((segment: NativeHandle, build: IndexBuild, cancel: NativeHandle) =>
      raw.buildIndex(...buildParts(segment, build, cancel)),
    ),
    buildIndexNow: guarded((segment: NativeHandle, build: IndexBuild, cancel: NativeHandle) =>
      raw.buildIndexNow(...buildParts(segment, build, cancel)),
    ),
    releaseBytes: guarded(raw.releaseBytes),
    attachIndex: guarded(raw.attachIndex),
    detachIndex: guarded(raw.detachIndex),
    publishView: guarded(raw.publishView),
    unpublishView: guarded(raw.unpublishView),
    pinView: guarded(raw.pinView),
    pinLatest: guarded(raw.pinLatest),
    unpinView: guarded(raw.unpinView),
  };
}

function readFace(raw: RawNative) {
  return {
    search: guardedPromise((call: SearchCall) => raw.search(...searchParts(call))),
    searchNow: guarded((call: SearchCall) => raw.searchNow(...searchParts(call))),
    query: guardedPromise((call: QueryCall) => raw.query(...queryParts(call))),
    queryNow: guarded((call: QueryCall) => raw.queryNow(...queryParts(call))),
    evaluateFilter: guarded(raw.evaluateFilter),
  };
}

function makeFace(raw: RawNative): NativeFace {
  return { ...processFace(raw), ...shardFace(raw), ...readFace(raw) };
}

/** The native engine of this process. */
export const native: NativeFace = makeFace(loadAddon());
