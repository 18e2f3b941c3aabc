// Matrices on all processors: threads, futures, atomics, meetings, thread-local values, and exceptions across threads.
#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <mutex>
#include <numeric>
#include <queue>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

constexpr int kSize = 120, kWorkers = 6;
using Matrix = std::vector<double>;
thread_local int own = 100;

// libstdc++ 12 can lose a wake-up of std::barrier, std::latch and std::atomic::wait where there is no futex: it
// compares before it takes the lock under which it sleeps.
class Meeting {
 public:
  Meeting(int size, std::function<void()> completed) : size_(size), completed_(std::move(completed)) {}
  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    if (++arrived_ == size_) {
      completed_();
      arrived_ = 0;
      ++phase_;
      return changed_.notify_all();
    }
    changed_.wait(lock, [this, mine = phase_] { return phase_ != mine; });
  }

 private:
  const int size_;
  const std::function<void()> completed_;
  int arrived_ = 0, phase_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

static void multiply(const Matrix& a, const Matrix& b, Matrix& c, int from, int to) {
  for (int i = from; i < to; ++i)
    for (int k = 0; k < kSize; ++k)
      for (int j = 0; j < kSize; ++j) c[i * kSize + j] += a[i * kSize + k] * b[k * kSize + j];
}

int main() {
  Matrix a(kSize * kSize), b(kSize * kSize), c(kSize * kSize), single(kSize * kSize);
  for (int i = 0; i < kSize * kSize; ++i) a[i] = i % 17 - 8, b[i] = i % 13 - 6;
  std::vector<std::thread> workers;
  for (int w = 0; w < kWorkers; ++w)
    workers.emplace_back([&, w] { multiply(a, b, c, w * kSize / kWorkers, (w + 1) * kSize / kWorkers); });
  for (std::thread& worker : workers) worker.join();
  multiply(a, b, single, 0, kSize);
  std::cout << "product: " << (c == single) << ' ' << std::accumulate(c.begin(), c.end(), 0.0) << '\n';

  std::vector<std::future<long long>> futures;
  for (int i = 0; i < 8; ++i)
    futures.push_back(std::async(std::launch::async, [i] {
      long long sum = 0;
      for (int n = i; n < 80000; n += 8) sum += n;
      return sum;
    }));
  long long total = 0;
  for (auto& future : futures) total += future.get();
  std::cout << "async: " << total << '\n';

  std::mutex mutex;
  std::condition_variable ready, room;
  std::queue<int> queue;
  bool done = false;
  std::atomic<long long> consumed = 0;
  std::vector<std::thread> consumers;
  for (int i = 0; i < 3; ++i)
    consumers.emplace_back([&] {
      for (;;) {
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return !queue.empty() || done; });
        if (queue.empty()) return;
        consumed += queue.front();
        queue.pop();
        room.notify_one();
      }
    });
  for (int i = 1; i <= 5000; ++i) {
    std::unique_lock lock(mutex);
    room.wait(lock, [&] { return queue.size() < 16; });
    queue.push(i);
    ready.notify_one();
  }
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  ready.notify_all();
  for (std::thread& consumer : consumers) consumer.join();
  std::cout << "queue: " << consumed << '\n';

  std::atomic<int> phases = 0, inside = 0, most = 0;
  Meeting meeting(4, [&] { phases += 1; });
  {
    std::vector<std::jthread> team;
    for (int i = 0; i < 4; ++i)
      team.emplace_back([&] {
        for (int phase = 0; phase < 10; ++phase) {
          meeting.arrive_and_wait();
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          meeting.arrive_and_wait();
          --inside;
        }
      });
  }
  std::cout << "team: " << phases << ' ' << most << '\n';

  std::exception_ptr carried;
  std::thread thrower([&] {
    try {
      throw std::runtime_error("from another thread");
    } catch (...) {
      carried = std::current_exception();
    }
  });
  thrower.join();
  try {
    std::rethrow_exception(carried);
  } catch (const std::exception& error) {
    std::cout << "carried: " << error.what() << '\n';
  }
  std::promise<int> promise;
  auto answer = promise.get_future();
  std::thread(
      [](std::promise<int> given) { given.set_exception(std::make_exception_ptr(std::out_of_range("promised"))); },
      std::move(promise))
      .join();
  try {
    answer.get();
  } catch (const std::out_of_range& error) {
    std::cout << "promise: " << error.what() << '\n';
  }
  int theirs = 0;
  std::thread([&] { theirs = ++own; }).join();
  own += 5;
  std::cout << "thread_local: " << own << ' ' << theirs << '\n';
  std::once_flag once;
  std::atomic<int> times = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) callers.emplace_back([&] { std::call_once(once, [&] { ++times; }); });
  }
  std::cout << "call_once: " << times << '\n';
  std::jthread stoppable([&](std::stop_token token) {
    while (!token.stop_requested()) std::this_thread::yield();
    times = 99;
  });
  stoppable.request_stop();
  stoppable.join();
  std::cout << "stopped: " << times << '\n';
  std::shared_mutex shared;
  int value = 0;
  {
    std::vector<std::jthread> users;
    for (int i = 0; i < 4; ++i)
      users.emplace_back([&, i] {
        for (int n = 0; n < 1000; ++n) {
          if (i == 0) {
            const std::unique_lock lock(shared);
            ++value;
          } else {
            const std::shared_lock lock(shared);
            if (value < 0) std::terminate();
          }
        }
      });
  }
  std::cout << "shared_mutex: " << value << '\n';
  std::timed_mutex timed;
  timed.lock();
  bool got = true;
  std::thread([&] { got = timed.try_lock_for(std::chrono::milliseconds(20)); }).join();
  timed.unlock();
  std::cout << "timed: " << got << '\n';
}
