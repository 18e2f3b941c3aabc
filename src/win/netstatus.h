// ntstatus.h: what goes wrong on the network.
#pragma once

#include "win/types.h"

namespace hmodule {

// clang-format off
inline constexpr NTSTATUS STATUS_DEVICE_NOT_READY = static_cast<NTSTATUS>(0xC00000A3);
inline constexpr NTSTATUS STATUS_UNEXPECTED_NETWORK_ERROR = static_cast<NTSTATUS>(0xC00000C4);
inline constexpr NTSTATUS STATUS_INVALID_CONNECTION = static_cast<NTSTATUS>(0xC0000140);
inline constexpr NTSTATUS STATUS_INVALID_ADDRESS_COMPONENT = static_cast<NTSTATUS>(0xC0000207);
inline constexpr NTSTATUS STATUS_ADDRESS_ALREADY_EXISTS = static_cast<NTSTATUS>(0xC000020A);
inline constexpr NTSTATUS STATUS_CONNECTION_RESET = static_cast<NTSTATUS>(0xC000020D);
inline constexpr NTSTATUS STATUS_CONNECTION_REFUSED = static_cast<NTSTATUS>(0xC0000236);
inline constexpr NTSTATUS STATUS_CONNECTION_ACTIVE = static_cast<NTSTATUS>(0xC000023B);
inline constexpr NTSTATUS STATUS_NETWORK_UNREACHABLE = static_cast<NTSTATUS>(0xC000023C);
inline constexpr NTSTATUS STATUS_HOST_UNREACHABLE = static_cast<NTSTATUS>(0xC000023D);
inline constexpr NTSTATUS STATUS_CONNECTION_ABORTED = static_cast<NTSTATUS>(0xC0000241);
// clang-format on

}  // namespace hmodule
