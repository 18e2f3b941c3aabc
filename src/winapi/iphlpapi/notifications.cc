// iphlpapi.h, netioapi.h: being told of changes. Callbacks come from threads of the process's pool, one after the other
// for each registration.
#include "module/builtin.h"
#include "nt/file.h"
#include "nt/handle_table.h"
#include "nt/kernel_section.h"
#include "nt/thread_pool.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/common/overlapped.h"
#include "winapi/iphlpapi/changes.h"
#include "winapi/iphlpapi/netioapi.h"

#include <unistd.h>

#include <deque>
#include <map>
#include <mutex>

namespace hmodule::winapi {
namespace {

constexpr DWORD kInvalidParameter = 87;
constexpr USHORT kAny = 0, kInet = 2, kInet6 = 23;

using Of = NetworkChange::Of;
using Callback = HM_WINAPI void (*)(void* context, const void* row, DWORD kind);

USHORT windows_family(int family) {
  return family == AF_INET ? kInet : kInet6;
}

// --- Registrations ---

class Registration final : public NetworkListener, public std::enable_shared_from_this<Registration> {
 public:
  Registration(Of of, USHORT family, Callback callback, void* context)
      : of_(of), family_(family), callback_(callback), context_(context) {}

  // The item keeps the registration, as callbacks under way keep the item.
  void begin() {
    item_ = nt::make_object<nt::PoolItem>([self = shared_from_this()](nt::PoolInstance&, nt::PoolItem&,
                                                                      const nt::PoolResult&) {
              self->tell();
            }).detach();
  }

  void changed(const NetworkChange& change) override {
    if (change.of == of_ && (family_ == kAny || family_ == windows_family(change.family))) queue(change);
  }

  void queue(const NetworkChange& change) {
    const std::lock_guard guard(mutex_);
    if (cancelled_) return;
    waiting_.push_back(change);
    if (telling_) return;
    telling_ = static_cast<bool>(item_->submit());
  }

  // Afterwards no callback runs, but the one that this is called from.
  void cancel() {
    {
      const std::lock_guard guard(mutex_);
      cancelled_ = true;
      waiting_.clear();
    }
    if (teller_ != ::gettid()) item_->wait_until_idle();
    item_->close();
  }

 private:
  void tell() {
    teller_ = ::gettid();
    while (const auto change = next()) call(*change);
    teller_ = 0;
  }

  std::optional<NetworkChange> next() {
    const std::lock_guard guard(mutex_);
    telling_ = !waiting_.empty();
    if (!telling_) return std::nullopt;
    const NetworkChange change = waiting_.front();
    waiting_.pop_front();
    return change;
  }

  // The first call has no row. Of the others' rows only what names the thing is filled in, as Windows has it.
  void call(const NetworkChange& change) {
    if (change.kind == NetworkChange::MibInitialNotification) {
      thread::call(callback_, context_, static_cast<const void*>(nullptr), DWORD{change.kind});
    } else if (of_ == Of::interface) {
      MIB_IPINTERFACE_ROW row = {};
      row.Family = windows_family(change.family);
      row.InterfaceLuid = change.luid;
      row.InterfaceIndex = change.index;
      thread::call(callback_, context_, static_cast<const void*>(&row), DWORD{change.kind});
    } else if (of_ == Of::address) {
      MIB_UNICASTIPADDRESS_ROW row = {};
      to_windows(change.address, row.Address);
      row.InterfaceLuid = change.luid;
      row.InterfaceIndex = change.index;
      thread::call(callback_, context_, static_cast<const void*>(&row), DWORD{change.kind});
    } else {
      MIB_IPFORWARD_ROW2 row = {};
      row.InterfaceLuid = change.luid;
      row.InterfaceIndex = change.index;
      to_windows(change.address, row.DestinationPrefix.Prefix);
      row.DestinationPrefix.PrefixLength = static_cast<BYTE>(change.prefix);
      to_windows(change.gateway, row.NextHop);
      thread::call(callback_, context_, static_cast<const void*>(&row), DWORD{change.kind});
    }
  }

