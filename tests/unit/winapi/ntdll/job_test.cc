// Job objects, with a child of the test in them.
#include "nt/job.h"
#include "nt/names.h"
#include "nt/process.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace hmodule::winapi {
namespace {

template <typename... Args>
NTSTATUS status(std::string_view name, Args... args) {
  return function<NTSTATUS, Args...>(ntdll_dll, name)(args...);
}

struct BasicLimit {
  LARGE_INTEGER times[2];
  DWORD flags;
  SIZE_T working_set[2];
  DWORD processes;
  ULONG_PTR affinity;
  DWORD priority, scheduling;
};
struct ProcessIds {
  DWORD assigned, listed;
  ULONG_PTR ids[4];
};

class Jobs : public testing::Test {
 protected:
  Jobs() {
    EXPECT_EQ(status("NtCreateJobObject", &job_, nt::JOB_OBJECT_ALL_ACCESS, static_cast<OBJECT_ATTRIBUTES*>(nullptr)),
              STATUS_SUCCESS);
    child_ = fork();
    if (child_ == 0) {
      pause();
      _exit(7);
    }
    process_ = *nt::handle_for(*nt::Process::open(static_cast<DWORD>(child_)), nt::PROCESS_ALL_ACCESS);
  }
  ~Jobs() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    status("NtClose", process_);
    status("NtClose", job_);
  }
  NTSTATUS set_limit(DWORD flags, DWORD processes = 0) {
    BasicLimit limit = {};
    limit.flags = flags;
    limit.processes = processes;
    return status("NtSetInformationJobObject", job_, 2u, &limit, ULONG{sizeof limit});
  }
  bool child_ends() const {
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOWAIT) == 0;
  }

  HANDLE job_ = nullptr, process_ = nullptr;
  pid_t child_ = -1;
};

