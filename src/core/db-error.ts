// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The one error class. A code says precisely what happened, its kind says what the caller can do,
// and the text names the field, what was expected and what came. Milvus's numbers are not known
// here: src/server/status.ts alone maps codes to them. Plain data, so that it crosses threads.

export type ErrorKind =
  | 'invalid' // the request is wrong; sending it again will not help
  | 'missing' // a named thing is not there
  | 'conflict' // the state changed or forbids it; read again, then decide
  | 'unavailable' // not now (recovering, not loaded); try later
  | 'overloaded' // a limit of bytes or calls is reached; back off, then try again
  | 'corrupt' // stored bytes fail their checks; an operator must look
  | 'closed' // the thing was closed or dropped meanwhile
  | 'internal'; // our own mistake

/** Every code with its kind; the text of each is made where it is thrown. */
const kindOfCode = {
  // parameters
  'parameter-invalid': 'invalid',
  'parameter-missing': 'invalid',
  'parameter-too-large': 'invalid',
  'name-invalid': 'invalid',
  'schema-invalid': 'invalid',
  'expression-invalid': 'invalid',
  'field-unknown': 'invalid',
  'field-missing': 'invalid',
  'field-type': 'invalid',
  'field-name': 'invalid',
  'field-null': 'invalid',
  'value-range': 'invalid',
  'value-length': 'invalid',
  'value-nan': 'invalid',
  'value-json': 'invalid',
  'value-utf8': 'invalid',
  'vector-dimension': 'invalid',
  'row-count': 'invalid',
  'request-malformed': 'invalid',
  'request-too-large': 'invalid',
  'metric-mismatch': 'invalid',
  'index-unsupported': 'invalid',
  unimplemented: 'invalid',
  // things that are not there
  'collection-missing': 'missing',
  'database-missing': 'missing',
  'partition-missing': 'missing',
  'index-missing': 'missing',
  'segment-missing': 'missing',
  // state
  'collection-exists': 'conflict',
  'index-exists': 'conflict',
  'schema-mismatch': 'conflict',
  'version-conflict': 'conflict',
  'collection-loaded': 'conflict',
  'collection-not-loaded': 'unavailable',
  'shard-failed': 'unavailable',
  'log-failed': 'unavailable',
  'not-ready': 'unavailable',
  'disk-full': 'unavailable',
  'disk-error': 'unavailable',
  'directory-locked': 'conflict',
  'port-in-use': 'conflict',
  'settings-invalid': 'invalid',
  // load
  'rate-limit': 'overloaded',
  'memory-limit': 'overloaded',
  'result-too-large': 'invalid',
  timeout: 'unavailable',
  cancelled: 'closed',
  closed: 'closed',
  'format-version': 'corrupt',
  corrupt: 'corrupt',
  assertion: 'internal',
  internal: 'internal',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof kindOfCode;

export interface ErrorDetail {
  readonly code: ErrorCode;
  /** Full text for the caller; made from field, expected and received when absent. */
  readonly message?: string;
  readonly field?: string;
  readonly expected?: string | number;
  readonly received?: string | number;
  /** Kept for the log, never sent to a peer. */
  readonly cause?: unknown;
}

/** An error as plain data, the form in which it travels between threads. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field: string | null;
  readonly expected: string | null;
  readonly received: string | null;
}

export class DbError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly field: string | null;
  readonly expected: string | null;
  readonly received: string | null;

  constructor(detail: ErrorDetail) {
    super(
      detail.message ?? describe(detail),
      detail.cause === undefined ? {} : { cause: detail.cause },
    );
    this.name = 'DbError';
    this.code = detail.code;
    this.kind = kindOfCode[detail.code];
    this.field = detail.field ?? null;
    this.expected = detail.expected === undefined ? null : String(detail.expected);
    this.received = detail.received === undefined ? null : String(detail.received);
  }

  toData(): ErrorData {
    const { code, message, field, expected, received } = this;
    return { code, message, field, expected, received };
  }

  static fromData(data: ErrorData): DbError {
    return new DbError({
      code: data.code,
      message: data.message,
      ...(data.field === null ? {} : { field: data.field }),
      ...(data.expected === null ? {} : { expected: data.expected }),
      ...(data.received === null ? {} : { received: data.received }),
    });
  }

  /** Turns anything thrown into a DbError, once, at a rim; what we do not know is internal. */
  static from(thrown: unknown): DbError {
    if (thrown instanceof DbError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = thrown instanceof Error && 'code' in thrown ? systemCode(thrown.code) : 'internal';
    return new DbError({ code, message, cause: thrown });
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(kindOfCode, text);
}

function systemCode(code: unknown): ErrorCode {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk-full';
  if (code === 'EADDRINUSE') return 'port-in-use';
  return typeof code === 'string' && code.startsWith('E') ? 'disk-error' : 'internal';
}

function describe(detail: ErrorDetail): string {
  const subject = detail.field === undefined ? detail.code : `field ${detail.field}`;
  if (detail.expected === undefined) return subject;
  return `${subject}: expected ${detail.expected}, received ${detail.received ?? 'nothing'}`;
}
