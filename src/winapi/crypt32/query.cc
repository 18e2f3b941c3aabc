// wincrypt.h: what some bytes or a file are. Certificates and PFX files are known.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/process_parameters.h"
#include "path/volumes.h"
#include "winapi/crypt32/certificate.h"
#include "winapi/crypt32/text.h"

#include <fstream>
#include <iterator>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

enum : DWORD { CERT_QUERY_OBJECT_FILE = 1, CERT_QUERY_OBJECT_BLOB = 2 };
enum : DWORD { CERT_QUERY_CONTENT_CERT = 1, CERT_QUERY_CONTENT_PFX = 12 };
enum : DWORD { CERT_QUERY_FORMAT_BINARY = 1, CERT_QUERY_FORMAT_BASE64_ENCODED = 2 };
constexpr NTSTATUS CRYPT_E_NO_MATCH = static_cast<NTSTATUS>(0x80092009);

constexpr DWORD flag_of(DWORD kind) {
  return DWORD{1} << kind;
}

Result<ByteVector> content_of(DWORD type, const void* object) {
  if (object == nullptr) return fail(E_INVALIDARG, "no object");
  if (type == CERT_QUERY_OBJECT_BLOB) {
    const Data bytes = data(*static_cast<const CRYPT_DATA_BLOB*>(object));
    return ByteVector(bytes.begin(), bytes.end());
  }
  if (type != CERT_QUERY_OBJECT_FILE) return fail(E_INVALIDARG, "an object of type {}", type);
  const std::u16string full = TRY(nt::full_path(static_cast<const WCHAR*>(object)));
  const path::HostPath host = TRY(path::volumes().to_host(full));
  std::ifstream file(host.path, std::ios::binary);
  if (!file) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{} cannot be read", utf8(full));
  return ByteVector(std::istreambuf_iterator<char>(file), {});
}

struct Found {
  DWORD content = 0, format = 0;
  CertificatePtr certificate;
};
Found recognize(ByteVector& bytes, DWORD format, DWORD contents) {
  Found found = {0, format, {}};
  if ((contents & flag_of(CERT_QUERY_CONTENT_CERT)) != 0) {
    if (auto certificate = Certificate::parse(bytes))
      found = {CERT_QUERY_CONTENT_CERT, format, *std::move(certificate)};
  }
  if (found.content == 0 && (contents & flag_of(CERT_QUERY_CONTENT_PFX)) != 0 &&
      is_pfx({static_cast<DWORD>(bytes.size()), bytes.data()}))
    found.content = CERT_QUERY_CONTENT_PFX;
  return found;
}

HM_WINAPI BOOL CryptQueryObject(DWORD type, const void* object, DWORD contents, DWORD formats, DWORD /*flags*/,
                                DWORD* encoding, DWORD* content, DWORD* format, void** store, void** message,
                                const void** context) noexcept {
  return security_succeed([&]() -> Status {
    ByteVector bytes = TRY(content_of(type, object));
    Found found;
    if ((formats & flag_of(CERT_QUERY_FORMAT_BINARY)) != 0)
      found = recognize(bytes, CERT_QUERY_FORMAT_BINARY, contents);
    if (found.content == 0 && (formats & flag_of(CERT_QUERY_FORMAT_BASE64_ENCODED)) != 0) {
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (auto decoded = bytes_of_base64(text)) found = recognize(*decoded, CERT_QUERY_FORMAT_BASE64_ENCODED, contents);
    }
    if (found.content == 0)
      return fail(CRYPT_E_NO_MATCH, "{} bytes that are nothing of what is asked for", bytes.size());
    if (encoding != nullptr) *encoding = X509_ASN_ENCODING;
    if (content != nullptr) *content = found.content;
    if (format != nullptr) *format = found.format;
    if (message != nullptr) *message = nullptr;
    if (store != nullptr)
      *store = found.certificate ? new Store(std::vector<CertificatePtr>{found.certificate}) : nullptr;
    if (context != nullptr) *context = found.certificate ? new Context(found.certificate, nullptr) : nullptr;
    return ok;
  });
}

const Export kRows[] = {
    {"CryptQueryObject", proc(CryptQueryObject), Support::partial, "certificates, and whether it is a PFX"},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_query_exports = crypt32::kRows;

}  // namespace hmodule::winapi
