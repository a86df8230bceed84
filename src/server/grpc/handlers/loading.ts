// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Load, release, and the states that clients poll until a load is done.

import type { LoadState } from '../../../service/index.ts';
import { control, type Handler } from '../call.ts';

/** Milvus's LoadState enum. */
const loadStateNumbers: Readonly<Record<LoadState, number>> = {
  'not-loaded': 1,
  loading: 2,
  loaded: 3,
};

export const loadingHandlers: Readonly<Record<string, Handler>> = {
  LoadCollection: control('LoadCollection', async (deps, request) => {
    await deps.database.loadCollection(request);
    return {};
  }),

  ReleaseCollection: control('ReleaseCollection', async (deps, request) => {
    await deps.database.releaseCollection(request);
    return {};
  }),

  GetLoadState: control('GetLoadState', async (deps, request) => ({
    state: loadStateNumbers[(await deps.database.describeCollection(request)).loadState],
  })),

  GetLoadingProgress: control('GetLoadingProgress', async (deps, request) => {
    const described = await deps.database.describeCollection(request);
    // A refresh is a load of what is already there: it is as far as the load itself.
    return { progress: described.loadPercent, refresh_progress: described.loadPercent };
  }),
};
