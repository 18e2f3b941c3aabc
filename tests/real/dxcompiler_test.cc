// The DirectX shader compiler: a fork of LLVM behind COM-style interfaces. It has no Linux build in its package; its
// own disassembler, and the container's checksum of parts, say that what it makes is a shader.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "real_dll.h"

namespace {

using hmodule::u64;
namespace fs = std::filesystem;

// ---- dxcapi.h ----

struct Guid {
  std::uint32_t first;
  std::uint16_t second, third;
  unsigned char rest[8];
};
constexpr Guid kDxcCompiler{0x73E22D93, 0xE6CE, 0x47F3, {0xB5, 0xBF, 0xF0, 0x66, 0x4F, 0x39, 0xC1, 0xB0}};
constexpr Guid kIDxcCompiler3{0x228B4687, 0x5A6A, 0x4730, {0x90, 0x0C, 0x97, 0x02, 0xB2, 0x20, 0x3F, 0x54}};
constexpr Guid kIDxcResult{0x58346CDA, 0xDDE7, 0x4497, {0x94, 0x61, 0x6F, 0x87, 0xAF, 0x5E, 0x06, 0x59}};
constexpr Guid kIDxcBlob{0x8BA5FB08, 0x5195, 0x40E2, {0xAC, 0x58, 0x0D, 0x98, 0x9C, 0x3A, 0x01, 0x02}};

struct DxcBuffer {
  const void* text;
  u64 size;
  std::uint32_t encoding;
};
constexpr std::uint32_t kUtf8 = 65001;

enum Method : unsigned {
  kRelease = 2,
  kBlobPointer = 3,
  kBlobSize = 4,
  kCompile = 3,      // IDxcCompiler3
  kDisassemble = 4,  // the same
  kStatus = 3,       // IDxcResult
  kOutput = 7,       // the same
};
enum Output : std::uint32_t { kObject = 1, kErrors = 2, kDisassembly = 5 };

// A reference to an object with a table of methods.
class Object {
 public:
  Object() = default;
  Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Object() {
    if (object_ != nullptr) call<std::uint32_t>(kRelease);
  }
  explicit operator bool() const { return object_ != nullptr; }
  void** room() { return &object_; }
  template <typename R = std::int32_t, typename... Args>
  R call(Method method, Args... arguments) const {
    auto* const function = (*static_cast<void***>(object_))[method];
    return reinterpret_cast<R(HM_WINAPI*)(void*, Args...)>(function)(object_, arguments...);
  }

 private:
  void* object_ = nullptr;
};

struct Compiled {
  std::int32_t status = -1;
  std::string object, errors;
};

class Compiler {
 public:
  Compiler() {
    EXPECT_EQ(library_.get<std::int32_t(const Guid*, const Guid*, void**)>("DxcCreateInstance")(
                  &kDxcCompiler, &kIDxcCompiler3, compiler_.room()),
              0);
  }

  Compiled compile(const std::string& source, std::vector<const char16_t*> options) const {
    const DxcBuffer buffer{source.data(), source.size(), kUtf8};
    Object result;
    Compiled compiled;
    EXPECT_EQ(compiler_.call(kCompile, &buffer, options.data(), static_cast<std::uint32_t>(options.size()), nullptr,
                             &kIDxcResult, result.room()),
              0);
    if (!result) return compiled;
    EXPECT_EQ(result.call(kStatus, &compiled.status), 0);
    compiled.object = output(result, kObject);
    compiled.errors = output(result, kErrors);
    return compiled;
  }
  std::string disassemble(const std::string& object) const {
    const DxcBuffer buffer{object.data(), object.size(), 0};
    Object result;
    EXPECT_EQ(compiler_.call(kDisassemble, &buffer, &kIDxcResult, result.room()), 0);
    return result ? output(result, kDisassembly) : "";
  }

 private:
  static std::string output(const Object& result, Output kind) {
    Object blob;
    if (result.call(kOutput, kind, &kIDxcBlob, blob.room(), nullptr) != 0 || !blob) return "";
    return {blob.call<const char*>(kBlobPointer), blob.call<u64>(kBlobSize)};
  }

