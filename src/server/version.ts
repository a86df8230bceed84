// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The version that clients see: Milvus's, because SDKs choose their ways of speaking by it.

/** Reported by GetVersion and Connect. */
export const serverVersion = 'v3.0.0';