  const Of of_;
  const USHORT family_;
  const Callback callback_;
  void* const context_;
  nt::PoolItem* item_ = nullptr;
  nt::KernelMutex mutex_;
  std::deque<NetworkChange> waiting_;
  bool telling_ = false, cancelled_ = false;
  std::atomic<pid_t> teller_{0};
};

// Those that are not cancelled, by their handles.
class Registrations {
 public:
  void add(std::shared_ptr<Registration> registration) {
    const std::lock_guard guard(mutex_);
    void* const handle = registration.get();
    list_.emplace(handle, std::move(registration));
  }
  std::shared_ptr<Registration> take(HANDLE handle) {
    const std::lock_guard guard(mutex_);
    auto found = list_.extract(handle);
    return found.empty() ? nullptr : std::move(found.mapped());
  }

 private:
  nt::KernelMutex mutex_;
  std::map<HANDLE, std::shared_ptr<Registration>> list_;
};

Registrations& registrations() {
  static auto* const instance = new Registrations;
  return *instance;
}

DWORD notify(Of of, USHORT family, Callback callback, void* context, BOOLEAN initially, HANDLE* handle,
             const char* function = __builtin_FUNCTION()) {
  if (callback == nullptr || handle == nullptr || (family != kAny && family != kInet && family != kInet6))
    return kInvalidParameter;
  auto registration = std::make_shared<Registration>(of, family, callback, context);
  registration->begin();
  if (const Status listening = listen_to_network(registration); !listening) {
    registration->cancel();
    trace_failure(function, listening.error());
    return listening.error().code();
  }
  *handle = registration.get();
  registrations().add(registration);
  if (initially != 0) registration->queue({of, NetworkChange::MibInitialNotification, 0, 0, 0});
  return 0;
}

HM_WINAPI DWORD NotifyIpInterfaceChange(USHORT family, Callback callback, void* context, BOOLEAN initially,
                                        HANDLE* handle) noexcept {
  return notify(Of::interface, family, callback, context, initially, handle);
}
HM_WINAPI DWORD NotifyUnicastIpAddressChange(USHORT family, Callback callback, void* context, BOOLEAN initially,
                                             HANDLE* handle) noexcept {
  return notify(Of::address, family, callback, context, initially, handle);
}
HM_WINAPI DWORD NotifyRouteChange2(USHORT family, Callback callback, void* context, BOOLEAN initially,
                                   HANDLE* handle) noexcept {
  return notify(Of::route, family, callback, context, initially, handle);
}

HM_WINAPI DWORD CancelMibChangeNotify2(HANDLE handle) noexcept {
  const auto registration = registrations().take(handle);
  if (registration == nullptr) return kInvalidParameter;
  registration->cancel();
  return 0;
}

// --- The older functions: one overlapped operation for each change of IPv4 ---

class NetworkFile final : public nt::File {
 public:
  NetworkFile() : nt::File(FILE_READ_DATA, 0) {}
  ULONG device_type() const override { return 0x12; }  // FILE_DEVICE_NETWORK

  // `code` says of what.
  Result<nt::IoResult> control(ULONG code, std::span<const std::byte>, std::span<std::byte>,
                               nt::IoNotice& notice) override {
    set_signalled(false);
    const std::lock_guard guard(mutex_);
    requests_.push_back({static_cast<Of>(code), notice});
    return nt::IoResult{STATUS_PENDING, 0};
  }
  bool cancel(const nt::Thread* thread, const IO_STATUS_BLOCK* status_block) override {
    return end({STATUS_CANCELLED, 0}, [=](const Request& each) {
      return (thread == nullptr || each.notice.thread.get() == thread) &&
             (status_block == nullptr || each.notice.status_block == status_block);
    });
  }
  void changed(const NetworkChange& change) {
    if (change.family == AF_INET) end({}, [&](const Request& each) { return each.of == change.of; });
  }

