/* The mathematical functions over tables of arguments. Where results must be exact they are printed as bits; where the
 * standard leaves their last digits open, with 13 digits. */
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double kTable[] = {0.0,  -0.0,    0.5, -0.5,   1,    -1,   1.5,   2,      2.5,
                                -2.5, 3.14159, 10,  100.25, 1e-5, 1e10, -1e10, 1e-300, 1e300};
enum { kCount = sizeof kTable / sizeof *kTable };

static const char* digits(double value, int precision) {
  static char texts[8][40];
  static int next;
  char* const text = texts[next++ % 8];
  if (value != value)
    strcpy(text, "nan");
  else if (value - value != 0)
    strcpy(text, value > 0 ? "inf" : "-inf");
  else
    snprintf(text, 40, "%.*g", precision, value);
  char* const exponent = strchr(text, 'e'); /* msvcrt.dll writes three digits */
  if (exponent && exponent[2] == '0' && exponent[3] && exponent[4])
    memmove(exponent + 2, exponent + 3, strlen(exponent + 2));
  return text;
}

static void row(const char* tag, double (*function)(double), double limit) {
  printf("%s:", tag);
  for (int i = 0; i < kCount; ++i)
    if (fabs(kTable[i]) <= limit) printf(" %s", digits(function(kTable[i]), 13));
  printf("\n");
}

static void bits(const char* tag, double (*function)(double)) {
  printf("%s:", tag);
  for (int i = 0; i < kCount; ++i) {
    const double value = function(kTable[i]);
    uint64_t raw;
    memcpy(&raw, &value, 8);
    printf(" %llx", value != value ? 0x7ff8000000000000ULL : (unsigned long long)raw);
  }
  printf("\n");
}

static void float_row(const char* tag, float (*function)(float), float limit) {
  printf("%s:", tag);
  for (int i = 0; i < kCount; ++i)
    if (fabs(kTable[i]) <= limit) printf(" %s", digits(function((float)kTable[i]), 5));
  printf("\n");
}

static void row2(const char* tag, double (*function)(double, double)) {
  static const double some[] = {0, -0.0, 1, -2, 2.5, 10, 0.3};
  printf("%s:", tag);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) printf(" %s", digits(function(some[i], some[j]), 12));
  printf("\n");
}

/* Which zero of two is the greater is nobody's business. */
static double greater(double a, double b) {
  return fmax(a, b) + 0.0;
}
static double less(double a, double b) {
  return fmin(a, b) + 0.0;
}

