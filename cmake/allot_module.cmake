# allot_module(NAME [FOLDERS folders...] DEPENDS targets... [PRIVATE targets...]): the library allot_NAME of all sources in
# the folders (default: NAME). It links only what is listed, so a layer cannot reach one it must not know.

# Designated initializers leave out what has a default.
set(ALLOT_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wno-missing-field-initializers -Werror)
# GCC 12 reports false positives inside std::variant and std::string at -O2 and with sanitizers.
set(ALLOT_NO_FALSE_ALARMS
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>)
# AddressSanitizer catches null and dangling pointers itself; UBSan's checks of every pointer would double the
# time to compile.
set(ALLOT_SANITIZERS
    $<$<BOOL:${ALLOT_SANITIZE}>:-fsanitize=address,undefined;-fno-sanitize=null,alignment,object-size,vptr;-fno-sanitize-recover=all;-fno-omit-frame-pointer>)
# Counts what an input reaches, for libFuzzer.
set(ALLOT_COVERAGE $<$<BOOL:${ALLOT_FUZZ}>:-fsanitize=fuzzer-no-link>)

function(allot_compile_settings target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  # What a failed check prints names a file of the project, not of the machine that compiled it.
  target_compile_options(${target} PRIVATE ${ALLOT_WARNINGS} ${ALLOT_NO_FALSE_ALARMS} ${ALLOT_SANITIZERS}
                                           ${ALLOT_COVERAGE} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  target_link_options(${target} PUBLIC ${ALLOT_SANITIZERS} ${ALLOT_COVERAGE})
endfunction()

# allot_precompile(TARGET KIND headers...): compiles common headers beforehand, once for all targets of a kind; these have
# the options that such headers must agree in, and all definitions that the first target has. Compiling with -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON shows what is missing an
# include.
set(ALLOT_COMMON_HEADERS <algorithm> <cstdint> <map> <memory> <optional> <string> <utility> <vector>
    <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/types/span.h>)
function(allot_precompile target kind)
  get_property(first GLOBAL PROPERTY ALLOT_PRECOMPILED_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN} ${ALLOT_COMMON_HEADERS})
    set_property(GLOBAL PROPERTY ALLOT_PRECOMPILED_${kind} ${target})
  endif()
endfunction()

function(allot_module name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;DEPENDS;PRIVATE" ${ARGN})
  if(NOT ARG_FOLDERS)
    set(ARG_FOLDERS ${name})
  endif()
  list(TRANSFORM ARG_FOLDERS PREPEND ${CMAKE_SOURCE_DIR}/)
  list(TRANSFORM ARG_FOLDERS APPEND /*.cc OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  # Programs have a main() of their own and are not part of the library of the folder.
  list(FILTER sources EXCLUDE REGEX "/tools/(allot|allot_opt|allot_solve)\\.cc$")
  if(NOT name STREQUAL "milp")  # a library of its own, of folders within others
    list(FILTER sources EXCLUDE REGEX "/(placement/glpk|api/milp)/")
  endif()
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_FOLDERS APPEND /*.proto OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS ${patterns})
  add_library(allot_${name} STATIC ${sources} ${protos})
  if(protos)
    protobuf_generate(TARGET allot_${name} IMPORT_DIRS ${CMAKE_SOURCE_DIR}
                      PROTOC_OUT_DIR ${CMAKE_BINARY_DIR}/generated)
    target_include_directories(allot_${name} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/generated)
  endif()
  target_link_libraries(allot_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
  allot_compile_settings(allot_${name})
  if("onnx" IN_LIST ARG_PRIVATE)
    allot_precompile(allot_${name} onnx_module <onnx/onnx_pb.h>)
  else()
    allot_precompile(allot_${name} module)
  endif()
endfunction()

# allot_program(NAME source): an executable on top of allot_tools, in the root of the build folder.
function(allot_program name)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${ARGN})
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE allot_tools)
  allot_compile_settings(${name})
endfunction()

# allot_test(NAME sources... [LIBS targets...]): a GoogleTest executable, one ctest per test.
function(allot_test name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} allot_test_folders GTest::gmock GTest::gtest_main)
  allot_compile_settings(${name})
  # What is tested is optimised; optimising the tests themselves would take longer than it saves.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if("onnx" IN_LIST ARG_LIBS)
    allot_precompile(${name} onnx_test <gmock/gmock.h> <gtest/gtest.h> <onnx/onnx_pb.h>)
  else()
    allot_precompile(${name} test <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()
