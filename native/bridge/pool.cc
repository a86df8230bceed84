// SPDX-License-Identifier: Apache-2.0
// Copyright the Dipper authors
//
// Threads, queues and the way home. One thread-safe function an environment carries all its
// results: a call is posted only when the list of finished work was empty, so results that finish
// together arrive together.
#include "bridge/pool.h"

#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "bridge/values.h"

namespace dipper::bridge {
namespace {

struct Finished {
  napi_deferred deferred;
  Status status;
  std::function<Napi::Value(Napi::Env)> result;
};

uint32_t allowedCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<uint32_t>(std::max(1, CPU_COUNT(&cores)));
}

/** Never destroyed: its threads live until the process ends. */
class Pool {
 public:
  static Pool& instance() {
    static Pool* const pool = new Pool();
    return *pool;
  }

  Status start(uint32_t threadCount) {
    std::lock_guard lock(mutex_);
    const uint32_t wanted = threadCount == 0 ? allowedCores() : threadCount;
    if (threadCount_ == wanted || (threadCount_ > 0 && threadCount == 0)) return Status();
    if (threadCount_ > 0) {
      return invalidField("parameter-invalid", "threadCount",
                          std::to_string(threadCount_) + ", as the pool was started with",
                          std::to_string(wanted));
    }
    threadCount_ = wanted;
    // Buffers of large requests come and go: kept, the next request gets pages that are there
    // already; trimMemory() gives them back when nothing happens.
    mallopt(M_MMAP_THRESHOLD, keptBlockBytes);
    mallopt(M_TRIM_THRESHOLD, keptHeapBytes);
    // Builds have threads of their own, at low priority: on one core a search would otherwise wait
    // behind a build for seconds.
    const uint32_t builders = std::max(1u, wanted / 2);
    for (uint32_t i = 0; i < wanted; i++) std::thread([this] { loop(interactive_); }).detach();
    for (uint32_t i = 0; i < builders; i++) {
      std::thread([this] {
        setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), backgroundNice);
        loop(background_);
      }).detach();
    }
    return Status();
  }

  void push(Lane lane, std::function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      queueOf(lane).jobs.push_back(std::move(job));
    }
    queueOf(lane).ready.notify_one();
  }

 private:
  struct Queue {
    std::deque<std::function<void()>> jobs;
    std::condition_variable ready;
  };

  Queue& queueOf(Lane lane) { return lane == Lane::interactive ? interactive_ : background_; }

  void loop(Queue& queue) {
    std::unique_lock lock(mutex_);
    for (;;) {
      queue.ready.wait(lock, [&queue] { return !queue.jobs.empty(); });
      std::function<void()> job = std::move(queue.jobs.front());
      queue.jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      // A build's working memory is large and rarely needed again: it goes back to the system.
      if (&queue == &background_) malloc_trim(0);
      lock.lock();
    }
  }

  static constexpr int backgroundNice = 10;
  static constexpr int keptBlockBytes = 32 * 1024 * 1024;  // the most that malloc takes
  static constexpr int keptHeapBytes = 512 * 1024 * 1024;

  std::mutex mutex_;
  Queue interactive_;
  Queue background_;
  uint32_t threadCount_ = 0;
};

}  // namespace

/** The way back to one JavaScript thread. */
class EnvLink {
 public:
  static std::shared_ptr<EnvLink> of(Napi::Env env) {
    EnvState* const state = env.GetInstanceData<EnvState>();
    if (state->link == nullptr) state->link = open(env);
    return state->link;
  }

  /** JavaScript thread: a call starts; the first keeps the event loop alive. */
  void begin(Napi::Env env) {
    if (pending_++ == 0) napi_ref_threadsafe_function(env, function_);
  }

  /** Pool thread. */
  void finish(Finished finished) {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    finished_.push_back(std::move(finished));
    if (finished_.size() == 1)
      napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }

 private:
  static std::shared_ptr<EnvLink> open(Napi::Env env) {
    auto link = std::make_shared<EnvLink>();
    auto* const held = new std::shared_ptr<EnvLink>(link);
    napi_create_threadsafe_function(
        env, nullptr, nullptr, Napi::String::New(env, "dipper"), 0, 1, held,
        [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<EnvLink>*>(data); },
        link.get(),
        [](napi_env caller, napi_value, void* context, void*) {
          if (caller != nullptr) static_cast<EnvLink*>(context)->deliver(caller);
        },
        &link->function_);
    napi_unref_threadsafe_function(env, link->function_);
    // Hooks run last in, first out: this one before the function's own, after which no thread may
    // call it.
    napi_add_env_cleanup_hook(
        env, [](void* data) { static_cast<EnvLink*>(data)->close(); }, link.get());
    return link;
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    finished_.clear();
  }

  void deliver(Napi::Env env) {
    std::vector<Finished> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(finished_);
    }
    if (!mayRun(env)) return;
    for (Finished& finished : batch) {
      Napi::HandleScope scope(env);
      if (finished.status.ok()) {
        napi_resolve_deferred(env, finished.deferred, finished.result(env));
      } else {
        napi_reject_deferred(env, finished.deferred, makeError(env, finished.status).Value());
      }
    }
    pending_ -= batch.size();
    if (pending_ == 0) napi_unref_threadsafe_function(env, function_);
  }

  /**
   * A worker that is being terminated runs its event loop once more, but no JavaScript: every call
   * that touches an object fails then, and results have nobody to go to.
   */
  static bool mayRun(Napi::Env env) {
    Napi::HandleScope scope(env);
    const Napi::Object probe = Napi::Object::New(env);
    return napi_set_named_property(env, probe, "probe", env.Undefined()) == napi_ok;
  }

  std::mutex mutex_;
  bool closed_ = false;
  std::vector<Finished> finished_;
  napi_threadsafe_function function_ = nullptr;
  size_t pending_ = 0;  // JavaScript thread only
};

void trimMemory() {
  startPool(0);
  Pool::instance().push(Lane::background, [] {});
}

Status startPool(uint32_t threadCount) { return Pool::instance().start(threadCount); }

Napi::Value submit(Napi::Env env, Lane lane, std::function<Status()> work,
                   std::function<Napi::Value(Napi::Env)> result) {
  startPool(0);
  const std::shared_ptr<EnvLink> link = EnvLink::of(env);
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  napi_create_promise(env, &deferred, &promise);
  link->begin(env);
  Pool::instance().push(lane, [link, deferred, work = std::move(work), result = std::move(result)] {
    Status status = work();
    link->finish({deferred, std::move(status), result});
  });
  return Napi::Value(env, promise);
}

Napi::Value runNow(Napi::Env env, const std::function<Status()>& work,
                   const std::function<Napi::Value(Napi::Env)>& result) {
  const Status status = work();
  return status.ok() ? result(env) : raise(env, status);
}

}  // namespace dipper::bridge
