/* Classes that programs find in the registry of every Windows, in DLLs that are Wine's: scripts' objects by their
 * names, XML, a script engine, pictures, and the media library. */
#include "support/by_name.h"

typedef struct {
  uint32_t Data1;
  uint16_t Data2, Data3;
  uint8_t Data4[8];
} guid_t;
typedef struct Object Object;
struct Object {
  void* const* methods;
};
typedef struct {
  uint16_t vt, reserved[3];
  union {
    int64_t number;
    int16_t boolean;
    WCHAR* text;
    Object* object;
  } value;
  void* second;
} variant_t;
enum { INT_VALUE = 3, TEXT_VALUE = 8, OBJECT = 9, BOOLEAN_VALUE = 11, METHOD = 1, GET = 2, PUT = 4 };

#define OLE(type, name, parameters) BY_NAME("ole32.dll", type, name, parameters)
#define OLEAUT(type, name, parameters) BY_NAME("oleaut32.dll", type, name, parameters)
#define CALL(object, index, type, parameters) ((type(WINAPI*) parameters)(object)->methods[index])
#define RELEASE(object) CALL(object, 2, ULONG, (Object*))(object)

static const guid_t kNull, kDispatch = {0x00020400, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};

static WCHAR* bstr(const char* text) {
  return OLEAUT(WCHAR*, "SysAllocString", (const WCHAR*))(wide(text));
}
static variant_t text_of(const char* text) {
  const variant_t made = {.vt = TEXT_VALUE, .value.text = bstr(text)};
  return made;
}
static variant_t number_of(int number) {
  const variant_t made = {.vt = INT_VALUE, .value.number = number};
  return made;
}
static void clear(variant_t* value) {
  OLEAUT(LONG, "VariantClear", (variant_t*))(value);
}

static Object* create(const char* name) {
  guid_t id;
  Object* made = NULL;
  if (OLE(LONG, "CLSIDFromProgID", (const WCHAR*, guid_t*))(wide(name), &id) != 0) return NULL;
  OLE(LONG, "CoCreateInstance", (const guid_t*, Object*, DWORD, const guid_t*, Object**))
  (&id, NULL, 1, &kDispatch, &made);
  return made;
}
static Object* create_class(const guid_t* id, const guid_t* wanted) {
  Object* made = NULL;
  OLE(LONG, "CoCreateInstance", (const guid_t*, Object*, DWORD, const guid_t*, Object**))
  (id, NULL, 1, wanted, &made);
  return made;
}

/* By name, as scripts do it. The arguments, the first first, are cleared. */
static LONG invoke(Object* object, const char* name, WORD how, variant_t* result, int count, variant_t first,
                   variant_t second) {
  WCHAR* names[] = {wide(name)};
  LONG id = 0, put = -3;
  LONG status = CALL(object, 5, LONG, (Object*, const guid_t*, WCHAR**, UINT, DWORD, LONG*))(object, &kNull, names, 1,
                                                                                             0x409, &id);
  if (status != 0) return status;
  variant_t arguments[] = {count == 2 ? second : first, first};
  struct {
    variant_t* arguments;
    LONG* named;
    UINT count, named_count;
  } parameters = {arguments, how == PUT ? &put : NULL, (UINT)count, how == PUT};
  status = CALL(object, 6, LONG, (Object*, LONG, const guid_t*, DWORD, WORD, void*, variant_t*, void*, UINT*))(
      object, id, &kNull, 0x409, how, &parameters, result, NULL, NULL);
  for (int i = 0; i < count; ++i) clear(&arguments[i]);
  return status;
}
static const variant_t kNothing;
/* What it says, as text; valid for 16 calls. */
static const char* ask(Object* object, const char* name, WORD how, int count, variant_t first, variant_t second) {
  static char buffers[16][200];
  static int next;
  char* const buffer = buffers[next++ % 16];
  variant_t result = {0};
  const LONG status = invoke(object, name, how, &result, count, first, second);
  if (status != 0)
    snprintf(buffer, sizeof buffers[0], "error %lx", (unsigned long)(uint32_t)status);
  else if (result.vt == TEXT_VALUE)
    snprintf(buffer, sizeof buffers[0], "%s", NARROW(result.value.text));
  else if (result.vt == BOOLEAN_VALUE)
    snprintf(buffer, sizeof buffers[0], "%s", result.value.boolean ? "true" : "false");
  else if (result.vt == INT_VALUE)
    snprintf(buffer, sizeof buffers[0], "%d", (int)result.value.number);
  else
    snprintf(buffer, sizeof buffers[0], "type %u", result.vt);
  clear(&result);
  return buffer;
}
static Object* object_of(Object* object, const char* name, WORD how, int count, variant_t first) {
  variant_t result = {0};
  if (invoke(object, name, how, &result, count, first, kNothing) != 0 || result.vt != OBJECT) return NULL;
  return result.value.object;
}

