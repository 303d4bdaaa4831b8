# `cpack -G DEB` in the build folder: a Debian package of each component of cmake/install.cmake.
set(ALLOT_PACKAGE_runtime liballot${ALLOT_SOVERSION})
set(ALLOT_PACKAGE_dev liballot-dev)
set(ALLOT_PACKAGE_programs allot)
set(ALLOT_PACKAGE_milp liballot-milp${ALLOT_SOVERSION})
set(ALLOT_PACKAGE_milp_dev liballot-milp-dev)
set(ALLOT_PACKAGE_mlir allot-mlir)

set(ALLOT_SUMMARY_runtime "decides where an ONNX model runs: shared library")
set(ALLOT_SUMMARY_dev "decides where an ONNX model runs: headers and static library")
set(ALLOT_SUMMARY_programs "decides where an ONNX model runs on a machine of unlike devices")
set(ALLOT_SUMMARY_milp "decides where an ONNX model runs: GLPK's solver, shared library (GPL-3)")
set(ALLOT_SUMMARY_milp_dev "decides where an ONNX model runs: GLPK's solver, headers (GPL-3)")
set(ALLOT_SUMMARY_mlir "decides where an ONNX model runs: passes for mlir-opt 19")

# Lines of at most 80 characters.
set(about "Allot cuts an ONNX model into parts and decides on which device of a machine
(CPUs, GPUs, NPUs) each runs, for the shortest latency or the highest
throughput.")
set(gpl_note "This binary is linked with GLPK, so it is under the terms of the GNU
General Public License, version 3 or later, while Allot's own sources are
under Apache-2.0.")

set(depends_dev "${ALLOT_PACKAGE_runtime} (= ${PROJECT_VERSION}), libabsl-dev")
set(suggests_dev "libonnx-dev, libprotobuf-dev, libssl-dev, libre2-dev")  # for the static library
set(depends_milp "${ALLOT_PACKAGE_runtime} (= ${PROJECT_VERSION})")
set(depends_milp_dev "${ALLOT_PACKAGE_milp} (= ${PROJECT_VERSION}), ${ALLOT_PACKAGE_dev} (= ${PROJECT_VERSION})")
set(suggests_milp_dev "libglpk-dev")
set(recommends_programs "python3:any")  # for what allot run and the like start
set(suggests_programs "python3-venv")
set(suggests_mlir "mlir-19-tools, ${ALLOT_PACKAGE_dev}")
set(gpl_components milp milp_dev)
set(components runtime dev programs)
if(TARGET AllotMlir)
  list(APPEND components mlir)
endif()
if(ALLOT_WITH_GLPK)
  list(APPEND components milp milp_dev)
  list(APPEND gpl_components programs mlir)
endif()

# Debian's tools take the maintainer from these variables, too.
set(ALLOT_MAINTAINER "The Allot authors <allot@localhost>")
if(DEFINED ENV{DEBEMAIL})
  set(ALLOT_MAINTAINER "The Allot authors <$ENV{DEBEMAIL}>")
  if(DEFINED ENV{DEBFULLNAME})
    set(ALLOT_MAINTAINER "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
  endif()
endif()

# The changelog in Debian's form: of the version at the head of CHANGELOG.md, with its day, or today's while it is not released.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS CHANGELOG.md)
file(STRINGS CHANGELOG.md heads REGEX "^## ")
list(GET heads 0 head)
find_program(ALLOT_DATE date)
set(ALLOT_DISTRIBUTION UNRELEASED)
string(TIMESTAMP day "%Y-%m-%d" UTC)
if(head MATCHES ", ([0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9])$")
  set(ALLOT_DISTRIBUTION unstable)
  set(day ${CMAKE_MATCH_1})
endif()
if(ALLOT_GZIP AND ALLOT_DATE)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C TZ=UTC ${ALLOT_DATE} -R -d ${day} OUTPUT_VARIABLE ALLOT_DAY
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()

foreach(component IN LISTS components)
  set(package ${ALLOT_PACKAGE_${component}})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends_${component}}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${recommends_${component}}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SUGGESTS "${suggests_${component}}")
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${ALLOT_SUMMARY_${component}}\n${about}")
  set(ALLOT_BINARY_LICENSE apache)
  if(component IN_LIST gpl_components)
    string(APPEND CPACK_DEBIAN_${upper}_DESCRIPTION "\n.\n${gpl_note}")
    set(ALLOT_BINARY_LICENSE gpl)
  endif()
  if(component MATCHES "dev$")
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION libdevel)
  elseif(component STREQUAL "programs")
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION science)
  else()
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION libs)
  endif()
  if(NOT component MATCHES "dev$")
    set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ON)
  endif()
  if(component MATCHES "^(runtime|milp|mlir)$")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/package/triggers)
  endif()
  configure_file(cmake/package/copyright.${ALLOT_BINARY_LICENSE}.in ${CMAKE_BINARY_DIR}/package/${package}/copyright @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/${package}/copyright DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package}
          COMPONENT ${component})
  if(ALLOT_DAY)
    set(ALLOT_PACKAGE ${package})
    set(changelog ${CMAKE_BINARY_DIR}/package/${package}/changelog)
    configure_file(cmake/package/changelog.in ${changelog} @ONLY)
    execute_process(COMMAND ${ALLOT_GZIP} -9nkf ${changelog} COMMAND_ERROR_IS_FATAL ANY)
    install(FILES ${changelog}.gz DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component})
  endif()
endforeach()

set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # the first line of each description
set(CPACK_PACKAGE_CONTACT "${ALLOT_MAINTAINER}")
# Who links a library gets the package of this very version: its C++ belongs to one.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)  # quick
set(CPACK_STRIP_FILES ON)
# liballot_milp and its package are made together with the liballot that it needs.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
