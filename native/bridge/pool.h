// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// The native pool: one a process, its threads shared by all JavaScript threads. Interactive work
// (search, query) and background work (seal images, index builds) have threads of their own, the
// latter at low priority, so that a build never keeps a search waiting.
//
// Results go home to the JavaScript thread that asked. Its link outlives it: when that thread is
// torn down, work in flight runs to its end and the result is dropped. Work holds no JavaScript
// values, so nothing of a dead thread is ever touched.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "base/status.h"

namespace dipper::bridge {

enum class Lane { interactive, background };

class EnvLink;

/** What an environment (a JavaScript thread's instance of the addon) keeps. */
struct EnvState {
  std::shared_ptr<EnvLink> link;
};

/** Gives freed memory back to the system, behind what the builders have to do. */
void trimMemory();

/** Starts the pool; 0 threads = one for each core that this process may use. */
Status startPool(uint32_t threadCount);

/**
 * Runs `work` on the pool, then `result` on this JavaScript thread; a promise of its value. Both
 * usually share a request object by shared_ptr.
 */
Napi::Value submit(Napi::Env env, Lane lane, std::function<Status()> work,
                   std::function<Napi::Value(Napi::Env)> result);

/** The same work on the calling thread. */
Napi::Value runNow(Napi::Env env, const std::function<Status()>& work,
                   const std::function<Napi::Value(Napi::Env)>& result);

}  // namespace dipper::bridge
