// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Types of python-env.mjs, which is plain JavaScript because it runs before anything is built.

/** Where one private Python environment lives. */
export interface PythonEnv {
  readonly name: string;
  readonly directory: string;
  readonly python: string;
  readonly bin: string;
}

/** The environment cannot be made here; the message says what is missing and how to get it. */
export class PythonEnvironmentError extends Error {}

/** Makes the named environment unless it is there and current, and says where its programs are. */
export function ensurePythonEnv(name: 'sdk' | 'bench' | 'milvus23'): Promise<PythonEnv>;
