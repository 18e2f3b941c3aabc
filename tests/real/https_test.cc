// https through Wine's winhttp, wininet and urlmon and through libcurl's Schannel, on our secur32 and crypt32, from a
// server of OpenSSL's.
#include "program.h"
#include "real_dll.h"
#include "support/certificates.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <iterator>
#include <string>
#include <thread>

namespace {

using hmodule::library;
using hmodule::test::certify;
using hmodule::test::Identity;
using testing::AllOf;
using testing::HasSubstr;

constexpr unsigned short kAnyPort = 0;

std::string body() {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

constexpr const char* kUser =
    R"({"version":"0","user":{"id":"1","email":"user@example.org"},"auth":{"scopes":["org:read"]}})";

// Has a long text, and what a Sentry server says of its user.
class Server {
 public:
  explicit Server(const Identity& identity) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context_, identity.x509.get());
    SSL_CTX_use_PrivateKey(context_, identity.key.get());
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = kAnyPort;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 5), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  unsigned short port() const { return port_; }
  int answered() const { return answered_; }

 private:
  void serve() {
    for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      SSL* const ssl = SSL_new(context_);
      SSL_set_fd(ssl, client);
      std::string request;
      char part[1024];
      if (SSL_accept(ssl) == 1) {
        while (request.find("\r\n\r\n") == request.npos) {
          const int got = SSL_read(ssl, part, sizeof part);
          if (got <= 0) break;
          request.append(part, static_cast<std::size_t>(got));
        }
        const bool user = request.starts_with("GET /api/0/ ");
        if (user || request.starts_with("GET /text ")) {
          const std::string text = user ? kUser : body();
          const std::string answer =
              std::string("HTTP/1.1 200 OK\r\nContent-Type: ") + (user ? "application/json" : "text/plain") +
              "\r\nContent-Length: " + std::to_string(text.size()) + "\r\nConnection: close\r\n\r\n" + text;
          if (SSL_write(ssl, answer.data(), static_cast<int>(answer.size())) > 0) ++answered_;
        }
        SSL_shutdown(ssl);
      }
      SSL_free(ssl);
    }
  }

  SSL_CTX* context_;
  int listener_;
  unsigned short port_ = 0;
  std::atomic<int> answered_{0};
  std::thread thread_;
};

class Https : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(SYSTEM32) + "/winhttp.dll")) GTEST_SKIP() << "no winhttp.dll in System32";
  }
  static const Identity& root() {
    static const Identity made = certify("The tests' root", nullptr);
    static const hmodule::test::TrustedRoot trusted(made);
    return made;
  }
  Server server_{certify("localhost", &root())};
  Server unknown_{certify("localhost", nullptr)};  // signed by itself
};

// What a request gets: the text, or the error of the step that failed. `ignored` are SECURITY_FLAG_IGNORE_...
struct Answer {
  std::string text;
  unsigned error;
};
Answer get_by_winhttp(const char16_t* host, unsigned short port, unsigned ignored = 0) {
  const library winhttp("winhttp.dll"), kernel32("kernel32.dll");
  const auto close = winhttp.get<int(void*)>("WinHttpCloseHandle");
  void* const session = winhttp.get<void*(const char16_t*, unsigned, const char16_t*, const char16_t*, unsigned)>(
      "WinHttpOpen")(u"hm", 1, nullptr, nullptr, 0);
  void* const connection =
      winhttp.get<void*(void*, const char16_t*, unsigned short, unsigned)>("WinHttpConnect")(session, host, port, 0);
  constexpr unsigned WINHTTP_FLAG_SECURE = 0x800000, WINHTTP_OPTION_SECURITY_FLAGS = 31;
  void* const request = winhttp.get<void*(void*, const char16_t*, const char16_t*, const char16_t*, const char16_t*,
                                          const char16_t**, unsigned)>("WinHttpOpenRequest")(
      connection, u"GET", u"/text", nullptr, nullptr, nullptr, WINHTTP_FLAG_SECURE);
  EXPECT_TRUE(winhttp.get<int(void*, unsigned, void*, unsigned)>("WinHttpSetOption")(
      request, WINHTTP_OPTION_SECURITY_FLAGS, &ignored, sizeof ignored));
  Answer answer = {};
  if (winhttp.get<int(void*, const char16_t*, unsigned, void*, unsigned, unsigned, hmodule::u64)>("WinHttpSendRequest")(
          request, nullptr, 0, nullptr, 0, 0, 0) &&
      winhttp.get<int(void*, void*)>("WinHttpReceiveResponse")(request, nullptr)) {
    const auto read = winhttp.get<int(void*, void*, unsigned, unsigned*)>("WinHttpReadData");
    char part[5000];
    unsigned size = 0;
    while (read(request, part, sizeof part, &size) && size != 0) answer.text.append(part, size);
  } else {
    answer.error = kernel32.get<unsigned()>("GetLastError")();
  }
  for (void* const each : {request, connection, session}) EXPECT_TRUE(close(each));
  return answer;
}

