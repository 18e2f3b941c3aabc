# The PE system DLLs (DESIGN D3): C and C++ runtimes taken from Debian's libwine by scripts/make-system32, once for all
# build directories. The build tree has them at lib/hmodule/system32, as the install tree does, so the library finds
# them by the same rule in both: relative to itself (build_config.h).
include(GNUInstallDirs)
set(HMODULE_SYSTEM32 ${PROJECT_SOURCE_DIR}/build/system32 CACHE PATH
  "Directory of the PE system DLLs; scripts/make-system32 fills the default one")
set(HMODULE_SYSTEM32_INSTALL_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/hmodule/system32)

if(HMODULE_SYSTEM32 STREQUAL ${PROJECT_SOURCE_DIR}/build/system32)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/make-system32 ${HMODULE_SYSTEM32} RESULT_VARIABLE result)
  if(result)
    message(WARNING "The PE system DLLs could not be fetched. DLLs with a static C runtime work without them; for the "
      "others run scripts/make-system32 ${HMODULE_SYSTEM32} when the network is there.")
  endif()
endif()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib/hmodule)
file(CREATE_LINK ${HMODULE_SYSTEM32} ${PROJECT_BINARY_DIR}/lib/hmodule/system32 SYMBOLIC)
install(DIRECTORY ${HMODULE_SYSTEM32}/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/hmodule/system32
  PATTERN ".list" EXCLUDE)

configure_file(${PROJECT_SOURCE_DIR}/cmake/build_config.h.in generated/build_config.h @ONLY)
