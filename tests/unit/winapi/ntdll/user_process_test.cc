// NtCreateUserProcess, with native programs for children. tests/e2e/children.c has Windows ones.
#include "nt/handle_table.h"
#include "nt/job.h"
#include "nt/names.h"
#include "nt/new_process.h"
#include "support/pe_builder.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/ntioapi.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
R call(std::string_view name, Args... args) {
  return function<R, Args...>(ntdll_dll, name)(args...);
}

UNICODE_STRING counted(const std::u16string& text) {
  const auto size = static_cast<USHORT>(text.size() * 2);
  return {size, size, const_cast<WCHAR*>(text.data())};
}

struct CreateInfo {
  SIZE_T size = 0x58;
  ULONG state = 0, padding = 0;
  union {
    struct {
      ULONG flags, access;
    } init;
    HANDLE failed_file;
    USHORT dll_characteristics;
    struct {
      ULONG flags;
      HANDLE file, section;
    } success;
    std::byte all[0x48] = {};
  };
};
static_assert(sizeof(CreateInfo) == 0x58);

struct Attribute {
  ULONG_PTR attribute;
  SIZE_T size;
  const void* value;
  SIZE_T* returned = nullptr;
};
constexpr ULONG_PTR kParent = 0x60000, kDebugPort = 0x60001, kClientId = 0x10003, kImageName = 0x20005,
                    kImageInfo = 0x6, kPriorityClass = 0x20008, kJobList = 0x20013;

class UserProcesses : public testing::Test {
 protected:
  UserProcesses() { process(); }
  ~UserProcesses() override {
    for (const HANDLE handle : {process_, thread_})
      if (handle != nullptr) call<NTSTATUS>("NtClose", handle);
  }

  // `line` is the program's command line.
  NTSTATUS create(const std::u16string& image, const std::u16string& line, std::vector<Attribute> attributes = {},
                  ULONG thread_flags = 0, bool normalized = true) {
    const UNICODE_STRING name = counted(image), text = counted(line);
    RTL_USER_PROCESS_PARAMETERS* parameters = nullptr;
    const UNICODE_STRING* const none = nullptr;
    EXPECT_EQ(call<NTSTATUS>("RtlCreateProcessParametersEx", &parameters, &name, none, none, &text,
                             static_cast<WCHAR*>(nullptr), none, none, none, none, ULONG{normalized}),
              STATUS_SUCCESS);
    const std::u16string native = u"\\??\\" + image;
    attributes.push_back({kImageName, native.size() * 2, native.data()});
    std::vector<std::uint64_t> list(1 + 4 * attributes.size());
    list[0] = list.size() * 8;
    std::memcpy(&list[1], attributes.data(), attributes.size() * sizeof(Attribute));
    const NTSTATUS status =
        call<NTSTATUS>("NtCreateUserProcess", &process_, &thread_, nt::PROCESS_ALL_ACCESS, nt::THREAD_ALL_ACCESS,
                       static_cast<OBJECT_ATTRIBUTES*>(nullptr), static_cast<OBJECT_ATTRIBUTES*>(nullptr), flags_,
                       thread_flags, parameters, &info_, list.data());
    call<NTSTATUS>("RtlDestroyProcessParameters", parameters);
    return status;
  }
  NTSTATUS shell(const std::u16string& script, std::vector<Attribute> attributes = {}, ULONG thread_flags = 0) {
    return create(u"Z:\\bin\\sh", u"sh -c \"" + script + u'"', std::move(attributes), thread_flags);
  }
  DWORD answer() {
    const auto made = *nt::object_of<nt::Process>(process_, 0);
    nt::wait_one(*made, false, std::nullopt);
    return *made->exit_code();
  }

  HANDLE process_ = nullptr, thread_ = nullptr;
  CreateInfo info_;
  ULONG flags_ = 0;
  TemporaryDirectory directory_;
};

TEST_F(UserProcesses, BeginAtOnceOrAreSuspended) {
  CLIENT_ID id = {};
  SIZE_T returned = 0;
  ASSERT_EQ(shell(u"exit 42", {{kClientId, sizeof id, &id, &returned}}), STATUS_SUCCESS);
  EXPECT_EQ(info_.state, 6U) << "PsCreateSuccess";
  EXPECT_EQ(info_.success.file, nullptr);
  EXPECT_EQ(returned, sizeof id);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(id.UniqueProcess), (*nt::object_of<nt::Process>(process_, 0))->id());
  EXPECT_EQ(answer(), 42U);
}

TEST_F(UserProcesses, AreSuspendedByTheThreadsFlag) {
  ASSERT_EQ(shell(u"exit 43", {}, 1), STATUS_SUCCESS);
  EXPECT_EQ((*nt::object_of<nt::Thread>(thread_, 0))->suspend_count(), 1U);
  EXPECT_EQ(call<NTSTATUS>("NtResumeThread", thread_, static_cast<ULONG*>(nullptr)), STATUS_SUCCESS);
  EXPECT_EQ(answer(), 43U);
}

TEST_F(UserProcesses, TakeParametersWithOffsetsToo) {
  ASSERT_EQ(create(u"Z:\\bin\\sh", u"sh -c \"exit 44\"", {}, 0, false), STATUS_SUCCESS);
  EXPECT_EQ(answer(), 44U);
}

TEST_F(UserProcesses, GiveTheirFileToWhoWantsIt) {
  info_.init.flags = 1;  // WriteOutputOnExit
  ASSERT_EQ(shell(u"exit 0"), STATUS_SUCCESS);
  EXPECT_TRUE(nt::object_of<nt::File>(info_.success.file, FILE_READ_DATA));
  EXPECT_EQ(info_.success.section, nullptr);
  EXPECT_EQ(call<NTSTATUS>("NtClose", info_.success.file), STATUS_SUCCESS);
  EXPECT_EQ(answer(), 0U);
}