TEST_F(Jobs, KnowWhoIsInThem) {
  EXPECT_EQ(status("NtIsProcessInJob", process_, job_), STATUS_PROCESS_NOT_IN_JOB);
  EXPECT_EQ(status("NtIsProcessInJob", process_, nullptr), STATUS_PROCESS_NOT_IN_JOB);
  ASSERT_EQ(status("NtAssignProcessToJobObject", job_, process_), STATUS_SUCCESS);
  EXPECT_EQ(status("NtIsProcessInJob", process_, job_), STATUS_PROCESS_IN_JOB);
  EXPECT_EQ(status("NtIsProcessInJob", process_, nullptr), STATUS_PROCESS_IN_JOB);
  EXPECT_EQ(status("NtIsProcessInJob", nt::current_process_handle(), nullptr), STATUS_PROCESS_NOT_IN_JOB);
  EXPECT_EQ(status("NtIsProcessInJob", process_, process_), STATUS_OBJECT_TYPE_MISMATCH);
  ProcessIds list = {};
  ULONG needed = 0;
  ASSERT_EQ(status("NtQueryInformationJobObject", job_, 3u, &list, ULONG{sizeof list}, &needed), STATUS_SUCCESS);
  EXPECT_EQ(list.assigned, 1u);
  EXPECT_EQ(list.ids[0], static_cast<ULONG_PTR>(child_));
  EXPECT_EQ(status("NtQueryInformationJobObject", job_, 3u, &list, 8u, &needed), STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(status("NtQueryInformationJobObject", job_, 99u, &list, 8u, &needed), STATUS_INVALID_INFO_CLASS);
}

TEST_F(Jobs, EndTogether) {
  ASSERT_EQ(status("NtAssignProcessToJobObject", job_, process_), STATUS_SUCCESS);
  ASSERT_EQ(status("NtTerminateJobObject", job_, 5u), STATUS_SUCCESS);
  EXPECT_TRUE(child_ends());
}

TEST_F(Jobs, EndWithTheLastHandleIfAskedTo) {
  ASSERT_EQ(set_limit(nt::JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE), STATUS_SUCCESS);
  ASSERT_EQ(status("NtAssignProcessToJobObject", job_, process_), STATUS_SUCCESS);
  status("NtClose", job_);
  EXPECT_TRUE(child_ends());
}

TEST_F(Jobs, RefuseLimitsThatNobodyWouldKeep) {
  EXPECT_EQ(set_limit(0x100), STATUS_NOT_SUPPORTED);  // JOB_OBJECT_LIMIT_PROCESS_MEMORY
  EXPECT_EQ(set_limit(nt::JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 0), STATUS_SUCCESS);
  EXPECT_EQ(status("NtAssignProcessToJobObject", job_, process_), static_cast<NTSTATUS>(0xC0000044));  // QUOTA_EXCEEDED
  BasicLimit limit = {};
  ULONG needed = 0;
  ASSERT_EQ(status("NtQueryInformationJobObject", job_, 2u, &limit, ULONG{sizeof limit}, &needed), STATUS_SUCCESS);
  EXPECT_EQ(limit.flags, nt::JOB_OBJECT_LIMIT_ACTIVE_PROCESS);
  EXPECT_EQ(status("NtSetInformationJobObject", job_, 2u, &limit, 8u), STATUS_INFO_LENGTH_MISMATCH);
}

struct Packet {
  ULONG_PTR key, process;
  ULONG_PTR message;
};

TEST_F(Jobs, TellAPortWhoComesAndGoes) {
  HANDLE port = nullptr;
  ASSERT_EQ(status("NtCreateIoCompletion", &port, ACCESS_MASK{0x1F0003}, static_cast<OBJECT_ATTRIBUTES*>(nullptr), 0u),
            STATUS_SUCCESS);
  struct {
    ULONG_PTR key;
    HANDLE port;
  } associate = {77, port};
  ASSERT_EQ(status("NtSetInformationJobObject", job_, 7u, &associate, ULONG{sizeof associate}), STATUS_SUCCESS);
  EXPECT_EQ(status("NtSetInformationJobObject", job_, 7u, &associate, ULONG{sizeof associate}),
            STATUS_INVALID_PARAMETER)
      << "it has one";
  EXPECT_EQ(status("NtSetInformationJobObject", job_, 7u, &associate, 8u), STATUS_INFO_LENGTH_MISMATCH);
  const auto next = [&] {
    Packet packet = {};
    IO_STATUS_BLOCK block = {};
    const LARGE_INTEGER now = 0;
    if (status("NtRemoveIoCompletion", port, &packet.key, &packet.process, &block, &now) != STATUS_SUCCESS)
      return Packet{};
    packet.message = block.Information;
    return packet;
  };
  ASSERT_EQ(status("NtAssignProcessToJobObject", job_, process_), STATUS_SUCCESS);
  const Packet came = next();
  EXPECT_EQ(came.key, 77u);
  EXPECT_EQ(came.process, static_cast<ULONG_PTR>(child_));
  EXPECT_EQ(came.message, 6u);  // JOB_OBJECT_MSG_NEW_PROCESS
  EXPECT_EQ(next().key, 0u);
  ASSERT_EQ(status("NtTerminateJobObject", job_, 5u), STATUS_SUCCESS);
  ASSERT_TRUE(child_ends());
  nt::Job::process_ended(**nt::object_of<nt::Process>(process_, 0));  // as the watcher of started processes does
  const Packet went = next();
  EXPECT_EQ(went.process, static_cast<ULONG_PTR>(child_));
  EXPECT_TRUE(went.message == 7u || went.message == 8u) << went.message;  // JOB_OBJECT_MSG_(ABNORMAL_)EXIT_PROCESS
  status("NtClose", port);
}

TEST_F(Jobs, HaveNames) {
  UNICODE_STRING name = {28, 28, const_cast<WCHAR*>(u"job_of_a_test\0")};
  name.Length = name.MaximumLength = 26;
  OBJECT_ATTRIBUTES attributes = {sizeof attributes, nt::base_named_objects(), &name, 0, nullptr, nullptr};
  HANDLE named = nullptr, opened = nullptr;
  EXPECT_EQ(status("NtOpenJobObject", &opened, nt::JOB_OBJECT_QUERY, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
  ASSERT_EQ(status("NtCreateJobObject", &named, nt::JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
  ASSERT_EQ(status("NtOpenJobObject", &opened, nt::JOB_OBJECT_QUERY, &attributes), STATUS_SUCCESS);
  EXPECT_EQ(status("NtTerminateJobObject", opened, 0u), STATUS_ACCESS_DENIED);
  status("NtClose", opened);
  status("NtClose", named);
}

}  // namespace
}  // namespace hmodule::winapi
