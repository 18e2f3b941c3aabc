// ONNX Runtime, through its C API: a convolutional network that the test writes, run by the Windows and the Linux build
// of one version. It starts its own threads, throws inside, and imports the C++ runtime.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "real_dll.h"

namespace {

using hmodule::i64;
using hmodule::u64;
namespace fs = std::filesystem;

// ---- A model, as onnx.proto has it ----

// A message of protocol buffers, built field by field.
class Message {
 public:
  Message& number(int field, u64 value) {
    varint(static_cast<u64>(field) << 3);
    varint(value);
    return *this;
  }
  Message& bytes(int field, const std::string& value) {
    varint(static_cast<u64>(field) << 3 | 2);
    varint(value.size());
    text_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.text_); }
  const std::string& text() const { return text_; }

 private:
  void varint(u64 value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

using Shape = std::vector<i64>;
u64 elements(const Shape& shape) {
  return static_cast<u64>(std::accumulate(shape.begin(), shape.end(), i64{1}, std::multiplies<>()));
}
// Repeatable values between -1 and 1.
std::vector<float> values(u64 count, unsigned seed) {
  std::vector<float> all(count);
  for (float& value : all) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<float>(static_cast<int>(seed >> 8) - (1 << 23)) / static_cast<float>(1 << 23);
  }
  return all;
}

Message value_info(const std::string& name, const Shape& shape) {
  Message dimensions;
  for (const i64 size : shape) dimensions.message(1, Message().number(1, static_cast<u64>(size)));
  const Message tensor = Message().number(1, 1).message(2, dimensions);  // of floats
  return Message().bytes(1, name).message(2, Message().message(1, tensor));
}
Message weights(const std::string& name, const Shape& shape, float scale, unsigned seed) {
  Message tensor;
  for (const i64 size : shape) tensor.number(1, static_cast<u64>(size));
  std::vector<float> all = values(elements(shape), seed);
  for (float& value : all) value *= scale;
  const std::string raw(reinterpret_cast<const char*>(all.data()), all.size() * sizeof(float));
  return tensor.number(2, 1).bytes(8, name).bytes(9, raw);
}
Message integers(const std::string& name, const Shape& all) {
  Message attribute = Message().bytes(1, name).number(20, 7);
  for (const i64 value : all) attribute.number(8, static_cast<u64>(value));
  return attribute;
}
Message node(const std::string& operation, const std::vector<std::string>& inputs, const std::string& output,
             const std::vector<Message>& attributes = {}) {
  Message result;
  for (const std::string& input : inputs) result.bytes(1, input);
  result.bytes(2, output).bytes(3, "to " + output).bytes(4, operation);
  for (const Message& attribute : attributes) result.message(5, attribute);
  return result;
}

const Shape kImage{1, 3, 64, 64};
constexpr i64 kClasses = 10;

std::string model(const std::string& last = "Softmax") {
  const Message pads = integers("pads", {1, 1, 1, 1}), window = integers("kernel_shape", {2, 2}),
                strides = integers("strides", {2, 2});
  Message graph;
  graph.message(1, node("Conv", {"image", "w1", "b1"}, "c1", {pads}))
      .message(1, node("Relu", {"c1"}, "r1"))
      .message(1, node("MaxPool", {"r1"}, "p1", {window, strides}))
      .message(1, node("Conv", {"p1", "w2", "b2"}, "c2", {pads}))
      .message(1, node("Sigmoid", {"c2"}, "r2"))
      .message(1, node("AveragePool", {"r2"}, "p2", {window, strides}))
      .message(1, node("Flatten", {"p2"}, "flat"))
      .message(1, node("MatMul", {"flat", "w3"}, "m"))
      .message(1, node("Add", {"m", "b3"}, "logits"))
      .message(1, node(last, {"logits"}, "classes"))
      .bytes(2, "network")
      .message(5, weights("w1", {16, 3, 3, 3}, 0.3F, 1))
      .message(5, weights("b1", {16}, 0.1F, 2))
      .message(5, weights("w2", {32, 16, 3, 3}, 0.1F, 3))
      .message(5, weights("b2", {32}, 0.1F, 4))
      .message(5, weights("w3", {32 * 16 * 16, kClasses}, 0.05F, 5))
      .message(5, weights("b3", {kClasses}, 0.1F, 6))
      .message(11, value_info("image", kImage))
      .message(12, value_info("classes", {1, kClasses}));
  return Message().number(1, 8).message(8, Message().number(2, 17)).message(7, graph).text();
}

// ---- The C API (onnxruntime_c_api.h): a table of functions ----

enum Slot : unsigned {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetIntraOpNumThreads = 24,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kCreateCpuMemoryInfo = 69,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseSessionOptions = 100,
};

class WindowsBuild {
 public:
  using Character = char16_t;
  template <typename R, typename... Args>
  static R call(const void* function, Args... arguments) {
    return reinterpret_cast<R(HM_WINAPI*)(Args...)>(const_cast<void*>(function))(arguments...);
  }
  const void* base() const { return library_.get<const void*()>("OrtGetApiBase")(); }

