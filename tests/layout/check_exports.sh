#!/bin/sh
# check_exports.sh LIBRARY MAP: the library shows exactly what the version script names, pthread_create and
# _dl_find_object; its thread-local data are reached without a call, and fit into what glibc keeps free for libraries
# that dlopen() brings (rtld.optional_static_tls).
set -eu
wanted=$(sed 's,/\*.*\*/,,' "$2" | tr ';' '\n' | grep -oE '^ *[A-Za-z_][A-Za-z0-9_]*$' | tr -d ' ' | sort)
shown=$(nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | grep -v '^hmodule_' | sort)
unwanted=$(printf '%s\n' "$shown" | grep -vxF -e pthread_create -e _dl_find_object -e "$wanted" || true)
missing=$(printf '%s\n' "$wanted" | grep -vxF -e "$shown" || true)
[ -z "$unwanted" ] || echo "shown but not in the version script: $unwanted"
[ -z "$missing" ] || echo "in the version script but not shown: $missing"
tls=$(($(readelf -lW "$1" | awk '$1 == "TLS" { print $6 }')))
[ $tls -le 512 ] || echo "its thread-local data have $tls bytes, of which 512 fit"
# std::call_once has data in libstdc++, which native functions ask for.
called=$(readelf -rW "$1" | grep R_X86_64_DTPMOD64 | grep -vc _ZSt || true)
[ "$called" -eq 0 ] || echo "it calls __tls_get_addr: a file with thread-local data is not listed in src/CMakeLists.txt"
[ -z "$unwanted$missing" ] && [ $tls -le 512 ] && [ "$called" -eq 0 ]