TEST_F(Https, WinhttpGetsWhatIsServed) {
  const Answer answer = get_by_winhttp(u"localhost", server_.port());
  EXPECT_EQ(answer.error, 0U);
  EXPECT_TRUE(answer.text == body());
  EXPECT_EQ(server_.answered(), 1);
}

TEST_F(Https, WinhttpTrustsNobodyElse) {
  constexpr unsigned ERROR_WINHTTP_SECURE_CHANNEL_ERROR = 12157;  // Wine's answer to all reasons; Windows has 12175
  constexpr unsigned kUnknownCa = 0x100, kWrongName = 0x1000;     // SECURITY_FLAG_IGNORE_...
  EXPECT_EQ(get_by_winhttp(u"localhost", unknown_.port()).error, ERROR_WINHTTP_SECURE_CHANNEL_ERROR);
  EXPECT_EQ(get_by_winhttp(u"127.0.0.1", server_.port()).error, ERROR_WINHTTP_SECURE_CHANNEL_ERROR)
      << "it has a name only";
  EXPECT_EQ(server_.answered() + unknown_.answered(), 0) << "nothing was asked of them";
  EXPECT_TRUE(get_by_winhttp(u"localhost", unknown_.port(), kUnknownCa).text == body());
  EXPECT_TRUE(get_by_winhttp(u"127.0.0.1", server_.port(), kWrongName).text == body());
}

TEST_F(Https, WininetReadsFromUrls) {
  const library wininet("wininet.dll"), kernel32("kernel32.dll");
  const auto close = wininet.get<int(void*)>("InternetCloseHandle");
  void* const session = wininet.get<void*(const char*, unsigned, const char*, const char*, unsigned)>("InternetOpenA")(
      "hm", 1, nullptr, nullptr, 0);
  const auto open =
      wininet.get<void*(void*, const char*, const char*, unsigned, unsigned, hmodule::u64)>("InternetOpenUrlA");
  constexpr unsigned kReloadWithoutCache = 0x84000000;
  const std::string path = ":" + std::to_string(server_.port()) + "/text";
  void* const file = open(session, ("https://localhost" + path).c_str(), nullptr, 0, kReloadWithoutCache, 0);
  ASSERT_NE(file, nullptr) << kernel32.get<unsigned()>("GetLastError")();
  const auto read = wininet.get<int(void*, void*, unsigned, unsigned*)>("InternetReadFile");
  std::string text;
  char part[5000];
  unsigned size = 0;
  while (read(file, part, sizeof part, &size) && size != 0) text.append(part, size);
  EXPECT_TRUE(text == body());
  EXPECT_TRUE(close(file));
  constexpr unsigned ERROR_INTERNET_INVALID_CA = 12045;
  const std::string other = "https://localhost:" + std::to_string(unknown_.port()) + "/text";
  EXPECT_EQ(open(session, other.c_str(), nullptr, 0, kReloadWithoutCache, 0), nullptr);
  EXPECT_EQ(kernel32.get<unsigned()>("GetLastError")(), ERROR_INTERNET_INVALID_CA);
  EXPECT_TRUE(close(session));
}

TEST_F(Https, UrlmonDownloadsToFiles) {
  const library urlmon("urlmon.dll"), ole32("ole32.dll");
  ASSERT_GE(ole32.get<int(void*)>("CoInitialize")(nullptr), 0);
  const std::string path =
      (std::filesystem::temp_directory_path() / ("hmodule-download-" + std::to_string(::getpid()))).string();
  const std::string url = "https://localhost:" + std::to_string(server_.port()) + "/text";
  EXPECT_EQ(urlmon.get<int(void*, const char*, const char*, unsigned, void*)>("URLDownloadToFileA")(
                nullptr, url.c_str(), ("Z:" + path).c_str(), 0, nullptr),
            0);
  std::ifstream file(path);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == body());
  std::filesystem::remove(path);
  ole32.get<void()>("CoUninitialize")();
}

// sentry-cli.exe, in Rust, with libcurl.
TEST_F(Https, LibcurlSpeaksTlsThroughSchannel) {
  NEED("sentry-cli.exe");
  const std::filesystem::path directory = testing::TempDir() + "hmodule-sentry-" + std::to_string(::getpid());
  std::filesystem::create_directory(directory);
  const auto ask = [&] {
    return run("sentry-cli.exe --url https://localhost:" + std::to_string(server_.port()) + " info",
               "cd " + directory.string() + " && SENTRY_AUTH_TOKEN=abc HOME=" + directory.string() + " ")
        .output;
  };
  EXPECT_THAT(ask(), HasSubstr("SSL peer certificate or SSH remote key was not OK")) << "it brings its own roots";
  EXPECT_EQ(server_.answered(), 0);
  std::ofstream(directory / ".sentryclirc") << "[http]\nverify_ssl=false\n";
  EXPECT_THAT(ask(), AllOf(HasSubstr("User: user@example.org"), HasSubstr("org:read")));
  EXPECT_EQ(server_.answered(), 1);
  std::filesystem::remove_all(directory);
}

}  // namespace
