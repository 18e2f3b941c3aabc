# The compiler for Windows, as plain programs: CMake compiles for one system at a time, so custom commands call these.
find_program(MINGW_GCC NAMES x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-gcc)
find_program(MINGW_GXX NAMES x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++)
foreach(tool DLLTOOL WINDRES WINDMC STRIP)
  string(TOLOWER ${tool} lower)
  find_program(MINGW_${tool} NAMES x86_64-w64-mingw32-${lower})
endforeach()
# Microsoft's C++: optional, for tests of its exceptions.
find_program(CLANG NAMES clang++ clang++-14)
find_program(LLD_LINK NAMES lld-link lld-link-14)
