/* Sockets given to another process by WSADuplicateSocket: a connection, a listener, a socket for datagrams. */
#include <winsock2.h>

#include <windows.h>

#include <string.h>

#include "support/say.h"

static SOCKET next_socket(void) {
  WSAPROTOCOL_INFOW info;
  DWORD count;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), &info, sizeof info, &count, NULL) || count != sizeof info)
    return INVALID_SOCKET;
  return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, WSA_FLAG_OVERLAPPED);
}

static int child(void) {
  char text[32];
  const SOCKET connection = next_socket();
  int size = recv(connection, text, sizeof text, 0), type = 0, length = sizeof type;
  send(connection, text, size, 0);
  getsockopt(connection, SOL_SOCKET, SO_TYPE, (char*)&type, &length);
  say("child-type", "%d", type);
  shutdown(connection, SD_SEND);
  closesocket(connection);

  const SOCKET listener = next_socket(), accepted = accept(listener, NULL, NULL);
  say("child-accepted", "%d", accepted != INVALID_SOCKET);
  send(accepted, "welcome", 7, 0);
  closesocket(accepted);
  closesocket(listener);

  const SOCKET datagrams = next_socket();
  size = recv(datagrams, text, sizeof text, 0);
  say("child-datagram", "%.*s", size, text);
  closesocket(datagrams);
  return 7;
}

static int give(SOCKET s, DWORD process, HANDLE to) {
  WSAPROTOCOL_INFOW info;
  DWORD count;
  if (WSADuplicateSocketW(s, process, &info)) return WSAGetLastError();
  closesocket(s);
  return WriteFile(to, &info, sizeof info, &count, NULL) ? 0 : 1;
}

int main(int argc, char** argv) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  (void)argv;
  if (argc > 1) return child();
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE read, write;
  CreatePipe(&read, &write, &inherited, 0);
  SetHandleInformation(write, HANDLE_FLAG_INHERIT, 0);
  char self[MAX_PATH], command[MAX_PATH + 8];
  GetModuleFileNameA(NULL, self, sizeof self);
  wsprintfA(command, "\"%s\" child", self);
  STARTUPINFOA start = {.cb = sizeof start,
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = read,
                        .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                        .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION process;
  say("start", "%d", ERROR_OF(CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)));
  CloseHandle(read);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int size = sizeof address;
  char text[32] = "";
  const SOCKET listener =
      WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  bind(listener, (struct sockaddr*)&address, sizeof address);
  getsockname(listener, (struct sockaddr*)&address, &size);
  listen(listener, 4);
  const SOCKET client = socket(AF_INET, SOCK_STREAM, 0);
  connect(client, (struct sockaddr*)&address, sizeof address);
  send(client, "through", 7, 0);
  say("connection", "%d", give(accept(listener, NULL, NULL), process.dwProcessId, write));
  int count = recv(client, text, sizeof text, 0);
  say("echo", "%.*s", count, text);
  say("end", "%d", recv(client, text, sizeof text, 0));
  closesocket(client);

  say("listener", "%d", give(listener, process.dwProcessId, write));
  const SOCKET second = socket(AF_INET, SOCK_STREAM, 0);
  say("connect", "%d", connect(second, (struct sockaddr*)&address, sizeof address));
  count = recv(second, text, sizeof text, 0);
  say("answer", "%.*s", count, text);
  closesocket(second);

  const SOCKET datagrams = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
  address.sin_port = 0;
  bind(datagrams, (struct sockaddr*)&address, sizeof address);
  size = sizeof address;
  getsockname(datagrams, (struct sockaddr*)&address, &size);
  say("datagrams", "%d", give(datagrams, process.dwProcessId, write));
  sendto(sender, "a packet", 8, 0, (struct sockaddr*)&address, sizeof address);

  DWORD code = 0;
  say("wait", "%lu", WaitForSingleObject(process.hProcess, 20000));
  GetExitCodeProcess(process.hProcess, &code);
  say("child", "%lu", code);
  WSAPROTOCOL_INFOW info;
  say("nobody", "%d", WSADuplicateSocketW(sender, 0x7FFFFFFC, &info) ? WSAGetLastError() : 0);
  WSACleanup();
  return 0;
}
