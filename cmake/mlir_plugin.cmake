# libAllotMlir.so, Allot's passes for mlir-opt-19 and its like: built where the headers of MLIR 19 are
# (libmlir-19-dev and llvm-19-dev). Nothing else depends on it.
set(ALLOT_MLIR_VERSION 19)
find_path(ALLOT_MLIR_INCLUDE mlir/Tools/Plugins/PassPlugin.h
          HINTS /usr/lib/llvm-${ALLOT_MLIR_VERSION}/include NO_DEFAULT_PATH)
if(NOT ALLOT_MLIR_INCLUDE OR NOT EXISTS ${ALLOT_MLIR_INCLUDE}/llvm/Config/llvm-config.h)
  message(STATUS "The plug-in for mlir-opt is left out, for there are no headers of MLIR ${ALLOT_MLIR_VERSION}")
  return()
endif()
if(ALLOT_SANITIZE)  # could be loaded by sanitized programs only
  return()
endif()
file(STRINGS ${ALLOT_MLIR_INCLUDE}/llvm/Config/llvm-config.h major REGEX "^#define LLVM_VERSION_MAJOR ")
if(NOT major MATCHES " ${ALLOT_MLIR_VERSION}$")
  message(FATAL_ERROR "ALLOT_MLIR_INCLUDE=${ALLOT_MLIR_INCLUDE}: these are no headers of MLIR ${ALLOT_MLIR_VERSION}")
endif()

function(allot_mlir_library target)
  add_library(${target} SHARED ${ARGN})
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} DISABLE_PRECOMPILE_HEADERS ON)
  target_include_directories(${target} SYSTEM PRIVATE ${ALLOT_MLIR_INCLUDE})
  allot_compile_settings(${target})
  # Their headers are not held to our warnings, even where templates of theirs are ours.
  target_compile_options(${target} PRIVATE -Wno-unused-parameter -Wno-shadow -Wno-overloaded-virtual)
endfunction()

# Small, and of any version: it tells whether the program fits, then loads the passes.
allot_mlir_library(AllotMlir mlir_plugin/plugin.cc)
target_compile_definitions(AllotMlir PRIVATE ALLOT_VERSION="${PROJECT_VERSION}" LLVM_DISABLE_ABI_BREAKING_CHECKS_ENFORCING=1)
target_link_libraries(AllotMlir PRIVATE ${CMAKE_DL_LIBS})

# All of Allot inside, and nothing of MLIR: its symbols are the program's, for a second copy would be another MLIR.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/mlir_plugin/*.cc)
list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/mlir_plugin/plugin.cc)
allot_mlir_library(AllotMlirPasses ${sources} tools/program_registries.cc)  # all that has a name, as the programs have it
# What it is made of is no target of an installation.
target_link_libraries(AllotMlirPasses PRIVATE $<BUILD_INTERFACE:allot_api>)
if(ALLOT_WITH_GLPK)
  target_link_libraries(AllotMlirPasses PRIVATE $<BUILD_INTERFACE:allot_milp>)
endif()
target_link_options(AllotMlirPasses PRIVATE LINKER:--exclude-libs,ALL LINKER:--gc-sections
                    LINKER:--version-script=${CMAKE_SOURCE_DIR}/mlir_plugin/exported.map)
set_property(TARGET AllotMlirPasses APPEND PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/mlir_plugin/exported.map)
add_dependencies(AllotMlir AllotMlirPasses)
set_target_properties(AllotMlirPasses PROPERTIES EXPORT_NAME mlir INSTALL_RPATH "$ORIGIN"
                      INTERFACE_INCLUDE_DIRECTORIES "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
