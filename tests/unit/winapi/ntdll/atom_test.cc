// Atom tables of ntdll, and the global one through ntdll and kernel32.
#include "nt/atom_table.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <string>

namespace hmodule::winapi {
namespace {

using nt::ATOM;

template <typename R, typename... Args>
R call(const BuiltinDll& dll, std::string_view name, Args... args) {
  return function<R, Args...>(dll, name)(args...);
}
template <typename... Args>
NTSTATUS status(std::string_view name, Args... args) {
  return call<NTSTATUS>(ntdll_dll, name, args...);
}

class AtomTables : public testing::Test {
 protected:
  AtomTables() { EXPECT_EQ(status("RtlCreateAtomTable", 0u, &table_), STATUS_SUCCESS); }
  ~AtomTables() override { EXPECT_EQ(status("RtlDestroyAtomTable", table_), STATUS_SUCCESS); }
  NTSTATUS add(const WCHAR* name, ATOM* atom) { return status("RtlAddAtomToAtomTable", table_, name, atom); }
  NTSTATUS find(const WCHAR* name, ATOM* atom) { return status("RtlLookupAtomInAtomTable", table_, name, atom); }
  NTSTATUS remove(ATOM atom) { return status("RtlDeleteAtomFromAtomTable", table_, ULONG{atom}); }
  void* table_ = nullptr;
};

TEST_F(AtomTables, CountNamesWithoutCase) {
  ATOM first = 0, again = 0, other = 0;
  ASSERT_EQ(add(u"Hello", &first), STATUS_SUCCESS);
  EXPECT_GE(first, 0xC000);
  ASSERT_EQ(add(u"HELLO", &again), STATUS_SUCCESS);
  EXPECT_EQ(first, again);
  ASSERT_EQ(add(u"World", &other), STATUS_SUCCESS);
  EXPECT_NE(first, other);
  ULONG references = 0, pinned = 9, size = 64;
  WCHAR name[32];
  ASSERT_EQ(status("RtlQueryAtomInAtomTable", table_, ULONG{first}, &references, &pinned, name, &size), STATUS_SUCCESS);
  EXPECT_EQ(references, 2u);
  EXPECT_EQ(pinned, 0u);
  EXPECT_EQ(size, 10u);
  EXPECT_EQ(std::u16string(name), u"Hello");  // as it was first written
  EXPECT_EQ(remove(first), STATUS_SUCCESS);
  EXPECT_EQ(find(u"hello", &again), STATUS_SUCCESS);
  EXPECT_EQ(remove(first), STATUS_SUCCESS);
  EXPECT_EQ(find(u"hello", &again), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(remove(first), STATUS_INVALID_HANDLE);
}

TEST_F(AtomTables, NumbersAreTheirOwnNames) {
  ATOM atom = 0;
  EXPECT_EQ(add(reinterpret_cast<const WCHAR*>(0x1234), &atom), STATUS_SUCCESS);
  EXPECT_EQ(atom, 0x1234);
  EXPECT_EQ(add(u"#4660", &atom), STATUS_SUCCESS);
  EXPECT_EQ(atom, 4660);
  EXPECT_EQ(add(u"#49151", &atom), STATUS_SUCCESS);
  for (const WCHAR* bad :
       {u"#0", u"#49152", u"#99999999999", static_cast<const WCHAR*>(nullptr), reinterpret_cast<const WCHAR*>(0xC000)})
    EXPECT_EQ(add(bad, &atom), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(add(u"#12x", &atom), STATUS_SUCCESS);  // a name like any other
  EXPECT_GE(atom, 0xC000);
  ULONG references = 0, pinned = 0, size = 64;
  WCHAR name[32];
  ASSERT_EQ(status("RtlQueryAtomInAtomTable", table_, 12u, &references, &pinned, name, &size), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(name), u"#12");
  EXPECT_EQ(references, 1u);
  EXPECT_EQ(pinned, 1u);
  EXPECT_EQ(status("RtlQueryAtomInAtomTable", table_, 0u, &references, &pinned, name, &size), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(remove(12), STATUS_SUCCESS);
}

TEST_F(AtomTables, RefuseEmptyAndLongNames) {
  ATOM atom = 0;
  EXPECT_EQ(add(u"", &atom), STATUS_OBJECT_NAME_INVALID);
  EXPECT_EQ(find(u"", &atom), STATUS_OBJECT_NAME_INVALID);
  EXPECT_EQ(add(std::u16string(255, u'x').c_str(), &atom), STATUS_SUCCESS);
  EXPECT_EQ(add(std::u16string(256, u'x').c_str(), &atom), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(status("RtlAddAtomToAtomTable", static_cast<void*>(nullptr), u"x", &atom), STATUS_INVALID_PARAMETER);
}

// Measured under Wine, whose tests record Windows.
TEST_F(AtomTables, CutOffNamesThatAreTooLong) {
  ATOM atom = 0;
  ASSERT_EQ(add(u"Hello", &atom), STATUS_SUCCESS);
  WCHAR name[8];
  ULONG size = 0;
  const auto query = [&] {
    return status("RtlQueryAtomInAtomTable", table_, ULONG{atom}, static_cast<ULONG*>(nullptr),
                  static_cast<ULONG*>(nullptr), name, &size);
  };
  EXPECT_EQ(query(), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 10u);
  EXPECT_EQ(query(), STATUS_SUCCESS);  // no room for the terminator
  EXPECT_EQ(size, 8u);
  EXPECT_EQ(std::u16string(name), u"Hell");
  size = 2;
  EXPECT_EQ(query(), STATUS_SUCCESS);
  EXPECT_EQ(size, 0u);
  EXPECT_EQ(name[0], 0);
}

TEST_F(AtomTables, PinnedAtomsStay) {
  ATOM atom = 0;
  add(u"pin", &atom);
  EXPECT_EQ(status("RtlPinAtomInAtomTable", table_, ULONG{atom}), STATUS_SUCCESS);
  EXPECT_EQ(remove(atom), 0x40000019);  // STATUS_WAS_LOCKED
  EXPECT_EQ(status("RtlEmptyAtomTable", table_, 0u), STATUS_SUCCESS);
  EXPECT_EQ(find(u"pin", &atom), STATUS_SUCCESS);
  EXPECT_EQ(status("RtlEmptyAtomTable", table_, 1u), STATUS_SUCCESS);
  EXPECT_EQ(find(u"pin", &atom), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(GlobalAtoms, AreOneTableForNtdllAndKernel32) {
  ATOM atom = 0, found = 0;
  ASSERT_EQ(status("NtAddAtom", u"shared name", 22u, &atom), STATUS_SUCCESS);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "GlobalFindAtomA", "SHARED NAME"), atom);
  EXPECT_EQ(status("NtFindAtom", u"Shared name and more", 22u, &found), STATUS_SUCCESS);
  EXPECT_EQ(found, atom);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "FindAtomW", u"shared name"), 0);  // not the local table
  EXPECT_EQ(thread::last_error(), ERROR_FILE_NOT_FOUND);

  struct {
    USHORT references, pinned, length;
    WCHAR name[20];
  } facts = {};
  ULONG needed = 0;
  const auto query = [&](ULONG size) {
    return status("NtQueryInformationAtom", ULONG{atom}, 0u, &facts, size, &needed);
  };
  EXPECT_EQ(query(7), STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(query(8), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(facts.length, 22);
  EXPECT_EQ(needed, 8u + 22);
  EXPECT_EQ(query(8 + 12), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(facts.name), u"shared");
  EXPECT_EQ(facts.length, 12);
  ASSERT_EQ(query(8 + 22), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(facts.name), u"shared name");
  EXPECT_EQ(facts.references, 1);
  EXPECT_EQ(status("NtQueryInformationAtom", ULONG{atom}, 1u, &facts, 30u, &needed), STATUS_INVALID_INFO_CLASS);

  WCHAR wide[12] = {};
  EXPECT_EQ(call<UINT>(kernel32_dll, "GlobalGetAtomNameW", ULONG{atom}, wide, 6), 6u);
  EXPECT_EQ(thread::last_error(), ERROR_MORE_DATA);
  EXPECT_EQ(std::u16string(wide), u"shared");
  EXPECT_EQ(call<UINT>(kernel32_dll, "GlobalGetAtomNameW", ULONG{atom}, wide, 11), 11u);
  EXPECT_EQ(thread::last_error(), 0xDEADu);
  char narrow[12];
  EXPECT_EQ(call<UINT>(kernel32_dll, "GlobalGetAtomNameA", ULONG{atom}, narrow, 11), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_MORE_DATA);
  EXPECT_EQ(call<UINT>(kernel32_dll, "GlobalGetAtomNameA", ULONG{atom}, narrow, 12), 11u);

  EXPECT_EQ(status("NtDeleteAtom", ULONG{atom}), STATUS_SUCCESS);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "GlobalFindAtomW", u"shared name"), 0);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "GlobalDeleteAtom", ULONG{atom}), atom);  // the atom: it failed
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HANDLE);
}

TEST(LocalAtoms, TellTheirNamesOrTheirBeginnings) {
  const ATOM atom = call<ATOM>(kernel32_dll, "AddAtomW", u"n\u00e4me");
  ASSERT_NE(atom, 0);
  WCHAR wide[8];
  EXPECT_EQ(call<UINT>(kernel32_dll, "GetAtomNameW", ULONG{atom}, wide, 8), 4u);
  EXPECT_EQ(std::u16string(wide), u"n\u00e4me");
  char narrow[8];
  EXPECT_EQ(call<UINT>(kernel32_dll, "GetAtomNameA", ULONG{atom}, narrow, 8), 5u);  // UTF-8
  EXPECT_EQ(call<UINT>(kernel32_dll, "GetAtomNameW", ULONG{atom}, wide, 4), 3u);
  EXPECT_EQ(std::u16string(wide), u"n\u00e4m");
  EXPECT_EQ(call<UINT>(kernel32_dll, "GetAtomNameW", ULONG{atom}, wide, 0), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_MORE_DATA);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "DeleteAtom", ULONG{atom}), 0);
  EXPECT_EQ(call<ATOM>(kernel32_dll, "FindAtomW", u"n\u00e4me"), 0);
}

}  // namespace
}  // namespace hmodule::winapi
