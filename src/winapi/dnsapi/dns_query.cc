// windns.h: questions to name servers, asked by the host's resolver library.
//
// A record is one block of memory: the structure, and behind it the names it points at. So freeing a list is freeing
// its blocks, whichever of the three functions made it.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr LONG kInvalidParameter = 87, kNotEnoughMemory = 8, kTimeout = 1460, kFormatError = 9001,
               kServerFailure = 9002, kNameError = 9003, kNotImplemented = 9004, kRefused = 9005, kNoRecords = 9501,
               kBadPacket = 9502;
constexpr WORD kTypeA = 1, kTypeNs = 2, kTypeCname = 5, kTypeSoa = 6, kTypePtr = 12, kTypeMx = 15, kTypeText = 16,
               kTypeAaaa = 28, kTypeSrv = 33;
// DNS_QUERY_.
constexpr DWORD kUseTcpOnly = 0x2, kNoRecursion = 0x4, kNoWireQuery = 0x10, kNoHostsFile = 0x40, kTreatAsFqdn = 0x1000;

// --- Records ---

struct DNS_RECORD {
  DNS_RECORD* pNext;
  void* pName;
  WORD wType, wDataLength;
  DWORD Flags, dwTtl, dwReserved;
  union {
    DWORD A;
    BYTE AAAA[16];
    struct {
      void* pNameHost;
    } PTR;
    struct {
      void* pNameExchange;
      WORD wPreference, Pad;
    } MX;
    struct {
      void* pNameTarget;
      WORD wPriority, wWeight, wPort, Pad;
    } SRV;
    struct {
      void *pNamePrimaryServer, *pNameAdministrator;
      DWORD dwSerialNo, dwRefresh, dwRetry, dwExpire, dwDefaultTtl;
    } SOA;
    struct {
      DWORD dwStringCount;
      void* pStringArray[1];
    } TXT;
  } Data;
};
static_assert(offsetof(DNS_RECORD, Data) == 32);

// An answer before it has its caller's kind of strings.
struct Answer {
  std::string name;
  WORD type;
  DWORD ttl;
  unsigned section;                      // 1: the answer itself; 2 and 3: authorities and additions
  std::vector<std::uint8_t> bytes = {};  // A, AAAA
  std::vector<std::string> strings = {};
  std::vector<std::uint32_t> numbers = {};
};

template <typename Char>
class RecordWriter {
 public:
  explicit RecordWriter(const Answer& answer) : answer_(answer) {}

  DNS_RECORD* write() {
    std::size_t text = size_of(answer_.name);
    for (const std::string& each : answer_.strings) text += size_of(each);
    const std::size_t pointers = answer_.strings.size() * sizeof(void*);
    auto* const memory = static_cast<char*>(nt::heap_allocate(sizeof(DNS_RECORD) + pointers + text, HEAP_ZERO_MEMORY));
    if (memory == nullptr) return nullptr;
    next_ = memory + sizeof(DNS_RECORD) + pointers;
    auto& record = *reinterpret_cast<DNS_RECORD*>(memory);
    record.pName = copy(answer_.name);
    record.wType = answer_.type;
    record.dwTtl = answer_.ttl;
    constexpr DWORD kUnicode = 1, kUtf8 = 2;
    record.Flags = answer_.section | (sizeof(Char) == 2 ? kUnicode : kUtf8) << 3;
    fill(record);
    return &record;
  }

 private:
  static std::size_t size_of(const std::string& text) {
    return ((sizeof(Char) == 1 ? text.size() : utf16(text).size()) + 1) * sizeof(Char);
  }
  void* copy(const std::string& text) {
    auto* const start = reinterpret_cast<Char*>(next_);
    if constexpr (sizeof(Char) == 1)
      std::copy(text.begin(), text.end(), start);
    else
      std::ranges::copy(utf16(text), start);
    next_ += size_of(text);
    return start;
  }

