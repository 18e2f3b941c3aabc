// mmeapi.h and joystickapi.h: no device of any kind.
#include "module/builtin.h"
#include "win/types.h"

namespace hmodule::winapi {
namespace {

constexpr UINT MMSYSERR_BADDEVICEID = 2, MMSYSERR_NODRIVER = 6;

HM_WINAPI UINT no_devices() noexcept {
  return 0;
}
HM_WINAPI UINT no_such_device(UINT_PTR, void*, UINT) noexcept {
  return MMSYSERR_BADDEVICEID;
}
HM_WINAPI UINT no_joystick(UINT, void*) noexcept {
  return MMSYSERR_NODRIVER;
}
HM_WINAPI UINT no_wave(HANDLE* handle, UINT, const void*, DWORD_PTR, DWORD_PTR, DWORD) noexcept {
  if (handle != nullptr) *handle = nullptr;
  return MMSYSERR_NODRIVER;
}
HM_WINAPI UINT no_midi(HANDLE* handle, UINT, DWORD_PTR, DWORD_PTR, DWORD) noexcept {
  if (handle != nullptr) *handle = nullptr;
  return MMSYSERR_NODRIVER;
}

constexpr std::string_view kNoDevices = "there are no devices";
const Export kRows[] = {
    {"auxGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"joyGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"joyGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"joyGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"joyGetPos", proc(no_joystick), Support::partial, kNoDevices},
    {"joyGetPosEx", proc(no_joystick), Support::partial, kNoDevices},
    {"midiInGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"midiInGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"midiInGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"midiInOpen", proc(no_midi), Support::partial, kNoDevices},
    {"midiOutGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"midiOutGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"midiOutGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"midiOutOpen", proc(no_midi), Support::partial, kNoDevices},
    {"mixerGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"mixerGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"mixerGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"mixerOpen", proc(no_midi), Support::partial, kNoDevices},
    {"waveInGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"waveInGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"waveInGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"waveInOpen", proc(no_wave), Support::partial, kNoDevices},
    {"waveOutGetDevCapsA", proc(no_such_device), Support::partial, kNoDevices},
    {"waveOutGetDevCapsW", proc(no_such_device), Support::partial, kNoDevices},
    {"waveOutGetNumDevs", proc(no_devices), Support::partial, kNoDevices},
    {"waveOutOpen", proc(no_wave), Support::partial, kNoDevices},
};

}  // namespace

extern const ExportTable mmeapi_exports = kRows;

}  // namespace hmodule::winapi