static void test_scripting(void) {
  TEST("scrrun.dll Scripting.FileSystemObject", "files, by name") {
    Object* const files = create("Scripting.FileSystemObject");
    REQUIRE(files);
    CHECK_STR(ask(files, "BuildPath", METHOD, 2, text_of("C:\\a"), text_of("b.txt")), "C:\\a\\b.txt");
    CHECK_STR(ask(files, "GetExtensionName", METHOD, 1, text_of("C:\\a\\b.txt"), kNothing), "txt");
    char* const name = in_scratch("script.txt");
    CHECK_STR(ask(files, "FileExists", METHOD, 1, text_of(name), kNothing), "false");
    Object* const stream = object_of(files, "CreateTextFile", METHOD, 1, text_of(name));
    REQUIRE(stream);
    CHECK_STR(ask(stream, "WriteLine", METHOD, 1, text_of("from a script"), kNothing), "type 0");
    CHECK_STR(ask(stream, "Close", METHOD, 0, kNothing, kNothing), "type 0");
    RELEASE(stream);
    CHECK_STR(ask(files, "FileExists", METHOD, 1, text_of(name), kNothing), "true");
    Object* const reader = object_of(files, "OpenTextFile", METHOD, 1, text_of(name));
    REQUIRE(reader);
    CHECK_STR(ask(reader, "ReadLine", METHOD, 0, kNothing, kNothing), "from a script");
    RELEASE(reader);
    DeleteFileA(name);
    RELEASE(files);
  }
  TEST("scrrun.dll Scripting.Dictionary", "keys and items") {
    Object* const words = create("Scripting.Dictionary");
    REQUIRE(words);
    CHECK_STR(ask(words, "Add", METHOD, 2, text_of("one"), number_of(1)), "type 0");
    CHECK_STR(ask(words, "Add", METHOD, 2, text_of("two"), number_of(2)), "type 0");
    CHECK_STR(ask(words, "Count", GET, 0, kNothing, kNothing), "2");
    CHECK_STR(ask(words, "Item", GET, 1, text_of("two"), kNothing), "2");
    CHECK_STR(ask(words, "Exists", METHOD, 1, text_of("three"), kNothing), "false");
    RELEASE(words);
  }
  TEST("vbscript.dll VBScript.RegExp", "a regular expression") {
    Object* const expression = create("VBScript.RegExp");
    REQUIRE(expression);
    CHECK_STR(ask(expression, "Pattern", PUT, 1, text_of("a(b+)c"), kNothing), "type 0");
    CHECK_STR(ask(expression, "Test", METHOD, 1, text_of("xabbbc"), kNothing), "true");
    CHECK_STR(ask(expression, "Test", METHOD, 1, text_of("xac"), kNothing), "false");
    CHECK_STR(ask(expression, "Replace", METHOD, 2, text_of("-abbc-"), text_of("[$1]")), "-[bb]-");
    RELEASE(expression);
  }
}