  void fill(DNS_RECORD& record) {
    const auto number = [&](std::size_t i) { return answer_.numbers[i]; };
    auto& data = record.Data;
    switch (answer_.type) {
      case kTypeA:
      case kTypeAaaa:
        std::copy(answer_.bytes.begin(), answer_.bytes.end(), data.AAAA);
        record.wDataLength = static_cast<WORD>(answer_.bytes.size());
        break;
      case kTypeMx:
        data.MX = {copy(answer_.strings[0]), static_cast<WORD>(number(0)), 0};
        record.wDataLength = sizeof data.MX;
        break;
      case kTypeSrv:
        data.SRV = {copy(answer_.strings[0]), static_cast<WORD>(number(0)), static_cast<WORD>(number(1)),
                    static_cast<WORD>(number(2)), 0};
        record.wDataLength = sizeof data.SRV;
        break;
      case kTypeSoa:
        data.SOA.pNamePrimaryServer = copy(answer_.strings[0]);
        data.SOA.pNameAdministrator = copy(answer_.strings[1]);
        data.SOA.dwSerialNo = number(0);
        data.SOA.dwRefresh = number(1);
        data.SOA.dwRetry = number(2);
        data.SOA.dwExpire = number(3);
        data.SOA.dwDefaultTtl = number(4);
        record.wDataLength = sizeof data.SOA;
        break;
      case kTypeText: {
        data.TXT.dwStringCount = static_cast<DWORD>(answer_.strings.size());
        void** place = data.TXT.pStringArray;
        for (const std::string& each : answer_.strings) *place++ = copy(each);
        record.wDataLength = static_cast<WORD>(8 + answer_.strings.size() * sizeof(void*));
        break;
      }
      default:  // PTR, CNAME, NS
        data.PTR.pNameHost = copy(answer_.strings[0]);
        record.wDataLength = sizeof data.PTR;
    }
  }

  const Answer& answer_;
  char* next_ = nullptr;
};

void free_list(DNS_RECORD* record) {
  while (record != nullptr) nt::heap_free(std::exchange(record, record->pNext));
}

template <typename Char>
LONG give(const std::vector<Answer>& answers, DNS_RECORD** results) {
  DNS_RECORD** end = results;
  for (const Answer& answer : answers) {
    *end = RecordWriter<Char>(answer).write();
    if (*end == nullptr) {
      free_list(std::exchange(*results, nullptr));
      return kNotEnoughMemory;
    }
    end = &(*end)->pNext;
  }
  return 0;
}

// --- Where answers come from ---

std::optional<Answer> literal(const std::string& name, WORD type, const std::string& address) {
  Answer answer = {name, type, 86400, 1};
  answer.bytes.resize(type == kTypeA ? 4 : 16);
  if (::inet_pton(type == kTypeA ? AF_INET : AF_INET6, address.c_str(), answer.bytes.data()) != 1) return std::nullopt;
  return answer;
}

// The file of hosts, which Windows' resolver reads too, and addresses that are their own names.
std::vector<Answer> local_answers(const std::string& name, WORD type, DWORD options) {
  std::vector<Answer> found;
  if (type != kTypeA && type != kTypeAaaa) return found;
  if (const auto itself = literal(name, type, name)) return {*itself};
  if ((options & kNoHostsFile) != 0) return found;
  std::ifstream file(_PATH_HOSTS);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line.substr(0, line.find('#')));
    std::string address, alias;
    fields >> address;
    while (fields >> alias)
      if (strcasecmp(alias.c_str(), name.c_str()) == 0)
        if (const auto answer = literal(name, type, address)) found.push_back(*answer);
  }
  return found;
}

// One message of a name server. Every name and number in it is checked by the resolver library.
class Message {
 public:
  Message(const unsigned char* data, int size) : end_(data + size), start_(data) {
    valid_ = ns_initparse(data, size, &message_) == 0;
  }
  bool valid() const { return valid_; }

  // Of the three sections, what we know.
  std::vector<Answer> answers() {
    std::vector<Answer> found;
    for (const ns_sect section : {ns_s_an, ns_s_ar})
      for (int i = 0; i < ns_msg_count(message_, section); ++i) {
        ns_rr record;
        if (ns_parserr(&message_, section, i, &record) != 0) break;
        Answer answer = {ns_rr_name(record), static_cast<WORD>(ns_rr_type(record)), ns_rr_ttl(record),
                         static_cast<unsigned>(section)};
        if (read(record, answer)) found.push_back(std::move(answer));
      }
    return found;
  }

 private:
  bool read(const ns_rr& record, Answer& answer) {
    const unsigned char *at = ns_rr_rdata(record), *const stop = at + ns_rr_rdlen(record);
    const auto name = [&] {
      char text[NS_MAXDNAME];
      const int size = ns_name_uncompress(start_, end_, at, text, sizeof text);
      if (size < 0) return false;
      at += size;
      answer.strings.emplace_back(text);
      return true;
    };
    const auto numbers = [&](int count, int size) {
      for (int i = 0; i < count; ++i, at += size) {
        if (stop - at < size) return false;
        answer.numbers.push_back(static_cast<std::uint32_t>(size == 2 ? ns_get16(at) : ns_get32(at)));
      }
      return true;
    };
    switch (answer.type) {
      case kTypeA:
      case kTypeAaaa:
        answer.bytes.assign(at, stop);
        return answer.bytes.size() == (answer.type == kTypeA ? 4U : 16U);
      case kTypeNs:
      case kTypeCname:
      case kTypePtr:
        return name();
      case kTypeMx:
        return numbers(1, 2) && name();
      case kTypeSrv:
        return numbers(3, 2) && name();
      case kTypeSoa:
        for (int names = 0; names < 2; ++names)
          if (!name()) return false;
        return numbers(5, 4);
      case kTypeText:
        while (at < stop) {
          const std::size_t size = *at++;
          if (static_cast<std::size_t>(stop - at) < size) return false;
          answer.strings.emplace_back(reinterpret_cast<const char*>(at), size);
          at += size;
        }
        return true;
      default:
        return false;
    }
  }

