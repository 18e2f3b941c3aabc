#include "pe/load_config.h"

namespace hmodule::pe {

Result<std::optional<LoadConfig>> load_config(const Image& image) {
  const Rva where = image.directory(kDirectoryLoadConfig).rva;
  if (!where || image.is_pe32()) return std::optional<LoadConfig>();
  LoadConfig config;
  config.size = TRY(image.read<std::uint32_t>(where));
  LoadConfigDirectory64 record{};
  const Bytes present = TRY(image.from(where));
  std::memcpy(&record, present.data(), std::min<std::size_t>({config.size, present.size(), sizeof record}));

  config.dependent_load_flags = record.DependentLoadFlags;
  config.guard_flags = record.GuardFlags;
  config.security_cookie = record.SecurityCookie;
  config.guard_cf_check = record.GuardCFCheckFunctionPointer;
  config.guard_cf_dispatch = record.GuardCFDispatchFunctionPointer;
  config.guard_xfg_check = record.GuardXFGCheckFunctionPointer;
  config.guard_xfg_dispatch = record.GuardXFGDispatchFunctionPointer;
  config.guard_xfg_table_dispatch = record.GuardXFGTableDispatchFunctionPointer;
  return std::optional<LoadConfig>(config);
}

}  // namespace hmodule::pe
