#include "nt/inheritance.h"

#include "base/trace.h"
#include "base/utf.h"
#include "nt/handle_table.h"
#include "nt/heap.h"
#include "nt/host_file.h"
#include "nt/io_error.h"
#include "nt/names.h"
#include "nt/pipe_bridge.h"
#include "nt/process.h"
#include "nt/socket.h"
#include "thread/peb.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

namespace hmodule::nt {
namespace {

enum class Kind : std::uint32_t { file, socket, shared, process };

struct Record {
  std::uint32_t handle = 0;
  Kind kind = Kind::file;
  ACCESS_MASK access = 0;
  ULONG attributes = 0, options = 0;
  std::int32_t descriptor = -1;
  std::int32_t family = 0, type = 0, protocol = 0;  // a socket's
  std::uint32_t state = 0;                          // a socket's; a process's id
  std::uint32_t name_size = 0;                      // bytes of what follows: where a file is, which object it is
};

struct Header {
  std::array<std::uint32_t, 3> standard = {};
  std::array<ULONG, 9> window = {};
  std::uint32_t title_size = 0, runtime_data_size = 0;  // bytes; they follow, and then the records
};

// Above the child's own three.
Result<UniqueFd> copy_of(int descriptor) {
  constexpr int kAbove = 10;
  UniqueFd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, kAbove));
  if (!copy) return fail_errno("a descriptor for a child");
  return copy;
}

std::uint32_t number_of(HANDLE handle) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(handle));
}
HANDLE handle_of(std::uint32_t number) {
  return reinterpret_cast<HANDLE>(static_cast<std::intptr_t>(static_cast<std::int32_t>(number)));
}

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

void append(std::string& records, Record record, std::u16string_view name) {
  record.name_size = static_cast<std::uint32_t>(name.size() * sizeof(char16_t));
  records.append(bytes_of(record)).append(reinterpret_cast<const char*>(name.data()), record.name_size);
}

}  // namespace

