// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Types of proto-descriptors.mjs, which is plain JavaScript because it runs before anything is built.

/** Writes dist/proto/milvus.json unless it already says the same; answers its path. */
export function writeDescriptors(): string;
