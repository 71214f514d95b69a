// A few threads that share out numbered jobs.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "arithmetic.h"

namespace paribus {

class ThreadPool {
 public:
  // The calling thread is one of the workers; threads = 1 starts none.
  explicit ThreadPool(int threads) {
    for (int worker = 1; worker < threads; ++worker)
      helpers_.emplace_back([this, worker] { serve(worker); });
  }

  ~ThreadPool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      closing_ = true;
    }
    start_.notify_all();
    for (std::thread& helper : helpers_) helper.join();
  }

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(helpers_.size()) + 1; }

  // Calls job(number, worker) for each number below count; returns when all are done. Which worker
  // takes which number is left open: a job must not depend on it.
  void run(int count, const std::function<void(int, int)>& job) {
    if (helpers_.empty() || count < 2) {
      for (int number = 0; number < count; ++number) job(number, 0);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      next_ = 0;
      count_ = count;
      busy_ = static_cast<int>(helpers_.size());
      ++round_;
    }
    start_.notify_all();
    take_jobs(0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void serve(int worker) {
    const StandardArithmetic arithmetic;
    int64_t seen = 0;
    for (;;) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        start_.wait(lock, [&] { return closing_ || round_ != seen; });
        if (closing_) return;
        seen = round_;
      }
      take_jobs(worker);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  void take_jobs(int worker) {
    for (;;) {
      int number;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (next_ == count_) return;
        number = next_++;
      }
      (*job_)(number, worker);
    }
  }

  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int, int)>* job_ = nullptr;
  int next_ = 0, count_ = 0, busy_ = 0;
  int64_t round_ = 0;
  bool closing_ = false;
};

}  // namespace paribus