int main(void) {
  bits("sqrt", sqrt);
  bits("fabs", fabs);
  bits("floor", floor);
  bits("ceil", ceil);
  row("sin", sin, 1e3);
  row("cos", cos, 1e3);
  row("tan", tan, 1e3);
  row("asin", asin, 1);
  row("acos", acos, 1);
  row("atan", atan, 1e300);
  row("sinh", sinh, 1e3);
  row("cosh", cosh, 1e3);
  row("tanh", tanh, 1e300);
  row("exp", exp, 1e3);
  row("log", log, 1e300);
  row("log10", log10, 1e300);
  row2("pow", pow);
  row2("atan2", atan2);
  row2("fmod", fmod);
  float_row("sinf", sinf, 1e3f);
  float_row("expf", expf, 80);
  float_row("sqrtf", sqrtf, 1e30f);
  float_row("logf", logf, 1e30f);
  /* C99's; msvcrt.dll has not got them, and mingw-w64 brings its own */
  bits("trunc", trunc);
  bits("round", round);
  bits("rint", rint);
  bits("nearbyint", nearbyint);
  row("cbrt", cbrt, 1e300);
  row("exp2", exp2, 1e3);
  row("expm1", expm1, 1e2);
  row("log1p", log1p, 1e300);
  row("log2", log2, 1e300);
  row("asinh", asinh, 1e300);
  row("acosh", acosh, 1e300);
  row("atanh", atanh, 1);
  row("erf", erf, 1e3);
  row("erfc", erfc, 3.2);
  row("tgamma", tgamma, 1.4e2);
  row("lgamma", lgamma, 1e3);
  row2("hypot", hypot);
  row2("fdim", fdim);
  row2("fmax", greater);
  row2("fmin", less);
  row2("copysign", copysign);
  row2("nextafter", nextafter);
  row2("remainder", remainder);
  printf("fma: %s\n", digits(fma(1e16, 1.0 + DBL_EPSILON, -1e16), 13));
  printf("lround: %d %d %d\n", (int)lround(2.5), (int)lround(-2.5), (int)lrint(2.5));
  printf("ilogb: %d %d\n", ilogb(1024), ilogb(0.1));
  printf("logb: %s\n", digits(logb(1e10), 5));
  int quotient;
  printf("remquo: %s", digits(remquo(10, 3, &quotient), 5));
  printf(" %d\n", quotient & 7);
  int exponent;
  double whole;
  printf("frexp: %s", digits(frexp(100, &exponent), 17));
  printf(" %d\n", exponent);
  printf("ldexp: %s %s\n", digits(ldexp(0.75, 10), 17), digits(ldexp(1, -1074), 5));
  printf("modf: %s", digits(modf(-3.75, &whole), 17));
  printf(" %s\n", digits(whole, 17));
  errno = 0;
  printf("domain: %s", digits(sqrt(-1), 5));
  printf(" %d\n", errno == EDOM);
  errno = 0;
  printf("range: %s", digits(exp(1000), 5));
  printf(" %d\n", errno == ERANGE);
  errno = 0;
  printf("pole: %s", digits(log(0), 5));
  printf(" %d\n", errno == ERANGE);
  printf("classes: %d%d%d %d%d\n", isnan(sqrt(-1)) != 0, isinf(exp(1000)) != 0, isfinite(1.0) != 0, signbit(-0.0) != 0,
         isnormal(1e-310) != 0);
  const char* const numbers[] = {"0",
                                 "1e308",
                                 "1e309",
                                 "4.9e-324",
                                 "2.2250738585072014e-308",
                                 "0x1.8p3",
                                 "123456789012345678901234567890",
                                 "0.1",
                                 "9007199254740993",
                                 "1.7976931348623157e308",
                                 "inf",
                                 "nan",
                                 ".",
                                 "1e",
                                 "+.5e+1z"};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    char* end;
    const double value = strtod(numbers[i], &end);
    printf("strtod-%u: %s %d\n", i, digits(value, 17), (int)(end - numbers[i]));
  }
  printf("strtol: %d %d %d %d\n", (int)strtol("2147483647", NULL, 10), (int)strtol("-0x10", NULL, 16),
         (int)strtol("0b1", NULL, 0), (int)strtol("zz", NULL, 36));
  errno = 0;
  printf("strtoll: %lld", strtoll("99999999999999999999", NULL, 10));
  printf(" %d\n", errno == ERANGE);
  printf("strtoull: %llu\n", strtoull("18446744073709551615", NULL, 10));
  const div_t quotients = div(-7, 2);
  printf("div: %d %d\n", quotients.quot, quotients.rem);
  const lldiv_t longer = lldiv(-1000000000001LL, 10);
  printf("lldiv: %lld %lld\n", longer.quot, longer.rem);
  printf("abs: %d %lld\n", abs(-5), llabs(-5000000000LL));
#ifdef _WIN32
  srand(1);
  printf("rand:");
  for (int i = 0; i < 8; ++i) printf(" %d", rand());
  printf("\n");
  srand(12345);
  printf("rand-12345: %d %d\n", rand(), RAND_MAX);
  char text[64];
  int point, sign;
  printf("ecvt: %s", _ecvt(3.14159, 4, &point, &sign));
  printf(" %d %d\n", point, sign);
  printf("fcvt: %s", _fcvt(-1234.567, 2, &point, &sign));
  printf(" %d %d\n", point, sign);
  printf("hypot-ms: %s\n", digits(_hypot(3, 4), 17));
  printf("logb-ms: %s\n", digits(_logb(1000), 5));
  printf("scalb: %s\n", digits(_scalb(3, 4), 17));
  printf("fpclass: %d %d %d\n", _fpclass(1.0) == _FPCLASS_PN, _fpclass(-0.0) == _FPCLASS_NZ,
         _fpclass(1e-310) == _FPCLASS_PD);
  printf("finite: %d %d\n", _finite(1.0) != 0, _isnan(sqrt(-1)) != 0);
  printf("controlfp: %x\n", _controlfp(0, 0) & (_MCW_EM | _MCW_RC));
  _controlfp(_RC_DOWN, _MCW_RC);
  volatile double three = 3;
  printf("rounding-down: %d", 1 / three * 3 < 1);
  _controlfp(_RC_UP, _MCW_RC);
  printf(" %d\n", 1 / three > 0.3333333333333333);
  _controlfp(_RC_NEAR, _MCW_RC);
  _clearfp();
  volatile double zero = 0, infinite = 1 / zero;
  printf("statusfp: %d %d\n", (_statusfp() & _EM_ZERODIVIDE) != 0, infinite > 0);
  printf("rotl: %x %x %llx\n", _rotl(0x80000001, 4), _rotr(0x80000001, 4), (unsigned long long)_rotl64(1, 63));
  printf("byteswap: %x %llx\n", _byteswap_ulong(0x11223344),
         (unsigned long long)_byteswap_uint64(0x1122334455667788ULL));
  printf("itoa: %s", _itoa(-255, text, 16));
  printf(" %s", _ultoa(4294967295u, text, 2));
  printf(" %s\n", _i64toa(-4611686018427387904LL, text, 10));
#endif
  return 0;
}
