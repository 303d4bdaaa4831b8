# The libraries for embedders, liballot and liballot_milp, shared and static: made of the modules' objects, so that nothing
# is compiled twice. And the programs' export of all of Allot, which plug-ins resolve their symbols from.

set(ALLOT_CORE_MODULES allot_support allot_target allot_ir allot_operators allot_placement allot_passes allot_onnx_import
    allot_mlir_import allot_lowering allot_api)
set(ALLOT_PUBLIC_LIBRARIES absl::status absl::statusor absl::strings absl::span)  # in our headers
set(ALLOT_PRIVATE_LIBRARIES onnx onnx_proto protobuf::libprotobuf OpenSSL::Crypto re2::re2 Threads::Threads
    absl::flat_hash_map absl::flat_hash_set ${CMAKE_DL_LIBS})
set(ALLOT_SOVERSION 0)  # ALLOT_ABI_VERSION of api/allot.h

# allot_export_symbols(PROGRAM): the program has all of Allot and shows it, for plug-ins leave their symbols undefined and
# find them in whoever loads them. (A plug-in with a copy of its own could not share types or registries with its host.)
function(allot_export_symbols program)
  list(JOIN ALLOT_CORE_MODULES "," modules)
  set_target_properties(${program} PROPERTIES ENABLE_EXPORTS ON LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${modules}")
endfunction()

# A sanitized library could be loaded by sanitized programs only.
if(ALLOT_SANITIZE)
  return()
endif()

# allot_library(TARGET SHARED|STATIC FILE exported-name MODULES modules... [PUBLIC targets...] [PRIVATE targets...])
function(allot_library target kind file exported)
  cmake_parse_arguments(ARG "" "" "MODULES;PUBLIC;PRIVATE" ${ARGN})
  set(objects "")
  foreach(module IN LISTS ARG_MODULES)
    list(APPEND objects $<TARGET_OBJECTS:${module}>)
  endforeach()
  add_library(${target} ${kind} ${objects})
  add_library(Allot::${exported} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${file} EXPORT_NAME ${exported} LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${ALLOT_SOVERSION} INSTALL_RPATH "$ORIGIN"
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC})
  if(kind STREQUAL "STATIC")
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
    return()
  endif()
  # What is inside is nobody's business: its targets are not needed to link the shared library.
  foreach(library IN LISTS ARG_PRIVATE)
    if(TARGET ${library})
      get_target_property(type ${library} TYPE)
      if(NOT type STREQUAL "INTERFACE_LIBRARY")
        set(library $<TARGET_LINKER_FILE:${library}>)
      endif()
    endif()
    target_link_libraries(${target} PRIVATE ${library})
  endforeach()
  target_link_options(${target} PRIVATE LINKER:--no-undefined LINKER:--as-needed)
endfunction()

allot_library(allot_core SHARED allot core MODULES ${ALLOT_CORE_MODULES}
              PUBLIC ${ALLOT_PUBLIC_LIBRARIES} PRIVATE ${ALLOT_PRIVATE_LIBRARIES})
allot_library(allot_core_static STATIC allot core_static MODULES ${ALLOT_CORE_MODULES}
              PUBLIC ${ALLOT_PUBLIC_LIBRARIES} PRIVATE ${ALLOT_PRIVATE_LIBRARIES})
if(ALLOT_WITH_GLPK)
  allot_library(allot_milp_shared SHARED allot_milp milp MODULES allot_milp PUBLIC allot_core PRIVATE GLPK::GLPK)
  allot_library(allot_milp_static STATIC allot_milp milp_static MODULES allot_milp PUBLIC allot_core_static
                PRIVATE GLPK::GLPK)
endif()

# What a plug-in needs: headers, and no library of Allot.
add_library(allot_plugin INTERFACE)
add_library(Allot::plugin ALIAS allot_plugin)
set_target_properties(allot_plugin PROPERTIES EXPORT_NAME plugin)
target_include_directories(allot_plugin INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(allot_plugin INTERFACE cxx_std_20)
target_link_libraries(allot_plugin INTERFACE ${ALLOT_PUBLIC_LIBRARIES})
