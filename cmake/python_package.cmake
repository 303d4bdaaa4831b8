# What a wheel holds besides Python, as the component `python`: the library, with none of its C++ visible, and the programs.
# pyproject.toml builds and installs it through scikit-build-core. The modules' objects are those of every other build.
if(ALLOT_SANITIZE)
  return()
endif()
set(package_modules ${ALLOT_CORE_MODULES})
set(package_inside ${ALLOT_PRIVATE_LIBRARIES})
if(ALLOT_WITH_GLPK)  # the whole package is under the GPL then
  list(APPEND package_modules allot_milp)
  list(APPEND package_inside GLPK::GLPK)
endif()
allot_library(allot_python SHARED allot python MODULES ${package_modules} PUBLIC ${ALLOT_PUBLIC_LIBRARIES} PRIVATE ${package_inside})
set(exported ${CMAKE_CURRENT_LIST_DIR}/package/exported_symbols.map)
set_target_properties(allot_python PROPERTIES
  VERSION ${ALLOT_SOVERSION}  # one file: wheels hold no links
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/python/allot/lib  # apart from the liballot of C++ callers
  LINK_DEPENDS ${exported})
target_link_options(allot_python PRIVATE LINKER:--version-script=${exported})
install(TARGETS allot_python LIBRARY DESTINATION allot/lib COMPONENT python NAMELINK_SKIP EXCLUDE_FROM_ALL)
install(TARGETS allot allot-opt allot-solve allot-make-model RUNTIME DESTINATION allot/bin COMPONENT python EXCLUDE_FROM_ALL)
# What `allot run` and the like start, as in cmake/install.cmake.
install(DIRECTORY runner/ DESTINATION allot/run COMPONENT python EXCLUDE_FROM_ALL USE_SOURCE_PERMISSIONS
        PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE PATTERN package-lock.json EXCLUDE)
foreach(program ${ALLOT_PYTHON_PROGRAMS})
  install(PROGRAMS python/launcher.sh DESTINATION allot/bin COMPONENT python EXCLUDE_FROM_ALL RENAME ${program})
endforeach()
# Says which licence the binaries are under.
install(FILES ${CMAKE_BINARY_DIR}/package/allot/copyright DESTINATION allot COMPONENT python EXCLUDE_FROM_ALL)