static void test_xml(void) {
  static const char* const names[] = {"Msxml2.DOMDocument.3.0", "Msxml2.DOMDocument.6.0"};
  for (int i = 0; i < 2; ++i) {
    TEST(i == 0 ? "msxml3.dll" : "msxml6.dll", "a document is read, searched and transformed") {
      Object* const document = create(names[i]);
      REQUIRE(document);
      CHECK_STR(ask(document, "loadXML", METHOD, 1, text_of("<all><one n='1'>first</one><one n='2'>second</one></all>"),
                    kNothing),
                "true");
      Object* const node = object_of(document, "selectSingleNode", METHOD, 1, text_of("/all/one[@n='2']"));
      REQUIRE(node);
      CHECK_STR(ask(node, "text", GET, 0, kNothing, kNothing), "second");
      CHECK_STR(ask(node, "xml", GET, 0, kNothing, kNothing), "<one n=\"2\">second</one>");
      RELEASE(node);
      Object* const sheet = create(names[i]);
      REQUIRE(sheet);
      CHECK_STR(ask(sheet, "loadXML", METHOD, 1,
                    text_of("<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>"
                            "<xsl:output method='text'/><xsl:template match='/'>"
                            "<xsl:for-each select='//one'><xsl:value-of select='.'/>;</xsl:for-each>"
                            "</xsl:template></xsl:stylesheet>"),
                    kNothing),
                "true");
      variant_t argument = {.vt = OBJECT, .value.object = sheet};
      CALL(sheet, 1, ULONG, (Object*))(sheet);
      CHECK_STR(ask(document, "transformNode", METHOD, 1, argument, kNothing), "first;second;");
      RELEASE(sheet);
      CHECK_STR(ask(document, "loadXML", METHOD, 1, text_of("<not closed"), kNothing), "false");
      RELEASE(document);
    }
  }
}

/* ---- A script engine, and the site it wants ---- */

