// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Every bound in one place, with its unit and reason. Overflowing one is a typed error.

const kibibyte = 1024;
export const mebibyte = 1024 * kibibyte;

/** Largest gRPC or REST request; Milvus's own receive limit. */
export const requestSizeBytesMax = 64 * mebibyte;
/** Largest reply; Milvus's own send limit. */
export const replySizeBytesMax = 256 * mebibyte;
/** One envelope's body: a whole request's rows for one shard, so that each is atomic by itself. */
export const envelopeBodyBytesMax = 96 * mebibyte; // a 64 MiB request, decoded and padded
/** One log file; preallocated. */
export const logFileSizeBytes = 64 * mebibyte;
/** Bytes that one group commit writes at most, so that a burst cannot delay its first request. */
export const groupCommitBytesMax = 16 * mebibyte;
/** Bytes a shard may hold staged and unanswered; past it callers get `rate-limit`. */
export const shardStagedBytesMax = 256 * mebibyte; // four of the largest requests
/** topk, offset + limit of search and query; Milvus's. */
export const resultWindowMax = 16_384;
/** Queries in one search request; Milvus's. */
export const queryCountMax = 16_384;
/** Bytes of a name; Milvus's. */
export const nameBytesMax = 255;
export const vectorDimMin = 2;
export const vectorDimMax = 32_768;
export const varcharLengthMax = 65_535;
export const jsonBytesMax = 65_536;
export const fieldCountMax = 64;
export const vectorFieldCountMax = 10;
export const shardCountMax = 16;
export const collectionCountMax = 65_536;
/** Filter text; longer ones are refused before scanning. */
export const expressionBytesMax = mebibyte;
/** Nesting of a filter; measured while parsing. */
export const expressionDepthMax = 256;
/** How long a request waits for a shard's safe time before it answers a timeout. */
export const safeTimeWaitMs = 10_000;
/** Segments smaller than this are scanned, not indexed; Milvus's. */
export const indexRowCountMin = 1_024;