Result<Inheritance> Inheritance::prepare(bool all, const std::optional<std::vector<HANDLE>>& only,
                                         const std::array<HANDLE, 3>& standard, const StartInfo& info) {
  Inheritance out;
  const std::string_view title(reinterpret_cast<const char*>(info.title.data()), info.title.size() * sizeof(char16_t));
  Header header = {.window = info.window,
                   .title_size = static_cast<std::uint32_t>(title.size()),
                   .runtime_data_size = static_cast<std::uint32_t>(info.runtime_data.size())};
  for (std::size_t i = 0; i < standard.size(); ++i) {
    header.standard[i] = number_of(standard[i]);
    if (std::find(standard.begin(), standard.begin() + i, standard[i]) != standard.begin() + i) continue;
    TRY(out.add_standard(standard[i], static_cast<int>(i)));
  }
  if (all && only) {
    for (const HANDLE handle : *only) {
      if ((TRY(handles().find(handle)).attributes & OBJ_INHERIT) == 0)
        return fail(STATUS_INVALID_PARAMETER, "handle {} of the list is not inheritable", handle);
    }
  }
  for (const HANDLE handle : all&& only ? *only : all ? handles().inheritable() : std::vector<HANDLE>()) {
    if (std::find(standard.begin(), standard.end(), handle) == standard.end()) TRY(out.add(handle));
  }
  out.list_ = UniqueFd(::memfd_create("hmodule-handles", MFD_CLOEXEC));
  if (!out.list_) return fail_errno("a memory file for a child's handles");
  std::string text(bytes_of(header));
  text.append(title).append(info.runtime_data).append(out.records_);
  if (::pwrite(out.list_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return fail_errno("write down a child's handles");
  return out;
}

Inheritance::~Inheritance() {
  for (const HANDLE handle : held_) static_cast<void>(handles().close(handle));
}

Status Inheritance::add_standard(HANDLE handle, int descriptor) {
  const auto entry = handles().find(handle);
  if (!entry || &entry->object->type() != &File::kType) return ok;
  append(records_,
         {.handle = number_of(handle),
          .access = entry->access,
          .attributes = entry->attributes,
          .options = FILE_SYNCHRONOUS_IO_NONALERT,
          .descriptor = descriptor},
         {});
  return ok;
}

Status Inheritance::add(HANDLE handle) {
  const auto entry = handles().find(handle);
  if (!entry) return ok;  // closed by another thread
  Object& object = *entry->object;
  Record record = {.handle = number_of(handle), .access = entry->access, .attributes = entry->attributes};
  std::u16string name;
  if (auto* const pipe = dynamic_cast<NamedPipe*>(&object)) {
    descriptors_.push_back(TRY(bridge_both_ways(Ref<NamedPipe>::share(*pipe))));
    record.options = pipe->options();
    record.descriptor = descriptors_.back().get();
  } else if (auto* const file = dynamic_cast<File*>(&object); file != nullptr && file->descriptor() >= 0) {
    descriptors_.push_back(TRY(copy_of(file->descriptor())));
    record.options = file->options();
    record.descriptor = descriptors_.back().get();
    if (auto full = file->full_path()) name = *std::move(full);
    if (const auto* const socket = dynamic_cast<const Socket*>(file)) {
      record.kind = Kind::socket;
      record.family = socket->kind().family, record.type = socket->kind().type;
      record.protocol = socket->kind().protocol;
      record.state = socket->state();
    }
  } else if (const auto* const process = dynamic_cast<const Process*>(&object)) {
    record.kind = Kind::process;
    record.state = process->id();
  } else if (const SharedObject* const shared = object.session_part()) {
    record.kind = Kind::shared;
    name = shared->name();
    held_.push_back(TRY(handles().duplicate(handle, 0, 0, DUPLICATE_SAME_ACCESS)));
  } else {
    trace::line(trace::Channel::nt, "handle {:#x} is not inherited: none is to a {}", record.handle,
                utf8(object.type().name));
    return ok;
  }
  append(records_, record, name);
  return ok;
}

namespace {

Result<Ref<Object>> object_of(const Record& record, std::u16string name) {
  switch (record.kind) {
    case Kind::file: {
      const bool is_standard = record.descriptor < 3;
      if (!is_standard) ::fcntl(record.descriptor, F_SETFD, FD_CLOEXEC);
      return Ref<Object>(TRY(HostFile::wrap(record.descriptor,
                                            is_standard ? HostFile::Ownership::borrowed : HostFile::Ownership::owned,
                                            record.access, record.options, std::move(name))));
    }
    case Kind::socket: {
      ::fcntl(record.descriptor, F_SETFD, FD_CLOEXEC);
      auto socket = make_object<Socket>(UniqueFd(record.descriptor),
                                        Socket::Kind{record.family, record.type, record.protocol}, record.options);
      socket->mark(record.state & ~(Socket::kSelecting | Socket::kClosed | Socket::kPolled));
      return Ref<Object>(std::move(socket));
    }
    case Kind::process:
      return Ref<Object>(TRY(Process::open(record.state)));
    case Kind::shared:
      return object_in_session(name);
  }
  return fail(STATUS_INTERNAL_ERROR, "an inherited handle of kind {}", static_cast<unsigned>(record.kind));
}

// A text that lives as long as the process, as programs may hold on to it.
UNICODE_STRING kept(std::string_view bytes) {
  static auto* const all = new std::deque<std::u16string>;
  std::u16string& copy = all->emplace_back(bytes.size() / sizeof(char16_t) + 1, u'\0');
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  const auto size = static_cast<USHORT>(bytes.size());
  return {size, static_cast<USHORT>(size + sizeof(WCHAR)), copy.data()};
}

void set_start_info(const Header& header, std::string_view title, std::string_view runtime_data) {
  RTL_USER_PROCESS_PARAMETERS& all = thread::process_parameters();
  std::memcpy(&all.StartingX, header.window.data(), sizeof header.window);
  static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, WindowTitle) - offsetof(RTL_USER_PROCESS_PARAMETERS, StartingX) ==
                sizeof header.window + 4);
  all.StandardInput = handle_of(header.standard[0]);
  all.StandardOutput = handle_of(header.standard[1]);
  all.StandardError = handle_of(header.standard[2]);
  if (!title.empty()) heap_free(std::exchange(all.WindowTitle, kept(title)).Buffer);  // that nobody has seen yet
  if (!runtime_data.empty()) all.RuntimeData = kept(runtime_data);
}

}  // namespace

void take_inheritance(int list) {
  const UniqueFd file(list);
  struct stat status {};
  if (::fstat(list, &status) != 0) return;
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (::pread(list, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
  std::string_view rest = text;
  const auto take = [&](auto& value) {
    if (rest.size() < sizeof value) return false;
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return true;
  };
  Header header;
  if (!take(header) || header.title_size + std::size_t{header.runtime_data_size} > rest.size()) return;
  set_start_info(header, rest.substr(0, header.title_size), rest.substr(header.title_size, header.runtime_data_size));
  rest.remove_prefix(header.title_size + header.runtime_data_size);

  struct Inherited {
    Record record;
    std::u16string name;
  };
  std::vector<Inherited> all;
  for (Record record; take(record) && record.name_size <= rest.size();) {
    std::u16string name(record.name_size / sizeof(char16_t), u'\0');
    std::memcpy(name.data(), rest.data(), record.name_size);
    rest.remove_prefix(record.name_size);
    all.push_back({record, std::move(name)});
  }
  std::uint32_t last = 0;
  for (const Inherited& each : all) last = std::max(last, each.record.handle);
  const HandleTable::SetAside places = handles().set_aside(handle_of(last));
  for (Inherited& each : all) {
    Result<Ref<Object>> object = object_of(each.record, std::move(each.name));
    const Status taken = object ? places.insert(handle_of(each.record.handle), *std::move(object), each.record.access,
                                                each.record.attributes)
                                : Status(std::move(object).error());
    if (!taken)
      trace::line(trace::Channel::nt, "handle {:#x} is not inherited: {}", each.record.handle, taken.error().reason);
  }
}

}  // namespace hmodule::nt
