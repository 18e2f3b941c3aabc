#include "node_api.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <utility>

namespace node {
namespace {

using Size = unsigned long long;  // size_t
constexpr int kOk = 0, kInvalidArgument = 1, kObjectExpected = 2, kStringExpected = 3, kFunctionExpected = 5,
              kNumberExpected = 6, kBooleanExpected = 7, kPending = 10;

std::string string_of(const char* text, Size length) {
  return length == ~Size{0} ? std::string(text) : std::string(text, length);
}

// ---- Making values ----

HM_WINAPI int napi_get_undefined(Environment* env, Value** result) {
  *result = env->make(Type::undefined);
  return kOk;
}
HM_WINAPI int napi_get_null(Environment* env, Value** result) {
  *result = env->make(Type::null);
  return kOk;
}
HM_WINAPI int napi_get_global(Environment* env, Value** result) {
  *result = env->make(Type::object);
  return kOk;
}
HM_WINAPI int napi_get_boolean(Environment* env, bool value, Value** result) {
  *result = env->make(Type::boolean);
  (*result)->number = value ? 1 : 0;
  return kOk;
}
HM_WINAPI int napi_create_object(Environment* env, Value** result) {
  *result = env->make(Type::object);
  return kOk;
}
HM_WINAPI int napi_create_array(Environment* env, Value** result) {
  *result = env->make(Type::object);
  (*result)->is_array = true;
  return kOk;
}
HM_WINAPI int napi_create_array_with_length(Environment* env, Size, Value** result) {
  return napi_create_array(env, result);
}
template <typename Number>
HM_WINAPI int create_number(Environment* env, Number value, Value** result) {
  *result = env->number(static_cast<double>(value));
  return kOk;
}
HM_WINAPI int napi_create_string_utf8(Environment* env, const char* text, Size length, Value** result) {
  *result = env->text(string_of(text, length));
  return kOk;
}
HM_WINAPI int napi_create_function(Environment* env, const char*, Size, Callback callback, void* data, Value** result) {
  *result = env->make(Type::function);
  (*result)->function = callback;
  (*result)->data = data;
  return kOk;
}
HM_WINAPI int napi_create_error(Environment* env, Value* code, Value* message, Value** result) {
  *result = env->make(Type::object);
  (*result)->is_error = true;
  (*result)->text = message->text;
  (*result)->properties["message"] = message;
  if (code != nullptr) (*result)->properties["code"] = code;
  return kOk;
}
HM_WINAPI int napi_create_external(Environment* env, void* data, Finalizer finalizer, void* hint, Value** result) {
  *result = env->make(Type::external);
  (*result)->data = data;
  if (finalizer != nullptr) env->finalizers.push_back({finalizer, {data, hint}});
  return kOk;
}
HM_WINAPI int napi_create_buffer(Environment* env, Size size, void** data, Value** result) {
  *result = env->buffer(std::string(size, '\0'));
  if (data != nullptr) *data = (*result)->data;
  return kOk;
}
HM_WINAPI int napi_create_buffer_copy(Environment* env, Size size, const void* from, void** data, Value** result) {
  *result = env->buffer(std::string(static_cast<const char*>(from), size));
  if (data != nullptr) *data = (*result)->data;
  return kOk;
}
HM_WINAPI int napi_create_external_buffer(Environment* env, Size size, void* data, Finalizer finalizer, void* hint,
                                          Value** result) {
  *result = env->make(Type::object);
  (*result)->is_buffer = true;
  (*result)->data = data;
  (*result)->size = size;
  if (finalizer != nullptr) env->finalizers.push_back({finalizer, {data, hint}});
  return kOk;
}

// ---- Looking at values ----

HM_WINAPI int napi_typeof(Environment*, Value* value, int* result) {
  *result = static_cast<int>(value->type);
  return kOk;
}
template <typename Number>
HM_WINAPI int get_number(Environment*, Value* value, Number* result) {
  if (value->type != Type::number) return kNumberExpected;
  *result = static_cast<Number>(value->number);
  return kOk;
}
HM_WINAPI int napi_get_value_bool(Environment*, Value* value, bool* result) {
  if (value->type != Type::boolean) return kBooleanExpected;
  *result = value->number != 0;
  return kOk;
}
HM_WINAPI int napi_get_value_string_utf8(Environment*, Value* value, char* buffer, Size room, Size* length) {
  if (value->type != Type::string) return kStringExpected;
  if (buffer == nullptr) {
    *length = value->text.size();
    return kOk;
  }
  const std::size_t copied = room == 0 ? 0 : value->text.copy(buffer, room - 1);
  if (room != 0) buffer[copied] = '\0';
  if (length != nullptr) *length = copied;
  return kOk;
}
HM_WINAPI int napi_get_value_external(Environment*, Value* value, void** result) {
  if (value->type != Type::external) return kInvalidArgument;
  *result = value->data;
  return kOk;
}
HM_WINAPI int napi_coerce_to_string(Environment* env, Value* value, Value** result) {
  *result = value->type == Type::number ? env->text(std::to_string(value->number)) : env->text(value->text);
  return kOk;
}
HM_WINAPI int napi_is_array(Environment*, Value* value, bool* result) {
  *result = value->is_array;
  return kOk;
}
HM_WINAPI int napi_is_error(Environment*, Value* value, bool* result) {
  *result = value->is_error;
  return kOk;
}
HM_WINAPI int napi_is_buffer(Environment*, Value* value, bool* result) {
  *result = value->is_buffer;
  return kOk;
}
HM_WINAPI int napi_is_promise(Environment*, Value* value, bool* result) {
  *result = value->promise != Value::Promise::none;
  return kOk;
}
HM_WINAPI int no_such_kind(Environment*, Value*, bool* result) {  // dates, array buffers
  *result = false;
  return kOk;
}
HM_WINAPI int napi_is_typedarray(Environment* env, Value* value, bool* result) {
  return napi_is_buffer(env, value, result);
}
HM_WINAPI int napi_get_buffer_info(Environment*, Value* value, void** data, Size* size) {
  if (!value->is_buffer) return kInvalidArgument;
  if (data != nullptr) *data = value->data;
  if (size != nullptr) *size = value->size;
  return kOk;
}
HM_WINAPI int napi_get_typedarray_info(Environment* env, Value* value, int* type, Size* length, void** data,
                                       Value** array_buffer, Size* offset) {
  if (!value->is_buffer) return kInvalidArgument;
  if (type != nullptr) *type = 1;  // napi_uint8_array
  if (length != nullptr) *length = value->size;
  if (data != nullptr) *data = value->data;
  if (array_buffer != nullptr) *array_buffer = env->make(Type::object);
  if (offset != nullptr) *offset = 0;
  return kOk;
}

// ---- Objects ----

HM_WINAPI int napi_set_named_property(Environment*, Value* object, const char* name, Value* value) {
  object->properties[name] = value;
  return kOk;
}
HM_WINAPI int napi_get_named_property(Environment* env, Value* object, const char* name, Value** result) {
  const auto found = object->properties.find(name);
  *result = found == object->properties.end() ? env->make(Type::undefined) : found->second;
  return kOk;
}
HM_WINAPI int napi_has_named_property(Environment*, Value* object, const char* name, bool* result) {
  *result = object->properties.contains(name);
  return kOk;
}
HM_WINAPI int napi_set_property(Environment* env, Value* object, Value* name, Value* value) {
  return napi_set_named_property(env, object, name->text.c_str(), value);
}
HM_WINAPI int napi_get_property(Environment* env, Value* object, Value* name, Value** result) {
  return napi_get_named_property(env, object, name->text.c_str(), result);
}
HM_WINAPI int napi_has_own_property(Environment* env, Value* object, Value* name, bool* result) {
  return napi_has_named_property(env, object, name->text.c_str(), result);
}
HM_WINAPI int napi_get_property_names(Environment* env, Value* object, Value** result) {
  napi_create_array(env, result);
  for (const auto& [name, value] : object->properties) (*result)->elements.push_back(env->text(name));
  return kOk;
}
HM_WINAPI int napi_set_element(Environment* env, Value* object, std::uint32_t index, Value* value) {
  while (object->elements.size() <= index) object->elements.push_back(env->make(Type::undefined));
  object->elements[index] = value;
  return kOk;
}
HM_WINAPI int napi_get_element(Environment* env, Value* object, std::uint32_t index, Value** result) {
  *result = index < object->elements.size() ? object->elements[index] : env->make(Type::undefined);
  return kOk;
}
HM_WINAPI int napi_get_array_length(Environment*, Value* object, std::uint32_t* result) {
  *result = static_cast<std::uint32_t>(object->elements.size());
  return kOk;
}

struct Property {  // napi_property_descriptor
  const char* utf8_name;
  Value* name;
  Callback method, getter, setter;
  Value* value;
  int attributes;
  void* data;
};
HM_WINAPI int napi_define_properties(Environment* env, Value* object, Size count, const Property* properties) {
  for (const Property* property = properties; property != properties + count; ++property) {
    Value* value = property->value;
    if (property->method != nullptr) napi_create_function(env, nullptr, 0, property->method, property->data, &value);
    if (value == nullptr) continue;  // no accessors here
    object->properties[property->utf8_name != nullptr ? property->utf8_name : property->name->text] = value;
  }
  return kOk;
}
HM_WINAPI int napi_define_class(Environment* env, const char*, Size, Callback constructor, void* data, Size,
                                const Property*, Value** result) {
  return napi_create_function(env, nullptr, 0, constructor, data, result);
}
HM_WINAPI int napi_wrap(Environment* env, Value* object, void* data, Finalizer finalizer, void* hint,
                        void** reference) {
  object->data = data;
  if (finalizer != nullptr) env->finalizers.push_back({finalizer, {data, hint}});
  if (reference != nullptr) *reference = object;
  return kOk;
}
HM_WINAPI int napi_unwrap(Environment*, Value* object, void** data) {
  if (object->data == nullptr) return kObjectExpected;
  *data = object->data;
  return kOk;
}

// ---- References and scopes: every value lives as long as the environment ----

HM_WINAPI int napi_create_reference(Environment*, Value* value, std::uint32_t, Value** result) {
  *result = value;
  return kOk;
}
HM_WINAPI int napi_delete_reference(Environment*, Value*) {
  return kOk;
}
HM_WINAPI int count_reference(Environment*, Value*, std::uint32_t* count) {
  if (count != nullptr) *count = 1;
  return kOk;
}
HM_WINAPI int napi_get_reference_value(Environment*, Value* reference, Value** result) {
  *result = reference;
  return kOk;
}
HM_WINAPI int open_scope(Environment* env, void** result) {
  *result = env;
  return kOk;
}
HM_WINAPI int close_scope(Environment*, void*) {
  return kOk;
}

// ---- Calls and exceptions ----

struct CallInfo {
  Value *function, *receiver;
  const std::vector<Value*>& arguments;
};
HM_WINAPI int napi_get_cb_info(Environment* env, CallInfo* info, Size* count, Value** arguments, Value** receiver,
                               void** data) {
  if (count != nullptr) {
    for (Size i = 0; arguments != nullptr && i < *count; ++i)
      arguments[i] = i < info->arguments.size() ? info->arguments[i] : env->make(Type::undefined);
    *count = info->arguments.size();
  }
  if (receiver != nullptr) *receiver = info->receiver;
  if (data != nullptr) *data = info->function->data;
  return kOk;
}
HM_WINAPI int napi_get_new_target(Environment*, CallInfo*, Value** result) {
  *result = nullptr;
  return kOk;
}
HM_WINAPI int napi_call_function(Environment* env, Value*, Value* function, Size count, Value* const* arguments,
                                 Value** result) {
  if (function->type != Type::function) return kFunctionExpected;
  Value* const returned = env->call(function, std::vector<Value*>(arguments, arguments + count));
  if (result != nullptr) *result = returned;
  return env->exception != nullptr ? kPending : kOk;
}
HM_WINAPI int napi_throw(Environment* env, Value* error) {
  env->exception = error;
  return kOk;
}
HM_WINAPI int napi_throw_error(Environment* env, const char* code, const char* message) {
  Value* error = nullptr;
  napi_create_error(env, code != nullptr ? env->text(code) : nullptr, env->text(message), &error);
  return napi_throw(env, error);
}
HM_WINAPI int napi_is_exception_pending(Environment* env, bool* result) {
  *result = env->exception != nullptr;
  return kOk;
}
HM_WINAPI int napi_get_and_clear_last_exception(Environment* env, Value** result) {
  *result = std::exchange(env->exception, nullptr);
  if (*result == nullptr) *result = env->make(Type::undefined);
  return kOk;
}
struct ErrorInfo {  // napi_extended_error_info
  const char* message;
  void* reserved;
  std::uint32_t engine;
  int code;
};
HM_WINAPI int napi_get_last_error_info(Environment*, const ErrorInfo** result) {
  static const ErrorInfo kUnknown{"an error", nullptr, 0, 9};
  *result = &kUnknown;
  return kOk;
}
HM_WINAPI void napi_fatal_error(const char* where, Size where_size, const char* message, Size message_size) {
  std::fprintf(stderr, "%s: %s\n", string_of(where, where_size).c_str(), string_of(message, message_size).c_str());
  std::abort();
}

// ---- Promises, work on other threads, life time ----

HM_WINAPI int napi_create_promise(Environment* env, Value** deferred, Value** promise) {
  *deferred = *promise = env->make(Type::object);
  (*promise)->promise = Value::Promise::pending;
  return kOk;
}
HM_WINAPI int napi_resolve_deferred(Environment*, Value* deferred, Value* value) {
  deferred->promise = Value::Promise::resolved;
  deferred->settled = value;
  return kOk;
}
HM_WINAPI int napi_reject_deferred(Environment*, Value* deferred, Value* value) {
  deferred->promise = Value::Promise::rejected;
  deferred->settled = value;
  return kOk;
}
HM_WINAPI int napi_create_async_work(Environment*, Value*, Value*, void(HM_WINAPI* execute)(Environment*, void*),
                                     void(HM_WINAPI* complete)(Environment*, int, void*), void* data,
                                     Environment::Work** result) {
  *result = new Environment::Work{execute, complete, data};
  return kOk;
}
HM_WINAPI int napi_queue_async_work(Environment* env, Environment::Work* work) {
  env->queue(*work);
  return kOk;
}
HM_WINAPI int napi_delete_async_work(Environment*, Environment::Work* work) {
  delete work;
  return kOk;
}

struct ThreadsafeFunction {
  Environment* env;
  Value* function;
  void* context;
  void(HM_WINAPI* call)(Environment*, Value* function, void* context, void* data);
};
HM_WINAPI int napi_create_threadsafe_function(Environment* env, Value* function, Value*, Value*, Size, Size, void*,
                                              Finalizer, void* context,
                                              void(HM_WINAPI* call)(Environment*, Value*, void*, void*),
                                              ThreadsafeFunction** result) {
  static auto* const all = new std::deque<ThreadsafeFunction>;  // as long as the process
  all->push_back({env, function, context, call});
  *result = &all->back();
  return kOk;
}
HM_WINAPI int napi_call_threadsafe_function(ThreadsafeFunction* function, void* data, int) {
  function->env->post([=] {
    if (function->call != nullptr)
      function->call(function->env, function->function, function->context, data);
    else
      function->env->call(function->function, {});
  });
  return kOk;
}
HM_WINAPI int napi_get_threadsafe_function_context(ThreadsafeFunction* function, void** result) {
  *result = function->context;
  return kOk;
}
HM_WINAPI int count_function(ThreadsafeFunction*, int) {
  return kOk;
}
HM_WINAPI int unref_function(Environment*, ThreadsafeFunction*) {
  return kOk;
}
HM_WINAPI int napi_add_env_cleanup_hook(Environment* env, void(HM_WINAPI* function)(void*), void* argument) {
  env->cleanups.push_back({function, argument});
  return kOk;
}
HM_WINAPI int napi_remove_env_cleanup_hook(Environment* env, void(HM_WINAPI* function)(void*), void* argument) {
  std::erase_if(env->cleanups, [&](const auto& one) { return one.function == function && one.argument == argument; });
  return kOk;
}
HM_WINAPI int napi_add_finalizer(Environment* env, Value*, void* data, Finalizer finalizer, void* hint, Value**) {
  env->finalizers.push_back({finalizer, {data, hint}});
  return kOk;
}
void* instance_data = nullptr;
HM_WINAPI int napi_set_instance_data(Environment*, void* data, Finalizer, void*) {
  instance_data = data;
  return kOk;
}
HM_WINAPI int napi_get_instance_data(Environment*, void** data) {
  *data = instance_data;
  return kOk;
}
HM_WINAPI int napi_adjust_external_memory(Environment*, long long change, long long* result) {
  *result = change;
  return kOk;
}
HM_WINAPI int napi_get_version(Environment*, std::uint32_t* result) {
  *result = 8;
  return kOk;
}
struct Version {  // napi_node_version
  std::uint32_t major, minor, patch;
  const char* release;
};
HM_WINAPI int napi_get_node_version(Environment*, const Version** result) {
  static const Version kVersion{18, 0, 0, "node"};
  *result = &kVersion;
  return kOk;
}

template <typename R, typename... Args>
void* address(HM_WINAPI R (*function)(Args...)) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

Environment::Environment() {
#define ROW(name) \
  { #name, address(&name), 0 }
  const hmodule_export rows[] = {
      ROW(napi_get_undefined),
      ROW(napi_get_null),
      ROW(napi_get_global),
      ROW(napi_get_boolean),
      ROW(napi_create_object),
      ROW(napi_create_array),
      ROW(napi_create_array_with_length),
      {"napi_create_double", address(&create_number<double>), 0},
      {"napi_create_int32", address(&create_number<std::int32_t>), 0},
      {"napi_create_uint32", address(&create_number<std::uint32_t>), 0},
      {"napi_create_int64", address(&create_number<long long>), 0},
      ROW(napi_create_string_utf8),
      ROW(napi_create_function),
      ROW(napi_create_error),
      {"napi_create_type_error", address(&napi_create_error), 0},
      {"napi_create_range_error", address(&napi_create_error), 0},
      ROW(napi_create_external),
      ROW(napi_create_buffer),
      ROW(napi_create_buffer_copy),
      ROW(napi_create_external_buffer),
      ROW(napi_typeof),
      {"napi_get_value_double", address(&get_number<double>), 0},
      {"napi_get_value_int32", address(&get_number<std::int32_t>), 0},
      {"napi_get_value_uint32", address(&get_number<std::uint32_t>), 0},
      {"napi_get_value_int64", address(&get_number<long long>), 0},
      ROW(napi_get_value_bool),
      ROW(napi_get_value_string_utf8),
      ROW(napi_get_value_external),
      ROW(napi_coerce_to_string),
      ROW(napi_is_array),
      ROW(napi_is_error),
      ROW(napi_is_buffer),
      ROW(napi_is_promise),
      ROW(napi_is_typedarray),
      {"napi_is_date", address(&no_such_kind), 0},
      {"napi_is_arraybuffer", address(&no_such_kind), 0},
      {"napi_is_dataview", address(&no_such_kind), 0},
      ROW(napi_get_buffer_info),
      ROW(napi_get_typedarray_info),
      ROW(napi_set_named_property),
      ROW(napi_get_named_property),
      ROW(napi_has_named_property),
      ROW(napi_set_property),
      ROW(napi_get_property),
      ROW(napi_has_own_property),
      {"napi_has_property", address(&napi_has_own_property), 0},
      ROW(napi_get_property_names),
      ROW(napi_set_element),
      ROW(napi_get_element),
      ROW(napi_get_array_length),
      ROW(napi_define_properties),
      ROW(napi_define_class),
      ROW(napi_wrap),
      ROW(napi_unwrap),
      ROW(napi_create_reference),
      ROW(napi_delete_reference),
      {"napi_reference_ref", address(&count_reference), 0},
      {"napi_reference_unref", address(&count_reference), 0},
      ROW(napi_get_reference_value),
      {"napi_open_handle_scope", address(&open_scope), 0},
      {"napi_close_handle_scope", address(&close_scope), 0},
      ROW(napi_get_cb_info),
      ROW(napi_get_new_target),
      ROW(napi_call_function),
      ROW(napi_throw),
      ROW(napi_throw_error),
      {"napi_throw_type_error", address(&napi_throw_error), 0},
      {"napi_throw_range_error", address(&napi_throw_error), 0},
      ROW(napi_is_exception_pending),
      ROW(napi_get_and_clear_last_exception),
      ROW(napi_get_last_error_info),
      ROW(napi_fatal_error),
      ROW(napi_create_promise),
      ROW(napi_resolve_deferred),
      ROW(napi_reject_deferred),
      ROW(napi_create_async_work),
      ROW(napi_queue_async_work),
      ROW(napi_delete_async_work),
      ROW(napi_create_threadsafe_function),
      ROW(napi_call_threadsafe_function),
      ROW(napi_get_threadsafe_function_context),
      {"napi_acquire_threadsafe_function", address(&count_function), 0},
      {"napi_release_threadsafe_function", address(&count_function), 0},
      {"napi_ref_threadsafe_function", address(&unref_function), 0},
      {"napi_unref_threadsafe_function", address(&unref_function), 0},
      ROW(napi_add_env_cleanup_hook),
      ROW(napi_remove_env_cleanup_hook),
      ROW(napi_add_finalizer),
      ROW(napi_set_instance_data),
      ROW(napi_get_instance_data),
      ROW(napi_adjust_external_memory),
      ROW(napi_get_version),
      ROW(napi_get_node_version),
  };
#undef ROW
  program_ = hmodule_register("node.exe", rows, std::size(rows));
  if (program_ == nullptr) throw std::runtime_error(hmodule_error());
}

Environment::~Environment() {
  for (std::thread& worker : workers_) worker.join();
  for (auto& [finalizer, what] : finalizers) finalizer(this, what.first, what.second);
  for (auto hook = cleanups.rbegin(); hook != cleanups.rend(); ++hook) hook->function(hook->argument);
  for (hmodule::library& add_on : add_ons_) add_on.release();  // Node unloads none either
  hmodule_close(program_);
}

Value* Environment::load(const std::filesystem::path& file) {
  add_ons_.emplace_back(file);
  Value* const exports = make(Type::object);
  Value* const result = add_ons_.back().get<Value*(Environment*, Value*)>("napi_register_module_v1")(this, exports);
  return result != nullptr ? result : exports;
}

Value* Environment::call(Value* function, const std::vector<Value*>& arguments) {
  CallInfo info{function, make(Type::undefined), arguments};
  Value* const result = function->function(this, &info);
  return result != nullptr ? result : make(Type::undefined);
}

Value* Environment::await(Value* promise) {
  while (promise->promise == Value::Promise::pending) {
    std::function<void()> task;
    {
      const std::lock_guard lock(mutex_);
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (task)
      task();
    else
      std::this_thread::yield();
  }
  if (promise->promise != Value::Promise::rejected) return promise->settled;
  exception = promise->settled;
  return nullptr;
}

std::string Environment::thrown() {
  Value* const error = std::exchange(exception, nullptr);
  return error == nullptr ? "" : error->text;
}

Value* Environment::make(Type type) {
  Value& value = values_.emplace_back();
  value.type = type;
  return &value;
}
Value* Environment::number(double value) {
  Value* const result = make(Type::number);
  result->number = value;
  return result;
}
Value* Environment::text(const std::string& value) {
  Value* const result = make(Type::string);
  result->text = value;
  return result;
}
Value* Environment::buffer(const std::string& bytes) {
  Value* const result = make(Type::object);
  result->is_buffer = true;
  result->own.assign(bytes.begin(), bytes.end());
  result->data = result->own.data();
  result->size = bytes.size();
  return result;
}

void Environment::queue(const Work& work) {
  workers_.emplace_back([this, work] {
    work.execute(this, work.data);
    post([this, work] { work.complete(this, kOk, work.data); });
  });
}

void Environment::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
}

}  // namespace node
