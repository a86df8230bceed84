// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The addon's entry. It is loaded once by every JavaScript thread; statics (registry, pool,
// accountant) are one for all. The library stays in memory when the last of them leaves, because
// pool threads may still be inside.
#include <dlfcn.h>
#include <napi.h>

#include "bridge/functions.h"
#include "bridge/pool.h"

namespace dipper::bridge {
namespace {

struct Export {
  const char* name;
  Napi::Value (*function)(const Napi::CallbackInfo&);
};

const Export exported[] = {
    {"simdLevel", simdLevel},
    {"crc32c", crc32cOf},
    {"memoryUse", memoryUseOf},
    {"setMemoryBudget", setBudget},
    {"reserveMemory", reserve},
    {"releaseMemory", release},
    {"lockFile", lockFile},
    {"unlockFile", unlockFile},
    {"trimMemory", trimMemoryOf},
    {"startPool", startPoolOf},
    {"releaseOwner", releaseOwner},
    {"createCancel", createCancel},
    {"raiseCancel", raiseCancel},
    {"releaseCancel", releaseCancel},
    {"createClock", createClock},
    {"clockNext", clockNext},
    {"clockObserve", clockObserve},
    {"clockLast", clockLast},
    {"compileSchema", compileSchema},
    {"scanInsert", scanInsertOf},
    {"scanBatch", scanBatchOf},
    {"shardsOfKeys", shardsOfKeys},
    {"createShard", createShard},
    {"stampShard", stampShard},
    {"setUnapplied", setUnapplied},
    {"openGrowing", openGrowing},
    {"applyBody", applyBody},
    {"freezeGrowing", freezeGrowing},
    {"sealImage", sealImagePromise},
    {"sealImageNow", sealImageNow},
    {"openSealed", openSealed},
    {"addSealed", addSealed},
    {"replaceFrozen", replaceFrozen},
    {"removeSegment", removeSegment},
    {"deleteImage", deleteImage},
    {"segmentStats", segmentStats},
    {"releaseSegment", releaseSegment},
    {"buildIndex", buildIndexPromise},
    {"buildIndexNow", buildIndexNow},
    {"releaseBytes", releaseBytes},
    {"attachIndex", attachIndex},
    {"detachIndex", detachIndex},
    {"publishView", publishView},
    {"unpublishView", unpublishView},
    {"pinView", pinView},
    {"pinLatest", pinLatest},
    {"unpinView", unpinView},
    {"search", searchPromise},
    {"searchNow", searchNow},
    {"query", queryPromise},
    {"queryNow", queryNow},
    {"evaluateFilter", evaluateFilter},
};

void keepLoaded() {
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&keepLoaded), &library) == 0) return;
  dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  keepLoaded();
  env.SetInstanceData(new EnvState());
  for (const Export& item : exported) {
    exports.Set(item.name, Napi::Function::New(env, item.function, item.name));
  }
  return exports;
}

}  // namespace
}  // namespace dipper::bridge

static Napi::Object startAddon(Napi::Env env, Napi::Object exports) {
  return dipper::bridge::start(env, exports);
}

NODE_API_MODULE(dipper, startAddon)