 private:
  struct Request {
    Of of;
    nt::IoNotice notice;
  };

  template <typename Which>
  bool end(const nt::IoResult& result, Which which) {
    std::vector<Request> ended;
    {
      const std::lock_guard guard(mutex_);
      const auto stay = std::stable_partition(requests_.begin(), requests_.end(), std::not_fn(which));
      std::move(stay, requests_.end(), std::back_inserter(ended));
      requests_.erase(stay, requests_.end());
    }
    for (Request& each : ended) complete(each.notice, result, true);
    return !ended.empty();
  }

  nt::KernelMutex mutex_;
  std::vector<Request> requests_;
};

// The device that the operations are done on: opened once, and never closed.
class NetworkDevice final : public NetworkListener, public std::enable_shared_from_this<NetworkDevice> {
 public:
  static NetworkDevice& instance() {
    static const auto* const device = new auto(std::make_shared<NetworkDevice>());
    return **device;
  }
  Result<HANDLE> open() {
    const std::lock_guard guard(mutex_);
    if (handle_ == nullptr) {
      TRY(listen_to_network(shared_from_this()));
      handle_ = TRY(nt::handles().insert(file_, FILE_READ_DATA | nt::SYNCHRONIZE));
    }
    return handle_;
  }
  bool cancel(const OVERLAPPED* overlapped) const {
    return file_->cancel(nullptr, reinterpret_cast<const IO_STATUS_BLOCK*>(overlapped));
  }
  void changed(const NetworkChange& change) override { file_->changed(change); }

 private:
  const nt::Ref<NetworkFile> file_ = nt::make_object<NetworkFile>();
  nt::KernelMutex mutex_;
  HANDLE handle_ = nullptr;
};

DWORD wait_for_change(Of of, HANDLE* handle, OVERLAPPED* overlapped) {
  if (overlapped != nullptr && handle == nullptr) return kInvalidParameter;
  const bool done = succeed([&]() -> Status {
                      const HANDLE device = TRY(NetworkDevice::instance().open());
                      IO_STATUS_BLOCK block = {};
                      if (overlapped != nullptr) *handle = device;
                      const nt::IoTarget target = target_of(overlapped, block);
                      const NTSTATUS status = TRY(nt::control_file(device, target, static_cast<ULONG>(of), {}, {}));
                      if (status == STATUS_PENDING) return fail(STATUS_PENDING, "the operation goes on");
                      return ok;
                    }) != FALSE;
  return done ? 0 : thread::last_error();
}

HM_WINAPI DWORD NotifyAddrChange(HANDLE* handle, OVERLAPPED* overlapped) noexcept {
  return wait_for_change(Of::address, handle, overlapped);
}
HM_WINAPI DWORD NotifyRouteChange(HANDLE* handle, OVERLAPPED* overlapped) noexcept {
  return wait_for_change(Of::route, handle, overlapped);
}
HM_WINAPI BOOL CancelIPChangeNotify(OVERLAPPED* overlapped) noexcept {
  return succeed([&]() -> Status {
    if (overlapped == nullptr) return fail(STATUS_INVALID_PARAMETER, "no OVERLAPPED");
    if (!NetworkDevice::instance().cancel(overlapped)) return fail(STATUS_NOT_FOUND, "no notification to cancel");
    return ok;
  });
}

const Export kRows[] = {
    {"CancelIPChangeNotify", proc(CancelIPChangeNotify)},
    {"CancelMibChangeNotify2", proc(CancelMibChangeNotify2)},
    {"NotifyAddrChange", proc(NotifyAddrChange)},
    {"NotifyIpInterfaceChange", proc(NotifyIpInterfaceChange)},
    {"NotifyRouteChange", proc(NotifyRouteChange)},
    {"NotifyRouteChange2", proc(NotifyRouteChange2)},
    {"NotifyUnicastIpAddressChange", proc(NotifyUnicastIpAddressChange)},
};

}  // namespace

extern const ExportTable notifications_exports = kRows;

}  // namespace hmodule::winapi