  const unsigned char *const end_, *const start_;
  ns_msg message_;
  bool valid_;
};

LONG failure_of(const struct __res_state& state, const unsigned char* reply) {
  switch (state.res_h_errno) {
    case HOST_NOT_FOUND:
      return kNameError;
    case NO_DATA:
      return kNoRecords;
    case TRY_AGAIN:
      if (errno == ETIMEDOUT || errno == ECONNREFUSED) return kTimeout;
      return kServerFailure;
    default:
      break;
  }
  constexpr LONG kCodes[] = {kServerFailure, kFormatError, kServerFailure, kNameError, kNotImplemented, kRefused};
  const unsigned code = reinterpret_cast<const HEADER*>(reply)->rcode;
  return code < std::size(kCodes) ? kCodes[code] : kServerFailure;
}

LONG ask(const std::string& name, WORD type, DWORD options, std::vector<Answer>& answers) {
  answers = local_answers(name, type, options);
  if (!answers.empty()) return 0;
  if ((options & kNoWireQuery) != 0) return kNameError;
  struct __res_state state = {};
  if (res_ninit(&state) != 0) return kServerFailure;
  if ((options & kUseTcpOnly) != 0) state.options |= RES_USEVC;
  if ((options & kNoRecursion) != 0) state.options &= ~static_cast<unsigned long>(RES_RECURSE);
  std::vector<unsigned char> reply(NS_MAXMSG);
  const auto query = (options & kTreatAsFqdn) != 0 || name.ends_with('.') ? res_nquery : res_nsearch;
  const int size = query(&state, name.c_str(), ns_c_in, type, reply.data(), static_cast<int>(reply.size()));
  const LONG failure = size < 0 ? failure_of(state, reply.data()) : 0;
  res_nclose(&state);
  if (failure != 0) return failure;
  Message message(reply.data(), std::min(size, static_cast<int>(reply.size())));
  if (!message.valid()) return kBadPacket;
  answers = message.answers();
  return answers.empty() ? kNoRecords : 0;
}

template <typename Char>
LONG query(const std::string& name, WORD type, DWORD options, DNS_RECORD** results) {
  if (results != nullptr) *results = nullptr;
  std::vector<Answer> answers;
  if (const LONG failure = ask(name, type, options, answers); failure != 0) return failure;
  return results != nullptr ? give<Char>(answers, results) : 0;
}

HM_WINAPI LONG DnsQuery_UTF8(const char* name, WORD type, DWORD options, void*, DNS_RECORD** results,
                             void** reserved) noexcept {
  if (name == nullptr || reserved != nullptr) return kInvalidParameter;
  return query<char>(name, type, options, results);
}
HM_WINAPI LONG DnsQuery_W(const WCHAR* name, WORD type, DWORD options, void*, DNS_RECORD** results,
                          void** reserved) noexcept {
  if (name == nullptr || reserved != nullptr) return kInvalidParameter;
  return query<WCHAR>(utf8(name), type, options, results);
}

HM_WINAPI void DnsRecordListFree(DNS_RECORD* list, INT /*form*/) noexcept {
  free_list(list);
}
HM_WINAPI void DnsFree(void* data, INT form) noexcept {
  constexpr INT kFlat = 0, kRecordList = 1;
  if (form == kFlat) nt::heap_free(data);
  if (form == kRecordList) free_list(static_cast<DNS_RECORD*>(data));
}

constexpr std::string_view kNote =
    "A, AAAA, CNAME, MX, NS, PTR, SOA, SRV and TXT records; no server list of the caller's";

const Export kRows[] = {
    {"DnsFree", proc(DnsFree)},
    {"DnsQuery_A", proc(DnsQuery_UTF8), Support::partial, kNote},
    {"DnsQuery_UTF8", proc(DnsQuery_UTF8), Support::partial, kNote},
    {"DnsQuery_W", proc(DnsQuery_W), Support::partial, kNote},
    {"DnsRecordListFree", proc(DnsRecordListFree)},
};

}  // namespace

extern const ExportTable dns_query_exports = kRows;

}  // namespace hmodule::winapi