// As Wine's kernelbase calls it.
TEST_F(UserProcesses, NeedNoInitializedInformation) {
  info_.size = 50;
  std::ranges::fill(info_.all, std::byte{0xCC});
  ASSERT_EQ(shell(u"exit 46"), STATUS_SUCCESS);
  EXPECT_EQ(info_.state, 6U);
  EXPECT_EQ(info_.success.file, nullptr);
  EXPECT_EQ(answer(), 46U);
}

TEST_F(UserProcesses, AreBornIntoJobsAndPriorityClasses) {
  HANDLE job = nullptr;
  EXPECT_EQ(
      call<NTSTATUS>("NtCreateJobObject", &job, nt::JOB_OBJECT_ALL_ACCESS, static_cast<OBJECT_ATTRIBUTES*>(nullptr)),
      STATUS_SUCCESS);
  const UCHAR idle = 1, none = 7;
  ASSERT_EQ(shell(u"exit 0", {{kJobList, sizeof job, &job}, {kPriorityClass, 1, &idle}}, 1), STATUS_SUCCESS);
  const auto made = *nt::object_of<nt::Process>(process_, 0);
  EXPECT_TRUE((*nt::object_of<nt::Job>(job, 0))->contains(*made));
  EXPECT_EQ(made->priority_class, 0x40U);
  EXPECT_EQ(call<NTSTATUS>("NtResumeThread", thread_, static_cast<ULONG*>(nullptr)), STATUS_SUCCESS);
  EXPECT_EQ(answer(), 0U);
  EXPECT_EQ(shell(u"exit 0", {{kPriorityClass, 1, &none}}), STATUS_INVALID_PARAMETER);
  call<NTSTATUS>("NtClose", job);
}

TEST_F(UserProcesses, TellOfTheirImage) {
  struct {
    void* entry;
    std::byte rest[0x38];
  } image = {};
  USHORT machine = 0;
  ASSERT_EQ(shell(u"exit 0", {{kImageInfo, sizeof image, &image}}), STATUS_SUCCESS);
  std::memcpy(&machine, reinterpret_cast<std::byte*>(&image) + 0x30, sizeof machine);
  EXPECT_EQ(machine, 0x8664);
  EXPECT_EQ(answer(), 0U);
}

TEST_F(UserProcesses, FailWhereTheFileCannotBeOpened) {
  EXPECT_EQ(create(u"Z:\\no\\such\\program", u"x"), STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(info_.state, 1U) << "PsCreateFailOnFileOpen";
  EXPECT_EQ(create(directory_.windows(), u"x"), STATUS_FILE_IS_A_DIRECTORY);
  EXPECT_EQ(info_.state, 1U);
}

TEST_F(UserProcesses, FailWhereTheFileIsNoProgramAndGiveItBack) {
  directory_.write("text", "just text");
  EXPECT_EQ(create(directory_.windows(u"text"), u"x"), STATUS_INVALID_IMAGE_NOT_MZ);
  EXPECT_EQ(info_.state, 2U) << "PsCreateFailOnSectionCreate";
  EXPECT_EQ(call<NTSTATUS>("NtClose", info_.failed_file), STATUS_SUCCESS);
  info_ = {};
  directory_.write("broken", "MZ and nothing else");
  EXPECT_EQ(create(directory_.windows(u"broken"), u"x"), STATUS_INVALID_IMAGE_FORMAT);
  EXPECT_EQ(info_.state, 2U);
  EXPECT_EQ(call<NTSTATUS>("NtClose", info_.failed_file), STATUS_SUCCESS);
  EXPECT_EQ(process_, nullptr);
}

TEST_F(UserProcesses, FailForLibrariesAndOtherMachines) {
  const auto create_from = [&](const test::PeBuilder& image) {
    image.write(directory_.host("image"));
    info_ = {};
    return create(directory_.windows(u"image"), u"x");
  };
  test::PeBuilder dll = test::PeBuilder::minimal_dll();
  dll.optional.DllCharacteristics = 0x140;
  EXPECT_EQ(create_from(dll), STATUS_INVALID_IMAGE_FORMAT);
  EXPECT_EQ(info_.state, 3U) << "PsCreateFailExeFormat";
  EXPECT_EQ(info_.dll_characteristics, 0x140);
  dll.file.Machine = 0xAA64;
  EXPECT_EQ(create_from(dll), STATUS_INVALID_IMAGE_FORMAT);
  EXPECT_EQ(info_.state, 4U) << "PsCreateFailMachineMismatch";
}

TEST_F(UserProcesses, RefuseWhatIsNotThere) {
  const HANDLE self = nt::current_process_handle();
  EXPECT_EQ(shell(u"exit 0", {{kDebugPort, sizeof self, self}}), STATUS_NOT_SUPPORTED);
  const HANDLE none = nullptr;
  EXPECT_EQ(shell(u"exit 0", {{kJobList, sizeof none, &none}}), STATUS_INVALID_HANDLE);
  flags_ = 0x80000000;
  EXPECT_EQ(shell(u"exit 0"), STATUS_NOT_SUPPORTED);
  flags_ = 0;
  EXPECT_EQ(shell(u"exit 45", {{kParent, sizeof self, self}}), STATUS_SUCCESS) << "we are the parent anyway";
  EXPECT_EQ(answer(), 45U);
}

}  // namespace
}  // namespace hmodule::winapi