  hmodule::library library_{fs::path(REAL_DLLS) / "dxcompiler.dll"};
  Object compiler_;
};

// ---- Shaders ----

const char* const kPixelShader = R"(
Texture2D<float4> picture : register(t0);
SamplerState smooth : register(s0);
cbuffer Constants : register(b0) { float4 tint; float gain; };

float4 main(float4 position : SV_Position, float2 at : TEXCOORD0) : SV_Target {
  float4 sum = 0;
  [unroll] for (int i = -1; i <= 1; ++i) sum += picture.Sample(smooth, at + float2(i, 0) * 0.01);
  return pow(sum / 3, gain) * tint;
}
)";

const char* const kComputeShader = R"(
RWStructuredBuffer<float> values : register(u0);
groupshared float shared_values[64];

[numthreads(64, 1, 1)]
void main(uint3 id : SV_DispatchThreadID, uint index : SV_GroupIndex) {
  shared_values[index] = values[id.x];
  for (uint step = 32; step > 0; step >>= 1) {
    GroupMemoryBarrierWithGroupSync();
    if (index < step) shared_values[index] += shared_values[index + step];
  }
  if (index == 0) values[id.x / 64] = shared_values[0];
}
)";

// The four-letter names of a container's parts.
std::vector<std::string> parts(const std::string& container) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    if (at + sizeof value <= container.size()) std::memcpy(&value, container.data() + at, sizeof value);
    return value;
  };
  std::vector<std::string> names;
  if (container.substr(0, 4) != "DXBC" || number(24) != container.size()) return names;
  for (std::uint32_t i = 0; i < number(28); ++i) names.push_back(container.substr(number(32 + 4 * i), 4));
  return names;
}

TEST(DxCompiler, CompilesShaders) {
  NEED("dxcompiler.dll");
  const Compiler compiler;
  const Compiled pixel = compiler.compile(kPixelShader, {u"-E", u"main", u"-T", u"ps_6_0"});
  EXPECT_EQ(pixel.status, 0) << pixel.errors;
  const auto names = parts(pixel.object);
  for (const char* part : {"DXIL", "ISG1", "OSG1", "PSV0"})
    EXPECT_NE(std::find(names.begin(), names.end(), part), names.end()) << part;
  const std::string text = compiler.disassemble(pixel.object);
  EXPECT_NE(text.find("call %dx.types.ResRet.f32 @dx.op.sample.f32"), std::string::npos) << text;
  EXPECT_NE(text.find("define void @main()"), std::string::npos);

  const Compiled compute = compiler.compile(kComputeShader, {u"-E", u"main", u"-T", u"cs_6_6", u"-O3"});
  EXPECT_EQ(compute.status, 0) << compute.errors;
  EXPECT_NE(compiler.disassemble(compute.object).find("@dx.op.barrier"), std::string::npos);
}

TEST(DxCompiler, SaysWhatIsWrong) {
  NEED("dxcompiler.dll");
  const Compiler compiler;
  const Compiled missing = compiler.compile("float4 main() : SV_Target { return missing; }",
                                            {u"broken.hlsl", u"-E", u"main", u"-T", u"ps_6_0"});
  EXPECT_LT(missing.status, 0);
  EXPECT_EQ(missing.object, "");
  EXPECT_NE(missing.errors.find("broken.hlsl:1:36: error: use of undeclared identifier 'missing'"), std::string::npos)
      << missing.errors;
  const Compiled no_entry = compiler.compile("void f() {}", {u"-E", u"main", u"-T", u"ps_6_0"});
  EXPECT_LT(no_entry.status, 0);
  EXPECT_NE(no_entry.errors.find("missing entry point definition"), std::string::npos) << no_entry.errors;
  const Compiled no_profile = compiler.compile(kPixelShader, {u"-E", u"main", u"-T", u"zz_6_0"});
  EXPECT_LT(no_profile.status, 0);
  const Compiled right = compiler.compile(kPixelShader, {u"-E", u"main", u"-T", u"ps_6_0"});
  EXPECT_EQ(right.status, 0) << right.errors;  // the wrong ones left no harm
}

TEST(DxCompiler, FourThreadsCompileTheSame) {
  NEED("dxcompiler.dll");
  const Compiler one;
  const Compiled expected = one.compile(kComputeShader, {u"-E", u"main", u"-T", u"cs_6_0"});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const Compiler own;
      for (int round = 0; round < 5; ++round)
        EXPECT_EQ(own.compile(kComputeShader, {u"-E", u"main", u"-T", u"cs_6_0"}).object, expected.object);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
