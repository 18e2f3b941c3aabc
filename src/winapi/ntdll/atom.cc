// Atom tables, and the global one.
#include "module/builtin.h"
#include "nt/atom_table.h"
#include "winapi/ntdll/nt_args.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

using nt::ATOM;
using nt::AtomTable;

constexpr NTSTATUS STATUS_WAS_LOCKED = 0x40000019;  // a pinned atom is not deleted

Status require_table(const AtomTable* table) {
  if (table == nullptr) return fail(STATUS_INVALID_PARAMETER, "no atom table");
  return ok;
}

// The number of buckets is ours to choose. A table that is there stays.
HM_WINAPI NTSTATUS RtlCreateAtomTable(ULONG /*buckets*/, AtomTable** table) noexcept {
  return status_of([&]() -> Status {
    if (table == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the atom table");
    if (*table == nullptr) *table = new AtomTable;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlDestroyAtomTable(AtomTable* table) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    delete table;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlEmptyAtomTable(AtomTable* table, BOOLEAN pinned_too) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    table->clear(pinned_too != 0);
    return ok;
  });
}

HM_WINAPI NTSTATUS RtlAddAtomToAtomTable(AtomTable* table, const WCHAR* name, ATOM* atom) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    const auto checked = TRY(AtomTable::name_from(name));
    const ATOM made = TRY(table->add(checked));
    store_if(atom, made);
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlLookupAtomInAtomTable(AtomTable* table, const WCHAR* name, ATOM* atom) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    const auto checked = TRY(AtomTable::name_from(name));
    const ATOM found = TRY(table->find(checked));
    store_if(atom, found);
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlDeleteAtomFromAtomTable(AtomTable* table, ATOM atom) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    TRY(require_table(table));
    return TRY(table->remove(atom)) == AtomTable::Removed::yes ? STATUS_SUCCESS : STATUS_WAS_LOCKED;
  });
}
HM_WINAPI NTSTATUS RtlPinAtomInAtomTable(AtomTable* table, ATOM atom) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    return table->pin(atom);
  });
}

// `size` in bytes: the room, then the length without the terminator. A name that is too long is cut off, and that is
// no error, unless there is no room at all.
HM_WINAPI NTSTATUS RtlQueryAtomInAtomTable(AtomTable* table, ATOM atom, ULONG* references, ULONG* pinned, WCHAR* name,
                                           ULONG* size) noexcept {
  return status_of([&]() -> Status {
    TRY(require_table(table));
    const AtomTable::Facts facts = TRY(table->query(atom));
    store_if(references, facts.references);
    store_if(pinned, facts.pinned ? 1 : 0);
    if (size == nullptr) return ok;
    const std::size_t room = *size / sizeof(WCHAR), length = facts.name.size();
    if (name == nullptr || room == 0) {
      *size = static_cast<ULONG>(length * sizeof(WCHAR));
      return fail(STATUS_BUFFER_TOO_SMALL, "no room for a name of {} units", length);
    }
    const std::size_t fitting = std::min(length, room - 1);
    *std::copy_n(facts.name.begin(), fitting, name) = 0;
    *size = static_cast<ULONG>(fitting * sizeof(WCHAR));
    return ok;
  });
}

// --- the global table; lengths in bytes ---

// A name whose length is 0 may be a number, as MAKEINTATOM makes one.
Result<AtomTable::Name> name_of(const WCHAR* name, ULONG length) {
  if (reinterpret_cast<std::uintptr_t>(name) < 0x10000) return AtomTable::name_from(name);
  return AtomTable::name_from(std::u16string_view(name, length / sizeof(WCHAR)));
}

HM_WINAPI NTSTATUS NtAddAtom(const WCHAR* name, ULONG length, ATOM* atom) noexcept {
  return status_of([&]() -> Status {
    const auto checked = TRY(name_of(name, length));
    const ATOM made = TRY(nt::global_atoms().add(checked));
    store_if(atom, made);
    return ok;
  });
}
HM_WINAPI NTSTATUS NtFindAtom(const WCHAR* name, ULONG length, ATOM* atom) noexcept {
  return status_of([&]() -> Status {
    const auto checked = TRY(name_of(name, length));
    const ATOM found = TRY(nt::global_atoms().find(checked));
    store_if(atom, found);
    return ok;
  });
}
HM_WINAPI NTSTATUS NtDeleteAtom(ATOM atom) noexcept {
  return RtlDeleteAtomFromAtomTable(&nt::global_atoms(), atom);
}

struct AtomBasicInformation {
  USHORT ReferenceCount, Pinned, NameLength;
  WCHAR Name[1];
};
static_assert(sizeof(AtomBasicInformation) == 8);

// A name that is too long is cut off, unless there is no room at all.
HM_WINAPI NTSTATUS NtQueryInformationAtom(ATOM atom, LONG information_class, void* buffer, ULONG size,
                                          ULONG* needed) noexcept {
  return status_of([&]() -> Status {
    if (information_class != 0)
      return fail(STATUS_INVALID_INFO_CLASS, "information class {} of an atom", information_class);
    const AtomTable::Facts facts = TRY(nt::global_atoms().query(atom));
    const auto length = static_cast<ULONG>(facts.name.size() * sizeof(WCHAR));
    if (size < sizeof(AtomBasicInformation))
      return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for an atom's information", size);
    TRY(require(buffer));
    const auto room = static_cast<ULONG>(size - sizeof(AtomBasicInformation)) & ~1U;
    const ULONG given = room == 0 ? length : std::min(length, room);
    auto& out = *static_cast<AtomBasicInformation*>(buffer);
    out.ReferenceCount = static_cast<USHORT>(facts.references);
    out.Pinned = facts.pinned;
    out.NameLength = static_cast<USHORT>(given);
    store_if(needed, static_cast<ULONG>(sizeof(AtomBasicInformation) + given));
    if (room == 0) return fail(STATUS_BUFFER_TOO_SMALL, "no room for a name of {} bytes", length);
    *std::copy_n(facts.name.begin(), given / sizeof(WCHAR), static_cast<WCHAR*>(out.Name)) = 0;
    return ok;
  });
}

constexpr std::string_view kThisProcess = "the global table is this process's";
const Export kRows[] = {
    {"NtAddAtom", proc(NtAddAtom), Support::partial, kThisProcess},
    {"NtDeleteAtom", proc(NtDeleteAtom), Support::partial, kThisProcess},
    {"NtFindAtom", proc(NtFindAtom), Support::partial, kThisProcess},
    {"NtQueryInformationAtom", proc(NtQueryInformationAtom), Support::partial, "no AtomTableInformation"},
    {"RtlAddAtomToAtomTable", proc(RtlAddAtomToAtomTable)},
    {"RtlCreateAtomTable", proc(RtlCreateAtomTable)},
    {"RtlDeleteAtomFromAtomTable", proc(RtlDeleteAtomFromAtomTable)},
    {"RtlDestroyAtomTable", proc(RtlDestroyAtomTable)},
    {"RtlEmptyAtomTable", proc(RtlEmptyAtomTable)},
    {"RtlLookupAtomInAtomTable", proc(RtlLookupAtomInAtomTable)},
    {"RtlPinAtomInAtomTable", proc(RtlPinAtomInAtomTable)},
    {"RtlQueryAtomInAtomTable", proc(RtlQueryAtomInAtomTable)},
};

}  // namespace

extern const ExportTable atom_exports = kRows;

}  // namespace hmodule::winapi
