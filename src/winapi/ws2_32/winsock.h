// The functions of ws2_32 that wsock32 and mswsock export too.
#pragma once

#include "win/fileapi.h"
#include "win/winsock2.h"

namespace hmodule::winapi {

// --- Winsock 1.1 ---
HM_WINAPI INT WSAStartup(WORD version, WSADATA* data) noexcept;
HM_WINAPI INT WSACleanup() noexcept;
HM_WINAPI INT WSAGetLastError() noexcept;
HM_WINAPI void WSASetLastError(INT code) noexcept;
HM_WINAPI INT __WSAFDIsSet(SOCKET socket, FD_SET* set) noexcept;
HM_WINAPI SOCKET accept(SOCKET socket, void* address, INT* length) noexcept;
HM_WINAPI INT bind(SOCKET socket, const void* address, INT length) noexcept;
HM_WINAPI INT closesocket(SOCKET socket) noexcept;
HM_WINAPI INT connect(SOCKET socket, const void* address, INT length) noexcept;
HM_WINAPI HOSTENT* gethostbyaddr(const char* address, INT length, INT type) noexcept;
HM_WINAPI HOSTENT* gethostbyname(const char* name) noexcept;
HM_WINAPI INT gethostname(char* name, INT size) noexcept;
HM_WINAPI INT getpeername(SOCKET socket, void* address, INT* length) noexcept;
HM_WINAPI PROTOENT* getprotobyname(const char* name) noexcept;
HM_WINAPI PROTOENT* getprotobynumber(INT number) noexcept;
HM_WINAPI SERVENT* getservbyname(const char* name, const char* protocol) noexcept;
HM_WINAPI SERVENT* getservbyport(INT port, const char* protocol) noexcept;
HM_WINAPI INT getsockname(SOCKET socket, void* address, INT* length) noexcept;
HM_WINAPI INT getsockopt(SOCKET socket, INT level, INT name, char* value, INT* length) noexcept;
HM_WINAPI ULONG htonl(ULONG value) noexcept;
HM_WINAPI USHORT htons(USHORT value) noexcept;
HM_WINAPI ULONG inet_addr(const char* text) noexcept;
HM_WINAPI char* inet_ntoa(ULONG address) noexcept;
HM_WINAPI INT ioctlsocket(SOCKET socket, LONG command, ULONG* argument) noexcept;
HM_WINAPI INT listen(SOCKET socket, INT backlog) noexcept;
HM_WINAPI ULONG ntohl(ULONG value) noexcept;
HM_WINAPI USHORT ntohs(USHORT value) noexcept;
HM_WINAPI INT recv(SOCKET socket, char* buffer, INT size, INT flags) noexcept;
HM_WINAPI INT recvfrom(SOCKET socket, char* buffer, INT size, INT flags, void* from, INT* length) noexcept;
HM_WINAPI INT select(INT, FD_SET* read, FD_SET* write, FD_SET* except, const TIMEVAL* timeout) noexcept;
HM_WINAPI INT send(SOCKET socket, const char* buffer, INT size, INT flags) noexcept;
HM_WINAPI INT sendto(SOCKET socket, const char* buffer, INT size, INT flags, const void* to, INT length) noexcept;
HM_WINAPI INT setsockopt(SOCKET socket, INT level, INT name, const char* value, INT length) noexcept;
HM_WINAPI INT shutdown(SOCKET socket, INT how) noexcept;
HM_WINAPI SOCKET socket(INT family, INT type, INT protocol) noexcept;

// --- Extensions (mswsock.h) ---
using WinsockRoutine = HM_WINAPI void (*)(DWORD error, DWORD transferred, OVERLAPPED* overlapped, DWORD flags);
HM_WINAPI BOOL AcceptEx(SOCKET listener, SOCKET socket, void* buffer, DWORD data, DWORD local, DWORD remote,
                        DWORD* received, OVERLAPPED* overlapped) noexcept;
HM_WINAPI BOOL ConnectEx(SOCKET socket, const void* address, INT length, void* buffer, DWORD size, DWORD* sent,
                         OVERLAPPED* overlapped) noexcept;
HM_WINAPI BOOL DisconnectEx(SOCKET socket, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) noexcept;
HM_WINAPI void GetAcceptExSockaddrs(void* buffer, DWORD data, DWORD local, DWORD remote, void** local_address,
                                    INT* local_length, void** remote_address, INT* remote_length) noexcept;
HM_WINAPI BOOL TransmitFile(SOCKET socket, HANDLE file, DWORD count, DWORD chunk, OVERLAPPED* overlapped,
                            TRANSMIT_FILE_BUFFERS* buffers, DWORD flags) noexcept;
HM_WINAPI BOOL TransmitPackets(SOCKET socket, TRANSMIT_PACKETS_ELEMENT* elements, DWORD count, DWORD chunk,
                               OVERLAPPED* overlapped, DWORD flags) noexcept;
HM_WINAPI INT WSARecvMsg(SOCKET socket, WSAMSG* message, DWORD* received, OVERLAPPED* overlapped,
                         WinsockRoutine routine) noexcept;
HM_WINAPI INT WSASendMsg(SOCKET socket, WSAMSG* message, DWORD flags, DWORD* sent, OVERLAPPED* overlapped,
                         WinsockRoutine routine) noexcept;
HM_WINAPI INT WSARecvEx(SOCKET socket, char* buffer, INT size, INT* flags) noexcept;
HM_WINAPI INT WSAPoll(WSAPOLLFD* sockets, ULONG count, INT timeout) noexcept;
HM_WINAPI ULONG inet_network(const char* text) noexcept;

}  // namespace hmodule::winapi
