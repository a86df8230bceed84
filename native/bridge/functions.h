// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Every function of the face, in its order, grouped by the file that holds it. Arguments are
// positional: native/index.ts takes the objects of face.ts apart in the order of their fields.
#pragma once

#include <napi.h>

namespace dipper::bridge {

// process.cc
Napi::Value simdLevel(const Napi::CallbackInfo& info);
Napi::Value crc32cOf(const Napi::CallbackInfo& info);
Napi::Value memoryUseOf(const Napi::CallbackInfo& info);
Napi::Value setBudget(const Napi::CallbackInfo& info);
Napi::Value reserve(const Napi::CallbackInfo& info);
Napi::Value release(const Napi::CallbackInfo& info);
Napi::Value lockFile(const Napi::CallbackInfo& info);
Napi::Value unlockFile(const Napi::CallbackInfo& info);
Napi::Value trimMemoryOf(const Napi::CallbackInfo& info);
Napi::Value startPoolOf(const Napi::CallbackInfo& info);
Napi::Value releaseOwner(const Napi::CallbackInfo& info);
Napi::Value createCancel(const Napi::CallbackInfo& info);
Napi::Value raiseCancel(const Napi::CallbackInfo& info);
Napi::Value releaseCancel(const Napi::CallbackInfo& info);
Napi::Value createClock(const Napi::CallbackInfo& info);
Napi::Value clockNext(const Napi::CallbackInfo& info);
Napi::Value clockObserve(const Napi::CallbackInfo& info);
Napi::Value clockLast(const Napi::CallbackInfo& info);

// ingest.cc
Napi::Value compileSchema(const Napi::CallbackInfo& info);
Napi::Value scanInsertOf(const Napi::CallbackInfo& info);
Napi::Value scanBatchOf(const Napi::CallbackInfo& info);
Napi::Value shardsOfKeys(const Napi::CallbackInfo& info);

// shards.cc
Napi::Value createShard(const Napi::CallbackInfo& info);
Napi::Value stampShard(const Napi::CallbackInfo& info);
Napi::Value setUnapplied(const Napi::CallbackInfo& info);
Napi::Value openGrowing(const Napi::CallbackInfo& info);
Napi::Value applyBody(const Napi::CallbackInfo& info);
Napi::Value freezeGrowing(const Napi::CallbackInfo& info);
Napi::Value addSealed(const Napi::CallbackInfo& info);
Napi::Value replaceFrozen(const Napi::CallbackInfo& info);
Napi::Value removeSegment(const Napi::CallbackInfo& info);
Napi::Value publishView(const Napi::CallbackInfo& info);
Napi::Value unpublishView(const Napi::CallbackInfo& info);
Napi::Value pinView(const Napi::CallbackInfo& info);
Napi::Value pinLatest(const Napi::CallbackInfo& info);
Napi::Value unpinView(const Napi::CallbackInfo& info);

// segments.cc
Napi::Value sealImagePromise(const Napi::CallbackInfo& info);
Napi::Value sealImageNow(const Napi::CallbackInfo& info);
Napi::Value openSealed(const Napi::CallbackInfo& info);
Napi::Value deleteImage(const Napi::CallbackInfo& info);
Napi::Value segmentStats(const Napi::CallbackInfo& info);
Napi::Value releaseSegment(const Napi::CallbackInfo& info);
Napi::Value buildIndexPromise(const Napi::CallbackInfo& info);
Napi::Value buildIndexNow(const Napi::CallbackInfo& info);
Napi::Value releaseBytes(const Napi::CallbackInfo& info);
Napi::Value attachIndex(const Napi::CallbackInfo& info);
Napi::Value detachIndex(const Napi::CallbackInfo& info);

// reads.cc
Napi::Value searchPromise(const Napi::CallbackInfo& info);
Napi::Value searchNow(const Napi::CallbackInfo& info);
Napi::Value queryPromise(const Napi::CallbackInfo& info);
Napi::Value queryNow(const Napi::CallbackInfo& info);
Napi::Value evaluateFilter(const Napi::CallbackInfo& info);

}  // namespace dipper::bridge