 private:
  hmodule::library library_{fs::path(REAL_DLLS) / "onnxruntime.dll"};
};

class LinuxBuild {
 public:
  using Character = char;
  template <typename R, typename... Args>
  static R call(const void* function, Args... arguments) {
    return reinterpret_cast<R (*)(Args...)>(const_cast<void*>(function))(arguments...);
  }
  const void* base() const { return reinterpret_cast<const void* (*)()>(dlsym(handle_, "OrtGetApiBase"))(); }

 private:
  void* handle_ = dlopen((fs::path(REAL_DLLS) / "libonnxruntime.so.1").c_str(), RTLD_NOW | RTLD_LOCAL);
};

template <typename Build>
class Runtime {
 public:
  Runtime() {
    EXPECT_EQ(done(ask<void*>(kCreateEnv, 3, "test", &environment_)), "");
    EXPECT_EQ(done(ask<void*>(kCreateCpuMemoryInfo, 1, 0, &memory_)), "");
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() {
    ask<void>(kReleaseMemoryInfo, memory_);
    ask<void>(kReleaseEnv, environment_);
  }

  std::string version() const { return Build::template call<const char*>(base_[1]); }

  // The message of a failure, or nothing.
  std::string open(const std::string& bytes, int threads, void** session) {
    return with_options(threads, [&](void* options) {
      return ask<void*>(kCreateSessionFromArray, environment_, bytes.data(), bytes.size(), options, session);
    });
  }
  std::string open(const fs::path& file, int threads, void** session) {
    const auto name = file.string<typename Build::Character>();
    return with_options(threads, [&](void* options) {
      return ask<void*>(kCreateSession, environment_, name.c_str(), options, session);
    });
  }
  void close(void* session) { ask<void>(kReleaseSession, session); }

  std::vector<float> run(void* session, std::vector<float> image) {
    const char* const inputs[] = {"image"};
    const char* const outputs[] = {"classes"};
    void *input = nullptr, *output = nullptr;
    float* classes = nullptr;
    EXPECT_EQ(done(ask<void*>(kCreateTensorWithDataAsOrtValue, memory_, image.data(), image.size() * sizeof(float),
                              kImage.data(), kImage.size(), 1, &input)),
              "");
    EXPECT_EQ(done(ask<void*>(kRun, session, nullptr, inputs, &input, u64{1}, outputs, u64{1}, &output)), "");
    EXPECT_EQ(done(ask<void*>(kGetTensorMutableData, output, &classes)), "");
    std::vector<float> result(classes, classes + kClasses);
    ask<void>(kReleaseValue, output);
    ask<void>(kReleaseValue, input);
    return result;
  }
  std::string run_with(void* session, const char* name) {
    void *input = nullptr, *output = nullptr;
    const char* const outputs[] = {"classes"};
    std::vector<float> image(elements(kImage));
    done(ask<void*>(kCreateTensorWithDataAsOrtValue, memory_, image.data(), image.size() * sizeof(float), kImage.data(),
                    kImage.size(), 1, &input));
    std::string message = done(ask<void*>(kRun, session, nullptr, &name, &input, u64{1}, outputs, u64{1}, &output));
    ask<void>(kReleaseValue, input);
    return message;
  }

 private:
  template <typename R, typename... Args>
  R ask(Slot slot, Args... arguments) const {
    return Build::template call<R>(api_[slot], arguments...);
  }
  std::string done(void* status) const {
    if (status == nullptr) return "";
    std::string message = ask<const char*>(kGetErrorMessage, status);
    ask<void>(kReleaseStatus, status);
    return message;
  }
  template <typename Create>
  std::string with_options(int threads, Create create) {
    void* options = nullptr;
    EXPECT_EQ(done(ask<void*>(kCreateSessionOptions, &options)), "");
    EXPECT_EQ(done(ask<void*>(kSetIntraOpNumThreads, options, threads)), "");
    const std::string message = done(create(options));
    ask<void>(kReleaseSessionOptions, options);
    return message;
  }

  Build build_;
  const void* const* base_ = static_cast<const void* const*>(build_.base());
  const void* const* api_ = Build::template call<const void* const*>(base_[0], std::uint32_t{22});
  void *environment_ = nullptr, *memory_ = nullptr;
};

std::vector<std::vector<float>> images() {
  std::vector<std::vector<float>> all;
  for (unsigned seed = 100; seed < 108; ++seed) all.push_back(values(elements(kImage), seed));
  return all;
}

TEST(OnnxRuntime, ANetworkGivesWhatItsLinuxBuildGives) {
  NEED("onnxruntime.dll");
  NEED("libonnxruntime.so.1");
  Runtime<WindowsBuild> windows;
  Runtime<LinuxBuild> linux_build;
  ASSERT_EQ(windows.version(), linux_build.version());
  for (const int threads : {1, 2}) {
    void *ours = nullptr, *theirs = nullptr;
    ASSERT_EQ(windows.open(model(), threads, &ours), "");
    ASSERT_EQ(linux_build.open(model(), threads, &theirs), "");
    for (const std::vector<float>& image : images()) {
      const std::vector<float> classes = windows.run(ours, image);
      EXPECT_EQ(classes, linux_build.run(theirs, image)) << threads << " threads";
      EXPECT_NEAR(std::accumulate(classes.begin(), classes.end(), 0.0), 1.0, 1e-5);
    }
    windows.close(ours);
    linux_build.close(theirs);
  }
}

TEST(OnnxRuntime, ReadsAModelFromAFile) {
  NEED("onnxruntime.dll");
  Runtime<WindowsBuild> windows;
  const fs::path file = fs::temp_directory_path() / ("hmodule-\u00e9-" + std::to_string(getpid()) + ".onnx");
  std::ofstream(file, std::ios::binary) << model();
  void *from_file = nullptr, *from_memory = nullptr;
  EXPECT_EQ(windows.open(file, 1, &from_file), "");
  fs::remove(file);
  ASSERT_EQ(windows.open(model(), 1, &from_memory), "");
  ASSERT_NE(from_file, nullptr);
  EXPECT_EQ(windows.run(from_file, images()[0]), windows.run(from_memory, images()[0]));
  windows.close(from_file);
  windows.close(from_memory);
}

TEST(OnnxRuntime, RefusesAsItsLinuxBuildDoes) {
  NEED("onnxruntime.dll");
  NEED("libonnxruntime.so.1");
  Runtime<WindowsBuild> windows;
  Runtime<LinuxBuild> linux_build;
  for (const std::string& broken : {std::string("no model"), std::string(), model("NoSuchOperator"),
                                    model().substr(0, 5000), model("Conv"), model("MatMul")}) {
    void* session = nullptr;
    const std::string message = windows.open(broken, 1, &session);
    EXPECT_NE(message, "");
    EXPECT_EQ(session, nullptr);
    EXPECT_EQ(message, linux_build.open(broken, 1, &session));
  }
  void *ours = nullptr, *theirs = nullptr;
  ASSERT_EQ(windows.open(model(), 1, &ours), "");
  ASSERT_EQ(linux_build.open(model(), 1, &theirs), "");
  const std::string message = windows.run_with(ours, "nosuch");
  EXPECT_NE(message.find("nosuch"), std::string::npos) << message;
  EXPECT_EQ(message, linux_build.run_with(theirs, "nosuch"));
  windows.close(ours);
  linux_build.close(theirs);
}

TEST(OnnxRuntime, OneSessionOnFourThreadsOfTheHost) {
  NEED("onnxruntime.dll");
  Runtime<WindowsBuild> windows;
  void* session = nullptr;
  ASSERT_EQ(windows.open(model(), 2, &session), "");
  const auto all = images();
  std::vector<std::vector<float>> expected;
  for (const auto& image : all) expected.push_back(windows.run(session, image));
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < 4; ++number)
    threads.emplace_back([&, number] {
      for (unsigned i = 0; i < 50; ++i) {
        const unsigned which = (i + number) % all.size();
        EXPECT_EQ(windows.run(session, all[which]), expected[which]);
      }
    });
  for (std::thread& thread : threads) thread.join();
  windows.close(session);
}

}  // namespace
