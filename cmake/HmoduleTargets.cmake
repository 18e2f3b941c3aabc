# What every target of the project shares: the language, the warnings, the sanitizers; and hmodule_folder(),
# which turns one folder of src/ into a target that sees only the folders it names.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON) # statement expressions (TRY), ms_abi
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(fmt REQUIRED)
find_package(Threads REQUIRED)

add_library(hmodule_options INTERFACE)
target_compile_options(hmodule_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wimplicit-fallthrough
  -fno-strict-aliasing # DLL memory is read and written through Windows' own structures
  -fno-omit-frame-pointer -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  # Symbols are ours alone unless the version script says otherwise.
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual> $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
target_include_directories(hmodule_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/generated)
target_link_libraries(hmodule_options INTERFACE Threads::Threads)
if(HMODULE_SANITIZE)
  target_compile_options(hmodule_options INTERFACE -fsanitize=${HMODULE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(hmodule_options INTERFACE -fsanitize=${HMODULE_SANITIZE})
endif()

# hmodule_folder(<name> [INCLUDES <folder>...] [LIBRARIES <target>...])
# One folder of src/ as the static library hm_<name> (slashes become underscores). Sources are all files of the folder.
function(hmodule_folder name)
  cmake_parse_arguments(ARG "" "" "INCLUDES;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "hm_${name}")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc ${PROJECT_SOURCE_DIR}/src/${name}/*.S)
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${target} ${scope} hmodule_options fmt::fmt ${ARG_LIBRARIES})
  foreach(folder IN LISTS ARG_INCLUDES)
    string(REPLACE "/" "_" dependency "hm_${folder}")
    target_link_libraries(${target} ${scope} ${dependency})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY HMODULE_FOLDERS ${target})
endfunction()
