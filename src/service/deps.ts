// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// What every use case works with.

import type { NativeFace, NativeHandle } from '../../native/index.ts';
import type { ActorSystem, CatalogMirror } from '../../actors/index.ts';
import type { Clock } from '../core/index.ts';
import type { IdBlocks } from './id-blocks.ts';

export interface ServiceDeps {
  readonly system: ActorSystem;
  readonly mirror: CatalogMirror;
  readonly native: NativeFace;
  readonly clock: Clock;
  readonly hybridClock: NativeHandle;
  readonly ids: IdBlocks;
}
