# The products: libhmodule.so, libhmodule.a (every folder of src/ in one archive), and what a build that uses them needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(HMODULE_PRIVATE_LIBS -lfmt -licui18n -licuuc -lssl -lcrypto -lffi -lZydis -lsqlite3 -lexpat -lresolv -lstdc++ -lm -ldl -lpthread)
list(JOIN HMODULE_PRIVATE_LIBS " " HMODULE_PRIVATE_LIBS)

# libhmodule.so holds all of src/api and what that needs of the other folders.
add_library(hmodule SHARED $<TARGET_OBJECTS:hm_api>)
target_link_libraries(hmodule PRIVATE hm_api)
set_target_properties(hmodule PROPERTIES
  LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/hmodule.map)
target_link_options(hmodule PRIVATE
  -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/hmodule.map -Wl,-z,now,-z,relro -Wl,-u,pthread_create
  -Wl,-z,nodelete) # threads come back into it when they end
if(NOT HMODULE_SANITIZE)
  target_link_options(hmodule PRIVATE -Wl,-z,defs) # a sanitizer's own symbols come from the program
endif()
target_include_directories(hmodule INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_library(hmodule::hmodule ALIAS hmodule)

# libhmodule.a: the folders' archives, merged.
set(archive ${PROJECT_BINARY_DIR}/lib/libhmodule.a)
get_property(folders GLOBAL PROPERTY HMODULE_FOLDERS)
set(script "CREATE ${archive}\n")
set(members)
foreach(folder IN LISTS folders)
  get_target_property(type ${folder} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(APPEND script "ADDLIB $<TARGET_FILE:${folder}>\n")
    list(APPEND members ${folder})
  endif()
endforeach()
string(APPEND script "SAVE\nEND\n")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/libhmodule.mri CONTENT "${script}")
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} -M < ${PROJECT_BINARY_DIR}/libhmodule.mri
  COMMAND ${CMAKE_RANLIB} ${archive}
  DEPENDS ${members} ${PROJECT_BINARY_DIR}/libhmodule.mri VERBATIM COMMENT "Merging libhmodule.a")
add_custom_target(hmodule_static ALL DEPENDS ${archive})

install(TARGETS hmodule EXPORT hmodule-targets)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hmodule DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(EXPORT hmodule-targets NAMESPACE hmodule:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmodule)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/hmodule-config.cmake.in hmodule-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmodule PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(hmodule-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(${PROJECT_SOURCE_DIR}/cmake/hmodule.pc.in hmodule.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hmodule-config.cmake ${PROJECT_BINARY_DIR}/hmodule-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmodule)
install(FILES ${PROJECT_BINARY_DIR}/hmodule.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
