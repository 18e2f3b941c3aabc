/* Automation's types: strings, variants and their conversions, safe arrays, dates, decimals, GUIDs. */
#define COBJMACROS
#include <windows.h>

#include <oleauto.h>
#include <string.h>

#include "support/say.h"

static void tell(const char* tag, const WCHAR* text) {
  char bytes[128];
  WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
  say(tag, "%s", bytes);
}

int main(void) {
  BSTR text = SysAllocString(L"a string");
  say("bstr", "%u %u", SysStringLen(text), SysStringByteLen(text));
  say("realloc", "%d", SysReAllocStringLen(&text, L"longer than before", 11));
  tell("bstr-is", text);
  say("empty", "%u %d", SysStringLen(NULL), SysAllocStringLen(NULL, 5) != NULL);
  SysFreeString(text);
  VARIANT v, w;
  VariantInit(&v);
  VariantInit(&w);
  V_VT(&v) = VT_BSTR;
  V_BSTR(&v) = SysAllocString(L" -12.75 ");
  say("to-double", "%lx", VariantChangeTypeEx(&w, &v, 0x409, 0, VT_R8));
  say("double", "%.2f", V_R8(&w));
  say("to-int", "%lx", VariantChangeTypeEx(&w, &v, 0x409, 0, VT_I4));
  say("int", "%ld", V_I4(&w));
  say("to-unsigned", "%lx", VariantChangeTypeEx(&w, &v, 0x409, 0, VT_UI1));
  SysFreeString(V_BSTR(&v));
  V_BSTR(&v) = SysAllocString(L"words");
  say("mismatch", "%lx", VariantChangeTypeEx(&w, &v, 0x409, 0, VT_R8));
  VariantClear(&v);
  V_VT(&v) = VT_R8;
  V_R8(&v) = 1234567.125;
  say("to-string", "%lx", VariantChangeTypeEx(&w, &v, 0x409, 0, VT_BSTR));
  tell("string", V_BSTR(&w));
  VariantClear(&w);
  V_VT(&v) = VT_BOOL;
  V_BOOL(&v) = VARIANT_TRUE;
  VariantChangeTypeEx(&w, &v, 0x409, VARIANT_ALPHABOOL, VT_BSTR);
  tell("bool", V_BSTR(&w));
  say("copy", "%lx", VariantCopy(&v, &w));
  say("copied", "%d %d", V_VT(&v), V_BSTR(&v) != V_BSTR(&w));
  VariantClear(&v);
  VariantClear(&w);
  DATE date = 0;
  SYSTEMTIME time = {.wYear = 2024, .wMonth = 2, .wDay = 9, .wHour = 12}, back;
  say("date", "%d", SystemTimeToVariantTime(&time, &date));
  say("date-is", "%.4f", date);
  say("date-back", "%d", VariantTimeToSystemTime(date + 0.25, &back));
  say("back-is", "%d-%d-%d %d", back.wYear, back.wMonth, back.wDay, back.wHour);
  SAFEARRAYBOUND bounds[2] = {{3, 0}, {4, 10}};
  SAFEARRAY* const array = SafeArrayCreate(VT_I4, 2, bounds);
  say("dimensions", "%u %u", SafeArrayGetDim(array), SafeArrayGetElemsize(array));
  LONG low = 0, high = 0, at[2] = {2, 13}, value = 77, read = 0;
  SafeArrayGetLBound(array, 2, &low);
  SafeArrayGetUBound(array, 2, &high);
  say("bounds", "%ld %ld", low, high);
  say("put", "%lx", SafeArrayPutElement(array, at, &value));
  say("get", "%lx", SafeArrayGetElement(array, at, &read));
  at[1] = 14;
  say("element", "%ld %lx", read, SafeArrayGetElement(array, at, &read));
  say("destroy", "%lx", SafeArrayDestroy(array));
  DECIMAL decimal, other, sum;
  say("decimal", "%lx", VarDecFromStr((WCHAR*)L"79228162514264337593543950335", 0x409, 0, &decimal));
  VarDecFromR8(1.5, &other);
  say("overflow", "%lx", VarDecAdd(&decimal, &decimal, &sum));
  VarDecMul(&other, &other, &sum);
  BSTR product = NULL;
  VarBstrFromDec(&sum, 0x409, 0, &product);
  tell("product", product);
  V_VT(&v) = VT_I4;
  V_I4(&v) = 6;
  V_VT(&w) = VT_BSTR;
  V_BSTR(&w) = SysAllocString(L"7");
  VARIANT result;
  VariantInit(&result);
  say("VarMul", "%lx", VarMul(&v, &w, &result));
  say("is", "%d", V_VT(&result) == VT_R8 && V_R8(&result) == 42);
  say("VarCmp", "%lx", VarCmp(&v, &result, 0x409, 0));
  GUID guid, parsed;
  say("CoCreateGuid", "%lx", CoCreateGuid(&guid));
  WCHAR written[40];
  say("StringFromGUID2", "%d", StringFromGUID2(&guid, written, 40));
  say("CLSIDFromString", "%lx", CLSIDFromString(written, &parsed));
  say("same", "%d", memcmp(&guid, &parsed, sizeof guid) == 0);
  say("bad-guid", "%lx", CLSIDFromString((WCHAR*)L"{nonsense}", &parsed));
  say("CoInitializeEx", "%lx", CoInitializeEx(NULL, COINIT_MULTITHREADED));
  say("again", "%lx", CoInitializeEx(NULL, COINIT_MULTITHREADED));
  say("changed", "%lx", CoInitializeEx(NULL, COINIT_APARTMENTTHREADED));
  IStream* stream = NULL;
  say("CreateStreamOnHGlobal", "%lx", CreateStreamOnHGlobal(NULL, TRUE, &stream));
  ULONG count = 0;
  IStream_Write(stream, "in a stream", 11, &count);
  LARGE_INTEGER start = {.QuadPart = 3};
  IStream_Seek(stream, start, STREAM_SEEK_SET, NULL);
  char bytes[16] = "";
  IStream_Read(stream, bytes, 8, &count);
  say("stream", "%.8s %lu", bytes, count);
  STATSTG status;
  IStream_Stat(stream, &status, STATFLAG_NONAME);
  say("size", "%d %lu", (int)status.cbSize.QuadPart, IStream_Release(stream));
  void* unknown = NULL;
  say("no-class", "%lx", CoCreateInstance(&guid, NULL, CLSCTX_INPROC_SERVER, &IID_IUnknown, &unknown));
  CoUninitialize();
  CoUninitialize();
  return 0;
}
