#include "nt/activation_context.h"

#include "base/utf.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/thread.h"
#include "nt/unique_fd.h"
#include "path/dos_path.h"
#include "path/volumes.h"
#include "pe/resources.h"
#include "thread/teb.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

namespace hmodule::nt {
namespace {

constexpr std::uint16_t kManifestType = 24;  // RT_MANIFEST

// A file in memory as long as somebody looks at it.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& host_path) {
    const UniqueFd file(::open(host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return fail_errno(host_path.c_str());
    struct stat facts = {};
    if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no file, or an empty one", host_path);
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED) return fail_errno(host_path.c_str());
    return MappedFile({static_cast<const std::byte*>(at), size});
  }
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

std::string key_of(const GUID& guid) {
  return {reinterpret_cast<const char*>(&guid), sizeof guid};
}

template <typename Record>
ActivationContext::Entry entry_of(const Record& record, const void* behind, std::size_t size, ULONG assembly) {
  ActivationContext::Entry entry = {std::vector<std::byte>(sizeof record + size), sizeof record, assembly};
  std::memcpy(entry.data.data(), &record, sizeof record);
  if (size != 0) std::memcpy(entry.data.data() + sizeof record, behind, size);
  return entry;
}

// As sxs.dll numbers them; a class without the attribute runs in the thread that made it first.
ULONG threading_model(std::u16string_view name) {
  constexpr std::u16string_view kModels[] = {u"APARTMENT", u"FREE", u"", u"BOTH", u"NEUTRAL"};
  const auto* const found = std::ranges::find(kModels, std::u16string_view(upcase(name)));
  return found == std::end(kModels) ? 3 : static_cast<ULONG>(found - kModels) + 1;
}

template <typename Map, typename Key>
Result<const ActivationContext::Entry*> find_in(const Map& entries, const Key& key) {
  if (entries.empty()) return fail(STATUS_SXS_SECTION_NOT_FOUND, "the activation context has no such section");
  const auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

Error cannot_generate(const Error& why) {
  return fail(STATUS_SXS_CANT_GEN_ACTCTX, "{}", why.reason);
}

}  // namespace

Result<std::vector<std::byte>> manifest_of_file(const std::string& host_path, const ManifestResource& which) {
  const MappedFile file = TRY(MappedFile::open(host_path));
  const pe::Image image = TRY(pe::Image::inspect(Bytes(file.bytes(), host_path)));
  const pe::Resources resources = TRY(pe::Resources::open(image));
  // The type, then the name, then the language; of what is not asked for, the first.
  std::optional<pe::ResourceItem> at = resources.find(resources.root(), kManifestType);
  if (at && at->is_directory && (which.id || !which.name.empty()))
    at = resources.find(at->node(), which.id ? pe::ResourceKey(*which.id) : pe::ResourceKey(upcase(which.name)));
  while (at && at->is_directory) {
    const auto items = TRY(resources.items(at->node()));
    at = items.empty() ? std::nullopt : std::optional(items.front());
  }
  if (!at) return fail(STATUS_RESOURCE_NAME_NOT_FOUND, "{}: has no such manifest", host_path);
  const pe::ResourceLeaf leaf = TRY(resources.leaf(*at));
  const Bytes data = TRY(resources.data(leaf));
  return std::vector<std::byte>(data.span().begin(), data.span().end());
}

Result<ActivationRef> ActivationContext::create(std::span<const std::byte> manifest, std::u16string manifest_path,
                                                std::u16string directory) {
  auto context = std::make_shared<ActivationContext>();
  context->directory_ = std::move(directory);
  const std::u16string beside(path::directory(manifest_path));
  const auto parsed = parse_manifest(manifest, utf8(manifest_path));
  if (!parsed) return cannot_generate(parsed.error());
  if (const Status added = context->add(*parsed, std::move(manifest_path), beside); !added)
    return cannot_generate(added.error());
  return context;
}

Status ActivationContext::add(const Manifest& manifest, std::u16string manifest_path, const std::u16string& directory) {
  const auto assembly = static_cast<ULONG>(assemblies_.size()) + 1;  // index 0 is the context itself
  assemblies_.push_back({manifest.identity, std::move(manifest_path), directory});
  for (const ManifestFile& file : manifest.files) {
    const std::u16string name = upcase(file.name);
    const ACTIVATION_CONTEXT_DATA_DLL_REDIRECTION record = {
        sizeof record, ACTIVATION_CONTEXT_DATA_DLL_REDIRECTION_PATH_OMITS_ASSEMBLY_ROOT, 0, 0, 0};
    files_.emplace(name, entry_of(record, nullptr, 0, assembly));
    paths_.emplace(name, path::join(directory, file.name));
    for (const ManifestClass& each : file.classes) add_class(file, each, assembly);
  }
  for (const auto& [name, value] : manifest.settings) settings_.emplace(name, value);
  for (const AssemblyIdentity& dependency : manifest.dependencies) TRY(add_dependency(dependency));
  return ok;
}

void ActivationContext::add_class(const ManifestFile& file, const ManifestClass& added, ULONG assembly) {
  ACTIVATION_CONTEXT_DATA_COM_SERVER_REDIRECTION record = {};
  record.Size = sizeof record;
  record.ThreadingModel = threading_model(added.threading_model);
  record.ReferenceClsid = record.ConfiguredClsid = record.ImplementedClsid = added.clsid;
  record.TypeLibraryId = added.type_library;
  std::u16string behind = file.name;
  record.ModuleLength = static_cast<ULONG>(behind.size() * sizeof(char16_t));
  record.ModuleOffset = sizeof record;
  behind.push_back(0);
  if (!added.prog_ids.empty()) {
    record.ProgIdLength = static_cast<ULONG>(added.prog_ids.front().size() * sizeof(char16_t));
    record.ProgIdOffset = static_cast<ULONG>(sizeof record + behind.size() * sizeof(char16_t));
    behind += added.prog_ids.front();
    behind.push_back(0);
  }
  classes_.emplace(key_of(added.clsid), entry_of(record, behind.data(), behind.size() * sizeof(char16_t), assembly));
  for (const std::u16string& prog_id : added.prog_ids) {
    const ACTIVATION_CONTEXT_DATA_COM_PROGID_REDIRECTION redirection = {sizeof redirection, 0, sizeof redirection};
    prog_ids_.emplace(upcase(prog_id), entry_of(redirection, &added.clsid, sizeof added.clsid, assembly));
  }
}

// Where Windows looks for a private assembly ("Assembly Searching Sequence").
Status ActivationContext::add_dependency(const AssemblyIdentity& wanted) {
  for (const Assembly& assembly : assemblies_)
    if (equal_ignoring_case(assembly.identity.name, wanted.name)) return ok;
  std::vector<std::u16string> roots;
  if (!wanted.language.empty() && !equal_ignoring_case(wanted.language, u"neutral"))
    roots.push_back(path::join(directory(), wanted.language));
  roots.push_back(directory());
  for (const std::u16string& root : roots) {
    for (const std::u16string& place : {root, path::join(root, wanted.name)}) {
      for (const char16_t* const extension : {u".DLL", u".MANIFEST"}) {
        const std::u16string file = path::join(place, wanted.name + extension);
        const auto host = path::volumes().to_host(file);
        if (!host || host->what != path::What::file) continue;
        std::vector<std::byte> xml;
        if (extension == std::u16string_view(u".DLL")) {
          auto inside = manifest_of_file(host->path, {.id = WORD{1}, .name = {}});
          if (!inside) continue;
          xml = *std::move(inside);
        } else {
          const MappedFile mapped = TRY(MappedFile::open(host->path));
          xml.assign(mapped.bytes().begin(), mapped.bytes().end());
        }
        const Manifest manifest = TRY(parse_manifest(xml, utf8(file)));
        if (!equal_ignoring_case(manifest.identity.name, wanted.name))  // or two could depend on each other for ever
          return fail(STATUS_SXS_CANT_GEN_ACTCTX, "{} is the assembly {}, not {}", utf8(file),
                      utf8(manifest.identity.name), utf8(wanted.name));
        return add(manifest, file, place);
      }
    }
  }
  if (!wanted.public_key_token.empty()) return ok;  // one of WinSxS's
  return fail(STATUS_SXS_ASSEMBLY_NOT_FOUND, "the assembly {} is not in {} or below", utf8(wanted.name),
              utf8(directory()));
}

std::optional<std::u16string> ActivationContext::redirected(std::u16string_view base_name) const {
  const auto found = paths_.find(upcase(base_name));
  if (found == paths_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::u16string> ActivationContext::setting(std::u16string_view name_space,
                                                         std::u16string_view name) const {
  const auto found = settings_.find({std::u16string(name_space), std::u16string(name)});
  if (found == settings_.end()) return std::nullopt;
  return found->second;
}

Result<const ActivationContext::Entry*> ActivationContext::find(ULONG kind, std::u16string_view text) const {
  if (kind == ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION) return find_in(files_, upcase(text));
  if (kind == ACTIVATION_CONTEXT_SECTION_COM_PROGID_REDIRECTION) return find_in(prog_ids_, upcase(text));
  return fail(STATUS_SXS_SECTION_NOT_FOUND, "no texts are kept in sections of kind {}", kind);
}

Result<const ActivationContext::Entry*> ActivationContext::find(ULONG kind, const GUID& guid) const {
  if (kind == ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION) return find_in(classes_, key_of(guid));
  return fail(STATUS_SXS_SECTION_NOT_FOUND, "no GUIDs are kept in sections of kind {}", kind);
}

// --- handles ---

namespace {

struct Counted {
  ActivationRef context;
  unsigned count;
};

struct Handles {
  KernelMutex mutex;
  std::map<HANDLE, Counted> by_handle;
  HANDLE of_process = nullptr;
};
Handles& contexts() {
  static auto* const instance = new Handles;
  return *instance;
}

Error no_context(HANDLE handle) {
  return fail(STATUS_INVALID_PARAMETER, "{} is no activation context", handle);
}

}  // namespace

HANDLE handle_of(ActivationRef context) {
  const HANDLE handle = context.get();
  const std::lock_guard lock(contexts().mutex);
  contexts().by_handle.insert_or_assign(handle, Counted{std::move(context), 1});
  return handle;
}

Result<ActivationRef> context_of(HANDLE handle) {
  if (handle == nullptr) return ActivationRef();
  const std::lock_guard lock(contexts().mutex);
  const auto found = contexts().by_handle.find(handle);
  if (found == contexts().by_handle.end()) return no_context(handle);
  return found->second.context;
}

Status add_context_reference(HANDLE handle) {
  if (handle == nullptr) return ok;
  const std::lock_guard lock(contexts().mutex);
  const auto found = contexts().by_handle.find(handle);
  if (found == contexts().by_handle.end()) return no_context(handle);
  ++found->second.count;
  return ok;
}

Status release_context_reference(HANDLE handle) {
  if (handle == nullptr) return ok;
  ActivationRef last;  // goes without the lock
  const std::lock_guard lock(contexts().mutex);
  const auto found = contexts().by_handle.find(handle);
  if (found == contexts().by_handle.end()) return no_context(handle);
  if (--found->second.count != 0) return ok;
  last = std::move(found->second.context);
  contexts().by_handle.erase(found);
  return ok;
}

// --- the stack of a thread: ActivationContextStackPointer of the TEB ---

namespace {

// RTL_ACTIVATION_CONTEXT_STACK_FRAME and ACTIVATION_CONTEXT_STACK, as debuggers know them.
struct Frame {
  Frame* Previous;
  HANDLE ActivationContext;
  ULONG Flags;
  ULONG_PTR cookie;
};
struct Stack {
  Frame* ActiveFrame = nullptr;
  LIST_ENTRY FrameListCache = {};
  ULONG Flags = 0, NextCookieSequenceNumber = 1, StackId = 0;
};

Stack* stack_of_thread() {
  return static_cast<Stack*>(thread::teb().ActivationContextStackPointer);
}

void pop(Stack& stack) {
  Frame* const frame = stack.ActiveFrame;
  stack.ActiveFrame = frame->Previous;
  static_cast<void>(release_context_reference(frame->ActivationContext));
  delete frame;
}

}  // namespace

Result<ULONG_PTR> activate(HANDLE handle) {
  TRY(add_context_reference(handle));
  thread::attach();
  if (stack_of_thread() == nullptr) {
    current_thread();  // with an object, which takes the stack along when the thread ends
    thread::teb().ActivationContextStackPointer = new Stack;
  }
  Stack& stack = *stack_of_thread();
  // The upper bits as Windows has them: a cookie is of one thread.
  const ULONG_PTR cookie = ULONG_PTR{0x1000'0000} << 32 | stack.NextCookieSequenceNumber++;
  stack.ActiveFrame = new Frame{stack.ActiveFrame, handle, 0, cookie};
  return cookie;
}

Status deactivate(ULONG_PTR cookie, bool force_early) {
  thread::attach();
  Stack* const stack = stack_of_thread();
  const Frame* found = stack == nullptr ? nullptr : stack->ActiveFrame;
  while (found != nullptr && found->cookie != cookie) found = found->Previous;
  if (found == nullptr)
    return fail(STATUS_SXS_INVALID_DEACTIVATION, "{:#x} is no activation of the calling thread", cookie);
  if (found != stack->ActiveFrame && !force_early)
    return fail(STATUS_SXS_EARLY_DEACTIVATION, "activation {:#x} is not the thread's last", cookie);
  while (stack->ActiveFrame->cookie != cookie) pop(*stack);
  pop(*stack);
  return ok;
}

HANDLE active_handle(bool or_process) {
  TEB* const teb = thread::try_teb();
  const auto* const stack = teb == nullptr ? nullptr : static_cast<Stack*>(teb->ActivationContextStackPointer);
  if (stack != nullptr && stack->ActiveFrame != nullptr) return stack->ActiveFrame->ActivationContext;
  if (!or_process) return nullptr;
  const std::lock_guard lock(contexts().mutex);
  return contexts().of_process;
}

ActivationRef active_context() {
  const auto context = context_of(active_handle(true));
  return context ? *context : nullptr;
}

void set_process_context(HANDLE handle) {
  const std::lock_guard lock(contexts().mutex);
  contexts().of_process = handle;
}

void forget_activations(void* given) {
  auto* const stack = static_cast<Stack*>(given);
  if (stack == nullptr) return;
  while (stack->ActiveFrame != nullptr) pop(*stack);
  delete stack;
}

ActivationScope::ActivationScope(HANDLE context) {
  if (context == nullptr) return;
  if (const auto activated = activate(context)) cookie_ = *activated;
}
ActivationScope::~ActivationScope() {
  if (cookie_) static_cast<void>(deactivate(*cookie_, true));
}

}  // namespace hmodule::nt
