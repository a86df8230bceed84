// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// scripts/python-env.mjs for TypeScript. It is found from the root of the checkout and not beside
// this file, because the benches run compiled, elsewhere, while the script stays where it is.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type * as PythonEnvModule from '../../scripts/python-env.mjs';
import { repositoryRoot } from './repository.ts';

const script = pathToFileURL(join(repositoryRoot, 'scripts/python-env.mjs'));
const module = (await import(script.href)) as typeof PythonEnvModule;

export type { PythonEnv } from '../../scripts/python-env.mjs';

/** Makes the named environment unless it is there and current. */
export const ensurePythonEnv = module.ensurePythonEnv;

/** Thrown when an environment cannot be made here. */
export const PythonEnvironmentError = module.PythonEnvironmentError;
