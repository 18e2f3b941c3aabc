// As much of Node's C interface (Node-API, js_native_api.h and node_api.h) as add-ons of plain functions, buffers and
// promises need. There is no JavaScript: the test calls the functions that an add-on exports.
#pragma once

#include <hmodule/hmodule.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <hmodule/hmodule.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace node {

class Environment;
struct Value;
using Callback = Value*(HM_WINAPI*)(Environment*, void* info);
using Finalizer = void(HM_WINAPI*)(Environment*, void* data, void* hint);

enum class Type : int { undefined, null, boolean, number, string, symbol, object, function, external, bigint };

struct Value {
  Type type = Type::undefined;
  double number = 0;  // or a boolean
  std::string text;
  std::map<std::string, Value*> properties;
  std::vector<Value*> elements;
  bool is_array = false, is_buffer = false, is_error = false;
  Callback function = nullptr;
  void* data = nullptr;  // of a function, an external or a wrapped object; or a buffer's bytes
  std::size_t size = 0;  // of a buffer
  std::vector<unsigned char> own;
  enum class Promise { none, pending, resolved, rejected } promise = Promise::none;
  Value* settled = nullptr;

  std::string bytes() const { return {static_cast<const char*>(data), size}; }
};

// What an add-on sees as its program. One at a time; values live as long as it.
class Environment {
 public:
  Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

  // An add-on's exports.
  Value* load(const std::filesystem::path& file);
  Value* call(Value* function, const std::vector<Value*>& arguments);
  // Runs what has been queued until a promise is settled: its value, or its error in thrown().
  Value* await(Value* promise);
  // The message of what was thrown last, which is then forgotten.
  std::string thrown();

  Value* make(Type type);
  Value* number(double value);
  Value* text(const std::string& value);
  Value* buffer(const std::string& bytes);

  // For the interface's functions.
  struct Cleanup {
    void(HM_WINAPI* function)(void*);
    void* argument;
  };
  struct Work {
    void(HM_WINAPI* execute)(Environment*, void*);
    void(HM_WINAPI* complete)(Environment*, int status, void*);
    void* data;
  };
  Value* exception = nullptr;
  std::vector<Cleanup> cleanups;
  std::vector<std::pair<Finalizer, std::pair<void*, void*>>> finalizers;
  void queue(const Work& work);
  void post(std::function<void()> task);

 private:
  std::deque<Value> values_;
  std::vector<hmodule::library> add_ons_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;  // for the thread that awaits
  HMODULE program_ = nullptr;
};

}  // namespace node
