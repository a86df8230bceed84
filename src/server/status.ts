// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The only place that knows Milvus's error numbers. Every failure has two: the modern code and the
// deprecated enum; SDKs test one or the other, so both are set, and both are zero on success. The
// text follows Milvus's idiom `what[key=value]: detail`, because SDKs and suites match parts of it.

import type { DbError, ErrorCode } from '../core/index.ts';

/** The deprecated ErrorCode enum, as far as we answer it. */
const legacyCodes = {
  Success: 0,
  UnexpectedError: 1,
  CollectionNotExists: 4,
  IllegalArgument: 5,
  MetaFailed: 15,
  IndexNotExist: 25,
  NoReplicaAvailable: 46,
  SegmentNotFound: 47,
  RateLimit: 49,
  InsufficientMemoryToLoad: 52,
  DiskQuotaExhausted: 54,
  NotReadyServe: 56,
  SchemaMismatch: 62,
} as const;

/** Codes that REST alone answers, before a service is asked. */
export const restCodes = { notJson: 1801, missingParameters: 1802, insertData: 1804 } as const;

interface Mapping {
  readonly code: number;
  readonly legacy: number;
  readonly retriable: boolean;
  /** Milvus's words for it; put in front of a message that lacks them. */
  readonly phrase: string | null;
}

/** A failure as both protocols show it. */
export interface Failure {
  readonly code: number;
  readonly legacyCode: number;
  readonly reason: string;
  readonly retriable: boolean;
  /** The caller's own mistake. */
  readonly inputError: boolean;
}

/** What a call was about, for the `[key=value]` part. */
export interface Subject {
  readonly database?: string;
  readonly collection?: string;
  readonly partition?: string;
  readonly index?: string;
}

function maps(
  code: number,
  legacy: keyof typeof legacyCodes,
  phrase: string | null = null,
): Mapping {
  return { code, legacy: legacyCodes[legacy], retriable: false, phrase };
}

function retriable(mapping: Mapping): Mapping {
  return { ...mapping, retriable: true };
}

const invalidParameter = maps(1100, 'IllegalArgument', 'invalid parameter');
const unexpected = maps(65535, 'UnexpectedError');

const mappingOf: Readonly<Record<ErrorCode, Mapping>> = {
  'parameter-invalid': invalidParameter,
  'parameter-missing': maps(1101, 'IllegalArgument', 'missing parameter'),
  'parameter-too-large': maps(1102, 'IllegalArgument', 'parameter too large'),
  'name-invalid': invalidParameter,
  'schema-invalid': invalidParameter,
  'expression-invalid': maps(1100, 'IllegalArgument', 'failed to create query plan'),
  'field-unknown': invalidParameter,
  'field-missing': invalidParameter,
  'field-type': invalidParameter,
  'field-name': maps(1701, 'UnexpectedError', 'field name invalid'),
  'field-null': invalidParameter,
  'value-range': invalidParameter,
  'value-length': invalidParameter,
  'value-nan': invalidParameter,
  'value-json': invalidParameter,
  'value-utf8': invalidParameter,
  'vector-dimension': invalidParameter,
  'row-count': invalidParameter,
  'request-malformed': invalidParameter,
  'request-too-large': maps(1102, 'IllegalArgument', 'parameter too large'),
  'metric-mismatch': invalidParameter,
  'index-unsupported': invalidParameter,
  unimplemented: maps(10, 'UnexpectedError'),
  'collection-missing': maps(100, 'CollectionNotExists', 'collection not found'),
  'database-missing': maps(800, 'UnexpectedError', 'database not found'),
  'partition-missing': maps(200, 'MetaFailed', 'partition not found'),
  'index-missing': maps(700, 'IndexNotExist', 'index not found'),
  'segment-missing': maps(600, 'SegmentNotFound', 'segment not found'),
  'collection-exists': unexpected,
  'index-exists': unexpected,
  'schema-mismatch': maps(109, 'SchemaMismatch', 'collection schema mismatch'),
  'version-conflict': unexpected,
  'collection-loaded': maps(104, 'UnexpectedError', 'collection already loaded'),
  'collection-not-loaded': maps(101, 'UnexpectedError', 'collection not loaded'),
  'shard-failed': maps(503, 'NoReplicaAvailable', 'channel not available'),
  'log-failed': maps(2, 'UnexpectedError', 'service unavailable'),
  'not-ready': retriable(maps(1, 'NotReadyServe', 'service not ready')),
  'disk-full': maps(7, 'DiskQuotaExhausted', 'disk limit exceeded'),
  'disk-error': maps(1001, 'UnexpectedError', 'IO failed'),
  'directory-locked': unexpected,
  'port-in-use': unexpected,
  'settings-invalid': unexpected,
  'rate-limit': retriable(maps(8, 'RateLimit', 'rate limit exceeded')),
  'memory-limit': maps(3, 'InsufficientMemoryToLoad', 'memory limit exceeded'),
  'result-too-large': maps(1102, 'IllegalArgument', 'parameter too large'),
  timeout: maps(10001, 'UnexpectedError', 'context deadline exceeded'),
  cancelled: maps(10000, 'UnexpectedError', 'context canceled'),
  closed: retriable(maps(2, 'UnexpectedError', 'service unavailable')),
  'format-version': unexpected,
  corrupt: unexpected,
  assertion: unexpected,
  internal: maps(5, 'UnexpectedError', 'service internal error'),
};

/** Turns an error into what the protocols say; subject names what the call was about. */
export function failureOf(error: DbError, subject: Subject = {}): Failure {
  const mapping = mappingOf[error.code];
  return {
    code: mapping.code,
    legacyCode: mapping.legacy,
    reason: reasonOf(error, mapping.phrase, subject),
    retriable: mapping.retriable,
    inputError: error.kind === 'invalid' || error.kind === 'missing',
  };
}

function reasonOf(error: DbError, phrase: string | null, subject: Subject): string {
  if (phrase === null || error.message.includes(phrase)) return error.message;
  // Milvus writes an invalid parameter's detail first: `dim 3 is wrong: invalid parameter`.
  if (phrase === 'invalid parameter') return `${error.message}: ${phrase}`;
  const named = `${phrase}${keysOf(error.code, subject)}`;
  return error.message === error.code ? named : `${named}: ${error.message}`;
}

function keysOf(code: ErrorCode, subject: Subject): string {
  const database = `[database=${subject.database || 'default'}]`;
  switch (code) {
    case 'collection-missing':
    case 'collection-not-loaded':
    case 'collection-loaded':
      return subject.collection === undefined
        ? ''
        : `${database}[collection=${subject.collection}]`;
    case 'database-missing':
      return database;
    case 'partition-missing':
      return subject.partition === undefined ? '' : `[partition=${subject.partition}]`;
    case 'index-missing':
      return subject.index === undefined ? '' : `[index=${subject.index}]`;
    default:
      return '';
  }
}
