#include "winapi/crt/leaves.inc"
