// Unwinds from places in a file's functions over a stack that is part of the input. Nothing outside the image and the
// stack may be read, whatever the unwind data say, and each walk must end.
#include "unwind/virtual_unwind.h"

#include "pe/exceptions.h"

#include "fuzz.h"

#include <algorithm>

using namespace hmodule;

namespace {

constexpr std::size_t kStackSize = 0x400;

// From `pc`, with every register pointing somewhere into the stack, for as many frames as there are.
void walk(std::uintptr_t pc, std::span<std::byte> stack) {
  const auto bottom = reinterpret_cast<std::uintptr_t>(stack.data());
  const unwind::AddressRange range{bottom, bottom + stack.size()};
  CONTEXT context{};
  for (unsigned number = 0; number < 16; ++number) context.reg(number) = bottom + number * 0x18;
  context.Rsp = bottom;
  context.Rip = pc;
  for (int frames = 0; frames < 32 && context.Rip != 0; ++frames) {
    const unwind::FunctionEntry entry = unwind::find_function(context.Rip);
    if (entry.image_base == 0) return;
    KNONVOLATILE_CONTEXT_POINTERS pointers{};
    const auto found = unwind::virtual_unwind(range, unwind::kExceptionHandler, entry.image_base, context.Rip,
                                              entry.function, context, &pointers);
    if (context.Rip == 0) return;
    for (const ULONGLONG* place : pointers.IntegerContext)
      if (place != nullptr && !range.holds(reinterpret_cast<std::uintptr_t>(place), sizeof *place)) __builtin_trap();
    if (found.routine != nullptr &&
        unwind::find_function(reinterpret_cast<std::uintptr_t>(found.routine)).image_base == 0)
      __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = pe::Image::parse(fuzz::bytes(data, size));
  constexpr std::uint32_t kLargest = 1 << 20;
  if (!file || file->size_of_image() > kLargest) return 0;
  std::vector<std::byte> memory = fuzz::in_memory(*file);
  const auto functions = pe::exception_table(file->in_memory(memory));
  if (!functions) return 0;

  const auto base = reinterpret_cast<std::uintptr_t>(memory.data());
  auto* const table = reinterpret_cast<RUNTIME_FUNCTION*>(const_cast<pe::RuntimeFunction*>(functions->data()));
  if (!unwind::add_image({base, memory.size(), table, functions->size()})) return 0;
  // The stack's words: the end of the file, half of them turned into addresses of the image, so that walks go on.
  std::vector<std::byte> stack(kStackSize);
  std::memcpy(stack.data(), data + size - std::min(size, kStackSize), std::min(size, kStackSize));
  for (std::size_t at = 0; at < kStackSize; at += 16) {
    std::uint64_t word;
    std::memcpy(&word, &stack[at], sizeof word);
    word = base + word % memory.size();
    std::memcpy(&stack[at], &word, sizeof word);
  }
  const std::size_t count = std::min<std::size_t>(functions->size(), 64);
  for (std::size_t i = 0; i < count; ++i) {
    RUNTIME_FUNCTION function;
    std::memcpy(&function, static_cast<const void*>(table + i), sizeof function);
    for (const std::uint32_t offset : {0U, 1U, 4U, 10U, 11U, 15U, 16U})
      walk(base + function.BeginAddress + offset, stack);
    walk(base + function.EndAddress - 1, stack);
  }
  unwind::remove_image(base);
  return 0;
}
