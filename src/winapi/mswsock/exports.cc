// mswsock.dll: extensions that programs link to, instead of asking WSAIoctl for them. The functions are ws2_32's.
#include "winapi/mswsock/exports.h"

#include "winapi/ws2_32/winsock.h"

namespace hmodule::winapi {
namespace {

const Export kRows[] = {
    {"AcceptEx", proc(AcceptEx)},
    {"GetAcceptExSockaddrs", proc(GetAcceptExSockaddrs)},
    {"TransmitFile", proc(TransmitFile), Support::partial, "no TF_REUSE_SOCKET for overlapped ones"},
    {"WSARecvEx", proc(WSARecvEx)},
    {"inet_network", proc(inet_network)},
};
const ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll mswsock_dll = {"mswsock.dll", kTables};

}  // namespace hmodule::winapi