static LONG WINAPI site_query(Object* site, const guid_t* wanted, Object** out) {
  static const guid_t kSite = {0xDB01A1E3, 0xA42B, 0x11CF, {0x8F, 0x20, 0x00, 0x80, 0x5F, 0x2C, 0xD0, 0x64}};
  static const guid_t kUnknown = {0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
  const int known = !memcmp(wanted, &kSite, sizeof kSite) || !memcmp(wanted, &kUnknown, sizeof kUnknown);
  *out = known ? site : NULL;
  return known ? 0 : (LONG)0x80004002;
}
static ULONG WINAPI site_count(Object* site) {
  return site != NULL;
}
static LONG WINAPI site_nothing(Object* site) {
  return site ? 0 : 1;
}
static LONG WINAPI site_has_none(Object* site) {
  return site ? (LONG)0x80004001 : 0;
}
static void* const site_methods[] = {(void*)site_query,    (void*)site_count,    (void*)site_count,
                                     (void*)site_has_none, (void*)site_has_none, (void*)site_has_none,
                                     (void*)site_nothing,  (void*)site_nothing,  (void*)site_nothing,
                                     (void*)site_nothing,  (void*)site_nothing};

static void test_engines(void) {
  static const guid_t kScript = {0xBB1A2AE1, 0xA4F9, 0x11CF, {0x8F, 0x20, 0x00, 0x80, 0x5F, 0x2C, 0xD0, 0x64}};
  static const guid_t kParse = {0xC7EF7658, 0xE1EE, 0x480E, {0x97, 0xEA, 0xD5, 0x2C, 0xB4, 0xD7, 0x6D, 0x17}};
  static const struct {
    const char *name, *dll, *code;
  } engines[] = {{"JScript", "jscript.dll", "var a = [3, 1, 2]; a.sort().join('') + /b+/.exec('abbc')[0]"},
                 {"VBScript", "vbscript.dll", "UCase(\"12\" & Mid(\"x3bby\", 2, 3))"}};
  for (int i = 0; i < 2; ++i) {
    TEST(engines[i].dll, "an expression is evaluated") {
      guid_t id;
      Object site = {site_methods}, *parser = NULL;
      CHECK_EQ(OLE(LONG, "CLSIDFromProgID", (const WCHAR*, guid_t*))(wide(engines[i].name), &id), 0);
      Object* const script = create_class(&id, &kScript);
      REQUIRE(script);
      CHECK_EQ(CALL(script, 3, LONG, (Object*, Object*))(script, &site), 0); /* SetScriptSite */
      CHECK_EQ(CALL(script, 0, LONG, (Object*, const guid_t*, Object**))(script, &kParse, &parser), 0);
      REQUIRE(parser);
      CHECK_EQ(CALL(parser, 3, LONG, (Object*))(parser), 0); /* InitNew */
      variant_t result = {0};
      CHECK_EQ(CALL(parser, 5, LONG,
                    (Object*, const WCHAR*, const WCHAR*, Object*, const WCHAR*, DWORD_PTR, ULONG, DWORD, variant_t*,
                     void*))(parser, wide(engines[i].code), NULL, NULL, NULL, 0, 0, 0x20, &result, NULL),
               0); /* ParseScriptText, SCRIPTTEXT_ISEXPRESSION */
      CHECK_EQ(result.vt, TEXT_VALUE);
      if (result.vt == TEXT_VALUE) CHECK_STR(NARROW(result.value.text), i == 0 ? "123bb" : "123BB");
      clear(&result);
      CHECK_EQ(CALL(script, 7, LONG, (Object*))(script), 0); /* Close */
      RELEASE(parser);
      RELEASE(script);
    }
  }
}

/* ---- Pictures ---- */

static void test_pictures(void) {
  static const guid_t kPngEncoder = {0x27949969, 0x876A, 0x41D7, {0x94, 0x47, 0x56, 0x8F, 0x6A, 0x35, 0xA4, 0xDC}};
  static const guid_t kPngDecoder = {0x389EA17B, 0x5078, 0x4CDE, {0xB6, 0xEF, 0x25, 0xC1, 0x51, 0x75, 0xC7, 0x51}};
  static const guid_t kEncoder = {0x00000103, 0xA8F2, 0x4877, {0xBA, 0x0A, 0xFD, 0x2B, 0x66, 0x45, 0xFB, 0x94}};
  static const guid_t kDecoder = {0x9EDDE9E7, 0x8DEE, 0x47EA, {0x99, 0xDF, 0xE6, 0xFA, 0xF2, 0xED, 0x44, 0xBF}};
  static guid_t kBgr24 = {0x6FDDC324, 0x4E03, 0x4BFE, {0xB1, 0x85, 0x3D, 0x77, 0x76, 0x8D, 0xC9, 0x0C}};
  TEST("windowscodecs.dll", "a picture goes through PNG") {
    Object *stream = NULL, *frame = NULL;
    CHECK_EQ(OLE(LONG, "CreateStreamOnHGlobal", (void*, BOOL, Object**))(NULL, TRUE, &stream), 0);
    Object* const encoder = create_class(&kPngEncoder, &kEncoder);
    REQUIRE(stream && encoder);
    uint8_t pixels[2 * 8] = {255, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255, 1, 2, 3}, read[2 * 8] = {0};
    CHECK_EQ(CALL(encoder, 3, LONG, (Object*, Object*, int))(encoder, stream, 2), 0);           /* Initialize */
    CHECK_EQ(CALL(encoder, 10, LONG, (Object*, Object**, Object**))(encoder, &frame, NULL), 0); /* CreateNewFrame */
    REQUIRE(frame);
    CHECK_EQ(CALL(frame, 3, LONG, (Object*, Object*))(frame, NULL), 0);
    CHECK_EQ(CALL(frame, 4, LONG, (Object*, UINT, UINT))(frame, 2, 2), 0); /* SetSize */
    CHECK_EQ(CALL(frame, 6, LONG, (Object*, guid_t*))(frame, &kBgr24), 0); /* SetPixelFormat */
    CHECK_EQ(CALL(frame, 10, LONG, (Object*, UINT, UINT, UINT, void*))(frame, 2, 8, 16, pixels), 0); /* WritePixels */
    CHECK_EQ(CALL(frame, 12, LONG, (Object*))(frame), 0);                                            /* Commit */
    CHECK_EQ(CALL(encoder, 11, LONG, (Object*))(encoder), 0);
    RELEASE(frame);
    RELEASE(encoder);
    CHECK_EQ(CALL(stream, 5, LONG, (Object*, int64_t, DWORD, void*))(stream, 0, 0, NULL), 0); /* Seek */
    Object* const decoder = create_class(&kPngDecoder, &kDecoder);
    REQUIRE(decoder);
    frame = NULL;
    CHECK_EQ(CALL(decoder, 4, LONG, (Object*, Object*, int))(decoder, stream, 0), 0);
    CHECK_EQ(CALL(decoder, 13, LONG, (Object*, UINT, Object**))(decoder, 0, &frame), 0); /* GetFrame */
    REQUIRE(frame);
    UINT width = 0, height = 0;
    CHECK_EQ(CALL(frame, 3, LONG, (Object*, UINT*, UINT*))(frame, &width, &height), 0);
    CHECK(width == 2 && height == 2);
    CHECK_EQ(CALL(frame, 7, LONG, (Object*, void*, UINT, UINT, void*))(frame, NULL, 8, 16, read), 0); /* CopyPixels */
    CHECK(memcmp(read, pixels, 6) == 0 && memcmp(read + 8, pixels + 8, 6) == 0);
    RELEASE(frame);
    RELEASE(decoder);
    RELEASE(stream);
  }
}

static void test_registering(void) {
  static const guid_t kFactory = {0xCACAF262, 0x9370, 0x4615, {0xA1, 0x3B, 0x9F, 0x55, 0x39, 0xDA, 0x4C, 0x0A}};
  static const guid_t kImaging = {0xEC5EC8A9, 0xC395, 0x4314, {0x9C, 0x77, 0x54, 0xD7, 0xA9, 0x35, 0xFF, 0x70}};
  static const guid_t kPng = {0x1B7CFAF4, 0x713F, 0x473C, {0xBB, 0xCD, 0x61, 0x37, 0x42, 0x5F, 0xAE, 0xAF}};
  static const char* const dlls[] = {"msxml3.dll", "scrrun.dll", "mlang.dll", "windowscodecs.dll"};
  for (int i = 0; i < 4; ++i) {
    TEST(dlls[i], "registers itself") {
      CHECK_EQ(BY_NAME(dlls[i], LONG, "DllRegisterServer", (void))(), 0);
    }
  }
  TEST("windowscodecs.dll", "once registered, its encoders are found by the format's name") {
    Object *const factory = create_class(&kFactory, &kImaging), *encoder = NULL;
    REQUIRE(factory);
    CHECK_EQ(CALL(factory, 8, LONG, (Object*, const guid_t*, const guid_t*, Object**))(factory, &kPng, NULL, &encoder),
             0); /* CreateEncoder */
    REQUIRE(encoder);
    RELEASE(encoder);
    RELEASE(factory);
  }
}

/* ---- The media library, and what computes for graphics ---- */

static void test_media(void) {
  TEST("mfplat.dll mf.dll mfreadwrite.dll", "attributes, samples; and no media that is not there") {
    CHECK_EQ(BY_NAME("mfplat.dll", LONG, "MFStartup", (ULONG, DWORD))(0x20070, 0), 0);
    Object *attributes = NULL, *sample = NULL, *buffer = NULL, *reader = NULL;
    CHECK_EQ(BY_NAME("mfplat.dll", LONG, "MFCreateAttributes", (Object**, UINT))(&attributes, 2), 0);
    REQUIRE(attributes);
    UINT value = 0;
    CHECK_EQ(CALL(attributes, 21, LONG, (Object*, const guid_t*, UINT))(attributes, &kDispatch, 42), 0); /* SetUINT32 */
    CHECK_EQ(CALL(attributes, 7, LONG, (Object*, const guid_t*, UINT*))(attributes, &kDispatch, &value), 0);
    CHECK_EQ(value, 42);
    RELEASE(attributes);
    CHECK_EQ(BY_NAME("mfplat.dll", LONG, "MFCreateSample", (Object**))(&sample), 0);
    CHECK_EQ(BY_NAME("mfplat.dll", LONG, "MFCreateMemoryBuffer", (DWORD, Object**))(64, &buffer), 0);
    REQUIRE(sample && buffer);
    CHECK_EQ(CALL(sample, 42, LONG, (Object*, Object*))(sample, buffer), 0); /* AddBuffer */
    RELEASE(buffer);
    RELEASE(sample);
    CHECK(BY_NAME("mfreadwrite.dll", LONG, "MFCreateSourceReaderFromURL", (const WCHAR*, Object*, Object**))(
              wide(in_scratch("none.mp4")), NULL, &reader) != 0);
    CHECK_EQ(BY_NAME("mf.dll", LONG, "MFCreateTopology", (Object**))(&reader), 0);
    RELEASE(reader);
    CHECK_EQ(BY_NAME("mfplat.dll", LONG, "MFShutdown", (void))(), 0);
  }
  static const char* const compilers[] = {"d3dcompiler_43.dll", "d3dcompiler_47.dll"};
  for (int i = 0; i < 2; ++i) {
    TEST(compilers[i], "a shader is compiled, a wrong one refused") {
      static const char good[] = "float4 main(float4 p : SV_POSITION) : SV_TARGET { return p * 2; }",
                        bad[] = "float4 main(";
      Object *code = NULL, *errors = NULL;
      CHECK_EQ(BY_NAME(compilers[i], LONG, "D3DCompile",
                       (const void*, size_t, const char*, void*, void*, const char*, const char*, UINT, UINT, Object**,
                        Object**))(good, sizeof good - 1, "good", NULL, NULL, "main", "ps_4_0", 0, 0, &code, &errors),
               0);
      REQUIRE(code);
      CHECK(memcmp(CALL(code, 3, void*, (Object*))(code), "DXBC", 4) == 0);
      RELEASE(code);
      code = NULL;
      CHECK(BY_NAME(compilers[i], LONG, "D3DCompile",
                    (const void*, size_t, const char*, void*, void*, const char*, const char*, UINT, UINT, Object**,
                     Object**))(bad, sizeof bad - 1, "bad", NULL, NULL, "main", "ps_4_0", 0, 0, &code, &errors) < 0);
      CHECK(code == NULL && errors != NULL);
      if (errors) RELEASE(errors);
    }
  }
  TEST("d3dx9_43.dll", "matrices and vectors") {
    float two[16] = {2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1}, product[16], vector[3] = {3, 4, 0}, unit[3];
    BY_NAME("d3dx9_43.dll", float*, "D3DXMatrixMultiply", (float*, const float*, const float*))(product, two, two);
    CHECK(product[0] == 4 && product[15] == 1);
    BY_NAME("d3dx9_43.dll", float*, "D3DXVec3Normalize", (float*, const float*))(unit, vector);
    CHECK(unit[0] > 0.599F && unit[0] < 0.601F);
  }
}

int main(void) {
  OLE(LONG, "CoInitializeEx", (void*, DWORD))(NULL, 0);
  test_scripting();
  test_xml();
  test_engines();
  test_pictures();
  test_registering();
  test_media();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}
